// Preloaded into infractl: writes the bytes of its bundle that it has read to the file BYTES_LOADED.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const dist = path.join(__dirname, '../../dist') + path.sep;
const read = fs.readFileSync;
const files = new Map();
fs.readFileSync = (file, ...options) => {
  const content = read(file, ...options);
  if (typeof file === 'string' && file.startsWith(dist) && file.endsWith('.js'))
    files.set(file, Buffer.byteLength(content));
  return content;
};
process.on('exit', () => {
  fs.writeFileSync(
    process.env.BYTES_LOADED,
    String([...files.values()].reduce((sum, size) => sum + size, 0)),
  );
});
