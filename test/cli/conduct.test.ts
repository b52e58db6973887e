import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openBundle } from '../../bin/pieces.js';
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

/** What these find is their result, whatever their exit code says of it. */
const FINDS = new Set(['doctor']);

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

    it('has help as JSON, with every flag', async () => {
      const forms = [
        [...words(command), '--help', '--json'],
        ['help', ...words(command), '--json'],
      ];
      for (const form of forms) {
        const result = await home.run(form);
        expect(result).toMatchObject({ code: 0, stderr: '' });
        const help = JSON.parse(result.stdout) as { command: string; flags: { name: string }[] };
        expect(help.command).toBe(name);
        expect(help.flags.map((flag) => flag.name).sort()).toEqual(Object.keys(command.flags).sort());
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

    it('alone, with standard input closed, ends and asks nothing', async () => {
      const result = await home.run([...words(command), '--json'], { env: crippled });
      expect(result.signal).toBeNull();
      expect(result.stdout).not.toMatch(ESCAPES);
      expect(result.stderr).not.toMatch(ESCAPES);
      if (result.code === 0 || FINDS.has(name)) JSON.parse(result.stdout);
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

describe('a word that is the last one of commands', () => {
  it.each([
    ['stop', ['manage stop', 'sandbox stop']],
    ['ssh', ['host ssh']],
    ['stpo', ['manage stop', 'sandbox stop']],
    ['xyzzyx', []],
  ])('%s leads to %j', async (word, meant) => {
    const { code, stderr } = await home.run([word]);
    expect(code).toBe(2);
    const advised = [...stderr.matchAll(/→ (?:Did you mean|Or): infractl (.+)/g)].map(([, one]) => one);
    expect(advised).toEqual(meant);
  });
});

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
  it('with its flags before the command says where they stand, and runs nothing', async () => {
    for (const [typed, meant] of [
      [['--env', 'prod', 'list'], 'infractl list --env prod'],
      [['--sandbox', 'backup', 'list', 'nightly'], 'infractl backup list --sandbox nightly'],
    ] as const) {
      const result = await home.run(typed);
      expect(result).toMatchObject({ code: 2, stdout: '' });
      expect(result.stderr).toContain(`Did you mean: ${meant}\n`);
    }
    const json = await home.run(['--json', 'list']);
    expect(json.code).toBe(2);
    expect(errorOf(json.stdout)).toMatchObject({ code: 'FlagsFirst', exit: 2 });
  });

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

  it('version and help give JSON too', async () => {
    const version = await home.run(['version', '--json']);
    expect(Object.keys(JSON.parse(version.stdout))).toEqual(['version', 'platform', 'node']);
    for (const args of [['help', '--json'], ['--json']]) {
      const { commands: listed } = JSON.parse((await home.run(args)).stdout);
      expect(listed.map(({ command }: { command: string }) => command)).toEqual(
        commands.map(({ id }) => id.replaceAll(':', ' ')).sort(),
      );
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

  describe('what is loaded', () => {
    /** Sentences that only these libraries hold, and that no minifier changes. */
    const SDK = 'amz-sdk-request';
    const PROMPTS = 'User force closed the prompt';
    const bundle = openBundle(path.join(root, 'dist/bundle.bin'));
    const loads = async (args: string[]) => {
      const list = path.join(home.folder, `loaded-${args.join('-')}`);
      const recorder = path.join(root, 'test/helpers/record-loads.cjs');
      const env = { LOADED_FILES: list, NODE_OPTIONS: `--require=${recorder}` };
      const nowhere = {
        AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
      };
      await home.run(args, {
        env: { ...env, ...nowhere, AWS_REGION: 'eu-west-3' },
      });
      const lines = existsSync(list) ? readFileSync(list, 'utf8').trim().split('\n') : [];
      return lines.map((line) => bundle.text(line.split(' ')[1] ?? ''));
    };

    it('help, version, --version and a typo load no SDK client and no prompt library', async () => {
      for (const args of [['help'], ['deploy', '--help'], ['version'], ['--version'], ['deplox']]) {
        for (const text of await loads(args)) {
          expect(text).not.toContain(SDK);
          expect(text).not.toContain(PROMPTS);
        }
      }
    });

    it('the recorder sees what is loaded, and the bundle holds both', async () => {
      expect((await loads(['help'])).length).toBeGreaterThan(1);
      const client = await loads(['manage', 'status', '--id', 'i-0123456789abcdef0']);
      expect(client.some((text) => text.includes(SDK))).toBe(true);
      expect(bundle.names().some((name) => bundle.text(name).includes(PROMPTS))).toBe(true);
    });
  });

  it('an old Node is told what it needs', () => {
    const text = readFileSync(launcher, 'utf8').replace('process.versions.node.split', "'18.20.1'.split");
    const result = spawnSync(process.execPath, ['-e', text], { encoding: 'utf8' });
    expect(result.status).toBe(2);
    expect(result.stderr).toContain('needs Node 22.18 or newer');
    expect(result.stdout).toBe('');
    const json = spawnSync(process.execPath, ['-e', text, 'run.js', 'list', '--json'], { encoding: 'utf8' });
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'NodeTooOld', exit: 2 } });
  });
});
