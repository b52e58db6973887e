import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import { deployStack } from '../../../src/lib/stacks/index.ts';
import { rejection, things, type World, world } from './setup.ts';

/** A network that is gone, an AWS that throttles, a clock that is wrong: the end that is told is the true one. */

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const failure = (promise: Promise<unknown>) => rejection<InfractlError>(promise);
const ONE = things({ A: { Size: 1 }, B: { Size: 1 } });

/** Every request is cut for five minutes of the deploy's time, from `at` on. */
function cut(at: number): void {
  w.fake.clock.after(at, () => w.fake.faults.reset('*', { times: Number.POSITIVE_INFINITY }));
  w.fake.clock.after(at + 300_000, () => w.fake.faults.clear());
}

describe('a network that is cut for five minutes in the middle of a deploy', () => {
  it.each([60_000, 600_000])('of a stack that takes %i ms ends as the stack does', async (ms) => {
    w.fake.state.cloudFormation.script.set('A', { ms });
    cut(5_000);
    const result = await deployStack(w.deps, await w.spec(ONE));
    expect(result.outcome).toBe('created');
    expect(w.reported).toContainEqual(
      expect.objectContaining({ status: 'AWS does not answer; the stack goes on, trying again' }),
    );
    const told = w.reported.filter((event) => event.type === 'stack.event');
    expect(told.length).toBe(w.fake.state.cloudFormation.stack('app').events.length - 1);
  });

  it('ends with the failure and its cause when that is how the stack ended meanwhile', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 60_000, fail: 'Limit exceeded' });
    cut(5_000);
    const error = await failure(deployStack(w.deps, await w.spec(ONE)));
    expect(error).toMatchObject({ code: 'StackFailed', exit: 1 });
    expect(error.why).toContain('Limit exceeded');
  });
});

describe('a thousand throttled answers', () => {
  it('fail nothing that AWS has finished', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 60_000 });
    w.fake.clock.after(2_000, () =>
      w.fake.faults.throttle('cloudformation:DescribeStackEvents', { times: 1000 }),
    );
    const spec = await w.spec(ONE, { timeout: 24 * 3_600_000 });
    expect((await deployStack(w.deps, spec)).outcome).toBe('created');
    expect(
      w.fake.requests.filter(({ status, action }) => status === 400 && action === 'DescribeStackEvents')
        .length,
    ).toBe(1000);
  });
});

describe('a clock of this machine that is wrong by an hour', () => {
  it.each([3_600_000, -3_600_000])(
    'by %i ms: the same events in the same order, the same end',
    async (off) => {
      const clock = { ...w.fake.clock, now: () => w.fake.clock.now() + off };
      const deps = { ...w.deps, clock };
      expect((await deployStack(deps, await w.spec(ONE))).outcome).toBe('created');
      const next = await w.spec(things({ A: { Size: 2 }, B: { Size: 1 } }));
      const before = w.reported.length;
      expect((await deployStack(deps, next)).outcome).toBe('updated');
      const told = w.reported.slice(before).filter((event) => event.type === 'stack.event');
      expect(told[0]).toMatchObject({ status: 'UPDATE_IN_PROGRESS', logicalId: 'app' });
      expect(told.at(-1)).toMatchObject({ status: 'UPDATE_COMPLETE', logicalId: 'app' });
    },
  );
});
