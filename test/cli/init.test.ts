import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Home } from '../helpers/cli.ts';
import { Pty } from '../helpers/pty.ts';

let home: Home;
beforeEach(() => {
  home = new Home();
});
afterEach(() => home.remove());

const read = (file: string) => readFileSync(path.join(home.work, file), 'utf8');

describe('infractl init', () => {
  it('makes a project that its own configuration check accepts, and says what to type next', async () => {
    const made = await home.run(['init', 'auth-manager', 'my-auth', '--region', 'eu-west-1']);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toMatch(/^Made the project my-auth from auth-manager:\n/);
    expect(made.stdout.split('Next:\n')[1]?.trim().split(/\n\s*/)).toEqual([
      'cd my-auth',
      'infractl sandbox start',
      'infractl deploy --create-stack --sandbox',
    ]);
    expect(read('my-auth/infractl.yaml')).toMatch(/^project: my-auth\nregion: eu-west-1$/m);
    expect(statSync(path.join(home.work, 'my-auth/.env.secrets')).mode & 0o777).toBe(0o600);
    const checked = await home.run(['config', 'validate', '--json'], {
      cwd: path.join(home.work, 'my-auth'),
    });
    expect(checked).toMatchObject({ code: 0, stderr: '' });
  });

  it('as JSON names every file, and shows no secret', async () => {
    const made = await home.run([
      'init',
      'auth-manager',
      '.',
      '--name',
      'mine',
      '--variant',
      'zip',
      '--json',
    ]);
    const result = JSON.parse(made.stdout) as { files: string[]; next: string[] };
    expect(result).toMatchObject({
      dryRun: false,
      blueprint: 'auth-manager',
      variant: 'zip',
      name: 'mine',
      region: null,
    });
    const files = readdirSync(home.work, { recursive: true, encoding: 'utf8' }).filter((file) =>
      statSync(path.join(home.work, file)).isFile(),
    );
    expect(files.sort()).toEqual(result.files);
    expect(result.next[0]).toBe('infractl sandbox start');
    const secret = /^JWT_SECRET=(.+)$/m.exec(read('.env.secrets'))?.[1] ?? '';
    expect(secret).toHaveLength(64);
    expect(made.stdout + made.stderr).not.toContain(secret);
  });

  it('with --dry-run writes nothing', async () => {
    const result = await home.run(['init', 'auth-manager', 'x', '--dry-run']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('Would make the project x');
    expect(readdirSync(home.work)).toEqual([]);
  });

  it('overwrites nothing: exit 5, and what is in the way is named', async () => {
    writeFileSync(path.join(home.work, 'infractl.yaml'), 'theirs');
    const refused = await home.run(['init', 'auth-manager', '.']);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toContain('In it: infractl.yaml.');
    expect(readdirSync(home.work)).toEqual(['infractl.yaml']);
    expect(read('infractl.yaml')).toBe('theirs');
  });

  it.each([
    [['init', 'auth-manger'], 'Did you mean auth-manager?'],
    [['init', 'auth-manager', '--variant', 'zup'], 'Did you mean zip?'],
    [['init', 'auth-manager', '--name', 'Not_A_Name'], 'single hyphens'],
    [['init', 'auth-manager', '--region', 'paris'], 'eu-west-3'],
    [['init'], 'Name it: infractl init BLUEPRINT. There are: auth-manager'],
  ])('%j is exit 2, with a way out, and makes nothing', async (args, words) => {
    const result = await home.run(args);
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(words);
    expect(readdirSync(home.work)).toEqual([]);
  });

  it('on a terminal asks which blueprint', async () => {
    const { code, screen } = await onTerminal('\r');
    expect(screen).toContain('auth-manager: A container on Lambda behind an HTTP API');
    expect(code).toBe(0);
    expect(read('auth-manager/infractl.yaml')).toContain('project: auth-manager\n');
  });

  it('is left by Ctrl-C at the question, with 130 and nothing made', async () => {
    const { code } = await onTerminal('\u0003');
    expect(code).toBe(130);
    expect(readdirSync(home.work)).toEqual([]);
  });
});

/** `infractl init` on a terminal, and one key once it asks. */
async function onTerminal(key: string): Promise<{ code: number; screen: string }> {
  const terminal = new Pty(home, ['init'], { columns: 100, rows: 30 });
  await terminal.until('auth-manager');
  terminal.type(key);
  return { code: (await terminal.exited).exitCode, screen: terminal.raw };
}
