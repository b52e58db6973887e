#!/usr/bin/env node
// The launcher. CommonJS, and in words that any Node understands: it must be able to say that a Node is
// too old to run the rest, and nothing may pay for loading ES modules.
'use strict';

var MINIMUM = [22, 18];
var found = process.versions.node.split('.').map(Number);
if (found[0] < MINIMUM[0] || (found[0] === MINIMUM[0] && found[1] < MINIMUM[1])) refuseNode();

function refuseNode() {
  var message =
    'infractl needs Node ' +
    MINIMUM.join('.') +
    ' or newer; this is Node ' +
    process.versions.node +
    ' (' +
    process.execPath +
    ').';
  var install = 'Install the current LTS version, for example with: npm install --global node@24';
  process.stderr.write(message + '\n' + install + '\n');
  var told = { code: 'NodeTooOld', message: message, suggestions: [install], exit: 2 };
  if (process.argv.indexOf('--json') > 0) process.stdout.write(JSON.stringify({ error: told }) + '\n');
  process.exit(2);
}

// `infractl … | head`: the reader has what it wanted, so there is nothing to complain about.
function onPipeError(error) {
  if (error.code === 'EPIPE') process.exit(process.exitCode || 0);
  throw error;
}

function loaded() {
  try {
    return require('./load.js').loadBundle(argv);
  } catch (error) {
    if (error.code !== 'BrokenInstallation') throw error;
    process.stderr.write(error.message + '\n');
    process.exit(1);
  }
}

var argv = process.argv.slice(2);
if (argv.length === 1 && argv[0] === '--version') {
  process.stdout.on('error', onPipeError);
  process.stdout.write(
    'infractl/' +
      require('../package.json').version +
      ' ' +
      process.platform +
      '-' +
      process.arch +
      ' node-' +
      process.version +
      '\n',
  );
} else {
  process.stdout.on('error', onPipeError);
  process.stderr.on('error', onPipeError);
  loaded()
    .main(argv)
    .then(function () {
      // All is said and done: what is still open (idle connections) need not be waited for, only the output.
      process.stdout.write('', function () {
        process.stderr.write('', function () {
          process.exit();
        });
      });
    });
}
