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
    [['init'], 'Name a blueprint: infractl init BLUEPRINT. There are: auth-manager'],
    [['init'], '--from-samconfig, --from-stack NAME, --template FILE or --empty'],
    [['init', '--from-samconfig'], 'There is no file samconfig.toml'],
    [['init', '--from-stack', 'a', '--empty'], 'cannot also be provided'],
    [['init', 'site', '--empty'], 'started from one thing'],
    [['init', 'site', '--host', 'web=10.0.0.1'], '--host means nothing to what is started from a blueprint'],
    [['init', '--empty', '--name', 'x', '--host', 'web'], 'NAME=ADDRESS'],
    [['init', '--empty', '--name', 'x', '--environments', 'Dev'], '--environments'],
    [['init', '--template', 'nowhere.yaml', '--name', 'x'], 'There is no template'],
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

  it('from nothing in a script: one file, which its own check accepts; a second time it is in the way', async () => {
    const args = [
      'init',
      '--empty',
      '--name',
      'shop',
      '--environments',
      'dev,prod',
      '--host',
      'web=10.0.0.1',
    ];
    const dry = await home.run([...args, '--dry-run']);
    expect(dry.code).toBe(0);
    expect(readdirSync(home.work)).toEqual([]);
    expect((await home.run(args)).code).toBe(0);
    expect(readdirSync(home.work)).toEqual(['infractl.yaml']);
    expect(dry.stdout).toContain(read('infractl.yaml').trim());
    expect((await home.run(['config', 'validate'])).stdout).toContain('valid (dev and prod)');
    const again = await home.run(args);
    expect(again).toMatchObject({ code: 5, stdout: '' });
    expect(again.stderr).toContain('infractl.yaml is here already: nothing was written.');
  });

  it('from a samconfig.toml beside other files: environments, and secrets as references', async () => {
    const secret = ['hunter', 'two'].join('-');
    put('template.yaml', TEMPLATE);
    put('samconfig.toml', SAMCONFIG.replaceAll('SECRET', secret));
    const made = await home.run(['init', '--from-samconfig', '--name', 'shop']);
    expect(made.code).toBe(0);
    expect(made.stdout).toContain(
      'samconfig.toml:3:1: unknown key "stack_nmae"; it is left out. Did you mean stack_name?',
    );
    expect(read('infractl.yaml') + made.stdout).not.toContain(secret);
    expect(read('.env.secrets')).toContain(`PASSWORD=${secret}`);
    expect((await home.run(['config', 'validate', '--json'])).code).toBe(0);
    const prod = await home.run(['config', 'show', '--env', 'prod']);
    expect(prod.stdout).toMatch(/region: eu-west-1[\s\S]*name: shop-live[\s\S]*env: PASSWORD/);
  });

  it('on a terminal asks for what was not said, each question answered by Enter or left by Ctrl-C', async () => {
    const questions = [
      'name of the project',
      'AWS region',
      'Environments',
      'template of a stack',
      'Hosts, such as',
    ];
    for (const left of questions.keys()) {
      const terminal = new Pty(home, ['init', '--empty'], { columns: 100, rows: 30 });
      for (const question of questions.slice(0, left)) {
        await terminal.until(question);
        terminal.type('\r');
      }
      await terminal.until(questions[left] as string);
      terminal.type('\u0003');
      expect((await terminal.exited).exitCode).toBe(130);
      expect(readdirSync(home.work)).toEqual([]);
    }
    const terminal = new Pty(home, ['init', '--empty'], { columns: 100, rows: 30 });
    for (const question of questions) {
      await terminal.until(question);
      terminal.type(question.startsWith('Hosts') ? 'web=10.0.0.1\r' : '\r');
    }
    expect((await terminal.exited).exitCode).toBe(0);
    expect(read('infractl.yaml')).toMatch(
      /project: work[\s\S]*dev: \{\}[\s\S]*prod:[\s\S]*address: 10\.0\.0\.1/,
    );
  });
});

const SAMCONFIG = `version = 0.1
[default.deploy.parameters]
stack_nmae = "x"
stack_name = "shop-dev"
region = "eu-west-3"
parameter_overrides = "Password=SECRET"
[prod.deploy.parameters]
stack_name = "shop-live"
region = "eu-west-1"
parameter_overrides = "Password=SECRET"
`;
const TEMPLATE = `Parameters:
  Password: { Type: String, NoEcho: true }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { DisplayName: !Ref Password } }
`;

function put(name: string, text: string): void {
  writeFileSync(path.join(home.work, name), text);
}

/** `infractl init` on a terminal, and one key once it asks. */
async function onTerminal(key: string): Promise<{ code: number; screen: string }> {
  const terminal = new Pty(home, ['init'], { columns: 100, rows: 30 });
  await terminal.until('auth-manager');
  terminal.type(key);
  return { code: (await terminal.exited).exitCode, screen: terminal.raw };
}
