import { describe, expect, test } from 'vitest';
import { buildCommand, checkImage, type LocalImage } from '../../../src/lib/images/build.ts';
import { type Builder, chooseBuilder, dockerCommand, type Engine } from '../../../src/lib/images/engine.ts';
import { refusalOf } from '../../../src/lib/images/push.ts';
import { imageSpec, parseRepository } from '../../../src/lib/images/spec.ts';
import { engineTrouble } from '../../../src/lib/images/troubles.ts';
import type { ImagePart } from '../../../src/lib/project/model.ts';

const part: ImagePart = {
  name: 'api',
  context: '/p',
  dockerfile: '/p/Dockerfile',
  repository: 'unused',
  platform: 'linux/amd64',
  target: 'prod',
  args: { VERSION: 3, TOKEN: { env: 'NPM_TOKEN' }, MODE: { env: 'MODE', default: 'fast' } },
  secrets: { npm: { env: 'NPM_TOKEN' }, cert: { file: '/p/a,b.pem' } },
};
const uri = '123456789012.dkr.ecr.eu-west-3.amazonaws.com/team/api';
const variables = (name: string) => (name === 'NPM_TOKEN' ? 'tok-secret' : undefined);
const engine = (builder: Builder, attests = false): Engine => ({
  command: 'docker',
  builder,
  version: '28',
  attests,
});

describe('imageSpec', () => {
  test('resolves every value, in the order of the names', () => {
    const spec = imageSpec(part, uri, variables);
    expect(spec.part).toBe('image api');
    expect(spec.repository).toEqual({
      uri,
      host: '123456789012.dkr.ecr.eu-west-3.amazonaws.com',
      name: 'team/api',
      registryId: '123456789012',
      region: 'eu-west-3',
    });
    expect(spec.args).toEqual([
      { name: 'MODE', value: 'fast', hidden: false, secret: false },
      { name: 'TOKEN', value: 'tok-secret', hidden: true, secret: true },
      { name: 'VERSION', value: '3', hidden: false, secret: false },
    ]);
    const set = imageSpec(part, uri, (name) => (name === 'MODE' ? 'slow' : 'x'));
    expect(set.args[0]).toEqual({ name: 'MODE', value: 'slow', hidden: true, secret: false });
    expect(spec.secrets).toEqual([
      { id: 'cert', file: '/p/a,b.pem' },
      { id: 'npm', value: 'tok-secret' },
    ]);
  });

  test.each([
    ['MissingVariable', part, uri, () => undefined],
    ['SeveralPlatforms', { ...part, platform: 'linux/amd64,linux/arm64' }, uri, variables],
    ['BadRepository', part, 'team/api:latest', variables],
    ['BadRepository', part, `${uri}:latest`, variables],
    ['BadRepository', part, `${uri}@sha256:00`, variables],
    ['BadRepository', part, '', variables],
    ['ReservedBuildArgument', { ...part, args: { DOCKER_HOST: { env: 'NPM_TOKEN' } } }, uri, variables],
  ] as const)('%s', (code, from, repository, lookup) => {
    expect(() => imageSpec(from, repository, lookup)).toThrow(expect.objectContaining({ code, exit: 2 }));
  });

  test.each([
    ['127.0.0.1:4566/api', undefined],
    ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/api', 'cn-north-1'],
    ['123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/api', 'us-gov-west-1'],
    ['123456789012.dkr-ecr.eu-west-3.on.aws/api', 'eu-west-3'],
  ])('%s is in %s', (from, region) => {
    expect(parseRepository(from).region).toBe(region);
  });
});

describe('the build command', () => {
  const spec = imageSpec(part, uri, variables);

  test.each(['buildx', 'buildkit', 'podman', 'nerdctl'] as const)(
    '%s: no secret in its arguments',
    (builder) => {
      const { args, env } = buildCommand(spec, engine(builder), 'tag');
      expect(args.join(' ')).not.toContain('tok-secret');
      expect(args.join(' ')).toContain('--build-arg MODE=fast --build-arg TOKEN --build-arg VERSION=3');
      expect(args.join(' ')).toContain('--platform linux/amd64 --file /p/Dockerfile --tag tag --target prod');
      expect(args).toContain('id=npm,env=INFRACTL_BUILD_SECRET_1');
      expect(args).toContain('id=cert,"src=/p/a,b.pem"');
      expect(args.at(-1)).toBe('/p');
      expect(env).toMatchObject({ TOKEN: 'tok-secret', INFRACTL_BUILD_SECRET_1: 'tok-secret' });
      expect(env.BUILDX_NO_DEFAULT_ATTESTATIONS).toBe('1');
    },
  );

  test('says no to attestations where the builder would make them', () => {
    expect(buildCommand(spec, engine('buildx', true), 't').args).toEqual(
      expect.arrayContaining(['buildx', '--load', '--provenance=false', '--sbom=false']),
    );
    expect(buildCommand(spec, engine('buildx'), 't').args).not.toContain('--provenance=false');
    expect(buildCommand(spec, engine('buildkit'), 't').env.DOCKER_BUILDKIT).toBe('1');
  });

  test('the plain builder cannot take build secrets, and says what can', () => {
    expect(() => buildCommand(spec, engine('plain'), 't')).toThrow(
      expect.objectContaining({ code: 'BuildKitNeeded', exit: 2 }),
    );
    const { args, env } = buildCommand({ ...spec, secrets: [] }, engine('plain'), 't');
    expect(args).toContain('--force-rm');
    expect(args.join(' ')).not.toMatch(/--progress|--secret|tok-secret/);
    expect(env.DOCKER_BUILDKIT).toBe('0');
  });
});

test.each([
  ['28.2.2', true, {}, 'buildx'],
  ['28.2.2', false, {}, 'plain'],
  ['23.0.0', false, {}, 'plain'],
  ['20.10.24+dfsg1', false, {}, 'buildkit'],
  ['18.09.1', false, {}, 'buildkit'],
  ['18.06.0', false, {}, 'plain'],
  ['28.2.2', true, { DOCKER_BUILDKIT: '0' }, 'plain'],
  ['28.2.2', true, { DOCKER_BUILDKIT: '1' }, 'buildx'],
] as const)('docker %s, buildx %s, %j: %s', (version, buildx, env, builder) => {
  expect(chooseBuilder(version, buildx, env)).toBe(builder);
});

test('INFRACTL_DOCKER chooses the command', () => {
  expect(dockerCommand({})).toBe('docker');
  expect(dockerCommand({ INFRACTL_DOCKER: ' podman ' })).toBe('podman');
  expect(dockerCommand({ INFRACTL_DOCKER: '' })).toBe('docker');
});

describe('what Lambda would refuse', () => {
  const spec = imageSpec(part, uri, variables);
  const image: LocalImage = { architecture: 'amd64', os: 'linux', bytes: 1, runs: true, repoDigests: [] };

  test.each([
    ['NoHandler', { ...image, runs: false }],
    ['WrongPlatform', { ...image, architecture: 'arm64' }],
    ['WrongPlatform', { ...image, os: 'windows' }],
    ['ImageTooLarge', { ...image, bytes: 10 * 1024 ** 3 + 1 }],
  ])('%s', (code, bad) => {
    expect(() => checkImage(spec, bad)).toThrow(expect.objectContaining({ code, exit: 1 }));
  });

  test('what it takes', () => {
    expect(() => checkImage(spec, { ...image, bytes: 10 * 1024 ** 3 })).not.toThrow();
    expect(() => checkImage({ ...spec, platform: 'linux/x86_64' }, image)).not.toThrow();
    expect(() =>
      checkImage({ ...spec, platform: 'linux/arm64/v8' }, { ...image, architecture: 'arm64' }),
    ).not.toThrow();
  });
});

test.each([
  ['denied: Your authorization token has expired. Reauthenticate and try again.', 'login'],
  ['no basic auth credentials', 'login'],
  ['unauthorized: authentication required', 'login'],
  [
    'denied: User: arn:aws:iam::1:user/x is not authorized to perform: ecr:InitiateLayerUpload on resource: y',
    'denied',
  ],
  ['denied: requested access to the resource is denied', 'denied'],
  [
    "name unknown: The repository with name 'api' does not exist in the registry with id '1'",
    'no repository',
  ],
  [
    "tag invalid: The image tag 'x' already exists in the 'api' repository and cannot be overwritten because the repository is immutable.",
    'immutable',
  ],
  ['max depth exceeded', 'limit'],
  ['toomanyrequests: Layer parts limit exceeded', 'limit'],
  ['Get "https://x/v2/": dial tcp: lookup x: no such host', 'unreachable'],
  ['Get "https://x/v2/": http: server gave HTTP response to HTTPS client', 'unreachable'],
  ['something else', 'unknown'],
] as const)('a registry that says %j: %s', (said, refusal) => {
  expect(refusalOf(said)).toBe(refusal);
});

test.each([
  ['Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?', 'EngineNotRunning'],
  ['permission denied while trying to connect to the Docker daemon socket at unix:///x', 'EnginePermission'],
  ['dial unix /var/run/docker.sock: connect: permission denied', 'EnginePermission'],
  ['write /var/lib/docker/tmp/x: no space left on device', 'DiskFull'],
  ['exit code: 1', undefined],
])('an engine that says %j: %s', (said, code) => {
  const error = engineTrouble(`first\n${said}\nlast`, 'docker', { DOCKER_HOST: 'ssh://me:pw@host' });
  expect(error?.code).toBe(code);
  if (code) expect(error?.why).toBe(said);
  if (error) expect(error.suggestions.length).toBeGreaterThan(0);
  expect(JSON.stringify(error?.suggestions ?? '')).not.toContain('pw@');
});
