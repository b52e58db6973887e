import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { GetParameterCommand, PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SandboxTarget } from '../../src/lib/aws/session.ts';
import type { Reporter } from '../../src/lib/base/report.ts';
import {
  resetSandbox,
  sandboxStatus,
  sandboxTarget,
  startSandbox,
  stopSandbox,
} from '../../src/lib/sandbox/index.ts';
import { processStart } from '../../src/lib/sandbox/process.ts';
import { readRunning } from '../../src/lib/sandbox/running.ts';
import { root } from '../helpers/cli.ts';
import { freePort } from '../helpers/ports.ts';
import { TestSandbox } from '../helpers/sandbox.ts';
import { until } from '../helpers/until.ts';

/** The life of a sandbox, on the real emulator. */

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await new TestSandbox().prepare();
}, 600_000);
afterAll(() => sandbox?.remove());

const clients = (target: SandboxTarget) => {
  const config = { ...target, region: 'eu-west-3', forcePathStyle: true };
  return { ssm: new SSMClient(config), s3: new S3Client(config) };
};

/** The fields of /proc/<pid>/stat from the state on: 1 is the parent, 3 the session. */
function statOf(pid: number | string): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Every TCP listener of a process and what it started, as `address:port` in hexadecimal. */
function listenersOf(pid: number): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const attempt = <T>(look: () => T, otherwise: T): T => {
    try {
      return look();
    } catch {
      // It ended in the meantime.
      return otherwise;
    }
  };
  const family = new Set([String(pid)]);
  for (const child of pids) if (family.has(attempt(() => statOf(child)[1] ?? '', ''))) family.add(child);
  const sockets = new Set<string>();
  for (const member of family) {
    for (const fd of attempt(() => readdirSync(`/proc/${member}/fd`), [])) {
      const target = attempt(() => readlinkSync(`/proc/${member}/fd/${fd}`), '');
      sockets.add(target.match(/^socket:\[(\d+)\]$/)?.[1] ?? '');
    }
  }
  return ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === '0A' && sockets.has(fields[9] ?? '-'))
      .map((fields) => fields[1] ?? ''),
  );
}

describe('the sandbox', () => {
  it('is not running at first: status says so, stop and reset have nothing to do', async () => {
    expect(await sandboxStatus(sandbox.env)).toMatchObject({ state: 'stopped', diskBytes: 0 });
    expect(await stopSandbox({ env: sandbox.env })).toMatchObject({ outcome: 'was-not-running' });
    expect(await resetSandbox({ env: sandbox.env })).toEqual({ was: 'stopped' });
    await expect(sandboxTarget(sandbox.env)).rejects.toMatchObject({ code: 'SandboxNotRunning' });
  });

  it('starts once, however often it is started, and two at once share one', async () => {
    const port = await freePort();
    const both = await Promise.all([
      startSandbox({ env: sandbox.env, port }),
      startSandbox({ env: sandbox.env, port }),
    ]);
    expect(both.map(({ outcome }) => outcome).sort()).toEqual(['already-running', 'started']);
    expect(both[0]?.pid).toBe(both[1]?.pid);
    const again = await startSandbox({ env: sandbox.env });
    expect(again).toMatchObject({ outcome: 'already-running', pid: both[0]?.pid, port });
    await expect(startSandbox({ env: sandbox.env, port: port + 1 })).rejects.toMatchObject({
      code: 'SandboxElsewhere',
    });
    await expect(startSandbox({ env: sandbox.env, machines: false })).rejects.toMatchObject({
      code: 'SandboxElsewhere',
      message: expect.stringContaining('with machines'),
    });
    expect(await sandboxTarget(sandbox.env)).toEqual(again.target);
  });

  it('listens on one port of this machine and nowhere else', async () => {
    const { pid, port } = await startSandbox({ env: sandbox.env });
    // Services that MiniStack loads late may not open another.
    const { ssm, s3 } = clients(await sandboxTarget(sandbox.env));
    await ssm.send(new PutParameterCommand({ Name: '/kept', Value: 'yes', Type: 'String' }));
    await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
    await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'a', Body: 'object' }));
    // 127.0.0.1, as the kernel of a little-endian machine writes it.
    expect(listenersOf(pid)).toEqual([`0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`]);
  });

  it('shows what it is, and what it cannot do', async () => {
    const status = await sandboxStatus(sandbox.env);
    expect(status).toMatchObject({
      state: 'running',
      version: '1.5.33',
      stacks: 0,
      functions: 0,
      containers: 0,
    });
    expect(status.memoryBytes).toBeGreaterThan(20e6);
    expect(status.diskBytes).toBeGreaterThan(0);
    expect(status.uptimeMs).toBeGreaterThan(0);
    expect(status.limits.length).toBeGreaterThan(8);
    expect(statSync(sandbox.paths.running).mode & 0o777).toBe(0o600);
    for (const folder of [sandbox.paths.root, sandbox.paths.data]) {
      expect(statSync(folder).mode & 0o777).toBe(0o700);
    }
  });

  it('is in a session of its own, ignores SIGHUP, and sees no credentials of the user', async () => {
    const { pid } = await startSandbox({ env: sandbox.env });
    expect(Number(statOf(pid)[3])).toBe(pid);
    process.kill(pid, 'SIGHUP');
    expect((await sandboxStatus(sandbox.env)).state).toBe('running');
    const seen = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    expect(seen.filter((line) => /^(AWS_(ACCESS|SECRET|SESSION|PROFILE)|PIP_)/.test(line))).toEqual([]);
    expect(seen).toContain('DOCKER_HOST=unix:///nonexistent');
  });

  it('keeps what it holds over a stop, and comes back on the same port', async () => {
    const before = await startSandbox({ env: sandbox.env });
    expect(await stopSandbox({ env: sandbox.env })).toMatchObject({ outcome: 'stopped', deleted: false });
    expect(processStart(before.pid)).toBeUndefined();
    expect(existsSync(sandbox.paths.running)).toBe(false);
    const after = await startSandbox({ env: sandbox.env });
    expect(after).toMatchObject({ outcome: 'started', port: before.port });
    const { ssm, s3 } = clients(after.target);
    const parameter = await ssm.send(new GetParameterCommand({ Name: '/kept' }));
    expect(parameter.Parameter?.Value).toBe('yes');
    const object = await s3.send(new GetObjectCommand({ Bucket: 'kept', Key: 'a' }));
    expect(await object.Body?.transformToString()).toBe('object');
    // The log of the run before is kept beside the new one.
    expect(existsSync(`${sandbox.paths.log}.1`)).toBe(true);
  });

  it('takes another port when that of last time is in use, and its addresses follow', async () => {
    const { ssm } = clients(await sandboxTarget(sandbox.env));
    const { port } = await startSandbox({ env: sandbox.env });
    const Value = `http://127.0.0.1:${port}/somewhere`;
    await ssm.send(new PutParameterCommand({ Name: '/url', Value, Type: 'String' }));
    await stopSandbox({ env: sandbox.env });
    const squatter = createServer().listen(port, '127.0.0.1');
    try {
      await expect(startSandbox({ env: sandbox.env, port })).rejects.toMatchObject({ code: 'PortTaken' });
      const moved = await startSandbox({ env: sandbox.env });
      expect(moved.port).not.toBe(port);
      const found = await clients(moved.target).ssm.send(new GetParameterCommand({ Name: '/url' }));
      expect(found.Parameter?.Value).toBe(`http://127.0.0.1:${moved.port}/somewhere`);
    } finally {
      squatter.close();
    }
  });

  it('is noticed when it was killed, and starts again', async () => {
    const { pid } = await startSandbox({ env: sandbox.env });
    process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await sandboxStatus(sandbox.env)).state).toBe('gone');
    await expect(sandboxTarget(sandbox.env)).rejects.toMatchObject({ code: 'SandboxNotRunning' });
    const again = await startSandbox({ env: sandbox.env });
    expect(again.outcome).toBe('started');
    expect(again.pid).not.toBe(pid);
  });

  it('keeps objects where their bucket lies, also when it was killed before the bucket was saved', async () => {
    const { pid, target } = await startSandbox({ env: sandbox.env });
    const { s3 } = clients(target);
    await s3.send(new CreateBucketCommand({ Bucket: 'unsaved' }));
    await s3.send(new PutObjectCommand({ Bucket: 'unsaved', Key: 'a/b', Body: 'object' }));
    process.kill(pid, 'SIGKILL');
    await expect.poll(async () => (await sandboxStatus(sandbox.env)).state, { timeout: 60_000 }).toBe('gone');
    const again = clients((await startSandbox({ env: sandbox.env })).target);
    const found = await again.s3.send(new HeadBucketCommand({ Bucket: 'unsaved' }));
    expect(found.BucketRegion).toBe('eu-west-3');
    const { Contents } = await again.s3.send(new ListObjectsV2Command({ Bucket: 'unsaved' }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(['a/b']);
  });

  it('leaves alone a process that got the number of the old one', async () => {
    await stopSandbox({ env: sandbox.env });
    const other = execa('sleep', ['60'], { reject: false });
    writeFileSync(
      sandbox.paths.running,
      JSON.stringify({ pid: other.pid, start: 'an earlier boot 42', port: 1, ready: true, engine: 'docker' }),
    );
    expect((await sandboxStatus(sandbox.env)).state).toBe('gone');
    expect((await stopSandbox({ env: sandbox.env })).outcome).toBe('was-not-running');
    expect(processStart(other.pid as number)).toBeDefined();
    other.kill('SIGKILL');
  });

  it('shows its last words when it dies at its start', async () => {
    const state = join(sandbox.paths.data, 'state');
    rmSync(state, { recursive: true });
    mkdirSync(join(state, 'broken.json'), { recursive: true });
    writeFileSync(join(sandbox.paths.data, 'port'), '1\n');
    await expect(startSandbox({ env: sandbox.env, port: await freePort() })).rejects.toMatchObject({
      code: 'SandboxDied',
      why: expect.stringContaining('IsADirectoryError'),
      suggestions: expect.arrayContaining([expect.stringContaining(sandbox.paths.log)]),
    });
    expect(readRunning(sandbox.paths)).toEqual({ is: 'stopped' });
    rmSync(state, { recursive: true });
  });

  it('leaves nothing when it is interrupted while it starts', async () => {
    const stop = new AbortController();
    let pid: number | undefined;
    const reporter: Reporter = {
      emit(event) {
        if (event.type === 'part.status' && event.status.includes('answer')) {
          void until(() => {
            const now = readRunning(sandbox.paths);
            return now.is === 'starting' && now.noted.pid;
          }).then((found) => {
            pid = found;
            stop.abort();
          });
        }
      },
    };
    const port = await freePort();
    await expect(
      startSandbox({ env: sandbox.env, port, reporter, signal: stop.signal }),
    ).rejects.toMatchObject({ exit: 130 });
    expect(pid).toBeGreaterThan(0);
    await expect.poll(() => processStart(pid as number)).toBeUndefined();
    expect(readRunning(sandbox.paths)).toEqual({ is: 'stopped' });
    expect(existsSync(sandbox.paths.lock)).toBe(false);
  });

  it('is empty after a reset and goes on running', async () => {
    const { pid, target } = await startSandbox({ env: sandbox.env });
    const { s3 } = clients(target);
    await s3.send(new CreateBucketCommand({ Bucket: 'short-lived' }));
    expect(await resetSandbox({ env: sandbox.env })).toEqual({ was: 'running' });
    expect((await s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    expect(processStart(pid)).toBeDefined();
    await stopSandbox({ env: sandbox.env });
    const again = await startSandbox({ env: sandbox.env });
    expect((await clients(again.target).s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  });

  it('is gone with all that it held after stop with delete', async () => {
    await startSandbox({ env: sandbox.env });
    expect(await stopSandbox({ env: sandbox.env, delete: true })).toMatchObject({ deleted: true });
    expect(existsSync(sandbox.paths.data)).toBe(false);
  });

  it('outlives the process that started it', async () => {
    const index = join(root, 'src/lib/sandbox/index.ts');
    const script = `const { startSandbox } = await import(${JSON.stringify(index)});
      console.log((await startSandbox({ port: ${await freePort()} })).pid);`;
    const options = { env: sandbox.env, extendEnv: false };
    const started = await execa(process.execPath, ['--input-type=module', '-e', script], options);
    expect(processStart(Number(started.stdout))).toBeDefined();
    expect(readRunning(sandbox.paths).is).toBe('running');
  });
});
