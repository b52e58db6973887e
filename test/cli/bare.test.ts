import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FakeInstance } from '../fake/ec2-state.ts';
import { type CliResult, type ManifestCommand, root } from '../helpers/cli.ts';
import { expectTrouble, Scene } from '../helpers/trouble.ts';

/** What works in a folder without infractl.yaml, and in one whose infractl.yaml has mistakes. */

let scene: Scene;
let web: FakeInstance;
let bare: string;
let faulty: string;

beforeAll(async () => {
  scene = await Scene.open();
  expect((await scene.run(['deploy', '--create-stack'])).code).toBe(0);
  web = scene.fake.state.ec2.addInstance({
    tags: { Name: 'web' },
    launchedAt: Date.now() - 3_600_000,
    script: { startMs: 10, checksMs: 10, stopMs: 10 },
  });
  scene.fake.state.logs.groups.set('/aws/lambda/other', [
    { at: Date.now() - 1000, message: 'hello from elsewhere' },
  ]);
  bare = folder('bare');
  faulty = folder('faulty');
  writeFileSync(path.join(faulty, 'infractl.yaml'), 'project: shop\nregion: eu-west-3\nstaks: {}\n');
}, 60_000);
afterAll(() => scene.close());
beforeEach(() => scene.fake.faults.clear());

function folder(name: string): string {
  const made = path.join(scene.home.folder, name);
  mkdirSync(made);
  return made;
}

/** Outside of any project; the region is AWS's usual variable. */
const away = (args: string[], options: { cwd?: string } = {}): Promise<CliResult> =>
  scene.run(args, { cwd: bare, env: { AWS_REGION: 'eu-west-3' }, ...options });

describe('without infractl.yaml', () => {
  it('stacks are found by their names in AWS: list, outputs, explain, events, drift, attach', async () => {
    const list = await away(['list']);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(/shop-app-dev +created .* of the project shop/);
    const one = await away(['outputs', 'shop-app-dev.FunctionName']);
    expect(one).toMatchObject({ code: 0, stdout: 'shop-api-dev\n' });
    expect((await away(['outputs', 'shop-app-dev'])).stdout).toContain('FunctionName');
    expect((await away(['explain', 'shop-app-dev'])).code).toBe(0);
    expect((await away(['events', 'shop-app-dev'])).stdout).toContain('CREATE_COMPLETE');
    expect((await away(['drift', 'shop-app-dev'])).stdout).toContain('shop-app-dev');
    expect((await away(['attach', 'shop-app-dev'])).stdout).toContain('Nothing runs');
  });

  it.each([
    ['outputs'],
    ['events'],
    ['drift'],
    ['manage', 'start'],
    ['manage', 'stop', '--yes'],
    ['manage', 'restart', '--yes'],
    ['manage', 'stop', '--host', 'web', '--yes'],
    ['backup', 'create'],
    ['backup', 'create', 'nightly'],
    ['logs'],
    ['host', 'run', '--', 'uptime'],
  ])('%j %j says that it must be told what it is about, and changes nothing', async (...args) => {
    const before = scene.changes().length;
    const result = await away(args);
    expectTrouble(result, 2, 'There is no infractl.yaml here, so say w', 'infractl init');
    expect(result.stderr).not.toContain('by-hand');
    expect(scene.changes()).toHaveLength(before);
  });

  it('a stack that is not there is told without the words of a project', async () => {
    for (const command of ['outputs', 'explain', 'drift']) {
      const result = await away([command, 'nobody']);
      expectTrouble(result, 1, /The stack nobody does not exist in eu-west-3/, 'infractl list');
      expect(result.stderr).not.toContain('infractl deploy');
    }
  });

  it('instances by id and by tag; a look shows all of them', async () => {
    expect((await away(['manage', 'status'])).stdout).toContain(web.id);
    expect((await away(['manage', 'status', '--tag', 'Name=web', '--json'])).stdout).toContain(web.id);
    const stopped = await away(['manage', 'stop', '--id', web.id, '--yes']);
    expect(stopped.code).toBe(0);
    expect(stopped.stderr).toMatch(/^eu-west-3\n/);
    expect(stopped.stdout).toContain(`infractl manage start --id ${web.id}`);
    expect((await away(['manage', 'start', '--id', web.id, '--no-wait'])).code).toBe(0);
  });

  it('a name out of AWS moves no cursor, and is whole in JSON', async () => {
    const name = 'evil\u001B[2J\u009B1A';
    const evil = scene.fake.state.ec2.addInstance({ tags: { Name: name, Evil: 'yes' } });
    const text = await away(['manage', 'status', '--tag', 'Evil=yes']);
    expect(text.stdout).toContain(`evil\\x1b[2J\\x9b1A (${evil.id})`);
    const json = await away(['manage', 'status', '--tag', 'Evil=yes', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject([{ name }]);
    for (const { stdout, stderr } of [text, json])
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
  });

  it('an environment that is named means a project that is not there', async () => {
    const result = await away(['manage', 'status', '--id', web.id, '--env', 'prod']);
    expectTrouble(result, 2, 'There is no infractl.yaml here.');
  });

  it('log groups by their beginning', async () => {
    const result = await away(['logs', '/aws/lambda/oth']);
    expect(result.stdout).toContain('hello from elsewhere');
    expectTrouble(await away(['logs', '/nobody']), 2, 'No log group in eu-west-3 begins with "/nobody"');
  });

  it('backs up by id, lists what any project has made, and brings it back', async () => {
    scene.fake.state.ebs.snapshotMs = 50;
    const made = await away(['backup', 'create', '--instance', web.id, '--wait', '--json']);
    expect(made.code).toBe(0);
    const { backups } = JSON.parse(made.stdout) as { backups: { backup: string }[] };
    const backup = backups[0]?.backup ?? '';
    expect(backup).toMatch(/^manual-/);
    expect((await away(['backup', 'list'])).stdout).toContain(backup);
    const plan = await away(['backup', 'restore', backup, '--dry-run']);
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain(backup);
  });

  it.each([
    ['--id', 'web'],
    ['--id', 'i-0123456789abcdef0', '--user', '-oProxyCommand=x'],
    ['--id', 'i-0123456789abcdef0', '--identity', 'nowhere.pem'],
    ['--id', 'i-0123456789abcdef0', '--host', 'web'],
  ])('host run %j %j %j %j is refused before anything is asked of AWS', async (...args) => {
    const before = scene.fake.requests.length;
    expect((await away(['host', 'run', ...args, '--', 'uptime'])).code).toBe(2);
    expect(scene.fake.requests).toHaveLength(before);
  });

  it('a host by its id is looked up in EC2', async () => {
    const result = await away(['host', 'run', '--id', 'i-0123456789abcdef0', '--', 'uptime']);
    expectTrouble(result, 1, 'There is no instance i-0123456789abcdef0');
  });
});

describe('with mistakes in infractl.yaml', () => {
  it('what names all of it works, in the region that the file says; the mistakes are said', async () => {
    const result = await scene.run(['manage', 'status', '--id', web.id], { cwd: faulty });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain(web.id);
    expect(result.stderr).toContain('staks');
    expect((await scene.run(['logs', '/aws/lambda/other'], { cwd: faulty })).stdout).toContain('elsewhere');
  });

  it('stacks by their names in AWS, and those of the project by its tag', async () => {
    for (const args of [['explain', 'shop-app-dev'], ['outputs', 'shop-app-dev'], ['list']]) {
      const result = await scene.run(args, { cwd: faulty });
      expect(`${args}: ${result.code}`).toBe(`${args}: 0`);
      expect(result.stderr).toContain('staks');
    }
  });

  it('doctor says where the mistake is, and looks at the region that the file names', async () => {
    const { code, stdout } = await scene.run(['doctor', '--json'], {
      cwd: faulty,
      env: { AWS_REGION: '', AWS_DEFAULT_REGION: '' },
    });
    expect(code).toBe(2);
    const { checkups: looks } = JSON.parse(stdout) as {
      checkups: { name: string; verdict: string; said: string }[];
    };
    const of = (name: string) => looks.find((one) => one.name === name);
    expect(of('configuration')?.said).toMatch(/^infractl\.yaml:\d+:\d+: .*staks/);
    expect(of('region')).toMatchObject({
      verdict: 'good',
      said: expect.stringMatching(/^eu-west-3, from the project file/),
    });
  });

  it('what means a part of it does not', async () => {
    for (const args of [['manage', 'status'], ['outputs'], ['events'], ['host', 'run', '--', 'uptime']])
      expectTrouble(await scene.run(args, { cwd: faulty }), 2, 'staks');
  });
});

describe('the manifest says what each command needs, and the menu believes it', () => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<
      string,
      ManifestCommand & { needs?: string; args: Record<string, { required?: boolean }> }
    >;
  };
  const words = (id: string) =>
    Object.values(manifest.commands[id]?.args ?? {}).flatMap(({ required }) => (required ? ['word'] : []));
  const needing = (needs: string) =>
    Object.keys(manifest.commands).filter((id) => manifest.commands[id]?.needs === needs);

  it('those that need names do not ask for a project', async () => {
    const ids = needing('names');
    expect(ids).toContain('manage:status');
    for (const id of ids) {
      const result = await away([...id.split(':'), ...words(id), '--no-input']);
      expect(`${id}: ${result.stderr}`).not.toContain('There is no infractl.yaml here.');
    }
  });

  it('those that need a project say so', async () => {
    for (const id of ['destroy', 'diff', 'history', 'monitoring:health', 'prune']) {
      expect(needing('project')).toContain(id);
      const result = await away([...id.split(':'), ...words(id), '--no-input']);
      expect(`${id}: ${result.stderr}`).toContain('There is no infractl.yaml here.');
    }
  });
});
