import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exportLines } from '../../../src/lib/sandbox/exports.ts';
import { ensureInstalled, installError, venvName } from '../../../src/lib/sandbox/install.ts';
import { sandboxPaths } from '../../../src/lib/sandbox/paths.ts';
import { choosePort } from '../../../src/lib/sandbox/ports.ts';
import { findPython } from '../../../src/lib/sandbox/python.ts';

let bin: string;
beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), 'infractl-bin-'));
});
afterEach(() => rmSync(bin, { recursive: true, force: true }));

/** A program that prints a version, as `python -c` would. */
function python(name: string, version: string, code = 0): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, name), `#!/bin/sh\necho ${version}\nexit ${code}\n`);
  chmodSync(join(bin, name), 0o755);
}

describe('an environment that was installed', () => {
  it.each([
    ['there', 'is used'],
    ['missing', 'is made again: another version of Python is behind its link'],
  ])('packages %s: it %s', async (says) => {
    const env = { PATH: bin, XDG_DATA_HOME: bin };
    const paths = sandboxPaths(env);
    const there = join(paths.root, await venvName(), 'bin');
    mkdirSync(there, { recursive: true });
    writeFileSync(join(there, 'python'), `#!/bin/sh\necho ${says}\n`);
    chmodSync(join(there, 'python'), 0o755);
    const python = ensureInstalled({ paths, env });
    if (says === 'there') expect(await python).toBe(join(there, 'python'));
    else await expect(python).rejects.toMatchObject({ code: 'PythonMissing' });
  });
});

describe('the search for Python', () => {
  it('takes python3 when it is new enough, else a python3.x', async () => {
    python('python3', '3.9.2');
    python('python3.10', '3.10.1');
    python('python3.12', '3.12.4');
    expect(await findPython({ PATH: bin })).toEqual({ command: 'python3.12', version: '3.12.4' });
    python('python3', '3.11.2');
    expect(await findPython({ PATH: bin })).toEqual({ command: 'python3', version: '3.11.2' });
  });

  it('finds none where there is none, or only old and broken ones', async () => {
    expect(await findPython({ PATH: bin })).toBeUndefined();
    python('python3', '3.9.2');
    python('python3.11', '3.11.1', 127);
    python('python', '2.7.18');
    expect(await findPython({ PATH: bin })).toBeUndefined();
  });

  it('takes INFRACTL_PYTHON at its word', async () => {
    python('python3', '3.11.2');
    python('mine', '3.13.0');
    const env = { PATH: bin, INFRACTL_PYTHON: join(bin, 'mine') };
    expect(await findPython(env)).toEqual({ command: join(bin, 'mine'), version: '3.13.0' });
    await expect(findPython({ PATH: bin, INFRACTL_PYTHON: '/none' })).rejects.toMatchObject({
      code: 'PythonUnusable',
      exit: 2,
    });
  });
});

describe('why an install failed', () => {
  it.each([
    ['OSError: [Errno 28] No space left on device', 'DiskFull'],
    ['ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.', 'HashMismatch'],
    ['Hash mismatch for `six==1.17.0`', 'HashMismatch'],
    ['NewConnectionError: [Errno -3] Temporary failure in name resolution', 'NoNetwork'],
    ['error sending request for url', 'NoNetwork'],
    ['something else', 'InstallFailed'],
  ])('%s', (output, code) => {
    const error = installError(`Looking\n${output}\n`);
    expect(error.code).toBe(code);
    expect(error.why).toContain(output);
    expect(error.suggestions.length).toBeGreaterThan(0);
  });

  it('shows the last lines alone, without the password of an index', () => {
    const error = installError(`${'line\n'.repeat(50)}Could not fetch https://me:hunter2@index/simple\n`);
    expect(error.why?.split('\n')).toHaveLength(6);
    expect(error.why).not.toContain('hunter2');
  });
});

describe('the port', () => {
  let taken: Server;
  const listen = (port: number): Promise<number> =>
    new Promise((resolve) => {
      taken = createServer().listen({ port, host: '127.0.0.1' }, () => {
        resolve((taken.address() as { port: number }).port);
      });
    });
  afterEach(() => taken?.close());

  it('asked for must be free', async () => {
    const port = await listen(0);
    await expect(choosePort(port, undefined)).rejects.toMatchObject({ code: 'PortTaken' });
    await new Promise((done) => taken.close(done));
    expect(await choosePort(port, undefined)).toBe(port);
  });

  it('of last time is taken again, and another one when it is in use', async () => {
    const port = await listen(0);
    expect(await choosePort(undefined, port)).not.toBe(port);
    await new Promise((done) => taken.close(done));
    expect(await choosePort(undefined, port)).toBe(port);
  });
});

describe('the variables to export', () => {
  const target = {
    endpoint: 'http://127.0.0.1:4566',
    credentials: { accessKeyId: 'test', secretAccessKey: "it's" },
  };

  it('are lines for a shell, with a region only where there is none', () => {
    expect(exportLines(target, {})).toEqual([
      "export AWS_ENDPOINT_URL='http://127.0.0.1:4566'",
      "export AWS_ACCESS_KEY_ID='test'",
      `export AWS_SECRET_ACCESS_KEY='it'\\''s'`,
      "export AWS_REGION='us-east-1'",
    ]);
    expect(exportLines(target, { AWS_REGION: 'eu-west-3' }).join()).not.toContain('AWS_REGION');
    expect(exportLines(target, { AWS_DEFAULT_REGION: 'eu-west-3' }).join()).not.toContain('AWS_REGION');
  });

  it('take away what would win over them', () => {
    const wins = {
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9000',
    };
    expect(exportLines(target, wins)).toEqual(
      expect.arrayContaining(Object.keys(wins).map((name) => `unset ${name}`)),
    );
    const lines = exportLines(target, { AWS_PROFILE: 'production', AWS_SESSION_TOKEN: 'x' });
    expect(lines.slice(0, 2)).toEqual(['unset AWS_PROFILE', 'unset AWS_SESSION_TOKEN']);
  });
});
