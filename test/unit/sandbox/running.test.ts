import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { emulatorFolder, lastLines, sandboxPaths } from '../../../src/lib/sandbox/paths.ts';
import { isSameProcess, processMemory, processStart } from '../../../src/lib/sandbox/process.ts';
import { noteRunning, type Running, readRunning } from '../../../src/lib/sandbox/running.ts';
import { sandboxTarget } from '../../../src/lib/sandbox/target.ts';

let folder: string;
let env: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'infractl-unit-'));
  env = { XDG_DATA_HOME: folder };
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function noted(changes: Partial<Running> = {}): Running {
  return {
    pid: process.pid,
    start: processStart(process.pid) ?? '',
    port: 4601,
    version: '1.5.33',
    startedAt: '2026-01-02T03:04:05.000Z',
    engine: 'docker',
    machines: true,
    ready: true,
    ...changes,
  };
}

describe('the folder of the sandbox', () => {
  it('is below XDG_DATA_HOME, and a relative one is ignored', () => {
    expect(sandboxPaths({ XDG_DATA_HOME: '/data' }).root).toBe('/data/infractl/sandbox');
    expect(sandboxPaths({ XDG_DATA_HOME: 'data', HOME: '/home/me' }).root).toBe(
      '/home/me/.local/share/infractl/sandbox',
    );
  });

  it('gives another name to the containers of another folder', () => {
    const one = sandboxPaths({ XDG_DATA_HOME: '/one' });
    expect(one.id).toMatch(/^[0-9a-f]{16}$/);
    expect(sandboxPaths({ XDG_DATA_HOME: '/one' }).id).toBe(one.id);
    expect(sandboxPaths({ XDG_DATA_HOME: '/two' }).id).not.toBe(one.id);
  });

  it('finds the Python part from the sources and from any depth of a bundle', () => {
    expect(existsSync(join(emulatorFolder(), 'requirements.txt'))).toBe(true);
    const part = join(folder, 'dist', 'emulator', 'infractl_sandbox');
    mkdirSync(part, { recursive: true });
    writeFileSync(join(part, '__main__.py'), '');
    for (const file of ['chunk.js', 'commands/sandbox/start.js']) {
      expect(emulatorFolder(`file://${folder}/dist/${file}`)).toBe(join(folder, 'dist', 'emulator'));
    }
    expect(() => emulatorFolder('file:///nowhere/at/all.js')).toThrowError(/not installed completely/);
  });

  it('shows the end of a log without the passwords of its URLs', () => {
    expect(lastLines('a\n\nb https://me:secret@host/x\n  \nc\n', 2)).toBe('b https://***@host/x\nc');
  });
});

describe('a process', () => {
  it('is told from a later one with its number', () => {
    const start = processStart(process.pid) ?? '';
    expect(start).not.toBe('');
    expect(processStart(process.pid)).toBe(start);
    expect(isSameProcess(process.pid, start)).toBe(true);
    expect(isSameProcess(process.pid, `${start}1`)).toBe(false);
    expect(processStart(process.ppid)).not.toBe(start);
    expect(processMemory(process.pid)).toBeGreaterThan(1_000_000);
  });

  it('is gone when it has ended, also before anybody has collected it', async () => {
    // The shell becomes `sleep`, whose ended child nobody waits for.
    const parent = spawn('/bin/sh', ['-c', 'true & echo $!; exec sleep 30']);
    const child = await new Promise<number>((resolve) =>
      parent.stdout.once('data', (text) => resolve(Number(String(text)))),
    );
    await expect.poll(() => processStart(child)).toBeUndefined();
    parent.kill('SIGKILL');
  });
});

describe('the note of what runs', () => {
  it('cannot be read by others, nor can its folder', () => {
    const paths = sandboxPaths(env);
    noteRunning(paths, noted());
    expect(statSync(paths.running).mode & 0o777).toBe(0o600);
    expect(statSync(paths.root).mode & 0o777).toBe(0o700);
    expect(readRunning(paths)).toEqual({ is: 'running', noted: noted() });
  });

  it('is believed only where the process is the very one', () => {
    const paths = sandboxPaths(env);
    expect(readRunning(paths)).toEqual({ is: 'stopped' });
    noteRunning(paths, noted({ start: 'another boot 1' }));
    expect(readRunning(paths).is).toBe('gone');
    noteRunning(paths, noted({ ready: false }));
    expect(readRunning(paths).is).toBe('starting');
  });

  it.each(['', '{', 'null', '[]', '{"pid":"1"}'])('is no note when it is %j', (text) => {
    const paths = sandboxPaths(env);
    mkdirSync(paths.root, { recursive: true });
    writeFileSync(paths.running, text);
    expect(readRunning(paths)).toEqual({ is: 'stopped' });
  });
});

describe('sandboxTarget', () => {
  it('is where the running one answers', async () => {
    noteRunning(sandboxPaths(env), noted());
    expect(await sandboxTarget(env)).toEqual({
      endpoint: 'http://127.0.0.1:4601',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });

  it('says how to start it, and why it is not there', async () => {
    const error = { code: 'SandboxNotRunning', suggestions: ['Start it: `infractl sandbox start`'] };
    await expect(sandboxTarget(env)).rejects.toMatchObject({ ...error, why: undefined });
    noteRunning(sandboxPaths(env), noted({ start: 'x' }));
    await expect(sandboxTarget(env)).rejects.toMatchObject({
      ...error,
      why: expect.stringContaining('ended unexpectedly'),
    });
  });
});
