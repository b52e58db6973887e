import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { believed } from '../../../src/lib/stacks/drift/believed.ts';
import type { Revert } from '../../../src/lib/stacks/drift/revert.ts';
import { deployStack } from '../../../src/lib/stacks/index.ts';
import type { Change } from '../../../src/lib/stacks/port.ts';
import type { StackSpec } from '../../../src/lib/stacks/types.ts';
import { rejection, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const key = (name: string) => [{ AttributeName: name, KeyType: 'HASH' }];
const table = (name: string) => ({ Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: key(name) } });
const queue = (seconds: number) => ({
  Type: 'AWS::SQS::Queue',
  Properties: { VisibilityTimeout: seconds },
});
const cf = () => w.fake.state.cloudFormation;
const live = (stack: string, id: string) => cf().stack(stack).resources.get(id);
const reverting = async (resources: object, more: Partial<StackSpec> = {}) =>
  deployStack(w.deps, await w.spec({ Resources: resources }, { revertDrift: true, ...more }));

async function deployed(resources: object): Promise<void> {
  await deployStack(w.deps, await w.spec({ Resources: resources }));
  w.actions();
}
/** Change sets that are still there and could be executed. */
const open = () =>
  [...cf().stack('app').changeSets.values()].filter(({ execution }) => execution === 'AVAILABLE');

describe('putting back what was changed by hand, where data is at stake', () => {
  it('stops before a table is replaced because its key was changed by hand', async () => {
    await deployed({ Table: table('id') });
    cf().byHand.set('app/Table', { properties: { KeySchema: key('other') } });
    const error = await rejection(reverting({ Table: table('id') }));
    expect(error).toMatchObject({ code: 'ReplacementRefused', exit: 5 });
    expect(error.why).toContain('would be replaced, because KeySchema changes: its data is lost');
    expect(w.actions()).not.toContain('ExecuteChangeSet');
    expect(open()).toEqual([]);
    const allowed = await reverting({ Table: table('id') }, { allowReplacement: ['app/Table'] });
    expect(allowed.outcome).toBe('updated');
  });

  it('stops before what the new template replaces or removes, drift or not', async () => {
    await deployed({ Table: table('id'), Old: table('id'), Queue: queue(30) });
    cf().byHand.set('app/Queue', { properties: { VisibilityTimeout: 99 } });
    const error = await rejection(reverting({ Table: table('new'), Queue: queue(30) }));
    expect(error).toMatchObject({ code: 'ReplacementRefused', exit: 5 });
    expect(error.why).toMatch(/^Table .*would be replaced/m);
    expect(error.why).toMatch(/^Old .*would be deleted/m);
    expect(w.actions()).not.toContain('ExecuteChangeSet');
    expect(open()).toEqual([]);
  });

  it('is not stopped by a replacement that AWS only imagines, and says so', async () => {
    await deployed({ Table: table('id'), Queue: queue(30) });
    cf().byHand.set('app/Queue', { properties: { VisibilityTimeout: 99 } });
    cf().phantoms.set('app/Table', { property: 'KeySchema', value: 'read wrongly' });
    const before = live('app', 'Table')?.physicalId;
    expect((await reverting({ Table: table('id'), Queue: queue(30) })).outcome).toBe('updated');
    expect(live('app', 'Table')?.physicalId).toBe(before);
    expect(live('app', 'Queue')?.properties.VisibilityTimeout).toBe(30);
    const notes = w.reported.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    expect(notes).toContainEqual(expect.stringContaining('AWS also names Table of the stack app'));
    expect(notes.join()).not.toContain('replaces Table');
    expect(open()).toEqual([]);
  });

  it('nor in a protected environment, nor by a stack policy', async () => {
    await deployed({ Table: table('id'), Queue: queue(30) });
    cf().byHand.set('app/Queue', { properties: { VisibilityTimeout: 99 } });
    cf().phantoms.set('app/Table', { property: 'KeySchema', value: 'read wrongly' });
    const stackPolicy = JSON.stringify({
      Statement: [
        { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' },
        { Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: 'LogicalResourceId/Table' },
      ],
    });
    const done = await reverting({ Table: table('id'), Queue: queue(30) }, { careful: true, stackPolicy });
    expect(done.outcome).toBe('updated');
  });

  it('sees into nested stacks, which a drift-aware change set does not show', async () => {
    const store = await w.deps.artifacts();
    const put = async (name: string) => {
      const text = JSON.stringify({ Resources: { Table: table(name) } });
      await store.put(`${name}.json`, text, { contentType: 'text/yaml' });
      return {
        Inner: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: store.url(`${name}.json`) } },
      };
    };
    await deployed(await put('id'));
    const error = await rejection(reverting(await put('new')));
    expect(error).toMatchObject({ code: 'ReplacementRefused', exit: 5 });
    expect(error.why).toMatch(/^Inner\/Table .*would be replaced/m);
    expect(open()).toEqual([]);
  });

  it('asks AWS once where every change is accounted for', async () => {
    await deployed({ Queue: queue(30) });
    cf().byHand.set('app/Queue', { properties: { VisibilityTimeout: 99 } });
    await reverting({ Queue: queue(30) });
    expect(w.actions().filter((action) => action === 'CreateChangeSet')).toHaveLength(1);
  });
});

describe('what is believed of a drift-aware change set', () => {
  const effect = fc.constantFrom('never', 'conditional', 'always');
  const ids = fc.constantFrom('A', 'B', 'C');
  const modify = fc.record({
    action: fc.constant('modify' as const),
    logicalId: ids,
    type: fc.constant('AWS::DynamoDB::Table'),
    replacement: effect,
  });
  const changes = fc.uniqueArray(modify, { selector: ({ logicalId }) => logicalId });
  const reverts = fc.array(
    fc.record({
      logicalId: ids,
      type: fc.constant('AWS::DynamoDB::Table'),
      act: fc.constant('modify' as const),
      properties: fc.array(
        fc.record({
          path: fc.constant('/Properties/Key'),
          actual: fc.string(),
          wanted: fc.string(),
          replacement: effect,
        }),
        { minLength: 1 },
      ),
    }),
  );
  const order = ['never', 'conditional', 'always'];
  const of = (all: readonly Change[], id: string) =>
    order.indexOf(all.find(({ logicalId }) => logicalId === id)?.replacement ?? 'never');

  it('never more than AWS says, never less than what the template or a hand accounts for', () => {
    fc.assert(
      fc.property(changes, changes, reverts, (aware, ordinary, hands: readonly Revert[]) => {
        const { changes: sure, phantoms } = believed(aware, ordinary, hands);
        for (const { logicalId, replacement } of aware) {
          const hand = hands
            .filter((one) => one.logicalId === logicalId)
            .flatMap(({ properties }) => properties.map((one) => order.indexOf(one.replacement)));
          const known = Math.max(of(ordinary, logicalId), ...hand, 0);
          expect(of(sure, logicalId)).toBe(Math.min(order.indexOf(replacement), known));
          expect(sure.some((one) => one.logicalId === logicalId)).toBe(!phantoms.includes(logicalId));
        }
      }),
    );
  });

  it('keeps what is added and removed', () => {
    const aware: Change[] = [
      { action: 'add', logicalId: 'A', type: 'T' },
      { action: 'remove', logicalId: 'B', type: 'T' },
      { action: 'sync', logicalId: 'C', type: 'T' },
    ];
    expect(believed(aware, [], [])).toEqual({ changes: aware, phantoms: [] });
  });
});
