import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deniedBy } from '../../../src/lib/stacks/change/stack-policy.ts';
import { deployStack, diffStack } from '../../../src/lib/stacks/index.ts';
import type { Change } from '../../../src/lib/stacks/port.ts';
import type { StackSpec } from '../../../src/lib/stacks/types.ts';
import { rejection, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const table = (key: string, more: object = {}) => ({
  Type: 'AWS::DynamoDB::Table',
  ...more,
  Properties: { KeySchema: [{ AttributeName: key, KeyType: 'HASH' }] },
});
const topic = { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'a' } };

async function deployed(resources: object, more: Partial<StackSpec> = {}): Promise<void> {
  await deployStack(w.deps, await w.spec({ Resources: resources }, more));
  w.fake.requests.length = 0;
}
const deploying = async (resources: object, more: Partial<StackSpec> = {}) =>
  deployStack(w.deps, await w.spec({ Resources: resources }, more));
/** Change sets that are still there and could be executed. */
const open = () =>
  [...w.fake.state.cloudFormation.stack('app').changeSets.values()].filter(
    ({ execution }) => execution === 'AVAILABLE',
  );

describe('a deploy that would lose data', () => {
  it('stops before it, names what and why, removes the change set: exit 5', async () => {
    await deployed({ Table: table('id'), Old: table('x'), Topic: topic });
    const error = await rejection(deploying({ Table: table('key'), Topic: topic }));
    expect(error).toMatchObject({ code: 'ReplacementRefused', exit: 5 });
    expect(error.message).toContain('2 resources that keep data');
    expect(error.why).toMatch(
      /^Table \(AWS::DynamoDB::Table, app-Table-\w+\) would be replaced, because KeySchema changes: its data is lost, no policy keeps it\.$/m,
    );
    expect(error.why).toMatch(/^Old \(.*\) would be deleted: its data is lost/m);
    expect((error as unknown as { suggestions: string[] }).suggestions.join()).toContain(
      '--allow-replacement app/Table --allow-replacement app/Old',
    );
    expect(w.actions()).not.toContain('ExecuteChangeSet');
    expect(open()).toEqual([]);
  });

  it.each([[['Table']], [['app/Table']]])('goes on where it is allowed: %j', async (allowReplacement) => {
    await deployed({ Table: table('id') });
    expect((await deploying({ Table: table('key') }, { allowReplacement })).outcome).toBe('updated');
    expect(w.reported).toContainEqual({
      type: 'note',
      message: 'The update of the stack app replaces Table.',
    });
  });

  describe('of a stack that was not rolled back when its creation failed', () => {
    const failed = () => {
      w.fake.state.cloudFormation.stack('app').status = 'CREATE_FAILED';
    };

    it('stops before the stack is deleted for it, and goes on where that is allowed', async () => {
      await deployed({ Table: table('id'), Topic: topic });
      failed();
      const error = await rejection(deploying({ Table: table('id') }));
      expect(error).toMatchObject({ code: 'ReplacementRefused', exit: 5 });
      expect(error.why).toMatch(/^Table \(AWS::DynamoDB::Table, .*\) would be deleted: its data is lost/);
      expect(error.suggestions).toContainEqual(expect.stringContaining('--allow-replacement app/Table'));
      expect(w.actions()).not.toContain('DeleteStack');
      const again = await deploying({ Table: table('id') }, { allowReplacement: ['app/Table'] });
      expect(again.outcome).toBe('created');
    });

    it('is made again without a word where nothing of it keeps data', async () => {
      await deployed({ Topic: topic });
      failed();
      expect((await deploying({ Topic: topic })).outcome).toBe('created');
    });

    it('wants a yes in a protected environment, where something of it may be at work', async () => {
      await deployed({ Topic: topic });
      failed();
      const error = await rejection(deploying({ Topic: topic }, { careful: true }));
      expect(error).toMatchObject({ code: 'ConfirmationNeeded', exit: 5 });
      expect(w.actions()).not.toContain('DeleteStack');
    });
  });

  it('is not allowed by another name', async () => {
    await deployed({ Table: table('id') });
    for (const allowReplacement of [['web/Table'], ['table'], ['Tab'], ['app']])
      expect(await rejection(deploying({ Table: table('key') }, { allowReplacement }))).toMatchObject({
        exit: 5,
      });
  });

  it('says what a policy keeps; a retained one may go, a replaced one would come up empty', async () => {
    const kept = { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' };
    await deployed({ Table: table('id', kept), Topic: topic });
    const error = await rejection(deploying({ Table: table('key', kept), Topic: topic }));
    expect(error.why).toContain('its policy keeps the old one; the new one is empty');
    expect((await deploying({ Topic: topic })).outcome).toBe('updated');
  });

  it('replaces what keeps no data without asking, and says so', async () => {
    await deployed({ Topic: topic });
    const named = { ...topic, Properties: { TopicName: 'b' } };
    expect((await deploying({ Topic: named })).outcome).toBe('updated');
    expect(w.reported).toContainEqual({
      type: 'note',
      message: 'The update of the stack app replaces Topic.',
    });
  });

  it('a creation asks nothing', async () => {
    expect((await deploying({ Table: table('id') }, { careful: true })).outcome).toBe('created');
  });

  it('wants a yes in a protected environment, also for what keeps no data', async () => {
    await deployed({ Topic: topic, Queue: { Type: 'AWS::SNS::Topic' } });
    const named = { ...topic, Properties: { TopicName: 'b' } };
    const error = await rejection(deploying({ Topic: named }, { careful: true }));
    expect(error).toMatchObject({ code: 'ConfirmationNeeded', exit: 5 });
    expect(error.why).toBe('It replaces Topic and removes Queue.');
    expect(open()).toEqual([]);
    expect((await deploying({ Topic: named })).outcome).toBe('updated');
  });
});

describe('a stack policy', () => {
  const policy = (effect: string, action: string, resource = '*') => ({
    Effect: effect,
    Action: action,
    Principal: '*',
    Resource: resource,
  });
  const text = (...statements: object[]) => JSON.stringify({ Statement: statements });
  const all = policy('Allow', 'Update:*');

  it('is set when it differs, and not again', async () => {
    const stackPolicy = text(all);
    await deployed({ Topic: topic }, { stackPolicy });
    expect(w.fake.state.cloudFormation.stack('app').policy).toBe(stackPolicy);
    await deploying({ Topic: topic }, { stackPolicy: JSON.stringify(JSON.parse(stackPolicy), null, 2) });
    expect(w.actions()).not.toContain('SetStackPolicy');
    const next = text(all, policy('Deny', 'Update:Delete', 'LogicalResourceId/Topic'));
    expect((await deploying({ Topic: topic }, { stackPolicy: next })).outcome).toBe('updated');
    expect(w.fake.state.cloudFormation.stack('app').policy).toBe(next);
    const diff = await diffStack(w.deps, {
      spec: await w.spec({ Resources: { Topic: topic } }, { stackPolicy }),
      changeSet: true,
    });
    expect(diff.settings).toMatchObject([{ name: 'stackPolicy' }]);
  });

  it('that denies the change stops it before AWS does: exit 5', async () => {
    const stackPolicy = text(all, policy('Deny', 'Update:Replace', 'LogicalResourceId/Topic'));
    await deployed({ Topic: topic }, { stackPolicy });
    const named = { ...topic, Properties: { TopicName: 'b' } };
    for (const more of [{}, { stackPolicy }]) {
      const error = await rejection(deploying({ Topic: named }, more));
      expect(error).toMatchObject({ code: 'StackPolicyDenies', exit: 5 });
      expect(error.why).toBe('Update:Replace of Topic is not allowed.');
    }
    expect(open()).toEqual([]);
    // The configuration decides: one that allows it is set first.
    expect((await deploying({ Topic: named }, { stackPolicy: text(all) })).outcome).toBe('updated');
    const diff = await diffStack(w.deps, {
      spec: await w.spec({ Resources: { Topic: topic } }, { stackPolicy }),
      changeSet: true,
    });
    expect(diff.notes.join()).toContain('denies Update:Replace of Topic');
  });

  const change = (
    logicalId: string,
    action: Change['action'],
    replacement: Change['replacement'] = 'never',
  ) => ({ action, logicalId, type: 'AWS::SNS::Topic', replacement }) satisfies Change;

  it.each([
    [
      'without statements that fit, all is denied',
      text(policy('Allow', 'Update:*', 'LogicalResourceId/B')),
      1,
    ],
    ['an addition is never denied', text(), 0],
    ['a wildcard fits', text(all, policy('Deny', 'Update:*', 'LogicalResourceId/A*')), 1],
    ['NotAction', text({ Effect: 'Allow', NotAction: 'Update:Delete', Principal: '*', Resource: '*' }), 0],
    ['NotResource', text({ Effect: 'Allow', Action: 'Update:*', NotResource: 'LogicalResourceId/A' }), 1],
    [
      'a type',
      text(all, {
        ...policy('Deny', 'Update:*'),
        Condition: { StringLike: { ResourceType: ['AWS::SNS::*'] } },
      }),
      1,
    ],
    [
      'another type',
      text(all, {
        ...policy('Deny', 'Update:*'),
        Condition: { StringEquals: { ResourceType: 'AWS::S3::Bucket' } },
      }),
      0,
    ],
    ['a condition that is not known is left to AWS', text({ ...all, Condition: { Bool: { x: 'y' } } }), 0],
    ['no JSON is left to AWS', 'no', 0],
  ])('%s', (name, body, count) => {
    const one = name.includes('addition') ? change('A', 'add') : change('A', 'modify');
    expect(deniedBy(body, [one])).toHaveLength(count);
  });

  it('a denial more never allows more; one that allows all denies nothing', () => {
    const statement = fc.record({
      Effect: fc.constantFrom('Allow', 'Deny'),
      Action: fc.constantFrom('Update:*', 'Update:Modify', 'Update:Replace', 'Update:Delete'),
      Principal: fc.constant('*'),
      Resource: fc.constantFrom('*', 'LogicalResourceId/A', 'LogicalResourceId/B*'),
    });
    const changes = fc.array(
      fc.record({
        action: fc.constantFrom('add', 'modify', 'remove'),
        logicalId: fc.constantFrom('A', 'B', 'BC'),
        type: fc.constant('T'),
        replacement: fc.constantFrom('always', 'conditional', 'never'),
      }),
    );
    fc.assert(
      fc.property(fc.array(statement), changes, (statements, list) => {
        const denied = deniedBy(text(...statements), list as Change[]);
        const more = deniedBy(text(...statements, policy('Deny', 'Update:Delete')), list as Change[]);
        expect(more.length).toBeGreaterThanOrEqual(denied.length);
        expect(denied.every(({ logicalId }) => list.some((one) => one.logicalId === logicalId))).toBe(true);
        expect(deniedBy(text(all), list as Change[])).toEqual([]);
      }),
    );
  });
});
