// Preloaded into infractl: writes the files of its bundle that it has loaded to LOADED_FILES, one a line: bytes, name.
'use strict';
const { appendFileSync } = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const dist = path.join(__dirname, '../../dist') + path.sep;
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    const { filename } = options;
    if (filename.startsWith(dist))
      appendFileSync(process.env.LOADED_FILES, `${source.length} ${filename.slice(dist.length)}\n`);
  }
};
