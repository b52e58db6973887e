import { chmodSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Scene } from '../helpers/trouble.ts';

/** Standard AWS configuration works untouched: told by the key and the region that arrive. */

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
  scene.put(
    'aws/credentials',
    `[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = x\n
[work]\naws_access_key_id = AKIDWORK\naws_secret_access_key = x\n`,
  );
  scene.put(
    'aws/process.sh',
    '#!/bin/sh\necho \'{"Version":1,"AccessKeyId":"AKIDPROCESS","SecretAccessKey":"x"}\'\n',
  );
  chmodSync(file('aws/process.sh'), 0o755);
  scene.put(
    'aws/config',
    `[default]\nregion = us-west-1\n
[profile work]\nregion = eu-central-1\n
[profile tool]\nregion = eu-north-1\ncredential_process = ${file('aws/process.sh')}\n
[profile endpoint]\nregion = eu-west-2\nsource_profile = work\nendpoint_url = ${scene.fake.url}\naws_access_key_id = AKIDENDPOINT\naws_secret_access_key = x\n`,
  );
});
afterAll(() => scene.close());
beforeEach(() => scene.configure({}));

const file = (name: string) => path.join(scene.home.work, name);

/** Who and where the first call of `outputs` was, in this environment. */
async function arrived(args: readonly string[], env: Record<string, string | undefined> = {}) {
  scene.fake.requests.length = 0;
  const result = await scene.run(['outputs', '--json', ...args], {
    env: {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_REGION: undefined,
      AWS_CONFIG_FILE: file('aws/config'),
      AWS_SHARED_CREDENTIALS_FILE: file('aws/credentials'),
      ...env,
    },
  });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const [first] = scene.fake.requests;
  return `${first?.accessKey} ${first?.region}`;
}

const keys = { AWS_ACCESS_KEY_ID: 'AKIDENV', AWS_SECRET_ACCESS_KEY: 'x' };
const noRegion = () =>
  scene.put('infractl.yaml', 'project: shop\nstacks:\n  app: { template: template.yaml }\n');

describe('credentials', () => {
  it('the default profile', async () => expect(await arrived([])).toBe('AKIDDEFAULT eu-west-3'));
  it('--profile', async () => expect(await arrived(['--profile', 'work'])).toBe('AKIDWORK eu-west-3'));
  it('-p', async () => expect(await arrived(['-p', 'work'])).toBe('AKIDWORK eu-west-3'));
  it('AWS_PROFILE', async () =>
    expect(await arrived([], { AWS_PROFILE: 'work' })).toBe('AKIDWORK eu-west-3'));
  it('keys in the environment', async () => expect(await arrived([], keys)).toBe('AKIDENV eu-west-3'));
  it('--profile goes before keys in the environment', async () =>
    expect(await arrived(['--profile', 'work'], keys)).toBe('AKIDWORK eu-west-3'));
  it('credential_process', async () =>
    expect(await arrived(['--profile', 'tool'])).toBe('AKIDPROCESS eu-west-3'));
  it('the profile of the project, which flag and environment replace', async () => {
    scene.configure({ head: 'environments:\n  dev: { profile: work }\n' });
    expect(await arrived([])).toBe('AKIDWORK eu-west-3');
    expect(await arrived([], keys)).toBe('AKIDENV eu-west-3');
    expect(await arrived(['--profile', 'tool'])).toBe('AKIDPROCESS eu-west-3');
  });
});

describe('the endpoint', () => {
  it('of a profile is used without AWS_ENDPOINT_URL', async () =>
    expect(await arrived(['--profile', 'endpoint'], { AWS_ENDPOINT_URL: undefined })).toBe(
      'AKIDENDPOINT eu-west-3',
    ));
});

describe('the region: flag, environment, project file, profile', () => {
  const all = { AWS_REGION: 'ap-south-1', AWS_PROFILE: 'work' };
  it('--region', async () => expect(await arrived(['--region', 'sa-east-1'], all)).toMatch(/ sa-east-1$/));
  it('-r', async () => expect(await arrived(['-r', 'sa-east-1'], all)).toMatch(/ sa-east-1$/));
  it('AWS_REGION', async () => expect(await arrived([], all)).toMatch(/ ap-south-1$/));
  it('AWS_DEFAULT_REGION', async () =>
    expect(await arrived([], { AWS_DEFAULT_REGION: 'ap-south-2' })).toMatch(/ ap-south-2$/));
  it('the project file', async () =>
    expect(await arrived([], { AWS_PROFILE: 'work' })).toMatch(/ eu-west-3$/));
  it('the profile', async () => {
    noRegion();
    expect(await arrived([], { AWS_PROFILE: 'work' })).toBe('AKIDWORK eu-central-1');
    expect(await arrived(['-p', 'tool'])).toBe('AKIDPROCESS eu-north-1');
    expect(await arrived([])).toBe('AKIDDEFAULT us-west-1');
  });
});
