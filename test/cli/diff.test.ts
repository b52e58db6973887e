import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Hold } from '../fake/hold.ts';
import { ESCAPES } from '../helpers/cli.ts';
import { expectTrouble, Scene, TEMPLATE } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** What differs, told by the built command on the fake AWS in real time; and that telling it leaves nothing. */

const STACK = 'shop-app-dev';
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

const cloud = () => scene.fake.state.cloudFormation;
const changed = () =>
  scene.configure({ template: TEMPLATE.replace('FunctionName: shop-api-dev', 'FunctionName: shop-web-dev') });

/** Stacks and change sets of the fake, as a text. */
const there = () =>
  cloud()
    .stacks.filter(({ status }) => status !== 'DELETE_COMPLETE')
    .map(({ name, status, changeSets }) => `${name} ${status} ${changeSets.size}`);

/** All that a look may do, and takes back. */
const LOOKS = [
  'cloudformation:CreateChangeSet',
  'cloudformation:DeleteChangeSet',
  'cloudformation:DeleteStack',
];

describe('diff', () => {
  it('of nothing deployed says what would be created, and leaves no stack behind', async () => {
    const result = await scene.run(['diff']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain(`stack app ${STACK}  would be created`);
    expect(result.stdout).toContain('+ Function  AWS::Lambda::Function');
    expect(result.stdout).toContain('Resources: 2 to add.');
    expect(scene.changes()).toEqual(expect.arrayContaining(LOOKS));
    await until(() => there().length === 0);
  });

  it('shows properties from what to what, replacements, and never a secret; exit 9 when asked', async () => {
    await scene.deployed();
    const before = there();
    changed();
    const result = await scene.run(['diff', '--exit-code']);
    expect(result.code).toBe(9);
    expect(result.stdout).toMatch(/± Function +AWS::Lambda::Function +REPLACEMENT/);
    expect(result.stdout).toMatch(/FunctionName +shop-api-dev → shop-web-dev \(replaces\)/);
    expect(result.stdout).not.toMatch(ESCAPES);
    expect(there()).toEqual(before);
    expect((await scene.run(['diff'])).code).toBe(0);
    const coloured = await scene.run(['diff'], { env: { FORCE_COLOR: '1' } });
    expect(coloured.stdout).toMatch(ESCAPES);
  });

  it('says that nothing differs: exit 0 with --exit-code too', async () => {
    await scene.deployed();
    const result = await scene.run(['diff', '--exit-code']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain(`stack app ${STACK}  no difference`);
    expect(result.stdout).toContain('No differences.');
  });

  it('is complete as JSON', async () => {
    await scene.deployed();
    changed();
    const found = JSON.parse((await scene.run(['diff', '--json'])).stdout);
    expect(found).toMatchObject({
      different: true,
      stacks: [
        {
          stackName: STACK,
          change: 'update',
          basis: 'change set',
          resources: [
            { path: 'Function', replacement: 'always', properties: [{ path: '/Properties/FunctionName' }] },
          ],
        },
      ],
      parts: [{ part: 'function api', would: 'unchanged' }],
    });
  });

  it('at Ctrl-C and SIGTERM removes what it made', async () => {
    await scene.deployed();
    changed();
    const before = there();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const hold = new Hold();
      cloud().changeSetMs = hold;
      const made = cloud().stack(STACK);
      const { size } = made.changeSets;
      const looking = scene.start(['diff']);
      await until(() => made.changeSets.size > size, looking);
      scene.fake.requests.length = 0;
      looking.child.kill(signal);
      // AWS does not delete it before it is worked out.
      await until(() => scene.fake.requests.some(({ action }) => action === 'DeleteChangeSet'), looking);
      hold.release();
      expectTrouble(await looking.ended, 130, 'Nothing of the stack shop-app-dev was changed');
      expect(there()).toEqual(before);
    }
  });

  it('removes what a run left behind that was killed with -9', async () => {
    const hold = new Hold();
    cloud().changeSetMs = hold;
    const looking = scene.start(['diff']);
    await until(() => cloud().find(STACK)?.changeSets.size === 1, looking);
    looking.child.kill('SIGKILL');
    expect((await looking.ended).signal).toBe('SIGKILL');
    hold.release();
    expect(there()).toEqual([`${STACK} REVIEW_IN_PROGRESS 1`]);
    cloud().changeSetMs = 10;
    expect((await scene.run(['diff'])).code).toBe(0);
    await until(() => there().length === 0);
  });

  it('may look by reading alone where it may not make change sets, and says so', async () => {
    await scene.deployed();
    changed();
    scene.fake.faults.deny('cloudformation:CreateChangeSet');
    const result = await scene.run(['diff']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('AWS was not asked');
    expect(result.stdout).toMatch(/FunctionName +shop-api-dev → shop-web-dev \(replaces\)/);
  });
});

describe('diff without AWS', () => {
  const nobody = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };

  it('compares with what the last deploy saw, says so, and calls nothing', async () => {
    await scene.deployed();
    changed();
    scene.fake.requests.length = 0;
    const result = await scene.run(['diff', '--offline', '--exit-code'], { env: nobody });
    expect(result.code).toBe(9);
    expect(result.stdout).toMatch(
      /^Compared with what this machine saw .*: the deploy of arn:aws:.*; not with AWS \(--offline\)\.$/m,
    );
    expect(result.stdout).toMatch(/FunctionName +shop-api-dev → shop-web-dev \(replaces\)/);
    expect(scene.fake.requests).toEqual([]);
    const without = await scene.run(['diff'], { env: nobody });
    expect(without.code).toBe(0);
    expect(without.stdout).toContain('not with AWS (there are no AWS credentials)');
  });

  it('keeps what it saw for the user alone, without secrets', async () => {
    await scene.deployed();
    const folder = path.join(scene.home.folder, 'cache/infractl/seen');
    for (const name of readdirSync(folder)) {
      expect(statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
      expect(readFileSync(path.join(folder, name), 'utf8')).not.toMatch(/NeverShown/);
    }
    expect(readdirSync(folder)).toHaveLength(1);
  });

  it('says what to do where nothing was seen', async () => {
    expectTrouble(
      await scene.run(['diff', '--offline']),
      1,
      'has not seen what is deployed',
      'infractl diff',
    );
    expectTrouble(await scene.run(['diff'], { env: nobody }), 4, 'no AWS credentials');
  });
});

describe('diff against an earlier deploy', () => {
  const newest = async () => JSON.parse((await scene.run(['history', '--json'])).stdout)[0].id as string;

  it('compares this folder with what that deploy left, by the journal, and changes nothing', async () => {
    await scene.deployed();
    const id = await newest();
    scene.configure({ template: TEMPLATE.replace('size $', 'new size $') });
    scene.changeCode('second');
    expect((await scene.run(['deploy', '--create-stack'])).code).toBe(0);
    scene.fake.requests.length = 0;

    const then = await scene.run(['diff', '--against', id.slice(-6), '--exit-code']);
    expect(then.code).toBe(9);
    expect(then.stdout).toMatch(
      new RegExp(
        `^Compared with what the run ${id.slice(-6)} \\(deploy --create-stack, arn:aws:.*\\) left, by the`,
        'm',
      ),
    );
    expect(then.stdout).toMatch(/DisplayName +size 1 → new size 1$/m);
    expect(then.stdout).toContain('function api  would be updated: code');
    expect(then.stdout).not.toMatch(/NeverShown/);
    expect(scene.changes()).toEqual([]);

    const json = JSON.parse((await scene.run(['diff', '--against', await newest(), '--json'])).stdout);
    expect(json).toMatchObject({ against: { command: 'deploy --create-stack', result: 'succeeded' } });
    expect(json.parts).toMatchObject([{ part: 'function api', would: 'unchanged', detail: 'version 2' }]);
    expect(json.stacks).toMatchObject([{ part: 'stack app', resources: [] }]);
  });

  it('says what was not there then, and knows no run of that name: exit 2', async () => {
    await scene.deployed();
    const id = await newest();
    scene.put('more.yaml', 'Resources: { Topic: { Type: "AWS::SNS::Topic" } }\n');
    scene.configure({
      parameters: '      JwtSecret: { env: JWT_SECRET }\n  more:\n    template: more.yaml\n',
    });
    const result = await scene.run(['diff', '--against', id]);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('stack more shop-more-dev  would be created');
    expectTrouble(
      await scene.run(['diff', '--against', 'abcdef']),
      2,
      'The journal of dev has no entry "abcdef"',
    );
  });
});
