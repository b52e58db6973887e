import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Pty } from '../helpers/pty.ts';
import {
  expectJsonTrouble,
  expectTrouble,
  projectFile,
  Scene,
  SECRETS,
  TEMPLATE,
} from '../helpers/trouble.ts';

/** What is wrong on this machine is said with its place, before AWS is asked for anything. */

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open();
});
afterAll(() => scene.close());
beforeEach(() => {
  scene.configure({});
  scene.fake.requests.length = 0;
});

/** Both views of a failure of `deploy`, which must not have asked AWS for anything. */
async function refuses(code: string, ...says: (string | RegExp)[]) {
  expectTrouble(await scene.run(['deploy', '--create-stack']), 2, ...says);
  const error = expectJsonTrouble(await scene.run(['deploy', '--create-stack', '--json']), 2, code);
  expect(scene.fake.requests).toEqual([]);
  return error;
}

describe('infractl.yaml', () => {
  it('is missing', async () => {
    const nowhere = path.join(scene.home.folder, 'nowhere');
    mkdirSync(nowhere);
    const plain = await scene.run(['deploy'], { cwd: nowhere });
    expectTrouble(plain, 2, 'There is no infractl.yaml here.', 'infractl init');
    expectJsonTrouble(await scene.run(['deploy', '--json'], { cwd: nowhere }), 2, 'NoConfiguration');
    expect(scene.fake.requests).toEqual([]);
  });

  it.each([
    ['empty', '', 'infractl.yaml:1:1: it is empty.'],
    ['a list', '- project: shop\n', 'infractl.yaml:1:1: it must be a map (keys with values), but is a list.'],
    ['indented with a tab', 'project: shop\nstacks:\n\tapp: {}\n', 'infractl.yaml:3:1: a tab is used'],
    [
      'with an unknown key',
      projectFile().replace('    template:', '    templat:'),
      /infractl\.yaml:5:5: unknown key "templat" in stacks\.app; did you mean "template"\?/,
    ],
  ])('is %s', async (_what, text, says) => {
    scene.put('infractl.yaml', text);
    await refuses('InvalidConfiguration', says);
  });

  it('has a cycle', async () => {
    scene.put(
      'infractl.yaml',
      `project: shop
region: eu-west-3
stacks:
  a: { template: template.yaml, parameters: { JwtSecret: { output: b.FunctionName } } }
  b: { template: template.yaml, parameters: { JwtSecret: { output: a.FunctionName } } }
`,
    );
    await refuses('InvalidConfiguration', /infractl\.yaml:\d+:\d+: /, 'stack a', 'stack b');
  });

  it('has 1 MB and a mistake at its end', async () => {
    const filler = Array.from({ length: 22_000 }, (_, n) => `      P${n}: some text to fill the file\n`);
    scene.put('infractl.yaml', projectFile({ parameters: filler.join('') }).replace('zip:', 'zipp:'));
    const result = await scene.run(['deploy']);
    expectTrouble(result, 2, /infractl\.yaml:\d+:\d+: unknown key "zipp"/);
    expect(result.stderr.length).toBeLessThan(2000);
  });

  it('is found in a folder above', async () => {
    const deep = path.join(scene.home.work, 'src', 'deep');
    mkdirSync(deep, { recursive: true });
    const result = await scene.run(['deploy', '--create-stack', '--dry-run', '--json'], { cwd: deep });
    expect(result.code).toBe(0);
    expect(scene.fake.mutations()).toEqual([]);
    scene.put('infractl.yaml', 'project: 7\n');
    expectTrouble(await scene.run(['deploy'], { cwd: deep }), 2, '../../infractl.yaml:1:10:');
  });
});

describe('a template', () => {
  it('with a syntax error is told by file, line and column', async () => {
    scene.put('template.yaml', 'Resources:\n  Topic:\n    Type: "AWS::SNS::Topic\n  Other: 1\n');
    await refuses('TemplateSyntax', /not valid: template\.yaml:\d+:\d+/);
  });

  it('that is not there is named', async () => {
    scene.put('infractl.yaml', projectFile().replace('template.yaml', 'templates/app.yaml'));
    await refuses('InvalidConfiguration', 'templates/app.yaml');
  });
});

describe('parameters', () => {
  it('that the template does not have are named with the nearest', async () => {
    scene.configure({
      parameters: '      JwtSecrt: { env: JWT_SECRET }\n      JwtSecret: { env: JWT_SECRET }\n',
    });
    await refuses('InvalidParameters', 'JwtSecrt', 'Is JwtSecret meant?', 'nothing was touched');
  });

  it('that are missing are named, all at once', async () => {
    const template = TEMPLATE.replace('Number, Default: 1', 'Number');
    scene.configure({ template, parameters: '      DatabaseUrl: { env: DATABASE_URL }\n' });
    const error = await refuses('InvalidParameters', 'JwtSecret', 'Size');
    expect(error.message).toContain('2 problems');
  });

  it('whose variable is not set are named with the variable', async () => {
    scene.configure({ parameters: '      JwtSecret: { env: NOT_THERE }\n' });
    await refuses('InvalidParameters', 'app.JwtSecret', 'NOT_THERE');
  });

  it('that are secrets and too short are refused without being shown', async () => {
    const env = { JWT_SECRET: 'shortNever' };
    const plain = await scene.run(['deploy', '--create-stack'], { env });
    expectTrouble(plain, 2, 'JwtSecret is too short: it must have 32 characters or more.\n');
    const json = await scene.run(['deploy', '--create-stack', '--json', '--debug'], { env });
    expectJsonTrouble(json, 2, 'InvalidParameters');
    for (const text of [plain.stderr, json.stdout, json.stderr]) expect(text).not.toContain('shortNever');
    expect(scene.fake.requests).toEqual([]);
  });

  it('of the blueprint are checked too: a JwtSecret under 32 characters', async () => {
    const made = await scene.run(['init', 'auth-manager', 'my-auth', '--variant', 'zip']);
    expect(made.code).toBe(0);
    const options = { cwd: path.join(scene.home.work, 'my-auth'), env: { JWT_SECRET: 'shortNeverShown' } };
    const result = await scene.run(['deploy', '--create-stack'], options);
    expectTrouble(result, 2, 'JwtSecret is too short: it must have 32 characters or more');
    expect(scene.fake.requests).toEqual([]);
  });

  it('that are missing are asked for on a terminal; secrets are not echoed', async () => {
    scene.configure({ parameters: '      DatabaseUrl: { env: DATABASE_URL }\n' });
    const terminal = new Pty(scene.home, ['deploy', '--create-stack'], { env: { ...scene.fake.env } });
    try {
      await terminal.until('JwtSecret of the stack app');
      terminal.type('tooShort\r');
      await terminal.until('32 characters or more');
      terminal.type(`\u0015${SECRETS.JWT_SECRET}\r`);
      await terminal.until('Deployed');
      expect(await terminal.exited).toMatchObject({ exitCode: 0 });
      expect(terminal.text).not.toContain('NeverShown');
    } finally {
      terminal.kill();
    }
    const fn = scene.fake.state.lambda.functions.get('shop-api-dev');
    expect(fn?.configuration.environment.JWT_SECRET).toBe(SECRETS.JWT_SECRET);
  });
});
