import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RealClock } from '../fake/clock.ts';
import { baseImage, forget, noEngine } from '../helpers/images.ts';
import { MoodyRegistry } from '../helpers/registry.ts';
import { expectJsonTrouble, expectTrouble, Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** Container engines that are not there or do not want, builds that fail, registries that refuse. */

let scene: Scene;
let registry: MoodyRegistry;
beforeEach(async () => {
  scene = await Scene.open();
  registry = await MoodyRegistry.start(scene.fake);
  scene.fake.state.ecr.repositories.set('shop', []);
  scene.put(
    'infractl.yaml',
    `project: shop
region: eu-west-3
images:
  api:
    context: code
    repository: ${registry.host}/shop
    secrets: { token: { env: JWT_SECRET } }
    args: { DATABASE: { env: DATABASE_URL } }
`,
  );
  scene.put('code/Dockerfile', 'FROM scratch\nCOPY index.js /index.js\nCMD ["/index.js"]\n');
});
afterEach(async () => {
  if (!noEngine) forget(`${registry.host}/shop`);
  await registry.stop();
  await scene.close();
});

/** A stand-in for docker that says what the real client says in a state that cannot be made here. */
function fakeDocker(script: string): string {
  scene.put('bin/docker', `#!/bin/sh\n${script}\n`);
  const file = path.join(scene.home.work, 'bin', 'docker');
  chmodSync(file, 0o755);
  return file;
}

async function refuses(
  exit: number,
  code: string,
  env: Record<string, string>,
  ...says: (string | RegExp)[]
) {
  const plain = await scene.run(['deploy'], { env });
  expectTrouble(plain, exit, ...says);
  expectJsonTrouble(await scene.run(['deploy', '--json', '--debug'], { env }), exit, code);
  return plain;
}

describe('the container engine', () => {
  it('is not installed', async () => {
    const env = { PATH: path.dirname(process.execPath) };
    await refuses(
      1,
      'EngineMissing',
      env,
      'There is no container command: docker was not found.',
      'Install Docker',
      '--skip-build',
    );
  });

  it('is another command that is not there', async () => {
    const env = { INFRACTL_DOCKER: 'podmann' };
    await refuses(
      1,
      'EngineMissing',
      env,
      'podmann was not found',
      'INFRACTL_DOCKER chooses it',
      'unset INFRACTL_DOCKER',
    );
  });

  it.skipIf(noEngine)('does not run', async () => {
    const env = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
    await refuses(
      1,
      'EngineNotRunning',
      env,
      'The container engine does not answer.',
      'unix:///nonexistent/docker.sock',
      'sudo systemctl start docker',
    );
  });

  it('may not be used', async () => {
    const docker = fakeDocker(
      `case "$1" in --version) echo "Docker version 27.5.1, build 9f9e405";; *) echo "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get \\"http://%2Fvar%2Frun%2Fdocker.sock/v1.47/version\\": dial unix /var/run/docker.sock: connect: permission denied" >&2; exit 1;; esac`,
    );
    await refuses(
      1,
      'EnginePermission',
      { INFRACTL_DOCKER: docker },
      'You may not use the container engine',
      'usermod -aG docker',
      'log out and in again',
    );
  });
});

describe.skipIf(noEngine)('an image', () => {
  let base = '';
  beforeAll(() => {
    base = baseImage();
  }, 120_000);

  it('whose build fails shows the last 20 lines, without its secrets', async () => {
    scene.put(
      'code/build.js',
      `for (let i = 0; i < 2000; i++) console.log("compile line " + i + " " + process.env.DATABASE);
console.log("error TS2304: Cannot find name");
process.exitCode = 3;
`,
    );
    scene.put(
      'code/Dockerfile',
      `FROM ${base}
ARG DATABASE
COPY index.js build.js /
RUN ["node", "/build.js"]
CMD ["node"]
`,
    );
    scene.put('infractl.yaml', withoutSecrets(registry.host));
    const result = await refuses(
      1,
      'BuildFailed',
      {},
      'The image api could not be built.',
      'error TS2304: Cannot find name',
      'compile line 1999',
    );
    const shown = result.stderr.slice(result.stderr.indexOf('could not be built'));
    expect(shown.split('\n').length).toBeLessThan(26);
    expect(shown).not.toContain('compile line 1900 ');
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('without a handler is refused before it is pushed', async () => {
    scene.put('code/Dockerfile', 'FROM scratch\nCOPY index.js /index.js\n');
    scene.put('infractl.yaml', withoutSecrets(registry.host));
    await refuses(1, 'NoHandler', {}, 'The image api is without a handler', 'Add a CMD');
    expect(registry.uploads).toBe(0);
  });

  it('whose build copies a file that is not there', async () => {
    scene.put('code/Dockerfile', 'FROM scratch\nCOPY nothing.js /\nCMD ["/x"]\n');
    scene.put('infractl.yaml', withoutSecrets(registry.host));
    await refuses(1, 'BuildFailed', {}, 'nothing.js', 'is not in the build context');
  });

  it('that needs a Dockerfile which is not there', async () => {
    scene.put(
      'infractl.yaml',
      withoutSecrets(registry.host).replace(
        'context: code',
        'context: code, dockerfile: code/Dockerfile.prod',
      ),
    );
    await refuses(2, 'InvalidConfiguration', {}, 'Dockerfile.prod');
    expect(scene.fake.requests).toEqual([]);
  });

  it.each([
    [
      'refuses the push',
      'deny',
      4,
      'PushDenied',
      [
        'The registry refuses the push of the image api',
        'Ask for a policy that allows ecr:InitiateLayerUpload',
      ],
    ],
    [
      'does not take the login',
      'bad login',
      4,
      'RegistryLogin',
      ['does not accept the login', 'aws sts get-caller-identity'],
    ],
  ] as const)(
    'whose registry %s, and is pushed without a build when it does',
    async (_what, mood, exit, code, says) => {
      scene.put('infractl.yaml', withoutSecrets(registry.host));
      registry.mood = mood;
      const result = await refuses(exit, code, {}, ...says);
      expect(result.stderr).not.toContain(scene.fake.state.ecr.password);
      registry.mood = 'accept';
      const next = await scene.run(['deploy']);
      expect(next.code).toBe(0);
      expect(next.stderr).not.toContain('building with');
      expect((await scene.run(['deploy'])).stdout).toContain('Nothing to do');
    },
  );

  it('killed with -9 while it is pushed: the next run pushes it, and removes the login that was left', async () => {
    scene.put('infractl.yaml', withoutSecrets(registry.host));
    const tmp = path.join(scene.home.folder, 'tmp');
    mkdirSync(tmp);
    const logins = () => readdirSync(tmp).filter((name) => name.startsWith('infractl-docker-'));
    registry.mood = 'hang';
    const pushing = scene.start(['deploy'], { env: { TMPDIR: tmp } });
    await until(() => registry.uploads > 0, pushing);
    pushing.child.kill('SIGKILL');
    expect((await pushing.ended).signal).toBe('SIGKILL');
    expect(logins()).toHaveLength(1);
    registry.mood = 'accept';
    // The lock of one that died is free after a minute without a sign of life.
    expect((await scene.run(['deploy'], { env: { TMPDIR: tmp } })).code).toBe(6);
    (scene.fake.clock as RealClock).ahead += 62_000;
    const next = await scene.run(['deploy'], { env: { TMPDIR: tmp } });
    expect(next.code).toBe(0);
    expect(logins()).toEqual([]);
  });

  it('whose repository is not there', async () => {
    scene.fake.state.ecr.repositories.clear();
    await refuses(
      1,
      'RepositoryNotFound',
      {},
      'There is no image repository shop',
      'infractl deploy --create-stack',
      '--region',
    );
  });

  it('that was never pushed cannot be deployed with --skip-build', async () => {
    expectTrouble(await scene.run(['deploy', '--skip-build']), 1, 'shop', /infractl deploy/);
  });
});

function withoutSecrets(host: string): string {
  return `project: shop
region: eu-west-3
images:
  api: { context: code, repository: ${host}/shop, args: { DATABASE: { env: DATABASE_URL } } }
`;
}
