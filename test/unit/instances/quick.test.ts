import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { InstanceFacts } from '../../../src/lib/instances/port.ts';
import { systemProbe } from '../../../src/lib/instances/probe.ts';
import { httpItems, quickLook } from '../../../src/lib/instances/quick.ts';
import type { InstanceDeps } from '../../../src/lib/instances/types.ts';

/** A real TLS server with certificates of our own making: what `manage quick` says of each. */

const folder = mkdtempSync(path.join(tmpdir(), 'infractl-tls-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stamp = (at: number) =>
  `${new Date(at)
    .toISOString()
    .replace(/[-:T]|\..*/g, '')
    .slice(0, 14)}Z`;

/** A self-signed certificate for localhost that ends so many days from now. */
function certificate(days: number): { key: Buffer; cert: Buffer } {
  const [key, cert, request, config] = ['key', 'cert', 'csr', 'ca.cnf'].map((name) =>
    path.join(folder, name),
  ) as [string, string, string, string];
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-subj', '/CN=localhost', '-out', request);
  execFileSync('sh', [
    '-c',
    `printf '[ca]\\ndefault_ca=own\\n[own]\\nnew_certs_dir=${folder}\\ndatabase=${folder}/index\\nserial=${folder}/serial\\ndefault_md=sha256\\npolicy=any\\nunique_subject=no\\n[any]\\ncommonName=supplied\\n' >${config}; : >${folder}/index; echo 01 >${folder}/serial`,
  ]);
  // A minute more than whole days, so that the test may take its time.
  const end = Date.now() + days * 86_400_000 + 60_000;
  const start = Math.min(Date.now(), end) - 90 * 86_400_000;
  const dates = ['-startdate', stamp(start), '-enddate', stamp(end)];
  openssl(
    'ca',
    '-batch',
    '-notext',
    '-config',
    config,
    '-selfsign',
    '-keyfile',
    key,
    '-in',
    request,
    '-out',
    cert,
    ...dates,
  );
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

async function look(days: number) {
  const server = createServer(certificate(days), (_, answer) => answer.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
  try {
    return httpItems(await systemProbe.http(url, 10_000), false);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('a certificate', () => {
  it.each([
    [40, '40 days left, its certificate is self-signed'],
    [3, '3 days left: renew it, its certificate is self-signed'],
    [-5, 'expired 5 days ago, its certificate'],
  ])('that ends in %d days', async (days, words) => {
    const [http, tls] = await look(days);
    // What is behind it is told all the same.
    expect(http).toMatchObject({ what: 'http', ok: true });
    expect(http?.words).toMatch(/^200 in /);
    expect(tls).toMatchObject({ what: 'certificate', ok: false });
    expect(tls?.words).toContain(words);
  });
});

it('a certificate that is trusted is well until it ends', () => {
  const item = (daysLeft: number) =>
    httpItems(
      {
        url: 'https://x/',
        status: 200,
        trouble: undefined,
        ms: 1,
        certificate: { daysLeft, problem: undefined },
      },
      false,
    )[1];
  expect(item(13)).toMatchObject({ ok: true, words: '13 days left: renew it' });
  expect(item(14)).toMatchObject({ ok: true, words: '14 days left' });
  expect(item(-1)).toMatchObject({ ok: false });
});

describe('a host of Systems Manager', () => {
  it('is well without a port of ssh, and without an address that is reached from here', async () => {
    const knocked: number[] = [];
    const probe = {
      tcp: async (_: string, port: number) => {
        knocked.push(port);
        return 'refused';
      },
      http: async (url: string) => ({
        url,
        status: undefined,
        trouble: 'refused',
        ms: 1,
        certificate: undefined,
      }),
    };
    const facts = { id: 'i-1', state: 'running', type: 't3.small', zone: 'eu-west-3a' } as InstanceFacts;
    for (const address of [{ privateAddress: '10.0.0.7' }, {}]) {
      const ask = async () => ({ ...facts, ...address });
      const deps = { probe } as unknown as InstanceDeps;
      expect(await quickLook(deps, { name: 'far', managed: true, ask })).toMatchObject({ ok: true });
      expect((await quickLook(deps, { name: 'near', ask })).ok).toBe(false);
    }
    expect(knocked).toEqual([22]);
  });
});
