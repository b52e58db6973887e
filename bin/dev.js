#!/usr/bin/env node
// Builds, then runs: for work on infractl itself.
'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const build = path.join(__dirname, '..', 'scripts', 'build.mjs');
execFileSync(process.execPath, [build, '--quiet'], { stdio: ['ignore', 2, 2] });
require('./run.js');
