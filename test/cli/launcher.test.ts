import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Home, root } from '../helpers/cli.ts';

/** The launcher keeps what V8 compiled, so that the next run need not: never in the way, never from others. */

let home: Home;
beforeEach(() => {
  home = new Home({ fresh: true });
});
afterEach(() => home.remove());

const folder = () => path.join(home.folder, 'cache/infractl/code');

function blob(command: string): string {
  const [build] = readdirSync(folder());
  return path.join(folder(), build ?? '', `${command}.bin`);
}

describe('compiled code', () => {
  it('is kept for each command, where only this user can read it', async () => {
    await home.run(['help']);
    await home.run(['outputs']);
    for (const command of ['help', 'outputs']) {
      expect(statSync(blob(command)).mode & 0o777).toBe(0o600);
      expect(statSync(blob(command)).size).toBeLessThan(3_000_000);
    }
    expect(statSync(path.dirname(blob('help'))).mode & 0o777).toBe(0o700);
  });

  it('is used by the next run, which writes nothing', async () => {
    const first = await home.run(['help']);
    const before = statSync(blob('help')).mtimeMs;
    const second = await home.run(['help']);
    expect(second.stdout).toBe(first.stdout);
    expect(statSync(blob('help')).mtimeMs).toBe(before);
    expect(readdirSync(path.dirname(blob('help')))).toEqual(['help.bin']);
  });

  it('grows by what another run needs, and loses nothing of what the first one needed', async () => {
    await home.run(['help']);
    const first = statSync(blob('help')).size;
    await home.run(['help', 'topics']);
    const both = statSync(blob('help')).size;
    expect(both).toBeGreaterThan(first);
    await home.run(['help']);
    expect(statSync(blob('help')).size).toBe(both);
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['noise', (bytes: Buffer) => Buffer.alloc(bytes.length, 7)],
    [
      'damaged in the middle',
      (bytes: Buffer) => Buffer.from(bytes.map((byte, i) => (i % 5000 === 0 ? byte ^ 255 : byte))),
    ],
  ])('that is %s is passed over and made again', async (_name, change) => {
    const first = await home.run(['help']);
    const good = statSync(blob('help')).size;
    writeFileSync(blob('help'), change(readFileSync(blob('help'))));
    const second = await home.run(['help']);
    expect(second).toMatchObject({ code: 0, stderr: '', stdout: first.stdout });
    expect(Math.abs(statSync(blob('help')).size - good)).toBeLessThan(good / 2);
  });

  it('that others could have written is not run', async () => {
    await home.run(['help']);
    const file = blob('help');
    chmodSync(file, 0o622);
    await home.run(['help']);
    // Passed over, so made again, for this user alone.
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('of older builds goes away', async () => {
    mkdirSync(path.join(folder(), 'old-build'), { recursive: true });
    await home.run(['help']);
    expect(existsSync(path.join(folder(), 'old-build'))).toBe(false);
  });

  it('is not needed: a home that cannot be written, and none at all', async () => {
    writeFileSync(path.join(home.folder, 'cache'), 'not a folder');
    expect((await home.run(['help'])).code).toBe(0);
    expect((await home.run(['help'], { env: { XDG_CACHE_HOME: undefined, HOME: undefined } })).code).toBe(0);
  });

  it('is not kept for words that are no command', async () => {
    await home.run(['../../x']);
    await home.run(['nonsense']);
    expect(readdirSync(path.dirname(blob('main')))).toEqual(['main.bin']);
  });
});

describe('an installation that is not whole', () => {
  it.each([
    ['missing', undefined],
    ['cut short', 100_000],
    ['empty', 0],
  ])('says so where the bundle is %s, and nothing else', (_name, size) => {
    const broken = path.join(home.folder, 'broken');
    cpSync(path.join(root, 'bin'), path.join(broken, 'bin'), { recursive: true });
    if (size !== undefined) {
      cpSync(path.join(root, 'dist/bundle.bin'), path.join(broken, 'dist/bundle.bin'));
      cpSync(path.join(root, 'dist/commands.json'), path.join(broken, 'dist/commands.json'));
      truncateSync(path.join(broken, 'dist/bundle.bin'), size);
    }
    const said = spawnSync(process.execPath, [path.join(broken, 'bin/run.js'), 'outputs'], {
      encoding: 'utf8',
      // What another run has taken out of the same bundle would do in its place.
      env: { ...process.env, XDG_CACHE_HOME: path.join(home.folder, 'unused') },
    });
    expect(said.status).toBe(1);
    expect(said.stdout).toBe('');
    expect(said.stderr).toMatch(/^infractl is not installed completely: .+\nInstall it again .+\n$/);
  });
});
