import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withLock } from '../../../src/lib/sandbox/lock.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'infractl-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Somebody who has the lock until told to leave. */
function held(): { inside: Promise<void>; leave(): void } {
  let leave = () => {};
  const told = new Promise<void>((resolve) => {
    leave = resolve;
  });
  return { inside: withLock(file, { timeout: 0 }, () => told), leave: () => leave() };
}

it('is held while the work goes on, and let go after it, also when it fails', async () => {
  await withLock(file, { timeout: 100 }, async () => expect(existsSync(file)).toBe(true));
  await expect(
    withLock(file, { timeout: 100 }, async () => {
      throw new TypeError('no');
    }),
  ).rejects.toThrow('no');
  expect(readdirSync(folder)).toEqual([]);
});

it('waits for a living holder, says so once, and gives up in the end', async () => {
  const waits: number[] = [];
  const { inside, leave } = held();
  await expect(
    withLock(file, { timeout: 150, onWait: (pid) => waits.push(pid) }, async () => 'never'),
  ).rejects.toMatchObject({ code: 'SandboxBusy', exit: 6 });
  expect(waits).toEqual([process.pid]);
  const then = withLock(file, { timeout: 60_000, onWait: leave }, async () => 'then');
  expect(await then).toBe('then');
  await inside;
});

it('stops waiting when it is interrupted', async () => {
  const { inside, leave } = held();
  const stop = new AbortController();
  const options = { timeout: 60_000, signal: stop.signal, onWait: () => stop.abort() };
  const waiting = withLock(file, options, async () => 'never');
  await expect(waiting).rejects.toMatchObject({ code: 'Interrupted', exit: 130 });
  leave();
  await inside;
});

it('passes over a holder that died, or whose number another process has now', async () => {
  const dead = spawnSync(process.execPath, ['-e', '0']).pid;
  for (const holder of [`${dead}\nlong gone\n`, `${process.pid}\nan earlier life\n`]) {
    writeFileSync(file, holder);
    expect(await withLock(file, { timeout: 0 }, async () => 'taken')).toBe('taken');
  }
  expect(readdirSync(folder)).toEqual([]);
});

it('lets one in at a time, of many processes over a dead holder', async () => {
  writeFileSync(file, '999999999\ngone\n');
  const log = join(folder, 'order');
  const lock = fileURLToPath(new URL('../../../src/lib/sandbox/lock.ts', import.meta.url));
  const script = `
    import { appendFileSync } from 'node:fs';
    const { withLock } = await import(${JSON.stringify(lock)});
    for (let i = 0; i < 3; i++) await withLock(${JSON.stringify(file)}, { timeout: 120000 }, async () => {
      appendFileSync(${JSON.stringify(log)}, 'in ');
      await new Promise((done) => setTimeout(done, 10));
      appendFileSync(${JSON.stringify(log)}, 'out ');
    });`;
  await Promise.all([1, 2, 3, 4].map(() => execa(process.execPath, ['--input-type=module', '-e', script])));
  const { readFileSync } = await import('node:fs');
  expect(readFileSync(log, 'utf8')).toBe('in out '.repeat(12));
});
