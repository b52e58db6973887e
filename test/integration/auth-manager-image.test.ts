import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appFolder, SECRET, startRuntimeApi } from '../helpers/auth-app.ts';
import { root } from '../helpers/cli.ts';
import { engine, hasEngine } from '../helpers/lambda-image.ts';
import { freePort } from '../helpers/ports.ts';
import { tell } from '../helpers/transcript.ts';
import { until } from '../helpers/until.ts';

/** The blueprint's image, built without a network on a base that has nothing but Node, and run. */

const withEngine = hasEngine() || process.env.CI ? describe : describe.skip;

withEngine('the image of auth-manager (skipped where no container engine answers)', () => {
  const tag = `infractl-test-auth:${process.pid}`;
  const containers: string[] = [];

  beforeAll(() => {
    const script = path.join(root, 'scripts/base-image.mjs');
    const base = execFileSync(process.execPath, [script], { encoding: 'utf8' }).trim();
    engine(
      'build',
      '--quiet',
      '--network',
      'none',
      '--build-arg',
      `BASE_IMAGE=${base}`,
      '--tag',
      tag,
      appFolder,
    );
  });

  afterAll(() => {
    for (const id of containers) spawnSync('docker', ['rm', '--force', id]);
    spawnSync('docker', ['image', 'rm', '--force', tag]);
  });

  /** As Lambda runs it: a user of its own, a file system that cannot be written to. */
  function run(env: Readonly<Record<string, string>>): string {
    const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const user = ['--user', '993:990', '--read-only', '--network', 'host'];
    const id = engine('run', '--detach', ...user, ...variables, tag);
    containers.push(id);
    tell(`docker logs ${id}`, () => engine('logs', id));
    return id;
  }

  it('answers events of the Lambda Runtime API', async () => {
    const api = await startRuntimeApi();
    const id = run({ JWT_SECRET: SECRET, AWS_LAMBDA_RUNTIME_API: api.address });
    await until(() => api.idle);
    const event = {
      version: '2.0',
      rawPath: '/health',
      requestContext: { stage: '$default', http: { method: 'GET' } },
    };
    const answer = await api.invoke(event);
    expect(JSON.parse(answer.body)).toMatchObject({ statusCode: 200, isBase64Encoded: false });
    engine('stop', '--time', '20', id);
    expect(engine('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
    await api.close();
  });

  it('is a plain server elsewhere, and stops when it is told to', async () => {
    const port = await freePort();
    const id = run({ JWT_SECRET: SECRET, PORT: String(port), HOST: '127.0.0.1' });
    await until(() => engine('logs', id).includes('Listening on'));
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    engine('stop', '--time', '5', id);
    expect(engine('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
  });

  it('holds the application and the driver, and no secret, test or note', () => {
    const id = engine('create', tag);
    containers.push(id);
    const tar = execFileSync('docker', ['cp', `${id}:/app/.`, '-'], { maxBuffer: 64 * 1024 * 1024 });
    const names = execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' })
      .split('\n')
      .filter((name) => name !== '' && !name.endsWith('/'))
      .map((name) => name.replace(/^\.\//, ''));
    expect(names).toEqual(expect.arrayContaining(['package.json', 'src/main.js', 'vendor/postgres.js']));
    expect(names.filter((name) => !/^(package\.json|src\/.*\.js|vendor\/postgres\.js)$/.test(name))).toEqual(
      [],
    );
    const driver = execFileSync('tar', ['-x', '-O', '-f', '-', './vendor/postgres.js'], { input: tar });
    expect(sha(driver)).toBe(sha(execFileSync('cat', [path.join(appFolder, 'vendor/postgres.js')])));
  });
});

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
