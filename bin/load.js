// Loads the bundle, with the code that V8 compiled for it in an earlier run. Node's own compile cache keeps
// only what is compiled when a file is loaded; a cache taken at the end of a run also has the functions that
// were called, which is most of what a short command compiles. Each command has a cache of its own, in the
// user's cache folder, for one build of infractl on one version of Node. V8 checks that it fits; a cache that
// is missing, broken or not ours alone is passed over.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { crc32 } = require('node:zlib');
const { openBundle, pack, unpack } = require('./pieces.js');

const dist = path.join(__dirname, '..', 'dist');

/** Where caches are, or undefined where none may be kept. */
function cacheFolder(build) {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'));
  if (!home || !path.isAbsolute(home) || process.env.NODE_DISABLE_COMPILE_CACHE) return undefined;
  return path.join(home, 'infractl', 'code', `${build}-${process.version}-${process.arch}`);
}

/** The compiled code by file, from one blob: a checksum, and the pieces. */
function readBlob(file) {
  const pieces = new Map();
  let handle;
  try {
    handle = fs.openSync(file, 'r');
    const facts = fs.fstatSync(handle);
    // Compiled code is code: it must have been written by this user and by nobody else.
    if ((process.getuid && facts.uid !== process.getuid()) || facts.mode & 0o022) return pieces;
    const blob = Buffer.allocUnsafe(facts.size);
    fs.readSync(handle, blob, 0, facts.size, 0);
    const body = blob.subarray(4);
    // V8 trusts what it is given: a file that the disk has damaged must not get that far.
    if (crc32(body) !== blob.readUInt32LE(0)) return pieces;
    const { header, start } = unpack(body);
    for (const name in header.pieces) {
      const [offset, size] = header.pieces[name];
      pieces.set(name, body.subarray(start + offset, start + offset + size));
    }
  } catch {
    pieces.clear();
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
  return pieces;
}

/** The text of a file lies beside its code: the next run need not take it out of the bundle. */
const textOf = (name) => `text of ${name}`;

/** Written beside and renamed, so that a run that is killed or a second one at the same time leaves no half. */
function writeBlob(file, scripts, cached) {
  const pieces = [];
  for (const [name, { script, source }] of scripts)
    pieces.push([name, script.createCachedData()], [textOf(name), Buffer.from(source, 'latin1')]);
  const fresh = new Set(pieces.map(([name]) => name));
  // What this run had no use for, the next one may: two that take turns must not undo each other's cache.
  for (const [name, piece] of cached) if (!fresh.has(name)) pieces.push([name, piece]);
  const body = pack({}, pieces);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(body), 0);
  const folder = path.dirname(file);
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const part = `${file}.${process.pid}`;
  try {
    fs.writeFileSync(part, Buffer.concat([sum, body]), { mode: 0o600 });
    fs.renameSync(part, file);
  } catch (error) {
    // On a full disk each run would leave the half of one.
    fs.rmSync(part, { force: true });
    throw error;
  }
  for (const other of fs.readdirSync(path.dirname(folder))) {
    // Caches of other builds are of no use to anybody any more.
    if (other !== path.basename(folder))
      fs.rmSync(path.join(path.dirname(folder), other), { recursive: true, force: true });
  }
}

/** What the cache is for: the command's own file, what Tab asks, help, or `main` for the menu and typos. */
function cacheName(argv, commands) {
  if (argv[0] === '__complete') return 'complete';
  if (argv[0] === 'help' || argv.includes('--help') || argv.includes('-h')) return 'help';
  for (let count = 2; count > 0; count--) {
    const words = argv.slice(0, count);
    if (words.length === count && words.every((word) => /^[a-z-]+$/.test(word) && word[0] !== '-')) {
      if (Object.hasOwn(commands, words.join(':'))) return words.join('-');
    }
  }
  return 'main';
}

/**
 * The exports of the bundle's main.js.
 *
 * @param {readonly string[]} argv
 */
exports.loadBundle = function loadBundle(argv) {
  const bundle = openBundle(path.join(dist, 'bundle.bin'));
  const { build, commands } = JSON.parse(fs.readFileSync(path.join(dist, 'commands.json'), 'utf8'));
  const folder = cacheFolder(build);
  const blob = folder && path.join(folder, `${cacheName(argv, commands)}.bin`);
  const cached = blob ? readBlob(blob) : new Map();
  const loaded = new Map();
  const scripts = new Map();
  let fresh = cached.size === 0;

  function load(file) {
    const known = loaded.get(file);
    if (known) return known.exports;
    const module = { exports: {} };
    loaded.set(file, module);
    const name = file.slice(dist.length + 1).replaceAll(path.sep, '/');
    const cachedData = cached.get(name);
    const source = cached.get(textOf(name))?.latin1Slice() ?? bundle.text(name);
    const script = new vm.Script(`(function(exports,require,module,__filename,__dirname){${source}\n})`, {
      filename: file,
      cachedData,
    });
    if (!cachedData || script.cachedDataRejected) fresh = true;
    scripts.set(name, { script, source });
    const folderOfFile = path.dirname(file);
    const requireHere = (id) => {
      if (id.startsWith('.')) return load(path.join(folderOfFile, id));
      return id.startsWith(dist) ? load(id) : require(id);
    };
    script.runInThisContext().call(module.exports, module.exports, requireHere, module, file, folderOfFile);
    return module.exports;
  }

  if (blob) {
    process.on('exit', () => {
      if (!fresh) return;
      try {
        writeBlob(blob, scripts, cached);
      } catch {
        // No cache, no harm: the next run compiles again.
      }
    });
  }
  return load(path.join(dist, 'main.js'));
};
