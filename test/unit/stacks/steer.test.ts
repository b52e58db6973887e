import { StackStatus } from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import {
  attachTo,
  cancellationOf,
  cancelStack,
  isRunning,
  type StackState,
} from '../../../src/lib/stacks/index.ts';
import { begin, rejection, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const failure = (promise: Promise<unknown>) => rejection<InfractlError>(promise);
const cloud = () => w.fake.state.cloudFormation;
const ONE = things({ A: { Size: 1 }, B: { Size: 1 } });
const TWO = things({ A: { Size: 2 }, B: { Size: 2 } });
const order = {
  part: 'stack app',
  stackName: 'app',
  templateFile: undefined,
  timeout: 3_600_000,
  project: 'shop',
};

async function state(): Promise<StackState> {
  const found = await w.deps.port.stack('app');
  if (!found) throw new Error('there is no stack');
  return found;
}

async function created(): Promise<void> {
  await begin(w, ONE, 'CREATE');
  await w.fake.clock.sleep(60_000);
  expect(cloud().stack('app').status).toBe('CREATE_COMPLETE');
}

const told = () => w.reported.flatMap((event) => (event.type === 'stack.event' ? [event] : []));

describe('attach', () => {
  it('joins a creation in the middle, tells all its events once and ends with it', async () => {
    cloud().script.set('A', { ms: 300_000 });
    await begin(w, ONE, 'CREATE');
    await w.fake.clock.sleep(100_000);
    expect(isRunning(await state())).toBe(true);
    const attached = await attachTo(w.deps, order, await state());
    expect(attached).toEqual({ act: 'create', status: 'CREATE_COMPLETE' });
    const there = cloud()
      .stack('app')
      .events.filter((event) => event.ResourceStatus !== 'REVIEW_IN_PROGRESS');
    expect(told().map(({ logicalId, status }) => `${logicalId} ${status}`)).toEqual(
      there.map((event) => `${event.LogicalResourceId} ${event.ResourceStatus}`),
    );
  });

  it('leaves what came before out: an update begins with its own first event', async () => {
    await created();
    cloud().script.set('A', { ms: 60_000 });
    await begin(w, TWO, 'UPDATE');
    expect(await attachTo(w.deps, order, await state())).toEqual({
      act: 'update',
      status: 'UPDATE_COMPLETE',
    });
    expect(told()[0]).toMatchObject({ logicalId: 'app', status: 'UPDATE_IN_PROGRESS' });
  });

  it('ends as the deploy does when it fails: the same error, the first cause', async () => {
    await created();
    cloud().script.set('A', { ms: 60_000, fail: 'Limit exceeded', on: ['update'] });
    await begin(w, TWO, 'UPDATE');
    const error = await failure(attachTo(w.deps, order, await state()));
    expect(error).toMatchObject({
      code: 'StackFailed',
      exit: 1,
      message: 'The stack app could not be updated.',
    });
    expect(error.why).toContain('A (Fake::Thing): Limit exceeded');
    expect(error.why).toContain('Now: UPDATE_ROLLBACK_COMPLETE.');
  });

  it('sees what failed in a nested stack that is deleted by the time', async () => {
    const store = await w.deps.artifacts();
    await store.put(
      'inner.yaml',
      JSON.stringify(things({ Deep: { Fail: 'too deep', Milliseconds: 30_000 } })),
    );
    const Properties = { TemplateURL: store.url('inner.yaml') };
    cloud().script.set('Slow', { ms: 200_000, on: ['rollback', 'delete'] });
    await begin(w, { Resources: { Child: { Type: 'AWS::CloudFormation::Stack', Properties } } }, 'CREATE');
    await w.fake.clock.sleep(29_000);
    const error = await failure(attachTo(w.deps, order, await state()));
    expect(error.why).toMatch(/^Child › Deep \(Fake::Thing in app-Child-\S+\): too deep/);
    expect(told().some(({ logicalId, status }) => logicalId === 'Deep' && status === 'CREATE_FAILED')).toBe(
      true,
    );
  });

  it('follows a deletion to its end', async () => {
    await created();
    cloud().script.set('A', { ms: 60_000 });
    const before = await state();
    await w.deps.port.deleteStack('app', 'other');
    const attached = await attachTo(w.deps, order, { ...before, status: 'DELETE_IN_PROGRESS' });
    expect(attached).toEqual({ act: 'delete', status: 'DELETE_COMPLETE' });
  });

  it('goes on past the failure of a rollback that was told to continue', async () => {
    await created();
    cloud().script.set('B', { fail: 'it is stuck', on: ['update', 'rollback'] });
    await begin(w, TWO, 'UPDATE');
    await w.fake.clock.sleep(60_000);
    expect((await state()).status).toBe('UPDATE_ROLLBACK_FAILED');
    cloud().script.set('B', { ms: 60_000 });
    await fetchAction('ContinueUpdateRollback', { StackName: 'app' });
    const error = await failure(attachTo(w.deps, order, await state()));
    expect(error.why).toContain('Now: UPDATE_ROLLBACK_COMPLETE.');
    expect((await state()).status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });

  it('that is interrupted says how to come back', async () => {
    cloud().script.set('A', { ms: 600_000 });
    await begin(w, ONE, 'CREATE');
    const controller = new AbortController();
    const reporter = { emit: () => controller.abort() };
    const deps = { ...w.deps, reporter, signal: controller.signal, where: ' --region eu-west-3' };
    const error = await failure(attachTo(deps, order, await state()));
    expect(error).toMatchObject({ code: 'Interrupted', exit: 130 });
    expect(error.suggestions).toEqual([
      'To see how it goes on: infractl attach app --region eu-west-3',
      'To take it back: infractl cancel app --region eu-west-3',
    ]);
  });
});

describe('cancel', () => {
  it('has an answer for every status; only what runs forward can be cancelled', () => {
    const acts = Object.values(StackStatus).filter((status) => cancellationOf(status).do !== 'nothing');
    expect(acts.sort()).toEqual(['CREATE_IN_PROGRESS', 'UPDATE_IN_PROGRESS']);
    for (const status of Object.values(StackStatus)) {
      const found = cancellationOf(status);
      if (found.do === 'nothing') expect(found.because).toMatch(/^[A-Z].*\.$/);
    }
    expect(cancellationOf(undefined)).toEqual({ do: 'nothing', because: 'There is no such stack.' });
  });

  it('takes an update back in the middle, and follows it until the stack is what it was', async () => {
    await created();
    cloud().script.set('A', { ms: 300_000, on: ['update'] });
    await begin(w, TWO, 'UPDATE');
    await w.fake.clock.sleep(10_000);
    const result = await cancelStack(w.deps, order, 'take-back');
    expect(result).toEqual({ outcome: 'taken-back', status: 'UPDATE_ROLLBACK_COMPLETE' });
    expect(told().map(({ status }) => status)).toContain('UPDATE_ROLLBACK_IN_PROGRESS');
    expect(told().map(({ status }) => status)).not.toContain('CREATE_COMPLETE');
    expect(cloud().stack('app').resources.get('A')?.properties).toEqual({ Size: 1 });
  });

  it('whose answer is lost is one cancel', async () => {
    await created();
    cloud().script.set('A', { ms: 300_000, on: ['update'] });
    await begin(w, TWO, 'UPDATE');
    w.fake.faults.lost('cloudformation:CancelUpdateStack');
    expect(await cancelStack(w.deps, order, 'take-back')).toMatchObject({ outcome: 'taken-back' });
  });

  it('that comes too late says so and changes nothing', async () => {
    await created();
    await begin(w, TWO, 'UPDATE');
    await w.fake.clock.sleep(60_000);
    expect(await cancelStack(w.deps, order, 'take-back')).toEqual({
      outcome: 'nothing',
      status: 'UPDATE_COMPLETE',
      because: 'Nothing runs on it: updated (UPDATE_COMPLETE).',
    });
    expect(w.actions()).not.toContain('CancelUpdateStack');
  });

  it('of a first creation deletes what was made', async () => {
    cloud().script.set('A', { ms: 300_000 });
    await begin(w, ONE, 'CREATE');
    await w.fake.clock.sleep(10_000);
    expect(await cancelStack(w.deps, order, 'delete')).toEqual({
      outcome: 'deleted',
      status: 'DELETE_COMPLETE',
    });
    expect(cloud().find('app')).toBeUndefined();
  });

  it('never deletes a stack whose creation is done by the time that somebody says yes', async () => {
    await created();
    const result = await cancelStack(w.deps, order, 'delete');
    expect(result).toMatchObject({ outcome: 'nothing', status: 'CREATE_COMPLETE' });
    await begin(w, TWO, 'UPDATE');
    expect(await cancelStack(w.deps, order, 'delete')).toMatchObject({
      outcome: 'nothing',
      because: 'What was to be cancelled is over; now it is being updated.',
    });
    expect(w.actions()).not.toContain('DeleteStack');
  });

  it("leaves another project's stack alone", async () => {
    cloud().script.set('A', { ms: 300_000 });
    await begin(w, ONE, 'CREATE');
    const error = await failure(cancelStack(w.deps, { ...order, project: 'other' }, 'delete'));
    expect(error).toMatchObject({ code: 'NotOurStack', exit: 5 });
    expect(w.actions()).not.toContain('DeleteStack');
  });

  it('is told to whoever watches the update: that somebody cancelled it', async () => {
    await created();
    cloud().script.set('A', { ms: 300_000, on: ['update'] });
    await begin(w, TWO, 'UPDATE');
    const watching = failure(attachTo(w.deps, order, await state()));
    await cancelStack({ ...w.deps, reporter: { emit: () => {} } }, order, 'take-back');
    const error = await watching;
    expect(error.why).toBe(
      'Somebody cancelled it.\nNow: UPDATE_ROLLBACK_COMPLETE. It is back to what it was before.',
    );
  });

  it('whose rollback fails is an error with the cause and the way out', async () => {
    await created();
    cloud().script.set('A', { ms: 300_000, fail: 'it is stuck', on: ['rollback'] });
    await begin(w, TWO, 'UPDATE');
    await w.fake.clock.sleep(10_000);
    const error = await failure(cancelStack(w.deps, order, 'take-back'));
    expect(error).toMatchObject({ code: 'StackFailed', exit: 1 });
    expect(error.why).toContain('Now: UPDATE_ROLLBACK_FAILED.');
    expect(error.suggestions.join('\n')).toContain('--continue-rollback');
  });
});

/** A call that the engine itself never makes: what somebody does by hand. */
async function fetchAction(action: string, parameters: Readonly<Record<string, string>>): Promise<void> {
  const body = new URLSearchParams({ Action: action, Version: '2010-05-15', ...parameters });
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIDFAKE/20260105/eu-west-3/cloudformation/aws4_request, SignedHeaders=host, Signature=x';
  const answer = await fetch(w.fake.url, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body,
  });
  expect(answer.status).toBe(200);
}
