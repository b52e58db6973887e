import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './cli.ts';

const docker = process.env.INFRACTL_DOCKER || 'docker';

/** Does a container engine answer on this machine? Tests that need one are skipped where not. */
export function hasEngine(): boolean {
  try {
    execFileSync(docker, ['version', '--format', '{{.Server.Version}}'], {
      stdio: 'ignore',
      timeout: 60_000,
    });
    return true;
  } catch {
    return false;
  }
}

export function engine(...args: string[]): string {
  return execFileSync(docker, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/**
 * Builds an image that speaks the Lambda Runtime API by itself: this machine's Node and sixty lines.
 * `build` comes back in every answer, so that two of them can be told apart. The answer obeys the event:
 * `sleep` (ms), `crash`, `fail`, `later` (a line printed after the answer); and the variables FAIL_INIT and EXIT_AT_ONCE.
 */
export function buildLambdaImage(tag: string, build: string): void {
  const base = execFileSync(process.execPath, [join(root, 'scripts/base-image.mjs')], {
    encoding: 'utf8',
  }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'infractl-image-'));
  try {
    writeFileSync(join(folder, 'runtime.mjs'), RUNTIME);
    writeFileSync(
      join(folder, 'Dockerfile'),
      [
        `FROM ${base}`,
        'COPY runtime.mjs /runtime.mjs',
        `ENV BUILD=${build}`,
        'ENTRYPOINT ["node", "/runtime.mjs"]',
        '',
      ].join('\n'),
    );
    execFileSync(docker, ['build', '--quiet', '--tag', tag, folder], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, BUILDX_NO_DEFAULT_ATTESTATIONS: '1' },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const RUNTIME = `
import http from 'node:http';
const api = process.env.AWS_LAMBDA_RUNTIME_API;
const ask = (method, path, body) => new Promise((resolve, reject) => {
  const request = http.request('http://' + api + '/2018-06-01/runtime/' + path, { method }, (answer) => {
    const parts = [];
    answer.on('data', (part) => parts.push(part));
    answer.on('end', () => resolve({ headers: answer.headers, body: Buffer.concat(parts).toString() }));
  });
  request.on('error', reject);
  request.end(body);
});
if (process.env.FAIL_INIT) {
  await ask('POST', 'init/error', JSON.stringify({ errorMessage: 'no configuration', errorType: 'Init.Bad' }));
  process.exit(1);
}
if (process.env.EXIT_AT_ONCE) {
  console.error('cannot go on');
  process.exit(3);
}
for (;;) {
  const { headers, body } = await ask('GET', 'invocation/next');
  const id = headers['lambda-runtime-aws-request-id'];
  const event = JSON.parse(body);
  console.log('asked for ' + (event.rawPath ?? 'something'));
  if (event.sleep) await new Promise((resolve) => setTimeout(resolve, event.sleep));
  if (event.crash) {
    console.error('about to crash');
    process.exit(7);
  }
  if (event.fail) {
    await ask('POST', 'invocation/' + id + '/error', JSON.stringify({ errorMessage: 'said no', errorType: 'Bad' }));
    continue;
  }
  const answer = {
    build: process.env.BUILD,
    env: process.env,
    folder: process.cwd(),
    path: event.rawPath,
    routeKey: event.routeKey,
    parameters: event.pathParameters,
    deadlineIn: Number(headers['lambda-runtime-deadline-ms']) - Date.now(),
    arn: headers['lambda-runtime-invoked-function-arn'],
  };
  const body2 = JSON.stringify(answer);
  await ask('POST', 'invocation/' + id + '/response', JSON.stringify({ statusCode: 200, body: body2 }));
  if (event.later) setTimeout(() => console.log(event.later), 200);
}
`;
