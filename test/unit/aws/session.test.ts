import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AwsSession, openSession, PATIENCE } from '../../../src/lib/aws/session.ts';
import { callerIdentity } from '../../../src/lib/aws/sts.ts';

const sandboxAt = (port: number) => ({
  endpoint: `http://127.0.0.1:${port}`,
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

describe('an endpoint that takes the connection and never answers', () => {
  let server: Server;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    server = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('is given up in the end, in words', async () => {
    expect(PATIENCE.socketTimeout).toBeGreaterThan(0);
    const address = server.address() as { port: number };
    const opened = await openSession({ region: 'eu-west-3' }, {}, sandboxAt(address.port), {});
    const config = { ...opened.config, maxAttempts: 1, requestHandler: { ...PATIENCE, socketTimeout: 200 } };
    const session: AwsSession = { ...opened, sandbox: false, config };
    await expect(callerIdentity(session)).rejects.toMatchObject({ code: 'Network', exit: 1 });
  });

  it('is told of as long as it is waited for', async () => {
    const { port } = server.address() as { port: number };
    const told = new Promise<string>((resolve) => {
      const silence = { after: 50, tell: (action: string, region: string) => resolve(`${action} ${region}`) };
      void openSession({ region: 'eu-west-3' }, {}, sandboxAt(port), {}, { silence }).then((session) =>
        callerIdentity(session).catch(() => {}),
      );
    });
    expect(await told).toBe('sts:GetCallerIdentity eu-west-3');
  });
});

describe('how often a call is tried', () => {
  let folder: string;
  const before = process.env.AWS_CONFIG_FILE;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'infractl-aws-'));
    process.env.AWS_CONFIG_FILE = path.join(folder, 'config');
  });
  afterEach(() => {
    process.env.AWS_CONFIG_FILE = before;
    rmSync(folder, { recursive: true, force: true });
  });

  const attempts = async (env: NodeJS.ProcessEnv, profile?: string) => {
    const { config } = await openSession({ region: 'eu-west-3', profile }, {}, undefined, env);
    return new STSClient(config).config.maxAttempts();
  };

  it('is five times, or what the profile or the environment says', async () => {
    expect(await attempts({})).toBe(5);
    writeFileSync(path.join(folder, 'config'), '[profile busy]\nregion = eu-west-3\nmax_attempts = 9\n');
    const { loadSharedConfigFiles } = await import('@smithy/core/config');
    await loadSharedConfigFiles({ ignoreCache: true });
    expect(await attempts({}, 'busy')).toBe(9);
    expect(await attempts({ AWS_MAX_ATTEMPTS: '2' }, 'busy')).not.toBe(5);
  });
});

describe('the endpoint of a profile', () => {
  let folder: string;
  const before = process.env.AWS_CONFIG_FILE;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'infractl-aws-'));
    process.env.AWS_CONFIG_FILE = path.join(folder, 'config');
    const local = 'region = eu-west-3\nendpoint_url = http://127.0.0.1:4566\n';
    writeFileSync(path.join(folder, 'config'), `[profile local]\n${local}`);
    const { loadSharedConfigFiles } = await import('@smithy/core/config');
    await loadSharedConfigFiles({ ignoreCache: true });
  });
  afterEach(() => {
    process.env.AWS_CONFIG_FILE = before;
    rmSync(folder, { recursive: true, force: true });
  });

  it.each<[string, { profile?: string }, NodeJS.ProcessEnv, string | undefined]>([
    ['a flag', { profile: 'local' }, {}, 'http://127.0.0.1:4566'],
    ['AWS_PROFILE', {}, { AWS_PROFILE: 'local' }, 'http://127.0.0.1:4566'],
    [
      'AWS_PROFILE',
      {},
      { AWS_PROFILE: 'local', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      'http://127.0.0.1:1',
    ],
    ['nothing', {}, {}, undefined],
    ['a flag', { profile: 'local' }, { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, undefined],
    ['nothing', {}, { AWS_ENDPOINT_URL: 'http://x', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }, undefined],
  ])('that %s names is known: %j %j', async (_, flags, env, endpoint) => {
    const session = await openSession({ region: 'eu-west-3', ...flags }, {}, undefined, env);
    expect(session.endpoint).toBe(endpoint);
    expect(session.config.endpoint).toBe(flags.profile ? endpoint : undefined);
  });
});
