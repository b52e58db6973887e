import { execFile } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ESCAPES, launcher } from '../helpers/cli.ts';
import { Pty } from '../helpers/pty.ts';
import { Scene } from '../helpers/trouble.ts';

/** What goes to which stream, and with which bytes. */

let scene: Scene;
beforeAll(async () => {
  scene = await (await Scene.open()).deployed();
});
afterAll(() => scene.close());

/** A shell line; `infractl` in it is the built command. */
function shell(line: string, env: Record<string, string> = {}) {
  const text = line.replaceAll('infractl', `"${process.execPath}" "${launcher}"`);
  const options = {
    cwd: scene.home.work,
    env: { ...scene.home.env(), ...scene.fake.env, ...env },
    timeout: 120_000,
  };
  // Not the synchronous form: the fake answers from this process.
  return new Promise<{ status: number | string; stdout: string; stderr: string }>((resolve) => {
    execFile('bash', ['-c', `set -o pipefail; ${text}`], options, (error, stdout, stderr) =>
      resolve({ status: error ? (error.code ?? 1) : 0, stdout, stderr }),
    );
  });
}

/** One of each kind of output: a result, progress, an error, help, a table. */
const KINDS: readonly (readonly string[])[] = [
  ['outputs'],
  ['deploy', '--create-stack'],
  ['history'],
  ['deploy', '--dry-run'],
  ['config', 'show'],
  ['sandbox', 'status'],
  ['outputs', 'nonsense'],
  ['deploy', '--nonsense'],
  ['nonsense'],
  ['help'],
  ['deploy', '--help'],
];

describe('standard output', () => {
  it('has the result alone: progress, place and warnings go to standard error', async () => {
    scene.changeCode('streams');
    const result = await scene.run(['deploy']);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(/^app\.FunctionName {2}\S+\n\nDeployed shop dev/);
    expect(result.stdout).not.toContain('✓');
    expect(result.stderr).toContain('shop · dev · eu-west-3');
    expect(result.stderr).toMatch(/✓ function api +updated/);
    expect(result.stderr).not.toContain('Deployed');
  });

  it('of one output is its value and nothing else', async () => {
    const result = await scene.run(['outputs', 'app.FunctionName']);
    expect(result).toMatchObject({ code: 0, stdout: 'shop-api-dev\n', stderr: '' });
  });

  it('is empty when a command fails', async () => {
    for (const args of [
      ['outputs', 'nonsense'],
      ['deploy', '--nonsense'],
      ['history', 'nonsense'],
    ]) {
      const result = await scene.run(args);
      expect(result.code).toBe(2);
      expect(result.stdout).toBe('');
    }
  });
});

describe('a closed pipe', () => {
  it.each([
    'infractl help | head -n 1',
    'infractl config show --origin | head -n 1',
    'infractl outputs --json | head -c 1',
    'infractl --version | true',
    'infractl history --limit 5 | true',
    'infractl help deploy --json | true',
  ])('%s exits 0 and says nothing', async (line) => {
    const result = await shell(line);
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });

  it('of a longer output than a pipe holds exits 0 and says nothing', async () => {
    const many = Array.from({ length: 3000 }, (_, n) => `      P${n}: ${'x'.repeat(40)}`).join('\n');
    scene.put(
      'long/infractl.yaml',
      `project: long\nregion: eu-west-3\nstacks:\n  app:\n    template: t.yaml\n    parameters:\n${many}\n`,
    );
    scene.put('long/t.yaml', 'Resources: {}\n');
    const whole = await shell('cd long && infractl config show --json | wc -c');
    expect(Number(whole.stdout)).toBeGreaterThan(128 * 1024);
    for (const form of ['', ' --json', ' --origin']) {
      const result = await shell(`cd long && infractl config show${form} | head -n 1`);
      expect(result.stderr).toBe('');
      expect(result.status).toBe(0);
    }
  });
});

describe('colours', () => {
  const pty = async (args: readonly string[], env: Record<string, string>) => {
    const terminal = new Pty(scene.home, args, { env: { ...scene.fake.env, ...env } });
    await terminal.exited;
    return terminal.raw;
  };

  it.each(KINDS.map((args) => [args.join(' '), args] as const))(
    '%s | cat has no escape byte',
    async (_, args) => {
      const result = await scene.run(args);
      expect(result.stdout + result.stderr).not.toMatch(ESCAPES);
    },
  );

  it.each([
    ['NO_COLOR=1', { NO_COLOR: '1' }, []],
    ['NO_COLOR=1, FORCE_COLOR notwithstanding', { NO_COLOR: '1', FORCE_COLOR: '1' }, []],
    ['TERM=dumb', { TERM: 'dumb', FORCE_COLOR: '1' }, []],
    ['--no-color', { FORCE_COLOR: '1' }, ['--no-color']],
  ] as const)('%s takes every escape byte away', async (_, env, flags) => {
    for (const args of KINDS) {
      const result = await scene.run([...args, ...flags], { env });
      expect(`${args.join(' ')}: ${result.stdout}${result.stderr}`).not.toMatch(ESCAPES);
    }
  });

  it('FORCE_COLOR=1 keeps colours in a pipe', async () => {
    for (const args of [['deploy'], ['history'], ['outputs', 'nonsense'], ['nonsense'], ['outputs']]) {
      const result = await scene.run(args, { env: { FORCE_COLOR: '1' } });
      expect(`${args.join(' ')}: ${result.stdout}${result.stderr}`).toMatch(ESCAPES);
    }
  });

  it('a terminal gets colours; with NO_COLOR none, in a result, in help and in an error', async () => {
    expect(await pty(['outputs'], {})).toMatch(ESCAPES);
    for (const args of [['outputs'], ['nonsense'], ['deploy', '--help'], ['history']]) {
      expect(await pty(args, { NO_COLOR: '1' })).not.toMatch(ESCAPES);
    }
  });

  it('on a terminal that is dumb nothing is redrawn', async () => {
    const env = { ...scene.home.env(), ...scene.fake.env, TERM: 'dumb' };
    scene.changeCode('dumb');
    const terminal = new Pty(scene.home, ['deploy'], { env, name: 'dumb' });
    expect((await terminal.exited).exitCode).toBe(0);
    expect(terminal.raw).not.toMatch(ESCAPES);
    expect(terminal.text).toContain('✓ function api');
  });
});

describe('on a terminal', () => {
  it('progress stays above the result, apart by an empty line', async () => {
    scene.changeCode('terminal');
    const terminal = new Pty(scene.home, ['deploy'], { env: scene.fake.env, columns: 120 });
    expect((await terminal.exited).exitCode).toBe(0);
    expect(terminal.text).toMatch(/✓ function api {2}.*\n+\n\n?app\.FunctionName/);
    expect(terminal.raw).toContain('\u001B[?25h');
  });

  it.each([40, 80])('no line of a table is wider than %d columns', async (columns) => {
    for (const args of [['history'], ['config', 'show', '--origin'], ['sandbox', 'status']]) {
      const env = { ...scene.fake.env, NO_COLOR: '1' };
      const terminal = new Pty(scene.home, args, { env, columns });
      await terminal.exited;
      for (const line of terminal.text.split('\n')) {
        if (!line.includes(scene.home.folder)) expect(line.length).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('a table in a file is whole', async () => {
    const rows = (await scene.run(['config', 'show', '--origin'])).stdout;
    expect(rows).not.toContain('…');
    expect(rows).toContain('{ output: app.FunctionName }');
  });
});

describe('XDG paths', () => {
  it('nothing is written in the home folder itself', async () => {
    const { readdirSync } = await import('node:fs');
    const known = ['cache', 'config', 'data', 'state', 'work'];
    expect(readdirSync(scene.home.folder).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('the sandbox lives below XDG_DATA_HOME, or ~/.local/share without it', async () => {
    const status = async (env: Record<string, string | undefined>) =>
      (JSON.parse((await scene.run(['sandbox', 'status', '--json'], { env })).stdout) as { log: string }).log;
    expect(await status({})).toBe(path.join(scene.home.folder, 'data/infractl/sandbox/emulator.log'));
    const fallback = path.join(scene.home.folder, '.local/share/infractl/sandbox/emulator.log');
    expect(await status({ XDG_DATA_HOME: undefined })).toBe(fallback);
    expect(await status({ XDG_DATA_HOME: 'relative/path' })).toBe(fallback);
  });
});
