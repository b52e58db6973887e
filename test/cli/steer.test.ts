import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliResult } from '../helpers/cli.ts';
import { CTRL_C, DOWN, ENTER, Pty } from '../helpers/pty.ts';
import { expectJsonTrouble, expectTrouble, Scene, TEMPLATE } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** Looking at stacks and steering what runs on them, from further processes, on the fake AWS in real time. */

const STACK = 'shop-app-dev';
const deploy = ['deploy', '--create-stack'];
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

const cloud = () => scene.fake.state.cloudFormation;
const changed = () => scene.configure({ template: TEMPLATE.replace('size $', 'new size $') });

/** The journal's entries, oldest first. */
const journal = (): Record<string, unknown>[] =>
  [...scene.fake.state.s3.buckets.values()]
    .flatMap(({ objects }) => [...objects].filter(([key]) => key.startsWith('journal/')))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { body }]) => JSON.parse(Buffer.from(body).toString()));

const lines = (result: CliResult) =>
  result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('attach', () => {
  it('from a second process sees the same end', async () => {
    const first = await scene.working();
    const joining = scene.start(['attach', 'app']);
    await until(() => joining.output().includes('Topic'), joining);
    first.release();
    const second = await joining.ended;
    expect(second.code).toBe(0);
    expect(second.stdout).toBe(`Created ${STACK}: CREATE_COMPLETE.\n`);
    expect(second.stderr).toContain('CREATE_COMPLETE  Topic AWS::SNS::Topic');
    expect((await first.ended).code).toBe(0);
  });

  it('ends with the failure of the deploy: exit 1, the cause and its line', async () => {
    const first = await scene.working({ fail: 'The topic name is taken' });
    const joining = scene.start(['attach', 'app']);
    await until(() => joining.output().includes('Topic'), joining);
    first.release();
    expectTrouble(
      await joining.ended,
      1,
      `The stack ${STACK} could not be created`,
      /Topic \(AWS::SNS::Topic, template\.yaml:\d+\): The topic name is taken/,
    );
    expect((await first.ended).code).toBe(1);
  });

  it('says so when nothing runs, also where there is no stack; a wrong name gets a suggestion', async () => {
    const none = await scene.run(['attach', 'app']);
    expect(none).toMatchObject({ code: 0 });
    expect(none.stdout).toBe(`Nothing runs on the stack ${STACK}: it does not exist.\n`);
    await scene.deployed();
    const idle = await scene.run(['attach', STACK, '--json']);
    expect(lines(idle)).toEqual([
      { type: 'result', stack: 'app', stackName: STACK, running: false, status: 'CREATE_COMPLETE' },
    ]);
    expectTrouble(await scene.run(['attach', 'ap']), 2, 'has no stack "ap"', 'Did you mean: app');
  });

  it('leaves it running at Ctrl-C, and says how to come back', async () => {
    const first = await scene.working();
    const terminal = new Pty(scene.home, ['attach', 'app', '--region', 'eu-west-3'], {
      env: { ...scene.fake.env },
    });
    try {
      await terminal.until('Topic');
      terminal.type(CTRL_C);
      await terminal.until(`AWS works on ${STACK}. What becomes of it?`);
      terminal.type(ENTER);
      expect(await terminal.exited).toMatchObject({ exitCode: 130 });
      expect(terminal.text).toContain(`AWS goes on creating the stack ${STACK}`);
      expect(terminal.text).toContain('infractl attach app --region eu-west-3');
    } finally {
      terminal.kill();
    }
    first.release();
    expect((await first.ended).code).toBe(0);
  });
});

describe('Ctrl-C while another one is joined', () => {
  /** Somebody else's update, and a terminal that watches it. */
  async function joined(args: readonly string[]) {
    changed();
    const deployed = await scene.working();
    const terminal = new Pty(scene.home, args, { env: scene.fake.env, columns: 120 });
    await terminal.until('Topic');
    return { deployed, terminal };
  }

  it('offers to take it back, does so, says so, and writes it in the journal: exit 130', async () => {
    await scene.deployed();
    const { deployed, terminal } = await joined(['attach', 'app']);
    cloud().script.delete('Topic');
    terminal.type(CTRL_C);
    await terminal.until('Go on watching');
    terminal.type(DOWN);
    await terminal.until(/❯ Take it back/);
    terminal.type(ENTER);
    expect(await terminal.exited).toMatchObject({ exitCode: 130 });
    expect(terminal.text).toContain(
      `Cancelled: the stack ${STACK} is what it was before (UPDATE_ROLLBACK_COMPLETE).`,
    );
    expect(cloud().find(STACK)?.status).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(journal().find(({ act }) => act === 'cancel')).toMatchObject({ command: 'attach app' });
    expect((await deployed.ended).code).toBe(1);
  });

  it('offers nothing that it would not do: a stack of another project is theirs', async () => {
    await scene.deployed();
    const first = await joined(['events', 'app', '--follow']);
    first.terminal.type(CTRL_C);
    expect(await first.terminal.exited).toMatchObject({ exitCode: 130 });
    expect(first.terminal.text).not.toContain('Take it back');
    for (const tag of cloud().find(STACK)?.desired.tags ?? [])
      if (tag.Key === 'infractl:project') tag.Value = 'other';
    const other = new Pty(scene.home, ['attach', 'app'], { env: scene.fake.env, columns: 120 });
    await other.until('Topic');
    other.type(CTRL_C);
    await other.until('Go on watching');
    expect(other.text).not.toContain('Take it back');
    other.type(ENTER);
    expect(await other.exited).toMatchObject({ exitCode: 130 });
    expect(scene.changes()).not.toContain('cloudformation:CancelUpdateStack');
    first.deployed.release();
    await first.deployed.ended;
  });

  it('of a protected environment offers it only where its name was said', async () => {
    await scene.deployed();
    const { deployed, terminal } = await joined(['attach', 'app']);
    terminal.kill();
    await terminal.exited;
    scene.configure({ head: 'environments: { dev: { protected: true } }\n' });
    const guarded = new Pty(scene.home, ['attach', 'app'], { env: scene.fake.env, columns: 120 });
    await guarded.until('Topic');
    guarded.type(CTRL_C);
    await guarded.until('Go on watching');
    expect(guarded.text).not.toContain('Take it back');
    guarded.kill();
    deployed.release();
    await deployed.ended;
  });
});

describe('cancel', () => {
  it('is in the history, and is no state that a rollback goes from or to', async () => {
    await scene.deployed();
    scene.changeCode('good');
    expect((await scene.run(['deploy'])).code).toBe(0);
    changed();
    const first = await scene.working();
    cloud().script.delete('Topic');
    expect((await scene.run(['cancel', 'app'])).code).toBe(0);
    await first.ended;
    const [, good, failed, cancel] = journal();
    expect(cancel).toMatchObject({
      act: 'cancel',
      command: 'cancel app',
      result: 'succeeded',
      who: expect.stringContaining('arn:aws:'),
      parts: [{ part: 'stack app', outcome: 'reverted', detail: 'UPDATE_ROLLBACK_COMPLETE' }],
    });
    expect((await scene.run(['history'])).stdout).toMatch(/succeeded +cancel app +stack app/);
    const plan = await scene.run(['rollback', '--dry-run', '--json']);
    expect(lines(plan).at(-1)).toMatchObject({ of: { id: failed?.id }, to: { id: good?.id } });
    const id = String(cancel?.id).slice(-6);
    expectTrouble(await scene.run(['rollback', id, '--dry-run']), 2, `no deploy "${id}"`);
  });

  it('in the middle of an update takes it back; the deploy that ran is told', async () => {
    await scene.deployed();
    changed();
    const first = await scene.working();
    cloud().script.delete('Topic');
    const result = await scene.run(['cancel', 'app']);
    expect(result.code).toBe(0);
    expect(result.stderr).toContain(
      `takes the running update of the stack ${STACK} back, in account 123456789012`,
    );
    expect(result.stdout).toBe(
      `Cancelled: the stack ${STACK} is what it was before (UPDATE_ROLLBACK_COMPLETE).\n`,
    );
    expectTrouble(await first.ended, 1, `The stack ${STACK} could not be updated`, 'Somebody cancelled it.');
  });

  it('of a first creation wants a yes: exit 2 without, deletes with it', async () => {
    const first = await scene.working();
    expectTrouble(await scene.run(['cancel', 'app']), 2, '123456789012', 'Give --yes.');
    expect(scene.changes()).not.toContain('cloudformation:DeleteStack');
    cloud().script.delete('Topic');
    const result = await scene.run(['cancel', 'app', '--yes', '--json']);
    expect(result.code).toBe(0);
    expect(lines(result).at(-1)).toMatchObject({ type: 'result', outcome: 'deleted' });
    expect(cloud().find(STACK)).toBeUndefined();
    expectTrouble(await first.ended, 1, `The stack ${STACK} could not be created`, 'Somebody cancelled it.');
  });

  it('with nothing to cancel says so, exit 0, and changes nothing', async () => {
    await scene.deployed();
    const before = scene.changes().length;
    const result = await scene.run(['cancel', 'app']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toBe(
      `Nothing to cancel on the stack ${STACK}. Nothing runs on it: created (CREATE_COMPLETE).\n`,
    );
    expect(scene.changes().length).toBe(before);
  });

  it('in a protected environment wants its name', async () => {
    scene.configure({ head: 'environments: { prod: { protected: true } }\n' });
    scene.fake.requests.length = 0;
    const result = await scene.run(['cancel', 'app'], { env: { INFRACTL_ENV: 'prod' } });
    expectTrouble(result, 2, 'prod is protected', 'Give --env prod');
    expect(scene.fake.requests).toEqual([]);
  });
});

describe('explain', () => {
  it('gives cause, line and way out of a stack that is stuck; exit 0', async () => {
    cloud().script.set('Topic', { fail: 'The topic name is taken (Service: Sns, Status Code: 400)' });
    await scene.run(deploy);
    const result = await scene.run(['explain', 'app']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(
      new RegExp(
        `^✗ The creation of the stack ${STACK} failed.\n  Topic \\(AWS::SNS::Topic, template.yaml:\\d+\\): The topic name is taken\n  Now: ROLLBACK_COMPLETE`,
      ),
    );
    expect(result.stdout).toContain('infractl deploy --create-stack does that by itself');
    const json = JSON.parse((await scene.run(['explain', 'app', '--json'])).stdout);
    expect(json).toMatchObject({ failed: true, causes: [{ logicalId: 'Topic', file: 'template.yaml' }] });
  });

  it('says that nothing failed, exit 0; a stack that is not there is exit 1', async () => {
    expectTrouble(await scene.run(['explain', 'app']), 1, `${STACK} does not exist`);
    expectJsonTrouble(await scene.run(['explain', 'app', '--json']), 1, 'StackNotFound');
    await scene.deployed();
    const result = await scene.run(['explain', 'app']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('did not fail');
  });
});

describe('events', () => {
  it('are a table, the newest last; failures alone where asked; none is said', async () => {
    expect((await scene.run(['events'])).stdout).toBe('No events.\n');
    cloud().script.set('Topic', { fail: 'The topic name is taken' });
    await scene.run(deploy);
    const all = (await scene.run(['events', 'app'])).stdout.trim().split('\n');
    expect(all[0]).toMatch(/^when +stack +status +resource +type +reason$/);
    expect(all.at(-1)).toContain('ROLLBACK_COMPLETE');
    expect((await scene.run(['events', '--limit', '2'])).stdout.trim().split('\n')).toHaveLength(3);
    const failed = (await scene.run(['events', '--failed'])).stdout.trim().split('\n');
    expect(failed).toHaveLength(2);
    expect(failed[1]).toMatch(/CREATE_FAILED +Topic +AWS::SNS::Topic +The topic name is taken$/);
  });

  it('--follow prints on standard output until the end; nothing else is there', async () => {
    const first = await scene.working();
    const followers = [
      scene.start(['events', 'app', '--follow']),
      scene.start(['events', '--follow', '--json']),
    ];
    for (const one of followers) await until(() => one.output().includes('Topic'), one);
    first.release();
    const [people, programs] = (await Promise.all(followers.map(({ ended }) => ended))) as [
      CliResult,
      CliResult,
    ];
    expect(people).toMatchObject({ code: 0, stderr: '' });
    const printed = people.stdout.trim().split('\n');
    expect(printed[0]).toMatch(/CREATE_IN_PROGRESS +shop-app-dev +shop-app-dev/);
    expect(printed.at(-1)).toMatch(/CREATE_COMPLETE +shop-app-dev +shop-app-dev/);
    expect(programs.code).toBe(0);
    const all = lines(programs);
    expect(all.at(-1)).toEqual({ type: 'result', events: all.length - 1 });
    expect(all.slice(0, -1).every(({ type, part }) => type === 'stack.event' && part === 'stack app')).toBe(
      true,
    );
    expect(printed.length).toBe(all.length - 1);
    expect((await first.ended).code).toBe(0);
    const idle = await scene.run(['events', '--follow']);
    expect(idle.stdout).toContain('Nothing runs now.');
  });

  it('--follow of a failing operation shows the failure and exits 0: it only watches', async () => {
    const first = await scene.working({ fail: 'no' });
    const env = { AWS_ACCESS_KEY_ID: 'AKIDFOLLOWER' };
    const following = scene.start(['events', '--follow', '--failed'], { env });
    const looks = () =>
      scene.fake.requests.some(
        ({ action, accessKey }) => action === 'DescribeStackEvents' && accessKey === env.AWS_ACCESS_KEY_ID,
      );
    await until(looks, following);
    first.release();
    const result = await following.ended;
    expect(result.code).toBe(0);
    expect(result.stdout.trim().split('\n')).toHaveLength(1);
    expect((await first.ended).code).toBe(1);
  });
});

describe('list', () => {
  it('shows every stack, also one that is taken out of infractl.yaml', async () => {
    const before = await scene.run(['list']);
    expect(before.stdout).toMatch(/app +not deployed/);
    await scene.deployed();
    const result = await scene.run(['list']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/app +created +\d+ s ago +\d+ s ago +2 +no +not checked +shop-app-dev/);
    scene.put(
      'infractl.yaml',
      'project: shop\nregion: eu-west-3\nstacks:\n  web: { template: template.yaml }\n',
    );
    const changed = await scene.run(['list']);
    expect(changed.stdout).toMatch(/web +not deployed/);
    expect(changed.stdout).toMatch(/app +created .* shop-app-dev +not in infractl\.yaml/);
    expect((await scene.run(['explain', STACK])).stdout).toContain('did not fail');
  });

  it('of a project without stacks is [] for programs', async () => {
    scene.put('infractl.yaml', 'project: shop\nregion: eu-west-3\n');
    expect(JSON.parse((await scene.run(['list', '--json'])).stdout)).toEqual([]);
    expect((await scene.run(['list'])).stdout).toBe('The project has no stacks.\n');
  });
});
