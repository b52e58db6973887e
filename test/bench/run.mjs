// `npm run bench`: start-up, a call, a deploy with nothing to do, as ratios in one run on one machine.
// Needs Python 3 and a sandbox of its own; brings the AWS CLI from PyPI to compare with.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBundle } from '../../bin/pieces.js';
import { measureDashboard } from './dashboard.mjs';
import { followLogs } from './following.mjs';
import { writeGrid } from './graphs.mjs';
import { heldStacks } from './held-stacks.mjs';
import { measureHost } from './host.mjs';
import { readLogs } from './logs.mjs';
import { measureMenu } from './menu.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const node = process.execPath;
const launcher = path.join(root, 'bin/run.js');
const runs = Number(process.env.BENCH_RUNS ?? 15);

const home = mkdtempSync(path.join(tmpdir(), 'infractl-bench-'));
const env = {
  PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`,
  HOME: home,
  XDG_DATA_HOME: path.join(root, '.cache/bench/data'),
  XDG_CACHE_HOME: path.join(home, 'cache'),
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'eu-west-3',
  ...pick(['DOCKER_HOST', 'PIP_CERT', 'PIP_INDEX_URL', 'PIP_FIND_LINKS', 'HTTPS_PROXY', 'NO_PROXY']),
};
const project = path.join(home, 'bench');

function pick(names) {
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

function infractl(args, cwd = project, extra = {}) {
  const result = spawnSync(node, [launcher, ...args], { cwd, env: { ...env, ...extra }, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`infractl ${args.join(' ')}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}

/** Bytes of the bundle that one command reads. */
function bytesLoaded(args, extra) {
  const list = path.join(home, 'loaded');
  const recorder = `--require ${path.join(root, 'test/helpers/record-loads.cjs')}`;
  infractl(args, project, { ...extra, NODE_OPTIONS: recorder, LOADED_FILES: list });
  const sizes = new Map();
  for (const line of readFileSync(list, 'utf8').trim().split('\n')) {
    const [size, name] = line.split(' ');
    sizes.set(name, Number(size));
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

/** Bytes of the tarball that npm would publish, of what is built now. */
function packedSize() {
  const said = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(said)[0].size;
}

/** The AWS CLI in an environment of its own, to compare with. */
function awsCli() {
  const venv = path.join(root, '.cache/bench/aws');
  const aws = path.join(venv, 'bin/aws');
  if (!existsSync(aws)) {
    mkdirSync(path.dirname(venv), { recursive: true });
    execFileSync('python3', ['-m', 'venv', venv], { stdio: 'ignore' });
    execFileSync(path.join(venv, 'bin/pip'), ['install', '--quiet', 'awscli==1.46.3'], { stdio: 'ignore' });
  }
  return aws;
}

function measure(commands) {
  const order = { runs, commands };
  const output = execFileSync('python3', [path.join(here, 'measure.py')], {
    input: JSON.stringify(order),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(output);
}

/** Seconds of ten deploys that have nothing to do, as a script makes them with the AWS CLI. */
function awsDeploys(folder, endpoint) {
  const began = performance.now();
  for (let i = 0; i < 10; i++) {
    const stack = ['--stack-name', `grid10-s${i}-dev`, '--template-file', `t${i}.yaml`];
    spawnSync(awsCli(), ['cloudformation', 'deploy', ...stack, '--no-fail-on-empty-changeset'], {
      cwd: folder,
      env: { ...env, AWS_ENDPOINT_URL: endpoint, AWS_DEFAULT_REGION: env.AWS_REGION },
      stdio: 'ignore',
    });
  }
  return (performance.now() - began) / 1000;
}

/** The best of three: others at work on the machine only ever make it slower. */
async function fastest(run) {
  const all = [await run(), await run(), await run()];
  return {
    afterLastEvent: Math.min(...all.map((one) => one.afterLastEvent)),
    total: Math.min(...all.map((one) => one.total)),
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

const rows = [];
let misses = 0;

/** One line of the table: what was measured, what it may be. */
function row(what, value, unit, bound, sense = 'at most') {
  const good = sense === 'at most' ? value <= bound : value >= bound;
  if (!good) misses++;
  rows.push([what, `${value.toFixed(2)}${unit}`, `${sense} ${bound}${unit}`, good ? 'yes' : 'NO']);
}

/** Bytes of the bundle as it is installed, and of the code that it holds. */
function bundleSize() {
  const file = path.join(root, 'dist/bundle.bin');
  const bundle = openBundle(file);
  const code = bundle.names().reduce((sum, name) => sum + bundle.text(name).length, 0);
  return { installed: statSync(file).size, code };
}

try {
  const engine = spawnSync('docker', ['info'], { env, stdio: 'ignore' }).status === 0;
  const base = engine ? { BASE_IMAGE: 'infractl-base:bench' } : {};
  if (engine)
    execFileSync(node, [path.join(root, 'scripts/base-image.mjs'), 'infractl-base:bench'], {
      env,
      stdio: 'ignore',
    });
  infractl(['init', 'auth-manager', 'bench', ...(engine ? [] : ['--variant', 'zip'])], home);
  infractl(['sandbox', 'start']);
  const firstDeploy = bytesLoaded(['deploy', '--create-stack', '--sandbox'], base);
  const { endpoint } = JSON.parse(infractl(['sandbox', 'status', '--json']));

  const command = (args, extra = {}) => ({
    argv: [node, launcher, ...args],
    cwd: project,
    env: { ...env, ...extra },
  });
  const toAws = { AWS_ENDPOINT_URL: endpoint };
  const stack = 'bench-app-dev';
  const instance = execFileSync(
    awsCli(),
    [
      'ec2',
      'run-instances',
      '--image-id',
      'ami-0123456789abcdef0',
      '--instance-type',
      't3.small',
      '--query',
      'Instances[0].InstanceId',
      '--output',
      'text',
    ],
    { env: { ...env, ...toAws, AWS_DEFAULT_REGION: env.AWS_REGION }, encoding: 'utf8' },
  ).trim();
  const [ten, grid20, grid200] = ['ten', 'grid20', 'grid200'].map((name) => path.join(home, name));
  writeGrid(ten, 10, 4);
  writeGrid(grid20, 20, 5);
  writeGrid(grid200, 200, 14);
  infractl(['deploy', '--create-stack', '--sandbox'], ten);
  const tenByAws = awsDeploys(ten, endpoint);
  const results = measure({
    node: { argv: [node, '-e', '0'], cwd: project, env },
    version: command(['--version']),
    help: command(['--help']),
    trivial: command(['sandbox', 'status', '--no-such-flag']),
    outputs: command(['outputs', 'app'], toAws),
    instances: command(['manage', 'status', '--id', instance], toAws),
    awsInstances: {
      argv: [awsCli(), 'ec2', 'describe-instances', '--instance-ids', instance],
      cwd: project,
      env: { ...env, ...toAws, AWS_DEFAULT_REGION: env.AWS_REGION },
    },
    aws: {
      argv: [awsCli(), 'cloudformation', 'describe-stacks', '--stack-name', stack],
      cwd: project,
      env: { ...env, ...toAws, AWS_DEFAULT_REGION: env.AWS_REGION },
    },
    noop: command(['deploy', '--create-stack', '--sandbox'], base),
    doctor: command(['doctor'], toAws),
    complete: command(['__complete', 'fish', 'deploy', '']),
    ten: { ...command(['deploy', '--create-stack', '--sandbox']), cwd: ten },
    validate20: { ...command(['config', 'validate']), cwd: grid20 },
    validate200: { ...command(['config', 'validate']), cwd: grid200 },
  });
  const wall = (name) => median(results[name].map((run) => run.wall));
  const ratio = (name) => median(results[name].map((run, i) => run.wall / results.node[i].wall));

  row('infractl --version, to node -e 0', ratio('version'), ' x', 1.15);
  row('infractl --help', ratio('help'), ' x', 2.2);
  row('a command that does nothing', ratio('trivial'), ' x', 2.2);
  row('infractl outputs (one AWS call)', ratio('outputs'), ' x', 3.7);
  row('the same call by aws, to infractl', wall('aws') / wall('outputs'), ' x', 4, 'at least');
  row('infractl manage status of an instance', ratio('instances'), ' x', 3.7);
  row('aws ec2 describe-instances, to it', wall('awsInstances') / wall('instances'), ' x', 4, 'at least');
  row('memory of infractl outputs', median(results.outputs.map((run) => run.memory)), ' MiB', 75);
  row('deploy --create-stack, nothing to do', wall('noop'), ' s', 0.7);
  row('  of which CPU', median(results.noop.map((run) => run.cpu)), ' s', 0.4);
  row('the same, ten stacks', wall('ten'), ' s', 2);
  row(
    '  the same by aws cloudformation deploy, one after the other, to infractl',
    tenByAws / wall('ten'),
    ' x',
    3,
    'at least',
  );
  row('infractl doctor, all reachable', wall('doctor'), ' s', 3);
  row('the menu, painted beyond what Node takes', await measureMenu(launcher, project, env), ' ms', 250);
  row('a name completed by Tab', wall('complete'), ' s', 0.15);
  row('config validate, 200 stacks, to 20', wall('validate200') / wall('validate20'), ' x', 6);
  const deploy = [node, launcher, 'deploy', '--create-stack'];
  const held = await fastest(() => heldStacks(deploy));
  row("from a stack's last event to exit", held.afterLastEvent, ' s', 0.5);
  row('a stack held for 10 s, all of the deploy', held.total, ' s', 10.6);
  const byAws = await heldStacks([
    awsCli(),
    'cloudformation',
    'deploy',
    '--stack-name',
    'app',
    '--template-file',
    'app.yaml',
  ]);
  row('  the same by aws cloudformation deploy', byAws.total, ' s', held.total, 'at least');
  const sixty = await heldStacks(deploy, { count: 60, seconds: 20 });
  row('sixty stacks side by side, 20 s each, to what one takes in AWS', sixty.total / sixty.ideal, ' x', 1.1);
  const quiet = await heldStacks(deploy, { seconds: 120 });
  row('calls a second while a stack is quiet', quiet.quietCalls, '', 1);
  const { installed, code } = bundleSize();
  row('the bundle of all commands', installed / 1e6, ' MB', 1.5);
  rows.push(['  the code in it', `${(code / 1e6).toFixed(2)} MB`, '', '']);
  row('  of which a first deploy, image and all, loads', firstDeploy / 1e6, ' MB', 1.5);
  row('the package, as it is downloaded', packedSize() / 1e6, ' MB', 1.5);

  const fast = await readLogs(launcher, 0);
  const slow = await readLogs(launcher, 20);
  row('logs, 200,000 events of a fast server, to a raw walk of the pages', fast.ours / fast.walk, ' x', 1.8);
  row('  the same of one that takes 20 ms a page', slow.ours / slow.walk, ' x', 0.6);
  row('  memory', Math.max(fast.memory, slow.memory), ' MiB', 120);
  const [often, seldom] = await Promise.all([followLogs(launcher, 10), followLogs(launcher, 5)]);
  row('logs --follow, 20 groups at 10 calls a second, longest until an event is shown', often, ' s', 3);
  row('  the same at 5 calls a second', seldom, ' s', 3);

  const backups = JSON.parse(
    execFileSync(node, ['--expose-gc', path.join(here, 'backups.ts')], { encoding: 'utf8' }),
  );
  row('backups of 1,000 volumes, to what AWS allows', backups.volumes.toAllowed, ' x', 1.1);
  row('  of them failed', backups.volumes.failed, '', 0);
  row('  memory that is held after it', backups.volumes.grown, ' MiB', 20);
  row('10,000 snapshots judged, beyond the calls', backups.judged / 1000, ' s', 1);
  row('100,000 snapshots known, memory', backups.memory, ' MiB', 100);
  const dashboard = await measureDashboard(launcher, project, env);
  if (dashboard) {
    row('monitoring dashboard, to its first frame', dashboard.paint, ' s', 1);
    row('  of a core while nothing happens', dashboard.idle, ' %', 5);
    row('  memory', dashboard.memory, ' MiB', 100);
  }

  const host = await measureHost();
  if (host) {
    const { blueGreen, restart } = host;
    row('redeploy, nothing to build, blue-green', blueGreen.deploy, ' s', 3);
    row('  rollback', blueGreen.rollback, ' s', 2);
    row('  requests lost of one every 10 ms', blueGreen.lost, '', 0);
    row('redeploy, nothing to build, restart', restart.deploy, ' s', 3);
    row('  rollback', restart.rollback, ' s', 2);
    row("  without an answer, to the application's own start", restart.gap / host.ownStart, ' x', 1.2);
    row('redeploy of a folder of 50 MB, one file changed', host.folder.seconds, ' s', 3);
    row('  sent to the host', host.folder.sent, ' KiB', 100);
    row('ssh connections of one command', host.connections, '', 1);
  } else process.stdout.write('No test host can be made here: releases are not measured.\n');
  const bad = Object.entries(results).filter(
    ([name, all]) => name !== 'trivial' && name !== 'doctor' && all.some((run) => run.exit !== 0),
  );
  if (bad.length > 0) throw new Error(`failed while measured: ${bad.map(([name]) => name).join(', ')}`);

  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  process.stdout.write(
    `infractl ${version}, Node ${process.version}, medians of ${runs} runs in turn; node -e 0 took ${(wall('node') * 1000).toFixed(0)} ms\n\n`,
  );
  const width = Math.max(...rows.map(([what]) => what.length));
  for (const [what, value, bound, good] of rows) {
    process.stdout.write(`${what.padEnd(width)}  ${value.padStart(10)}  ${bound.padEnd(16)}  ${good}\n`);
  }
  process.exitCode = misses > 0 ? 1 : 0;
} finally {
  spawnSync(node, [launcher, 'sandbox', 'stop', '--delete', '--yes'], { cwd: home, env });
  rmSync(home, { recursive: true, force: true });
}
