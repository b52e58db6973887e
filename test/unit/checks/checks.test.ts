import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/lib/base/clock.ts';
import { type ReportEvent, silentReporter } from '../../../src/lib/base/report.ts';
import { type CheckSpec, runCheck } from '../../../src/lib/checks/index.ts';
import { escapeControls, excerpt, networkWords } from '../../../src/lib/checks/words.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Pauses take no time, so that minutes of trying cost nothing, and no machine is too slow for them. */
function hurriedClock(): Clock {
  let slept = 0;
  return {
    now: () => slept,
    sleep: async (ms) => {
      slept += ms;
    },
  };
}
const deps = { clock: hurriedClock(), reporter: silentReporter, version: '1.2.3' };
const spec = (url: string, more: Partial<CheckSpec> = {}): CheckSpec => ({
  part: 'check health',
  url,
  expect: [200],
  timeout: 60_000,
  ...more,
});

describe('runCheck', () => {
  it('passes at the first good answer, with its own user agent', async () => {
    let agent: string | undefined;
    const url = await serve((request, answer) => {
      agent = request.headers['user-agent'];
      answer.end('{"status":"ok"}');
    });
    const result = await runCheck(deps, spec(`${url}/health`, { contains: '"ok"' }));
    expect(result).toMatchObject({ status: 200, attempts: 1 });
    expect(agent).toBe('infractl/1.2.3');
  });

  it('tries again until it is up, follows redirects, and says what it sees meanwhile', async () => {
    let asked = 0;
    const events: ReportEvent[] = [];
    const url = await serve((request, answer) => {
      if (request.url === '/') return void answer.writeHead(302, { location: '/there' }).end();
      asked++;
      answer.writeHead(asked < 3 ? 502 : 204).end();
    });
    const reporter = { emit: (event: ReportEvent) => void events.push(event) };
    const result = await runCheck({ ...deps, reporter }, spec(url, { expect: [200, 204] }));
    expect(result).toMatchObject({ status: 204, attempts: 3 });
    expect(events).toEqual(
      Array(2).fill({ type: 'part.status', part: 'check health', status: 'it answered 502, trying again' }),
    );
  });

  it('fails with exit 8, the last status, the beginning of the body, and a hint', async () => {
    const body = `{"message":"boom"}\u001b[31m\r\n${'x'.repeat(1000)}`;
    const url = await serve((_request, answer) => answer.writeHead(502).end(body));
    const error = await runCheck(deps, spec(url)).catch((e) => e);
    expect(error).toMatchObject({
      code: 'Unhealthy',
      exit: 8,
      suggestions: [expect.stringContaining('log of the function')],
    });
    expect(error.message).toMatch(/is not healthy: it answered 502 \(25 tries in 1 min 00 s\)\.$/);
    expect(error.why).toContain('{"message":"boom"}\\u001b[31m\\r\\nxxx');
    expect(error.why.length).toBeLessThan(400);
  });

  it('fails when the text is not there', async () => {
    const url = await serve((_request, answer) => answer.end('hello'));
    await expect(runCheck(deps, spec(url, { contains: 'bye' }))).rejects.toMatchObject({
      message: expect.stringContaining('lacks the expected text'),
      why: 'Expected 200 with "bye" in the body.\nThe body begins: hello',
    });
  });

  it('says what the network did', async () => {
    const url = await serve((_request, answer) => answer.destroy());
    const words = async (to: string) => (await runCheck(deps, spec(to)).catch((e) => e)).message;
    expect(await words(url)).toContain('the connection was cut');
    // One of the ports that are given to nobody who does not ask for it.
    expect(await words('http://127.0.0.1:2/')).toContain('the connection was refused');
    expect(await words('http://no-such-host.invalid/')).toContain('(DNS)');
    expect(await words(url.replace('http:', 'https:'))).toMatch(/TLS failed|the connection was cut/);
  });

  it('gives up on an answer that never comes, and stops at once when it is interrupted', async () => {
    const url = await serve(() => {});
    const slow = await runCheck(deps, spec(url, { timeout: 10 })).catch((e) => e);
    expect(slow.message).toContain('it gave no answer in time');
    const controller = new AbortController();
    // No try ends by itself: only the interruption can end it.
    const own = AbortSignal.timeout;
    AbortSignal.timeout = () => new AbortController().signal;
    try {
      const run = runCheck({ ...deps, signal: controller.signal }, spec(url));
      setTimeout(() => controller.abort(), 50);
      await expect(run).rejects.toMatchObject({ code: 'Interrupted' });
    } finally {
      AbortSignal.timeout = own;
    }
  });

  it('reads no more of an endless body than it needs', async () => {
    const url = await serve((_request, answer) => {
      const more = () => {
        while (!answer.destroyed && answer.write('y'.repeat(65_536)));
      };
      answer.on('drain', more);
      more();
    });
    await expect(runCheck(deps, spec(url))).resolves.toMatchObject({ status: 200 });
  });

  it.each(['nonsense', 'ftp://x/', 'http://user:pass@host/'])('refuses %s before asking', async (url) => {
    await expect(runCheck(deps, spec(url))).rejects.toMatchObject({ code: 'InvalidUrl', exit: 2 });
  });
});

describe('words', () => {
  it('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        expect(escapeControls(excerpt(text))).toBe(excerpt(text));
        expect(excerpt(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      }),
    );
  });

  it.each([
    ['CERT_HAS_EXPIRED', 'has expired'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'another host name'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS failed (ERR_SSL_WRONG_VERSION_NUMBER)'],
  ])('knows %s under the error of fetch', (code, words) => {
    const cause = Object.assign(new Error('x'), { code });
    expect(networkWords(new TypeError('fetch failed', { cause }))).toContain(words);
  });
});
