import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import { deployStack } from '../../../src/lib/stacks/index.ts';
import { rejection, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const failure = (promise: Promise<unknown>) => rejection<InfractlError>(promise);
const stack = () => w.fake.state.cloudFormation.stack('app');
const modes = () =>
  w.fake.requests
    .filter(({ action }) => action === 'CreateChangeSet')
    .map(({ parameters }) => (parameters.DeploymentConfig as { Mode?: string } | undefined)?.Mode);
const ONE = things({ A: { Size: 1 } });
const TWO = things({ A: { Size: 2 } });

describe('express mode', () => {
  it('is used where it is configured and nowhere else, with rollback, and says what its end does not', async () => {
    await deployStack(w.deps, await w.spec(ONE));
    await deployStack(w.deps, await w.spec(TWO, { express: true }));
    expect(modes()).toEqual([undefined, 'EXPRESS']);
    expect(stack().deployment).toEqual({ Mode: 'EXPRESS', DisableRollback: false });
    expect(w.reported).toContainEqual(
      expect.objectContaining({ type: 'note', message: expect.stringContaining('did not wait until') }),
    );
    await deployStack(w.deps, await w.spec(ONE));
    expect(modes().at(-1)).toBeUndefined();
  });

  it('refuses replacements before anything is executed, unless they are allowed by name', async () => {
    await deployStack(w.deps, await w.spec(things({ A: { Replace: 1 } })));
    const next = things({ A: { Replace: 2 } });
    const error = await failure(deployStack(w.deps, await w.spec(next, { express: true })));
    expect(error).toMatchObject({ code: 'ExpressReplacement', exit: 5 });
    expect(error.why).toContain('A would be replaced.');
    expect(error.suggestions.join('\n')).toContain('--allow-replacement A');
    expect(stack().changeSets.size).toBe(1);
    const allowed = await w.spec(next, { express: true, allowReplacement: ['A'] });
    expect((await deployStack(w.deps, allowed)).outcome).toBe('updated');
  });

  it('is used once more after it failed, whatever is configured, and said', async () => {
    await deployStack(w.deps, await w.spec(ONE, { express: true }));
    // As it is after an operation of somebody else that AWS did not take back.
    stack().status = 'UPDATE_FAILED';
    expect((await deployStack(w.deps, await w.spec(TWO))).outcome).toBe('updated');
    expect(modes()).toEqual(['EXPRESS', 'EXPRESS']);
    expect(w.reported).toContainEqual(
      expect.objectContaining({ type: 'note', message: expect.stringContaining('express mode once more') }),
    );
  });

  it('that fails is taken back as usual', async () => {
    await deployStack(w.deps, await w.spec(ONE, { express: true }));
    w.fake.state.cloudFormation.script.set('A', { fail: 'no', on: ['update'], times: 1 });
    await failure(deployStack(w.deps, await w.spec(TWO, { express: true })));
    expect(stack().status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });
});
