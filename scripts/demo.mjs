// `npm run demo`: the main job from nothing to a URL that answers, on this machine, without an AWS account.
// Every line that begins with $ is what you would type.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const launcher = path.join(root, 'bin/run.js');
const home = path.join(root, '.cache/demo');
const project = path.join(home, 'my-auth');
const region = 'eu-west-3';

function title(text) {
  process.stdout.write(`\n${text}\n`);
}

/** Runs infractl as a user would, its words on the screen; ends the demo when it fails. */
function infractl(args, { cwd = project, env = {} } = {}) {
  process.stdout.write(`\n$ infractl ${args.join(' ')}\n`);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [launcher, ...args], {
      cwd,
      env: { ...process.env, ...env },
      stdio: 'inherit',
    });
    child.on('close', (code) => {
      if (code === 0) resolve();
      else {
        process.stderr.write(`\nThe demo stops here: the command above ended with exit code ${code}.\n`);
        process.exit(code ?? 1);
      }
    });
  });
}

/** The JSON that a command prints. */
function facts(args) {
  const result = spawnSync(process.execPath, [launcher, ...args, '--json'], {
    cwd: project,
    encoding: 'utf8',
  });
  return JSON.parse(result.stdout);
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

async function showLog(target, group) {
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

/** Whether images can be built here, and from which base: one made of this machine's own Node needs no download. */
function containers() {
  const docker = process.env.INFRACTL_DOCKER || 'docker';
  const engine = spawnSync(docker, ['info', '--format', '{{.ServerVersion}}'], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (engine.status !== 0) return { engine: false, env: {} };
  if (process.platform !== 'linux') return { engine: true, env: {} };
  const tag = 'infractl-base:demo';
  const base = spawnSync(process.execPath, [path.join(root, 'scripts/base-image.mjs'), tag], {
    stdio: ['ignore', 2, 2],
  });
  return { engine: true, env: base.status === 0 ? { BASE_IMAGE: tag } : {} };
}

title('1. A project, from a blueprint');
rmSync(project, { recursive: true, force: true });
mkdirSync(home, { recursive: true });
const { engine, env } = containers();
if (!engine) {
  process.stdout.write(
    '\nNo container engine answers here, so the demo deploys the same application as a zip function.\n',
  );
}
await infractl(['init', 'auth-manager', 'my-auth', ...(engine ? [] : ['--variant', 'zip'])], { cwd: home });

title('2. An AWS on this machine');
await infractl(['sandbox', 'start']);

title('3. From nothing to a URL that answers');
await infractl(['deploy', '--create-stack', '--sandbox'], { env });

title('4. The application');
const outputs = facts(['outputs', '--sandbox']);
const url = outputs.app.ApiUrl;
const ada = { email: `ada-${Date.now()}@example.com`, username: 'ada', password: 'correct horse 9 battery' };
await call('GET', `${url}/health`);
await call('POST', `${url}/auth/register`, ada);
await call('POST', `${url}/auth/login`, { email: ada.email, password: ada.password });
const status = facts(['sandbox', 'status']);
await showLog(
  { endpoint: status.endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } },
  outputs.app.LogGroupName,
);

title('5. Once more: nothing has changed, so nothing is done');
await infractl(['deploy', '--create-stack', '--sandbox'], { env });

title('6. What was done');
await infractl(['history', '--sandbox']);

process.stdout.write(`
It is still running. In another terminal:

  cd ${path.relative(process.cwd(), project) || project}
  curl ${url}/health
  node ${launcher} deploy --sandbox        after you changed something in app/src
  node ${launcher} destroy --sandbox       to delete it
  node ${launcher} sandbox stop            to stop the AWS of this machine
`);
