import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ESCAPES, Home, launcher, type ManifestCommand, root } from '../helpers/cli.ts';

/** How every command behaves at the command line, whatever it does. A new command is covered by being there. */

const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, ManifestCommand>;
};
const commands = Object.values(manifest.commands).filter((command) => !command.hidden);
const words = (command: ManifestCommand) => command.id.split(':');
const onAws = commands.filter((command) => 'profile' in command.flags);

const home = new Home();
afterAll(() => home.remove());

/** Where a bare command would begin something long, it is given a machine on which it cannot. */
const crippled = { INFRACTL_PYTHON: '/nonexistent/python', PATH: path.dirname(process.execPath) };

function errorOf(stdout: string): { code: string; message: string; suggestions: string[]; exit: number } {
  const last = stdout.trim().startsWith('{\n') ? stdout : (stdout.trim().split('\n').at(-1) ?? '');
  const parsed = JSON.parse(last) as { error: ReturnType<typeof errorOf> };
  expect(Object.keys(parsed)).toEqual(['error']);
  expect(Object.keys(parsed.error).sort()).toEqual(['code', 'exit', 'message', 'suggestions']);
  return parsed.error;
}

describe.each(commands.map((command) => [command.id.replaceAll(':', ' '), command] as const))(
  '%s',
  (name, command) => {
    it('has help: -h, --help, help X; on standard output, without colours in a pipe', async () => {
      const forms = [
        [...words(command), '--help'],
        [...words(command), '-h'],
        ['help', ...words(command)],
      ];
      const results = await Promise.all(forms.map((form) => home.run(form)));
      for (const result of results) {
        expect(result.code).toBe(0);
        expect(result.stderr).toBe('');
        expect(result.stdout).toContain(`infractl ${name}`);
        expect(result.stdout).not.toMatch(ESCAPES);
        expect(result.stdout).toBe(results[0]?.stdout);
      }
    });

    it('has a summary and an example whose flags exist', () => {
      expect(command.summary).toMatch(/^[A-Z].*\.$/);
      expect(command.examples?.length ?? 0).toBeGreaterThan(0);
      for (const example of command.examples ?? []) {
        const line = (typeof example === 'string' ? example : example.command)
          .replace('<%= config.bin %>', 'infractl')
          .replace('<%= command.id %>', name);
        expect(line).toContain(`infractl ${name}`);
        for (const flag of line.match(/(?<=\s)--[a-z-]+/g) ?? []) {
          expect(Object.keys(command.flags).flatMap((f) => [`--${f}`, `--no-${f}`])).toContain(flag);
        }
      }
    });

    it('takes --json, --debug, --no-color and --no-input', () => {
      expect(Object.keys(command.flags)).toEqual(
        expect.arrayContaining(['json', 'debug', 'no-color', 'no-input']),
      );
    });

    it('refuses an unknown flag with exit 2, in words and as JSON', async () => {
      const plain = await home.run([...words(command), '--no-such-flag']);
      expect(plain.code).toBe(2);
      expect(plain.stdout).toBe('');
      expect(plain.stderr).toContain('--no-such-flag');
      expect(plain.stderr).toContain(`infractl ${name} --help`);
      expect(plain.stderr).not.toMatch(/\n\s+at /);
      const json = await home.run([...words(command), '--no-such-flag', '--json']);
      expect(json.code).toBe(2);
      expect(errorOf(json.stdout)).toMatchObject({ exit: 2, code: 'Usage' });
    });

    it('alone, with standard input closed, ends within 5 s and asks nothing', async () => {
      const result = await home.run([...words(command), '--json'], { env: crippled, timeout: 5000 });
      expect(result.signal).toBeNull();
      expect(result.stdout).not.toMatch(ESCAPES);
      expect(result.stderr).not.toMatch(ESCAPES);
      if (result.code === 0) JSON.parse(result.stdout);
      else expect(errorOf(result.stdout).exit).toBe(result.code);
    });

    it('a typo in its name gets a suggestion and is not run', async () => {
      const last = words(command).at(-1) ?? '';
      const typo = [...words(command).slice(0, -1), `${last.slice(0, -1)}${last.at(-1) === 'x' ? 'z' : 'x'}`];
      const result = await home.run(typo);
      expect(result.code).toBe(2);
      expect(result.stderr).toContain('infractl has no command');
      expect(result.stderr).toMatch(/Did you mean: infractl/);
      expect(result.stdout).toBe('');
    });
  },
);

describe('commands that talk to AWS', () => {
  it('take -p, -r and -e', () => {
    expect(onAws.length).toBeGreaterThan(2);
    for (const command of onAws) {
      expect(command.flags.profile?.char).toBe('p');
      expect(command.flags.region?.char).toBe('r');
      expect(command.flags.env?.char).toBe('e');
    }
  });
});

describe('the command line as a whole', () => {
  it('--version and version agree, and name the Node that runs', async () => {
    const [flag, command] = await Promise.all([home.run(['--version']), home.run(['version'])]);
    expect(flag.code).toBe(0);
    expect(flag.stdout).toBe(command.stdout);
    expect(flag.stdout).toMatch(/^infractl\/\d+\.\d+\.\d+ \S+ node-v\d+/);
  });

  it('alone, outside a terminal, prints help', async () => {
    const [alone, help] = await Promise.all([home.run([]), home.run(['help'])]);
    expect(alone.code).toBe(0);
    expect(alone.stdout).toBe(help.stdout);
    for (const command of commands.filter(({ id }) => !id.includes(':'))) {
      expect(alone.stdout).toContain(`  ${command.id}`);
    }
  });

  it('a topic alone prints its help', async () => {
    const result = await home.run(['sandbox']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('sandbox start');
  });

  it('help of something that does not exist is exit 2 with a suggestion', async () => {
    const result = await home.run(['help', 'sandbx']);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('Did you mean');
  });

  it('a reader that closes early is no error', () => {
    const shell = spawnSync(
      'sh',
      [
        '-c',
        `"${process.execPath}" "${launcher}" help | head -n 1; "${process.execPath}" "${launcher}" --version | true`,
      ],
      { env: home.env(), encoding: 'utf8' },
    );
    expect(shell.stderr).toBe('');
    expect(shell.stdout.split('\n').length).toBeLessThanOrEqual(2);
  });

  it.each([
    ['NO_COLOR=1', { NO_COLOR: '1', FORCE_COLOR: undefined }, []],
    ['TERM=dumb', { TERM: 'dumb' }, []],
    ['--no-color', { FORCE_COLOR: '1' }, ['--no-color']],
  ])('%s leaves no escape byte', async (_name, env, flags) => {
    const results = await Promise.all([
      home.run(['help', ...flags], { env }),
      home.run(['nonsense', ...flags], { env }),
      home.run(['outputs', ...flags], { env }),
    ]);
    for (const result of results) expect(result.stdout + result.stderr).not.toMatch(ESCAPES);
  });

  it('FORCE_COLOR=1 keeps colours in a pipe', async () => {
    const result = await home.run(['nonsense'], { env: { FORCE_COLOR: '1' } });
    expect(result.stderr).toMatch(ESCAPES);
  });

  it('help and version load no SDK client and no prompt library', () => {
    const loaded = (args: string[]) =>
      execFileSync(process.execPath, ['--experimental-default-config-file', launcher, ...args], {
        env: { ...home.env(), NODE_DEBUG: 'esm' },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    for (const args of [['help'], ['version']]) expect(loaded(args)).not.toMatch(/client-|inquirer/);
  });

  it('an old Node is told what it needs', () => {
    const text = readFileSync(launcher, 'utf8').replace('process.versions.node.split', "'18.20.1'.split");
    const result = spawnSync(process.execPath, ['-e', text], { encoding: 'utf8' });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('needs Node 22.18 or newer');
  });
});
