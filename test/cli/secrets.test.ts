import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CliOptions, CliResult } from '../helpers/cli.ts';
import { baseImage, dockers, forget, noEngine } from '../helpers/images.ts';
import { MoodyRegistry } from '../helpers/registry.ts';
import { expectNoSecret, Scene, SECRETS } from '../helpers/trouble.ts';

/** Secrets, wherever they come from, are nowhere but in the calls that need them. */

const STORED = 'storedNeverShown-c4e19a7b2d-51f0';
const FIELD = 'fieldNeverShown-"quoted"-8a6f1c3e';
const SECURE = 'secureNeverShown-0b7d93e2f8-aa44';
const PARAMETERS = [...Object.values(SECRETS), STORED, FIELD, SECURE];
/** What calls are signed with: AWS repeats it when it does not accept a signature. */
const KEYS = { AWS_SECRET_ACCESS_KEY: 'keyNeverShown-77d0a1', AWS_SESSION_TOKEN: 'tokenNeverShown-e8b2c4' };
const ALL = [...PARAMETERS, ...Object.values(KEYS)];

const withBuildKit = dockers.find(hasBuildKit);

const TEMPLATE = `Parameters:
  JwtSecret: { Type: String, NoEcho: true }
  Stored: { Type: String, NoEcho: true }
  Field: { Type: String, NoEcho: true }
  Secure: { Type: String }
  DatabaseUrl: { Type: String, NoEcho: true }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { DisplayName: one } }
Outputs:
  Leak: { Value: !Ref Stored }
`;

const CONFIGURATION = `project: shop
region: eu-west-3
stacks:
  app:
    template: template.yaml
    parameters:
      JwtSecret: { env: JWT_SECRET }
      DatabaseUrl: { env: DATABASE_URL }
      Stored: { secret: shop/plain }
      Field: { secret: shop/fields, key: password }
      Secure: { ssm: /shop/secure }
`;

let scene: Scene;
let registry: MoodyRegistry;
beforeEach(async () => {
  scene = await Scene.open();
  registry = await MoodyRegistry.start(scene.fake);
  const { secrets, parameters } = scene.fake.state.secrets;
  secrets.set('shop/plain', STORED);
  secrets.set('shop/fields', JSON.stringify({ user: 'shop', password: FIELD }));
  parameters.set('/shop/secure', { value: SECURE, type: 'SecureString' });
  scene.fake.state.ecr.repositories.set('shop', []);
  scene.put('template.yaml', TEMPLATE);
  scene.put('infractl.yaml', CONFIGURATION);
});
afterEach(async () => {
  if (!noEngine) forget(`${registry.host}/shop`);
  await registry.stop();
  await scene.close();
});

/** Docker's clients up to 22 have BuildKit inside, later ones in a plugin. */
function hasBuildKit(docker: string): boolean {
  const version = spawnSync(docker, ['--version'], { encoding: 'utf8' }).stdout;
  const major = Number(/version (\d+)/.exec(version)?.[1]);
  return major < 23 || spawnSync(docker, ['buildx', 'version']).status === 0;
}

/** Every command line that is seen while a command runs, but for those of the tests themselves. */
async function watched(args: readonly string[], options: CliOptions = {}): Promise<[CliResult, string]> {
  const seen = new Set<string>();
  const sample = () => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      } catch {
        // It ended in this moment.
      }
    }
  };
  const timer = setInterval(sample, 10);
  try {
    const result = await scene.run(args, { ...options, env: { ...KEYS, ...options.env } });
    return [result, [...seen].join('\n')];
  } finally {
    clearInterval(timer);
  }
}

/** The text of all files under a folder that others than the owner may read, the sources of the test aside. */
function readableByOthers(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '.env.secrets')
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => (statSync(file).mode & 0o044) !== 0)
    .map((file) => readFileSync(file, 'latin1'))
    .join('\n');
}

function privateTmp(): string {
  const tmp = path.join(scene.home.folder, 'tmp');
  mkdirSync(tmp);
  return tmp;
}

function nowhere(...texts: string[]): void {
  for (const text of texts) {
    expectNoSecret(text, ALL);
    expect(text).not.toContain(JSON.stringify(FIELD).slice(1, -1));
  }
}

describe('a deploy with secrets of every store', () => {
  it.each([[[]], [['--json']], [['--debug']], [['--json', '--debug']]])('shows none (%j)', async (flags) => {
    const [result, lines] = await watched(['deploy', '--create-stack', ...flags]);
    expect(result.code).toBe(0);
    nowhere(result.stdout, result.stderr, lines, scene.stored(), readableByOthers(scene.home.folder));
    const sent = scene.fake.requests.find(({ action }) => action === 'CreateChangeSet');
    for (const secret of PARAMETERS)
      expect(JSON.stringify(sent?.parameters)).toContain(JSON.stringify(secret).slice(1, -1));
  });

  it('shows none in a dry run, in the configuration, in the history', async () => {
    expect((await scene.run(['deploy', '--create-stack'])).code).toBe(0);
    for (const args of [
      ['deploy', '--create-stack', '--dry-run', '--debug'],
      ['config', 'show', '--origin'],
      ['config', 'show', '--json'],
      ['config', 'validate', '--json'],
      ['history', '--json', '--debug'],
    ]) {
      const result = await scene.run(args);
      expect(result.code).toBe(0);
      nowhere(result.stdout, result.stderr);
    }
  });

  it('shows none when AWS repeats them in an error', async () => {
    const repeated = `Parameter values ${ALL.join(' ')} are not valid`;
    scene.fake.faults.add(
      'cloudformation:CreateChangeSet',
      { kind: 'error', code: 'ValidationError', message: repeated, status: 400 },
      { times: 10 },
    );
    for (const flags of [[], ['--json'], ['--debug'], ['--json', '--debug']]) {
      const result = await scene.run(['deploy', '--create-stack', ...flags], { env: KEYS });
      expect(result.code).toBe(1);
      expect(result.stdout + result.stderr).toContain('[secret]');
      nowhere(result.stdout, result.stderr);
    }
    nowhere(scene.stored());
  });

  it('shows none when a resource fails with one in its reason', async () => {
    scene.fake.state.cloudFormation.script.set('Topic', { fail: `cannot use ${STORED} and ${FIELD}` });
    const result = await scene.run(['deploy', '--create-stack', '--debug']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('cannot use [secret] and [secret]');
    nowhere(result.stdout, result.stderr, scene.stored());
  });

  it('warns of a file of secrets that others can read', async () => {
    chmodSync(path.join(scene.home.work, '.env.secrets'), 0o644);
    const result = await scene.run(['deploy', '--create-stack', '--dry-run']);
    expect(result.stderr).toContain('chmod 600 .env.secrets');
    nowhere(result.stdout, result.stderr);
  });
});

describe.skipIf(noEngine)('an image', () => {
  let base = '';
  beforeAll(() => {
    base = baseImage();
  }, 120_000);

  it('is built with secret arguments that are in no argument of a process, and in no output', async () => {
    scene.put(
      'infractl.yaml',
      `project: shop
region: eu-west-3
images:
  api: { context: code, repository: ${registry.host}/shop, args: { TOKEN: { env: JWT_SECRET } } }
`,
    );
    scene.put(
      'code/build.js',
      `console.log("token", process.env.TOKEN); setTimeout(() => {}, 1500); // ${Math.random()}`,
    );
    scene.put(
      'code/Dockerfile',
      `FROM ${base}\nARG TOKEN\nCOPY build.js /\nRUN ["node", "/build.js"]\nCMD ["node"]\n`,
    );
    const tmp = privateTmp();
    const [result, lines] = await watched(['deploy', '--json', '--debug'], { env: { TMPDIR: tmp } });
    expect(result.code).toBe(0);
    expect(lines).toContain('--build-arg TOKEN ');
    expect(result.stdout).toContain('token [secret]');
    nowhere(result.stdout, result.stderr, lines, scene.stored(), readableByOthers(scene.home.folder));
    const password = scene.fake.state.ecr.password;
    for (const text of [result.stdout, result.stderr, lines]) expect(text).not.toContain(password);
    expect(readdirSync(tmp).filter((name) => name.startsWith('infractl-'))).toEqual([]);
  });

  it.skipIf(!withBuildKit && !process.env.CI)(
    'is built with a build secret that the image does not hold',
    async () => {
      scene.put(
        'infractl.yaml',
        `project: shop
region: eu-west-3
images:
  api: { context: code, repository: ${registry.host}/shop, secrets: { token: { env: JWT_SECRET } } }
`,
      );
      scene.put(
        'code/build.js',
        `console.log("token", require("fs").readFileSync("/run/secrets/token", "utf8")); setTimeout(() => {}, 1500); // ${Math.random()}`,
      );
      scene.put(
        'code/Dockerfile',
        `FROM ${base}\nCOPY build.js /\nRUN --mount=type=secret,id=token ["node", "/build.js"]\nCMD ["node"]\n`,
      );
      const docker = withBuildKit ?? 'docker';
      const env = { TMPDIR: privateTmp(), INFRACTL_DOCKER: docker };
      const [result, lines] = await watched(['deploy', '--json', '--debug'], { env });
      expect(result.stdout).toContain('token [secret]');
      expect(result.code).toBe(0);
      const tag = [...(scene.fake.state.ecr.repositories.get('shop')?.[0]?.tags ?? [])][0];
      const history = execFileSync(docker, ['history', '--no-trunc', `${registry.host}/shop:${tag}`], {
        encoding: 'utf8',
      });
      expect(history).toContain('build.js');
      nowhere(
        result.stdout,
        result.stderr,
        lines,
        history,
        scene.stored(),
        readableByOthers(scene.home.folder),
      );
    },
  );
});

it('this test would see a secret if there was one', () => {
  const file = path.join(scene.home.work, 'open.txt');
  writeFileSync(file, STORED, { mode: 0o644 });
  expect(() => nowhere(readableByOthers(scene.home.folder))).toThrow('a secret is shown');
});
