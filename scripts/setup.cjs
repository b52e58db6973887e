// Makes a fresh clone ready, then runs a script of it: `node scripts/setup.cjs [--build] SCRIPT [ARGUMENT…]`.
// Works with any Node and npm that can be had: where they are of another version it brings Node 24 and npm
// into .cache/. Old syntax on purpose: this file must run on whatever Node there is.
'use strict';

var crypto = require('crypto');
var fs = require('fs');
var path = require('path');
var spawnSync = require('child_process').spawnSync;

var WANTED = 24;
var root = path.dirname(__dirname);
var cache = path.join(root, '.cache');
var windows = process.platform === 'win32';

function say(line) {
  process.stderr.write(line + '\n');
}

function fail(line) {
  say(line);
  process.exit(1);
}

function run(command, args, env) {
  var result = spawnSync(command, args, {
    cwd: root,
    env: env,
    // What is printed while setting up is no result: it goes to standard error.
    stdio: ['ignore', 2, 2],
    shell: windows && command === 'npm',
  });
  if (result.error && result.error.code === 'ENOENT')
    fail(command + ' is not in the PATH: install it, then try again.');
  if (result.error) throw result.error;
  if (result.status !== 0) {
    say(command + ' ' + args.join(' ') + ' failed (exit ' + result.status + ').');
    process.exit(result.status || 1);
  }
}

function remove(folder) {
  // The newer function first: the older one is gone in newer versions.
  if (fs.rmSync) fs.rmSync(folder, { recursive: true, force: true });
  else if (fs.existsSync(folder)) fs.rmdirSync(folder, { recursive: true });
}

/** Installs the package into a folder of its own, which gets the name when it is whole: half a download is no Node. */
function bringNode(home, name) {
  var fresh = home + '.' + process.pid;
  var args = ['install', '--prefix', fresh, '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  say('Bringing Node ' + WANTED + ' into .cache/ (this is Node ' + process.versions.node + ') …');
  fs.mkdirSync(fresh, { recursive: true });
  fs.writeFileSync(path.join(fresh, 'package.json'), '{ "private": true }\n');
  run('npm', args.concat(name + '@' + WANTED, 'npm@11'), process.env);
  try {
    fs.renameSync(fresh, home);
  } catch (error) {
    // Another set-up was faster; its Node is as good.
    if (!fs.existsSync(home)) throw error;
    remove(fresh);
  }
}

/** Node 24 and its npm: the one that runs this, else one brought into .cache/node. */
function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) === WANTED) return { node: process.execPath };
  var platform = windows ? 'win' : process.platform;
  var prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  var name = prefix + '-' + platform + '-' + process.arch;
  var home = path.join(cache, 'node');
  if (!fs.existsSync(home)) bringNode(home, name);
  var modules = path.join(home, 'node_modules');
  var node = path.join(modules, name, 'bin', windows ? 'node.exe' : 'node');
  if (spawnSync(node, ['--version']).status !== 0) {
    fail(node + ' does not run on this machine. Install Node ' + WANTED + ' yourself, then try again.');
  }
  return { node: node, npm: path.join(modules, 'npm', 'bin', 'npm-cli.js') };
}

function isLink(file) {
  try {
    return fs.lstatSync(file).isSymbolicLink();
  } catch (error) {
    // Not there. To be told so without an exception is something that older Nodes do not know.
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Installs what the lock file names, unless exactly that is installed already. */
function ensurePackages(tools, env) {
  // Packages that are another folder's are that folder's to install: npm ci would empty them for both.
  if (isLink(path.join(root, 'node_modules'))) return;
  var lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  var wanted =
    crypto.createHash('sha256').update(lock).digest('hex') + ' ' + process.platform + '-' + process.arch;
  // npm ci begins by emptying node_modules, so the mark says that it came to its end.
  var mark = path.join(root, 'node_modules', '.infractl-setup');
  var found = fs.existsSync(mark) ? fs.readFileSync(mark, 'utf8') : '';
  if (found === wanted) return;
  say('Installing the packages …');
  // All of them are development packages, which NODE_ENV=production would leave out.
  var args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  if (tools.npm) run(tools.node, [tools.npm].concat(args), env);
  else run('npm', args, env);
  fs.writeFileSync(mark, wanted);
}

/** An `infractl` that runs this clone with the right Node, for a PATH. */
function writeCommand(node) {
  var folder = path.join(cache, 'bin');
  var file = path.join(folder, 'infractl');
  var quoted = [node, path.join(root, 'bin', 'run.js')].map(function (word) {
    return "'" + word.replace(/'/g, "'\\''") + "'";
  });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(file, '#!/bin/sh\nexec ' + quoted.join(' ') + ' "$@"\n');
  fs.chmodSync(file, 493);
}

var words = process.argv.slice(2);
var build = words[0] === '--build';
if (build) words.shift();

var tools = ensureNode();
var env = Object.assign({}, process.env);
var key =
  Object.keys(env).filter(function (name) {
    return name.toUpperCase() === 'PATH';
  })[0] || 'PATH';
env[key] = path.dirname(tools.node) + path.delimiter + (env[key] || '');
ensurePackages(tools, env);
writeCommand(tools.node);
if (build) run(tools.node, [path.join(root, 'scripts', 'build.mjs'), '--quiet'], env);

var result = spawnSync(tools.node, [path.join(root, words[0])].concat(words.slice(1)), {
  cwd: process.cwd(),
  env: env,
  stdio: 'inherit',
});
if (result.error) throw result.error;
process.exit(result.status === null ? 1 : result.status);
