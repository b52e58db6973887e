// One file of named pieces: the length of a header, the header in JSON with the place of each piece, the pieces.
// The bundle is one (its files, compressed), and so is each cache of compiled code. One file is there whole or
// not at all, and a command that runs while infractl is installed anew goes on with what it has opened.
'use strict';

const fs = require('node:fs');
const { brotliCompressSync, brotliDecompressSync, constants } = require('node:zlib');

/**
 * The content of such a file.
 *
 * @param {Record<string, unknown>} facts further facts for the header
 * @param {Iterable<readonly [string, Buffer, ...number[]]>} pieces name, content, and numbers to keep of each
 */
exports.pack = function pack(facts, pieces) {
  const places = {};
  const contents = [];
  let offset = 0;
  for (const [name, content, ...more] of pieces) {
    places[name] = [offset, content.length, ...more];
    contents.push(content);
    offset += content.length;
  }
  const header = Buffer.from(JSON.stringify({ ...facts, pieces: places }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length, 0);
  return Buffer.concat([length, header, ...contents]);
};

/** The header of one, and where its pieces begin. */
exports.unpack = function unpack(bytes) {
  const start = 4 + bytes.readUInt32LE(0);
  return { header: JSON.parse(bytes.toString('utf8', 4, start)), start };
};

/**
 * The content of a bundle.
 *
 * @param {Iterable<readonly [string, string]>} files texts in ASCII by their paths
 */
exports.packBundle = function packBundle(files) {
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 7 };
  const pieces = [];
  for (const [name, text] of files)
    pieces.push([name, brotliCompressSync(Buffer.from(text, 'latin1'), { params: quality }), text.length]);
  return exports.pack({}, pieces);
};

/** The header and a little: one read in place of two. */
const FIRST_READ = 64 * 1024;

/** A bundle that is open from now on, and read when it is needed: its `names`, and the `text` of one. */
exports.openBundle = function openBundle(file) {
  const handle = whole(file, () => fs.openSync(file, 'r'));
  const read = (offset, size) => {
    const bytes = Buffer.allocUnsafe(size);
    return bytes.subarray(0, fs.readSync(handle, bytes, 0, size, offset));
  };
  let known;
  const contents = () => {
    if (!known) {
      const first = read(0, FIRST_READ);
      const length = 4 + first.readUInt32LE(0);
      known = exports.unpack(length > first.length ? read(0, length) : first);
    }
    return known;
  };
  const piece = (name) => {
    const { header, start } = contents();
    const [offset, size, length] = header.pieces[name];
    const bytes = read(start + offset, size);
    if (bytes.length < size) throw new Error('it ends too early');
    // All of it in one go: zlib grows by 16 KiB otherwise.
    return brotliDecompressSync(bytes, { chunkSize: Math.max(length, 64) });
  };
  return {
    names: () => whole(file, () => Object.keys(contents().header.pieces)),
    text: (name) => whole(file, () => piece(name)).latin1Slice(),
  };
};

/** What is done with a file of the installation; a bundle that is missing or broken is said in words. */
function whole(file, work) {
  try {
    return work();
  } catch (cause) {
    const message = `infractl is not installed completely: ${file}: ${cause.message}.\nInstall it again (in a clone: npm run build).`;
    throw Object.assign(new Error(message, { cause }), { code: 'BrokenInstallation' });
  }
}
