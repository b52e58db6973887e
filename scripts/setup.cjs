// Makes a fresh clone ready, then runs a script of ours: `node scripts/setup.cjs scripts/test.mjs …`.
// Works with any Node and npm that can be had: where they are too old it brings Node 24 and npm into
// .cache/. Old syntax on purpose: this file must run on whatever Node there is.
'use strict';

var crypto = require('crypto');
var fs = require('fs');
var path = require('path');
var spawnSync = require('child_process').spawnSync;

var WANTED = 24;
var root = path.dirname(__dirname);
var cache = path.join(root, '.cache');

function say(line) {
  process.stderr.write(line + '\n');
}

function run(command, args, env) {
  var result = spawnSync(command, args, {
    cwd: root,
    env: env,
    // What is printed while setting up is no result: it goes to standard error.
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    say(command + ' ' + args.join(' ') + ' failed (exit ' + result.status + ').');
    process.exit(result.status || 1);
  }
}

/** The folder of a Node 24, with an npm beside it when ours had to be brought. */
function ensureNode() {
  if (Number(process.versions.node.split('.')[0]) === WANTED)
    return { node: process.execPath, npm: undefined };
  var platform = process.platform === 'win32' ? 'win' : process.platform;
  var prefix = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  var name = prefix + '-' + platform + '-' + process.arch;
  var home = path.join(cache, 'node');
  var node = path.join(home, 'node_modules', name, 'bin', platform === 'win' ? 'node.exe' : 'node');
  var npm = path.join(home, 'node_modules', 'npm', 'bin', 'npm-cli.js');
  if (!fs.existsSync(node) || !fs.existsSync(npm)) {
    say('Bringing Node ' + WANTED + ' (this is Node ' + process.versions.node + ') …');
    fs.mkdirSync(home, { recursive: true });
    fs.writeFileSync(path.join(home, 'package.json'), '{ "private": true }\n');
    run(
      'npm',
      ['install', '--prefix', home, '--no-save', '--no-audit', '--no-fund', name + '@' + WANTED, 'npm@11'],
      process.env,
    );
  }
  return { node: node, npm: npm };
}

/** Installs what the lock file names, unless exactly that is installed already. */
function ensurePackages(tools, env) {
  var lock = fs.readFileSync(path.join(root, 'package-lock.json'));
  var wanted = crypto.createHash('sha256').update(lock).digest('hex');
  var mark = path.join(root, 'node_modules', '.infractl-setup');
  var found = fs.existsSync(mark) ? fs.readFileSync(mark, 'utf8') : '';
  if (found === wanted) return;
  say('Installing the packages …');
  var args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  if (tools.npm) run(tools.node, [tools.npm].concat(args), env);
  else run('npm', args, env);
  fs.writeFileSync(mark, wanted);
}

var tools = ensureNode();
var env = Object.assign({}, process.env);
var key = Object.keys(env).filter((name) => name.toUpperCase() === 'PATH')[0] || 'PATH';
env[key] = path.dirname(tools.node) + path.delimiter + (env[key] || '');
ensurePackages(tools, env);

var script = process.argv[2];
if (!/build\.mjs$/.test(script)) run(tools.node, [path.join(root, 'scripts', 'build.mjs'), '--quiet'], env);
var result = spawnSync(tools.node, [path.join(root, script)].concat(process.argv.slice(3)), {
  cwd: process.cwd(),
  env: env,
  stdio: 'inherit',
});
if (result.error) throw result.error;
process.exit(result.status === null ? 1 : result.status);
