import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { deleteStack, deployStack } from '../../../src/lib/stacks/index.ts';
import { rejection, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const ORDER = { part: 'stack app', stackName: 'app', timeout: 3_600_000, project: 'shop' };
const failure = (promise: Promise<unknown>) => rejection<InfractlError>(promise);
const TWO = things({ A: {}, B: {} });

describe('deleteStack', () => {
  it('deletes, tells every event, and is content when it is gone', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    const before = w.reported.length;
    expect(await deleteStack(w.deps, ORDER)).toBe('deleted');
    const told = w.reported.slice(before).flatMap((event) => (event.type === 'stack.event' ? [event] : []));
    expect(told[0]).toMatchObject({ logicalId: 'app', status: 'DELETE_IN_PROGRESS' });
    expect(told.at(-1)).toMatchObject({ logicalId: 'app', status: 'DELETE_COMPLETE' });
    w.actions();
    expect(await deleteStack(w.deps, ORDER)).toBe('unchanged');
    expect(w.actions()).toEqual(['DescribeStacks']);
  });

  it('joins a deletion that is under way', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    w.fake.state.cloudFormation.script.set('A', { ms: 60_000 });
    const stackId = w.fake.state.cloudFormation.stack('app').id;
    await w.deps.port.deleteStack(stackId, 'somebody-else');
    w.fake.actions();
    expect(await deleteStack(w.deps, ORDER)).toBe('deleted');
    expect(w.actions()).not.toContain('DeleteStack');
    const told = w.reported.flatMap((event) => (event.type === 'stack.event' ? [event] : []));
    expect(told.filter(({ status }) => status === 'DELETE_COMPLETE').length).toBe(3);
  });

  it('names every resource that stands in the way and what to do about each', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    w.fake.state.cloudFormation.script.set('A', {
      on: ['delete'],
      fail: 'Resource handler returned message: "The bucket you tried to delete is not empty (Service: S3, Status Code: 409, Request ID: X)" (RequestToken: a-b, HandlerErrorCode: GeneralServiceException)',
      times: 1,
    });
    w.fake.state.cloudFormation.script.set('B', {
      on: ['delete'],
      fail: "The repository with name 'shop' in registry with id '1' cannot be deleted because it still contains images",
      times: 1,
    });
    const error = await failure(deleteStack(w.deps, ORDER));
    expect(error).toMatchObject({ code: 'StackFailed', message: 'The stack app could not be deleted.' });
    expect(error.why).toContain('A (Fake::Thing): The bucket you tried to delete is not empty\n');
    expect(error.why).toContain('B (Fake::Thing): The repository with name');
    expect(error.why).toContain('Now: DELETE_FAILED.');
    expect(error.suggestions.join('\n')).toContain('Empty the bucket first');
    expect(error.suggestions.join('\n')).toContain('--force');
    // Trying again goes on where it stopped; a deploy would be refused.
    expect(await failure(deployStack(w.deps, await w.spec(TWO)))).toMatchObject({ code: 'StackBlocked' });
    expect(await deleteStack(w.deps, ORDER)).toBe('deleted');
  });

  it('ends when the stack is gone, even if no event ever says so', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    w.fake.state.cloudFormation.script.set('A', { ms: 10_000_000 });
    const stack = w.fake.state.cloudFormation.stack('app');
    const reporter = {
      emit: (event: ReportEvent) => {
        if (event.type === 'stack.event') stack.status = 'DELETE_COMPLETE';
      },
    };
    const began = w.fake.clock.now();
    expect(await deleteStack({ ...w.deps, reporter }, ORDER)).toBe('deleted');
    expect(w.fake.clock.now() - began).toBeLessThan(30_000);
  });

  it('leaves a protected stack alone', async () => {
    await deployStack(w.deps, await w.spec(TWO, { terminationProtection: true }));
    const error = await failure(deleteStack(w.deps, ORDER));
    expect(error).toMatchObject({ code: 'StackProtected', exit: 5 });
    expect(w.actions()).not.toContain('DeleteStack');
  });

  it('leaves the stack of another project alone', async () => {
    await deployStack(w.deps, await w.spec(TWO));
    const error = await failure(deleteStack(w.deps, { ...ORDER, project: 'blog' }));
    expect(error).toMatchObject({ code: 'NotOurStack', exit: 5 });
    expect(w.actions()).not.toContain('DeleteStack');
  });

  it('says whose import keeps an export', async () => {
    const base = things({ A: {} }, { Outputs: { X: { Value: 'x', Export: { Name: 'shared-x' } } } });
    await deployStack(w.deps, await w.spec(base));
    const user = things({ U: { From: { 'Fn::ImportValue': 'shared-x' } } });
    await deployStack(w.deps, await w.spec(user, { stackName: 'user', part: 'stack user' }));
    const error = await failure(deleteStack(w.deps, ORDER));
    expect(`${error.message} ${error.why}`).toContain('shared-x');
    expect(error.suggestions.join('\n')).toContain('The stack user imports shared-x');
  });
});
