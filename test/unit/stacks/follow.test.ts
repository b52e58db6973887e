import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { deleteStack, deployStack, type StackDeps } from '../../../src/lib/stacks/index.ts';
import { rejection, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const failure = (promise: Promise<unknown>) => rejection<InfractlError>(promise);
const stack = () => w.fake.state.cloudFormation.find('app');
const TWO = things({ A: { Size: 1 }, B: { Size: 1 } });

/** Aborts when this is reported for the first time. */
function abortAt(wanted: (event: { type: string; status?: string }) => boolean): StackDeps {
  const controller = new AbortController();
  const { reporter } = w.deps;
  return {
    ...w.deps,
    where: ' --env prod',
    signal: controller.signal,
    reporter: {
      emit(event) {
        reporter.emit(event);
        if (wanted(event)) controller.abort();
      },
    },
  };
}

describe('the end of a stack', () => {
  it('is told within half a second, when it took seconds', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 4000 });
    await deployStack(w.deps, await w.spec(TWO));
    const last = w.fake.state.cloudFormation.stack('app').events.at(-1)?.Timestamp.getTime() ?? 0;
    expect(w.fake.clock.now() - last).toBeLessThanOrEqual(500);
  });
});

describe('the network', () => {
  it('may be gone in the middle: every event is told once and the true result is given', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 300_000 });
    w.fake.faults.reset('cloudformation:DescribeStackEvents', { after: 3, times: 40 });
    const result = await deployStack(w.deps, await w.spec(TWO));
    expect(result.outcome).toBe('created');
    const told = w.reported.filter((event) => event.type === 'stack.event');
    expect(told.length).toBe((stack()?.events.length ?? 0) - 1);
    const words = w.reported.flatMap((event) => (event.type === 'part.status' ? [event.status] : []));
    expect(words).toContain('AWS does not answer; the stack goes on, trying again');
    expect(words).toContain('AWS answers again');
  });

  it('may lose the answer of ExecuteChangeSet: it is executed once and followed', async () => {
    w.fake.faults.lost('cloudformation:ExecuteChangeSet');
    const result = await deployStack(w.deps, await w.spec(TWO));
    expect(result.outcome).toBe('created');
    const starts = stack()?.events.filter(
      (event) => event.LogicalResourceId === 'app' && event.ResourceStatus === 'CREATE_IN_PROGRESS',
    );
    expect(starts?.length).toBe(1);
  });

  it('may make a second try of ExecuteChangeSet meet what the first one began', async () => {
    w.fake.faults.lost('cloudformation:ExecuteChangeSet');
    const message = 'ChangeSet cannot be executed in its current execution status of [EXECUTE_IN_PROGRESS]';
    const second = { kind: 'error', code: 'InvalidChangeSetStatus', message, status: 400 } as const;
    w.fake.faults.add('cloudformation:ExecuteChangeSet', second, { after: 1 });
    expect((await deployStack(w.deps, await w.spec(TWO))).outcome).toBe('created');
    expect(w.actions().filter((action) => action === 'ExecuteChangeSet')).toHaveLength(2);
  });

  it('may lose the answer of DeleteStack', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    w.fake.faults.lost('cloudformation:DeleteStack');
    const order = { part: 'stack app', stackName: 'app', timeout: 60_000, project: 'shop' };
    expect(await deleteStack(w.deps, order)).toBe('deleted');
  });
});

describe('throttling', () => {
  it('a thousand times does not fail a deploy, and slows the questions down', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 1_200_000 });
    w.fake.faults.throttle('cloudformation:DescribeStackEvents', { after: 5, times: 1000 });
    const spec = await w.spec(TWO, { timeout: 24 * 3_600_000 });
    const before = w.pacer.rate;
    let slowest = before;
    const reporter = {
      emit: (event: ReportEvent) => {
        if (event.type === 'part.status') slowest = Math.min(slowest, w.pacer.rate);
      },
    };
    expect((await deployStack({ ...w.deps, reporter }, spec)).outcome).toBe('created');
    expect(slowest).toBeLessThanOrEqual(before / 2);
    const throttled = w.fake.requests.filter(
      ({ action, status }) => action === 'DescribeStackEvents' && status === 400,
    );
    expect(throttled.length).toBe(1000);
  });

  it('until the time is over ends with 7, as AWS goes on', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 60_000 });
    w.fake.faults.throttle('cloudformation:DescribeStackEvents', { after: 5, times: 100_000 });
    const error = await failure(deployStack(w.deps, await w.spec(TWO, { timeout: 600_000 })));
    expect(error).toMatchObject({ code: 'StackTimedOut', exit: 7 });
    expect(error.suggestions.join(' ')).toContain('infractl attach app');
  });

  it('of the very last questions does not fail a finished deploy', async () => {
    w.fake.faults.throttle('cloudformation:DescribeStacks', { after: 1, times: 10 });
    w.fake.faults.throttle('cloudformation:DescribeStackEvents', { after: 6, times: 10 });
    expect((await deployStack(w.deps, await w.spec(TWO))).outcome).toBe('created');
  });
});

describe('events', () => {
  it('come from every page, each once', async () => {
    w.fake.state.cloudFormation.pageSize = 3;
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`R${index}`, {}]));
    await deployStack(w.deps, await w.spec(things(many)));
    const told = w.reported.flatMap((event) =>
      event.type === 'stack.event' ? [`${event.logicalId} ${event.status} ${event.at} ${event.reason}`] : [],
    );
    const there = stack()?.events.slice(1) ?? [];
    expect(told).toEqual(
      there.map(
        (event) =>
          `${event.LogicalResourceId} ${event.ResourceStatus} ${event.Timestamp.toISOString()} ${event.ResourceStatusReason}`,
      ),
    );
  });

  it('of an earlier operation are not told again', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    const before = w.reported.length;
    await deployStack(w.deps, await w.spec(things({ A: { Size: 2 }, B: { Size: 1 } })));
    const told = w.reported.slice(before).flatMap((event) => (event.type === 'stack.event' ? [event] : []));
    expect(told.every(({ status }) => status.startsWith('UPDATE'))).toBe(true);
  });
});

describe('Ctrl-C', () => {
  it('while the change set is made leaves nothing behind', async () => {
    const deps = abortAt((event) => event.type === 'part.status');
    const error = await failure(deployStack(deps, await w.spec(TWO)));
    expect(error).toMatchObject({ code: 'Interrupted', exit: 130 });
    expect(error.message).toBe('Interrupted. Nothing of the stack app was changed.');
    await w.fake.clock.sleep(5000);
    expect(stack()).toBeUndefined();
    expect(w.actions()).not.toContain('ExecuteChangeSet');
  });

  it('after that says at once what still runs and how to take it back', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 600_000 });
    const deps = abortAt((event) => event.type === 'stack.event');
    const began = w.fake.clock.now();
    const error = await failure(deployStack(deps, await w.spec(TWO)));
    expect(error).toMatchObject({
      exit: 130,
      message: 'Interrupted. AWS goes on creating the stack app (CREATE_IN_PROGRESS).',
    });
    expect(error.suggestions).toEqual([
      'To see how it goes on: infractl attach app --env prod',
      'To take it back: infractl cancel app --env prod',
    ]);
    expect(w.fake.clock.now() - began).toBeLessThan(10_000);
    await w.fake.clock.sleep(700_000);
    expect(stack()?.status).toBe('CREATE_COMPLETE');
  });

  it('of an update names the way to cancel it', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    w.fake.state.cloudFormation.script.set('A', { ms: 600_000 });
    const deps = abortAt((event) => event.status === 'UPDATE_IN_PROGRESS');
    const error = await failure(deployStack(deps, await w.spec(things({ A: { Size: 9 }, B: { Size: 1 } }))));
    expect(error.suggestions[1]).toBe('To take it back: infractl cancel app --env prod');
  });
});

describe('the timeout', () => {
  it('ends the wait with exit 7, and says that AWS goes on and what it waits for', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 600_000 });
    const error = await failure(deployStack(w.deps, await w.spec(TWO, { timeout: 120_000 })));
    expect(error).toMatchObject({ code: 'StackTimedOut', exit: 7 });
    expect(error.message).toBe('The stack app was not done after 2 min 00 s.');
    expect(error.why).toBe('AWS goes on creating the stack app (CREATE_IN_PROGRESS). It waits for A.');
  });
});

describe('credentials that expire during the wait', () => {
  it('are said so with exit 4, and that AWS goes on', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 600_000 });
    w.fake.faults.expired('cloudformation:DescribeStackEvents', { after: 4 });
    const error = await failure(deployStack(w.deps, await w.spec(TWO)));
    expect(error).toMatchObject({ code: 'ExpiredToken', exit: 4 });
    expect(error.message).toContain('AWS goes on creating the stack app');
  });
});

describe('a stack that is busy', () => {
  it('is left alone: exit 6, since when, and that it goes on', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    w.fake.state.cloudFormation.script.set('A', { ms: 600_000 });
    const next = await w.spec(things({ A: { Size: 9 }, B: { Size: 1 } }));
    await failure(
      deployStack(
        abortAt((event) => event.status === 'UPDATE_IN_PROGRESS'),
        next,
      ),
    );
    w.actions();
    await w.fake.clock.sleep(60_000);
    const error = await failure(deployStack(w.deps, next));
    expect(error).toMatchObject({ code: 'StackBusy', exit: 6 });
    expect(error.message).toMatch(
      /^The stack app is being updated, since 2026-01-05 \d\d:\d\d:\d\d \S+ \(1 min 0\d s ago\)\.$/,
    );
    expect(w.actions().sort()).toEqual(['DescribeStacks', 'GetTemplate']);
  });
});
