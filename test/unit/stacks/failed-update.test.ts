import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployStack } from '../../../src/lib/stacks/index.ts';
import { rejection as failure, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
  w.fake.state.cloudFormation.stepMs = 10;
});
afterEach(() => w.close());

const stack = () => w.fake.state.cloudFormation.stack('app');
const executions = () =>
  w.fake.requests
    .filter(({ action }) => action === 'ExecuteChangeSet')
    .map(({ parameters }) => parameters.DisableRollback);

/** An update that fails with rollback switched off, as `sam deploy --disable-rollback` leaves it. */
async function failedUpdate(): Promise<void> {
  await deployStack(w.deps, await w.spec(things({ A: { V: 1 }, B: { V: 1 } })));
  w.fake.state.cloudFormation.script.set('B', { fail: 'no', on: ['update'], times: 1 });
  const { id } = await w.deps.port.createChangeSet({
    stackName: 'app',
    name: 'other',
    type: 'UPDATE',
    template: { body: JSON.stringify(things({ A: { V: 2 }, B: { V: 2 } })) },
    parameters: {},
    tags: { 'infractl:project': 'shop' },
    capabilities: [],
    token: 'other',
  });
  await w.fake.clock.sleep(1000);
  await w.deps.port.executeChangeSet(id, 'other', { disableRollback: true });
  await w.fake.clock.sleep(60_000);
  expect(stack().status).toBe('UPDATE_FAILED');
}

describe('a stack whose last update failed, with rollback switched off', () => {
  it('is deployed from where it stands, which AWS takes without rollback alone, and says so', async () => {
    await failedUpdate();
    expect((await deployStack(w.deps, await w.spec(things({ A: { V: 3 }, B: { V: 3 } })))).outcome).toBe(
      'updated',
    );
    expect(stack().status).toBe('UPDATE_COMPLETE');
    expect(w.reported).toContainEqual(
      expect.objectContaining({
        type: 'note',
        message: expect.stringContaining('aws cloudformation rollback-stack --stack-name app'),
      }),
    );
    // The next one is taken back again where it fails.
    await deployStack(w.deps, await w.spec(things({ A: { V: 4 }, B: { V: 4 } })));
    expect(executions()).toEqual(['false', 'true', 'true', 'false']);
  });

  it('stays as it is where that fails too', async () => {
    await failedUpdate();
    w.fake.state.cloudFormation.script.set('A', { fail: 'no again', on: ['update'] });
    const error = await failure(deployStack(w.deps, await w.spec(things({ A: { V: 3 }, B: { V: 3 } }))));
    expect(error.why).toContain('no again');
    expect(stack().status).toBe('UPDATE_FAILED');
  });

  it('has nothing replaced: AWS refuses that, and nothing is left of it', async () => {
    await failedUpdate();
    const error = await failure(
      deployStack(w.deps, await w.spec(things({ A: { Replace: 1 }, B: { V: 3 } }))),
    );
    expect(`${error.message} ${error.why}`).toContain('Replacement type updates not supported');
    expect([...stack().changeSets.keys()]).toEqual(['other']);
  });
});
