import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { run } from '../../../src/lib/base/process.ts';
import { processState } from '../../helpers/process-state.ts';
import { until } from '../../helpers/until.ts';

const env = { PATH: process.env.PATH };
const node = process.execPath;

describe('running a command', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'infractl-run-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('gives its output, its lines, its exit code, and only the environment given', async () => {
    const lines: string[] = [];
    const result = await run(
      node,
      [
        '-e',
        'process.stdin.pipe(process.stdout); console.error(Object.keys(process.env).join()); process.exitCode = 3',
      ],
      { env: { ONLY: '1' }, input: 'ä\r\nb\rc', onLine: (line, stream) => lines.push(`${stream} ${line}`) },
    );
    expect(result).toEqual({ exitCode: 3, stdout: 'ä\r\nb\rc', stderr: 'ONLY\n', timedOut: false });
    expect(lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout ä', 'stdout b', 'stdout c']);
  });

  test('keeps the end of what is long', async () => {
    const result = await run(node, ['-e', "process.stdout.write('a'.repeat(1e6) + 'end')"], {
      env,
      keep: 100,
    });
    expect(result.stdout).toHaveLength(100);
    expect(result.stdout.endsWith('end')).toBe(true);
  });

  test('a command, a folder that is not there', async () => {
    await expect(run('/no/such', [], { env })).rejects.toMatchObject({ code: 'CommandNotFound' });
    await expect(run('nosuchcommand', [], { env })).rejects.toMatchObject({ code: 'CommandNotFound' });
    await expect(run(node, [], { env, cwd: '/no/such' })).rejects.toMatchObject({ code: 'FolderNotFound' });
    await expect(run(folder, [], { env })).rejects.toMatchObject({ code: 'CommandNotExecutable' });
  });

  test('an abort stops it and all that it started', async () => {
    const controller = new AbortController();
    const file = join(folder, 'pid');
    const script = `sleep 600 & echo $! >${file}; wait`;
    const running = run('sh', ['-c', script], { env, signal: controller.signal });
    await until(() => existsSync(file) && readFileSync(file, 'utf8'));
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'Interrupted', exit: 130 });
    const pid = Number(readFileSync(file, 'utf8'));
    await expect.poll(() => processState(pid)).toMatch(/^(?:Z.*)?$/);
  });

  test('one that ignores SIGTERM is killed after 5 s', async () => {
    const controller = new AbortController();
    let began = 0;
    const running = run(
      node,
      ['-e', "process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1e3)"],
      {
        env,
        signal: controller.signal,
        onLine: () => {
          began = Date.now();
          controller.abort();
        },
      },
    );
    await expect(running).rejects.toMatchObject({ exit: 130 });
    expect(Date.now() - began).toBeGreaterThan(4_500);
  });

  test('an abort before the start starts nothing', async () => {
    await expect(run('/no/such', [], { env, signal: AbortSignal.abort() })).rejects.toMatchObject({
      exit: 130,
    });
  });

  test('a timeout', async () => {
    const result = await run(node, ['-e', 'setInterval(() => {}, 1e3)'], { env, timeout: 100 });
    expect(result).toMatchObject({ exitCode: undefined, timedOut: true });
  });
});
