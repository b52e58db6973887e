import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proxyPasswords } from '../../../src/lib/aws/proxy.ts';
import { openSession } from '../../../src/lib/aws/session.ts';
import { callerIdentity } from '../../../src/lib/aws/sts.ts';
import { type Fake, startFake } from '../../fake/server.ts';

const credentials = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake' };

describe('a machine that reaches AWS through a proxy only', () => {
  let fake: Fake;
  let proxy: Server;
  let address: string;
  const asked: string[] = [];

  beforeEach(async () => {
    fake = await startFake();
    asked.length = 0;
    proxy = createServer((from, to) => {
      asked.push(from.url ?? '');
      const { pathname } = new URL(from.url ?? '');
      const on = request(
        `${fake.url}${pathname}`,
        { method: from.method, headers: from.headers },
        (answer) => {
          to.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(to);
        },
      );
      from.pipe(on);
    });
    proxy.on('connect', ({ url }, socket) => {
      asked.push(`CONNECT ${url}`);
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    address = `127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    proxy.closeAllConnections();
    proxy.close();
    await fake.close();
  });

  const identityAt = async (endpoint: string, env: NodeJS.ProcessEnv) => {
    const session = await openSession({ region: 'eu-west-3' }, {}, { endpoint, credentials }, env);
    const config = { ...session.config, maxAttempts: 1 };
    return callerIdentity({ ...session, sandbox: false, config });
  };

  it('asks by way of the one that HTTP_PROXY names', async () => {
    const identity = await identityAt('http://sts.example.invalid', { HTTP_PROXY: `http://${address}` });
    expect(identity.account).toBe(fake.state.account);
    expect(asked).toEqual(['http://sts.example.invalid/']);
  });

  it('tunnels to AWS by that of https_proxy, and says what it answers without its password', async () => {
    const failure = await identityAt('https://sts.example.invalid', {
      https_proxy: `http://somebody:hush%21@${address}`,
    }).catch((error) => error);
    expect(asked).toEqual(['CONNECT sts.example.invalid:443']);
    expect(failure).toMatchObject({ code: 'Network', exit: 1 });
    expect(`${failure.message} ${failure.why}`).toContain('403');
    expect(`${failure.message} ${failure.why}`).not.toContain('hush');
  });

  it('asks itself where NO_PROXY says so, and what is on this machine', async () => {
    const env = { HTTP_PROXY: `http://${address}` };
    await expect(identityAt(fake.url, env)).resolves.toMatchObject({ account: fake.state.account });
    const without = { ...env, NO_PROXY: '.example.invalid' };
    await expect(identityAt('http://sts.example.invalid', without)).rejects.toMatchObject({
      code: 'Network',
    });
    expect(asked).toEqual([]);
  });
});

it('the password of a proxy is known as one, as it is written and as it is meant', () => {
  expect(proxyPasswords({ HTTPS_PROXY: 'http://somebody:hush%21@proxy:3128' })).toEqual(['hush%21', 'hush!']);
  expect(proxyPasswords({ HTTPS_PROXY: 'http://proxy:3128', http_proxy: 'proxy:3128' })).toEqual([]);
});
