// `npm run demo`: the main job from nothing to a URL that answers, on this machine, without an AWS account.
// Every line that begins with $ is what you would type. The project is a demo of its own in .cache/demo; the
// sandbox is the user's own, so that what is typed afterwards finds it with no setting at all.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const launcher = path.join(root, 'bin/run.js');
const home = path.join(root, '.cache/demo');
const name = 'demo-auth';
const project = path.join(home, name);
const started = Date.now();

function title(text) {
  process.stdout.write(`\n${text}\n`);
}

function stopHere(code) {
  process.stderr.write(`\nThe demo stops here: the command above ended with exit code ${code}.\n`);
  process.exit(code ?? 1);
}

/** Runs infractl as a user would, its words on the screen; ends the demo when it fails. */
function infractl(args, cwd = project) {
  process.stdout.write(`\n$ infractl ${args.join(' ')}\n`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [launcher, ...args], { cwd, stdio: 'inherit' });
    child.on('close', (code) => {
      if (code !== 0) stopHere(code);
      resolve();
    });
  });
}

/** Runs infractl without showing it, for what it prints as JSON. */
function facts(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args, '--json'], {
    cwd: project,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return stdout;
  process.stderr.write(`\n$ infractl ${args.join(' ')}\n${stderr}`);
  return stopHere(status);
}

async function call(method, url, body) {
  const text = body === undefined ? '' : ` -H 'content-type: application/json' -d '${JSON.stringify(body)}'`;
  process.stdout.write(`\n$ curl ${method === 'GET' ? '' : `-X ${method} `}${url}${text}\n`);
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json = await answer.json();
  if (typeof json.token === 'string') json.token = `${json.token.slice(0, 24)}…`;
  process.stdout.write(`${answer.status} ${JSON.stringify(json)}\n`);
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
}

async function showLog(target, region, group) {
  process.stdout.write(`\nThe newest lines of ${group}:\n`);
  const client = new CloudWatchLogsClient({
    region,
    endpoint: target.endpoint,
    credentials: target.credentials,
  });
  const { events = [] } = await client.send(new FilterLogEventsCommand({ logGroupName: group }));
  for (const { timestamp, message } of events.slice(-8)) {
    process.stdout.write(`  ${new Date(timestamp).toISOString()}  ${message.trimEnd()}\n`);
  }
  client.destroy();
}

/** Whether images can be built here. */
function hasEngine() {
  const command = process.env.INFRACTL_DOCKER?.trim() || 'docker';
  const asked = spawnSync(command, ['info', '--format', '{{.ServerVersion}}'], { timeout: 10_000 });
  return asked.status === 0;
}

/** Builds on an image made of this machine's own Node, so that the demo pulls nothing. */
function useLocalBase() {
  if (process.platform !== 'linux') return;
  const tag = 'infractl-base:demo';
  const made = spawnSync(process.execPath, [path.join(root, 'scripts/base-image.mjs'), tag], {
    stdio: ['ignore', 'ignore', 2],
  });
  if (made.status !== 0) return;
  const file = path.join(project, 'infractl.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(BASE_IMAGE:.*default: )[^ }]+/, `$1${tag}`));
  process.stdout.write(
    `\nThe demo sets the base image in its infractl.yaml to ${tag}, made of this machine's Node: nothing is pulled.\n`,
  );
}

/** A demo that ran before leaves its stacks in the sandbox, perhaps of the other variant. */
function removeLastDemo() {
  if (!existsSync(path.join(project, 'infractl.yaml'))) return;
  process.stdout.write('Removing what the demo left last time …\n');
  facts(['sandbox', 'start']);
  facts(['destroy', '--sandbox', '--confirm', `${name}-dev`]);
}

removeLastDemo();
rmSync(project, { recursive: true, force: true });
mkdirSync(home, { recursive: true });

title('1. A project, from a blueprint');
const engine = hasEngine();
if (!engine) {
  process.stdout.write(
    '\nNo container engine answers here: the demo deploys the same application as a zip function.\n',
  );
}
await infractl(['init', 'auth-manager', name, ...(engine ? [] : ['--variant', 'zip'])], home);
if (engine) useLocalBase();

title('2. An AWS on this machine');
await infractl(['sandbox', 'start']);

title('3. From nothing to a URL that answers');
await infractl(['deploy', '--create-stack', '--sandbox']);

title('4. The application');
const outputs = JSON.parse(facts(['outputs', '--sandbox']));
const url = outputs.app.ApiUrl;
const ada = { email: 'ada@example.com', username: 'ada', password: 'correct horse 9 battery' };
await call('GET', `${url}/health`);
await call('POST', `${url}/auth/register`, ada);
await call('POST', `${url}/auth/login`, { email: ada.email, password: ada.password });
const status = JSON.parse(facts(['sandbox', 'status']));
await showLog(
  { endpoint: status.endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
  // AWS_REGION goes before the region of the project file.
  outputs.app.FunctionArn.split(':')[3],
  outputs.app.LogGroupName,
);

title('5. Once more: nothing has changed, so nothing is done');
await infractl(['deploy', '--create-stack', '--sandbox']);

title('6. What was done');
await infractl(['history', '--sandbox']);

process.stdout.write(`
That took ${Math.round((Date.now() - started) / 1000)} s, and it is still running. To play on, in this shell:

  export PATH="${path.join(root, '.cache/bin')}:$PATH"
  cd ${path.relative(process.cwd(), project) || project}
  curl ${url}/health
  infractl deploy --sandbox      after you changed something in app/src
  infractl destroy --sandbox     to delete it
  infractl sandbox stop          to stop the AWS of this machine
`);
