import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployStack, diffStack } from '../../../../src/lib/stacks/index.ts';
import { things, type World, world } from '../setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** What is there beside what was there before: nothing that was made for looking may stay. */
async function left() {
  await w.fake.clock.sleep(5000);
  return w.fake.state.cloudFormation.stacks
    .filter(({ status }) => status !== 'DELETE_COMPLETE')
    .map(({ name, changeSets }) => `${name}: ${changeSets.size}`);
}

describe('diffStack', () => {
  it('of a stack that is not there adds everything, and leaves nothing', async () => {
    const spec = await w.spec(things({ A: { Size: 1 } }));
    const diff = await diffStack(w.deps, { spec, changeSet: true });
    expect(diff).toMatchObject({ change: 'create', basis: 'change set' });
    expect(diff.resources).toMatchObject([{ action: 'add', path: 'A' }]);
    expect(await left()).toEqual([]);
  });

  it.each([true, false])(
    'says which property changes from what to what (change set: %s)',
    async (changeSet) => {
      const spec = await w.spec(things({ A: { Size: 1 }, B: { Note: { Ref: 'A' } } }));
      await deployStack(w.deps, spec);
      const before = await left();
      const next = await w.spec(things({ A: { Size: 2, Replace: 'x' }, B: { Note: { Ref: 'A' } } }));
      const diff = await diffStack(w.deps, { spec: next, changeSet });
      expect(diff).toMatchObject({ change: 'update', basis: changeSet ? 'change set' : 'templates' });
      expect(diff.resources[0]).toMatchObject({
        path: 'A',
        action: 'modify',
        properties: [{ path: '/Properties/Size', before: '1', after: '2' }, { path: '/Properties/Replace' }],
      });
      expect(diff.resources[1]).toMatchObject({ path: 'B', action: 'modify' });
      expect(await left()).toEqual(before);
    },
  );
});
