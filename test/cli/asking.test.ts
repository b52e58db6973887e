import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { screenOf } from '../../scripts/docs/screen.ts';
import { CTRL_C, ENTER, Pty } from '../helpers/pty.ts';
import { Scene } from '../helpers/trouble.ts';

/** When infractl asks, when it must not, and how a question is left. */

let scene: Scene;
beforeAll(async () => {
  scene = await (await Scene.open()).deployed();
});
afterAll(() => scene.close());

/** Every command that asks, the flag that answers, and a word of its question. */
const ASKING = [
  { args: ['destroy'], flag: '--confirm shop-dev', question: 'Type shop-dev to go on' },
  { args: ['sandbox', 'reset'], flag: '--yes', question: 'Remove every stack' },
  { args: ['sandbox', 'stop', '--delete'], flag: '--yes', question: 'Remove every stack' },
  { args: ['init'], flag: 'infractl init BLUEPRINT', question: 'What do you start from?' },
] as const;

const terminal = (args: readonly string[], env: Record<string, string> = {}) =>
  new Pty(scene.home, args, {
    env: { ...scene.fake.env, ...env },
    columns: 100,
    // The whole menu at once; a smaller one scrolls.
    rows: 100,
    ...(env.TERM ? { name: env.TERM } : {}),
  });

/** The cursor is where a person expects it: what hid it last was followed by what shows it. */
function expectCursorShown(raw: string): void {
  expect(raw.lastIndexOf('\u001B[?25h')).toBeGreaterThanOrEqual(raw.lastIndexOf('\u001B[?25l'));
}

describe.each(ASKING)('$args', ({ args, flag, question }) => {
  it('with standard input closed names the flag, exits 2, calls nothing', async () => {
    scene.fake.actions();
    const result = await scene.run(args);
    expect(result).toMatchObject({ code: 2, signal: null, stdout: '' });
    expect(result.stderr).toContain(flag);
    expect(scene.fake.actions()).toEqual([]);
  });

  it.each([
    ['CI=1', {}, { CI: '1' }],
    ['--no-input', { flags: ['--no-input'] }, {}],
    ['INFRACTL_NO_INPUT=1', {}, { INFRACTL_NO_INPUT: '1' }],
    ['TERM=dumb', {}, { TERM: 'dumb' }],
  ] as [string, { flags?: string[] }, Record<string, string>][])(
    'with %s asks nothing on a terminal too',
    async (_, more, env) => {
      const run = terminal([...args, ...(more.flags ?? [])], env);
      const { exitCode } = await run.exited;
      expect(exitCode).toBe(2);
      expect(run.text.replace(/\s+/g, ' ')).toContain(flag);
    },
  );

  it('is left by Ctrl-C: one line, exit 130, the cursor shown, nothing done', async () => {
    scene.fake.requests.length = 0;
    const before = readdirSync(scene.home.work);
    const run = terminal(args);
    await run.until(question);
    run.type(CTRL_C);
    expect((await run.exited).exitCode).toBe(130);
    expectCursorShown(run.raw);
    expect(run.text.match(/Interrupted/g)).toHaveLength(1);
    expect(run.text).not.toMatch(/\n\s+at /);
    expect(scene.fake.mutations()).toEqual([]);
    expect(readdirSync(scene.home.work)).toEqual(before);
  });
});

it('what a choice says is broken between words, in colours that can be read on dark and on light', async () => {
  const cwd = path.join(scene.home.folder, 'fresh');
  mkdirSync(cwd);
  writeFileSync(path.join(cwd, 't.yaml'), 'Resources: { T: { Type: AWS::SNS::Topic } }\n');
  const run = new Pty(scene.home, ['init'], { cwd, env: scene.fake.env, columns: 90 });
  await run.until('A stack of it, and a few questions.');
  run.type('\u001B[B');
  await run.until('PostgreSQL where there is one.');
  run.type(CTRL_C);
  await run.exited;
  expect(run.text).toContain('repository,');
  const codes = [...run.raw.matchAll(/\u001B\[([\d;]*)m/g)].map(([, code]) => code ?? '');
  expect(codes).toContain('38;5;31');
  for (const code of codes) expect(code).toMatch(/^(?:0?|1|22|39|38;5;\d+)$/);
});

describe('in a folder that has a project', () => {
  const folder = () => path.join(scene.home.folder, 'taken');
  beforeAll(() => {
    mkdirSync(folder());
    writeFileSync(path.join(folder(), 'infractl.yaml'), 'project: shop\nregion: eu-west-3\n');
    writeFileSync(path.join(folder(), 'samconfig.toml'), 'version = 0.1\n');
    writeFileSync(path.join(folder(), '.env.secrets'), 'A=b\n', { mode: 0o644 });
  });

  it('init offers what gets a folder of its own, and nothing that would overwrite', async () => {
    const run = new Pty(scene.home, ['init'], { cwd: folder(), env: scene.fake.env });
    await run.until(/infractl\.yaml is here already[\s\S]*mbot[\s\S]*site/);
    expect(run.text).not.toContain('samconfig.toml');
    run.type(CTRL_C);
    expect((await run.exited).exitCode).toBe(130);
  });

  it('a warning is broken between words', async () => {
    const run = new Pty(scene.home, ['config', 'show'], {
      cwd: folder(),
      env: scene.fake.env,
      columns: 50,
    });
    await run.exited;
    expect(run.text).toContain(
      '! .env.secrets can be read by other users of this\n  machine. Run: chmod 600',
    );
  });
});

describe('a severe confirmation', () => {
  it('asks again after a typo, on an empty line, and has done nothing; the right name goes on', async () => {
    scene.fake.requests.length = 0;
    const run = terminal(['destroy']);
    await run.until('Type shop-dev to go on');
    run.type(`shop-dve${ENTER}`);
    await run.until('"shop-dve" is not shop-dev.');
    expect(scene.fake.mutations()).toEqual([]);
    run.type('shop-prod');
    await run.until('to go on: shop-prod');
    run.type(ENTER);
    await run.until('"shop-prod" is not shop-dev.');
    expect(scene.fake.mutations()).toEqual([]);
    run.type('shop-dev');
    await run.until('to go on: shop-dev');
    run.type(ENTER);
    expect((await run.exited).exitCode).toBe(0);
    expectCursorShown(run.raw);
    expect(run.text).toContain('Destroyed');
    expect(scene.fake.state.cloudFormation.find('shop-app-dev')).toBeUndefined();
    await scene.deployed();
  });
});

describe('the menu', () => {
  it('opens alone on a terminal, filters, prints the command, runs it, comes back, is left', async () => {
    const run = terminal([]);
    await run.until('More');
    expect(run.text).toContain('shop · dev · eu-west-3');
    run.type('sandbox st');
    await run.until('sandbox start');
    run.type('\u0015');
    run.type('outp');
    await run.until(/❯ outputs/);
    run.type(ENTER);
    await run.until('infractl outputs [options]');
    run.type('app.FunctionName');
    run.type(ENTER);
    await run.until(/\$ infractl outputs app\.FunctionName\nshop-api-dev\n[\s\S]*What do you want to do\?/);
    run.type('leave');
    await run.until(/❯ Leave/i);
    run.type(ENTER);
    expect((await run.exited).exitCode).toBe(0);
    expectCursorShown(run.raw);
  });

  it('leaves on the screen what a command has printed', async () => {
    const run = new Pty(scene.home, [], { env: scene.fake.env, columns: 80, rows: 24 });
    await run.until('More');
    run.type('outp');
    await run.until(/❯ outputs/);
    run.type(ENTER);
    await run.until('infractl outputs [options]');
    run.type(`app.FunctionName${ENTER}`);
    await run.until(/\nshop-api-dev\n[\s\S]*Ctrl-C leaves/);
    const screen = screenOf(run.raw, 80, 24).split('\n').slice(-24);
    expect(screen).toContain('shop-api-dev');
    expect(screen.at(-1)).toContain('Ctrl-C leaves');
    run.type(CTRL_C);
    expect((await run.exited).exitCode).toBe(130);
  });

  it('opens at redeploy alone on a terminal: nobody who looks around releases something', async () => {
    const run = terminal(['redeploy']);
    await run.until(/redeploy rollback[\s\S]*redeploy unlock/);
    expect(run.text).toContain('❯ redeploy');
    run.type(CTRL_C);
    expect((await run.exited).exitCode).toBe(130);
    const ordered = terminal(['redeploy', '--wait', '5s']);
    await ordered.exited;
    expect(ordered.text).toContain('has no releases');
  });

  it('offers what works where there is no project, and says what is wrong with one', async () => {
    const empty = path.join(scene.home.folder, 'empty');
    mkdirSync(empty, { recursive: true });
    const none = new Pty(scene.home, [], { cwd: empty, env: scene.fake.env });
    await none.until(/There is no infractl\.yaml here\.[\s\S]*doctor[\s\S]*leave/);
    expect(none.text).not.toMatch(/^ *deploy /m);
    none.type('init');
    await none.until(/❯ init/);
    none.type(CTRL_C);
    expect((await none.exited).exitCode).toBe(130);
    writeFileSync(path.join(empty, 'infractl.yaml'), 'project: shop\nregionn: eu-west-3\n');
    const wrong = new Pty(scene.home, [], { cwd: empty, env: scene.fake.env });
    await wrong.until(/regionn[\s\S]*infractl config validate[\s\S]*leave/);
    wrong.type(CTRL_C);
    expect((await wrong.exited).exitCode).toBe(130);
  });

  it('tells the options of a command, is gone back to by Escape, and runs what is left', async () => {
    const run = terminal([]);
    await run.until('More');
    run.type('destroy');
    await run.until(/❯ destroy/);
    run.type(ENTER);
    await run.until(/infractl destroy \[options\][\s\S]*Esc goes back/);
    scene.fake.requests.length = 0;
    run.type('\u001B');
    await run.until(/Esc goes back[\s\S]*What do you want to do\?/);
    run.type('outp');
    await run.until(/❯ outputs/);
    run.type(ENTER);
    await run.until('infractl outputs [options]');
    run.type(`--help${ENTER}`);
    await run.until(
      /USAGE\n +\$ infractl outputs[\s\S]*That was: infractl outputs --help\n[\s\S]*Ctrl-C leaves/,
    );
    expect(scene.fake.mutations()).toEqual([]);
    run.type(CTRL_C);
    expect((await run.exited).exitCode).toBe(130);
  });

  it('survives a command that fails', async () => {
    const run = terminal([]);
    await run.until('More');
    run.type('history');
    await run.until(/❯ history/);
    run.type(ENTER);
    await run.until('infractl history [options]');
    run.type(`nonsense${ENTER}`);
    await run.until(/has no entry "nonsense"[\s\S]*What do you want to do\?/);
    run.type(CTRL_C);
    expect((await run.exited).exitCode).toBe(130);
    expectCursorShown(run.raw);
  });

  it.each([
    ['CI=1', [], { CI: '1' }],
    ['--no-input', ['--no-input'], {}],
  ] as [string, string[], Record<string, string>][])(
    'with %s there is help instead',
    async (_, args, env) => {
      const run = terminal(args, env);
      expect((await run.exited).exitCode).toBe(0);
      expect(run.text).toContain('USAGE');
      expect(run.text).not.toContain('What do you want to do');
    },
  );
});

describe('a missing parameter', () => {
  it('is asked for on a terminal, checked, and never shown', async () => {
    scene.configure({ parameters: '      DatabaseUrl: { env: DATABASE_URL }\n' });
    const run = terminal(['deploy', '--create-stack', '--dry-run']);
    await run.until('JwtSecret of the stack app');
    run.type(`short${ENTER}`);
    await run.until('32 characters');
    run.type('\u0015');
    run.type(`s3cret-s3cret-s3cret-s3cret-s3cret${ENTER}`);
    expect((await run.exited).exitCode).toBe(0);
    expect(run.text).not.toContain('s3cret');
    scene.configure({});
  });
});
