import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import { lookupsOf } from '../../../src/lib/deploy/lookups.ts';
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

  it('waits until a function works that was reported done before it did', async () => {
    const deps = { ...w.deps, lookups: lookupsOf(w.session) };
    const of = (mark: string) => ({
      Resources: {
        Api: {
          Type: 'AWS::Lambda::Function',
          Properties: { FunctionName: 'api', Handler: 'index.handler', Code: { ZipFile: mark } },
        },
        Topic: { Type: 'Fake::Thing', Properties: { Size: mark.length } },
      },
    });
    await deployStack(deps, await w.spec(of('1')));
    const { lambda } = w.fake.state;
    lambda.script.set('api', { ms: 90_000 });
    const began = w.fake.clock.now();
    await deployStack(deps, await w.spec(of('22'), { express: true }));
    expect(lambda.functions.get('api')?.updateStatus).toBe('Successful');
    expect(w.fake.clock.now() - began).toBeGreaterThanOrEqual(90_000);
    const said = w.reported.flatMap((event) => (event.type === 'note' ? [event.message] : [])).at(-1);
    expect(said).toContain('1 resource that can be asked is ready.');
    expect(said).toContain("Nothing tells whether these are: Topic (Fake::Thing); the project's checks ask.");

    lambda.script.set('api', { ms: 5000, fail: { code: 'InvalidImage', reason: 'The code cannot be read' } });
    const error = await failure(deployStack(deps, await w.spec(of('333'), { express: true })));
    expect(error).toMatchObject({ code: 'NotReady', exit: 8 });
    expect(error.message).toContain('Api (AWS::Lambda::Function) does not work');
    expect(stack().status).toBe('UPDATE_COMPLETE');

    lambda.script.set('api', { ms: 900_000 });
    const late = await w.spec(of('4444'), { express: true, timeout: 120_000 });
    expect(await failure(deployStack(deps, late))).toMatchObject({ code: 'NotReady', exit: 7 });
  });

  describe('of a service of ECS', () => {
    const of = (size: number) => ({
      Resources: {
        Api: {
          Type: 'AWS::ECS::Service',
          Properties: { Cluster: 'shop', ServiceName: 'api', DesiredCount: size },
        },
      },
    });
    const deploy = async (size: number, more = {}) =>
      deployStack(
        { ...w.deps, lookups: lookupsOf(w.session) },
        await w.spec(of(size), { express: true, ...more }),
      );
    const rollOut = (ms: number, fail?: string) =>
      w.fake.state.ecs.rollouts.set('shop/api', { ms, ...(fail ? { fail } : {}) });

    it('waits until its deployment is completed, and says so meanwhile', async () => {
      rollOut(60_000);
      const began = w.fake.clock.now();
      await deploy(1);
      expect(w.fake.clock.now() - began).toBeGreaterThanOrEqual(60_000);
      expect(w.reported).toContainEqual(
        expect.objectContaining({ status: 'waiting for Api (AWS::ECS::Service): starting its tasks' }),
      );
    });

    it('is unhealthy when its deployment fails, in the words of ECS', async () => {
      rollOut(1000);
      await deploy(1);
      rollOut(60_000, 'ECS deployment circuit breaker: tasks failed to start.');
      const error = await failure(deploy(2));
      expect(error).toMatchObject({ code: 'NotReady', exit: 8 });
      expect(error.message).toContain('Api (AWS::ECS::Service) does not work');
      expect(error.why).toContain('tasks failed to start');
      expect(stack().status).toBe('UPDATE_COMPLETE');
    });

    it('that somebody removed meanwhile is not ready', async () => {
      const error = await failure(deploy(1));
      expect(error).toMatchObject({ code: 'NotReady', exit: 8 });
      expect(error.why).toContain('there is no such service');
    });

    it('is left to go on when the time is over', async () => {
      rollOut(3_600_000);
      expect(await failure(deploy(1, { timeout: 60_000 }))).toMatchObject({ code: 'NotReady', exit: 7 });
    });
  });

  describe('of an instance', () => {
    const template = {
      Resources: { Host: { Type: 'AWS::EC2::Instance', Properties: { InstanceType: 't3.small' } } },
    };
    const deploy = async (more = {}) =>
      deployStack(
        { ...w.deps, lookups: lookupsOf(w.session) },
        await w.spec(template, { express: true, ...more }),
      );

    it('waits until both status checks have passed', async () => {
      w.fake.state.ec2.launched = { startMs: 20_000, checksMs: 30_000 };
      const began = w.fake.clock.now();
      expect((await deploy()).outcome).toBe('created');
      expect(w.fake.clock.now() - began).toBeGreaterThanOrEqual(50_000);
      expect(w.reported).toContainEqual(
        expect.objectContaining({
          status: 'waiting for Host (AWS::EC2::Instance): passing its status checks',
        }),
      );
    });

    it.each([
      [{ checks: { system: 'ok', instance: 'impaired' } }, 'a status check has failed'],
      [{ fallBack: { code: 'Client.InternalError', message: 'Client error on launch' } }, 'it is stopped'],
    ])('that does not come up is unhealthy: %j', async (launched, why) => {
      w.fake.state.ec2.launched = launched;
      const error = await failure(deploy());
      expect(error).toMatchObject({ code: 'NotReady', exit: 8 });
      expect(error.why).toContain(why);
    });

    it('that goes on with its checks is left alone when the time is over', async () => {
      w.fake.state.ec2.launched = { checksMs: 3_600_000 };
      expect(await failure(deploy({ timeout: 60_000 }))).toMatchObject({ code: 'NotReady', exit: 7 });
    });
  });

  it('says what cannot be asked for want of a permission, and goes on', async () => {
    const deps = { ...w.deps, lookups: lookupsOf(w.session) };
    const made = (id: string) =>
      w.spec(
        {
          Resources: {
            Api: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: id, Code: { ZipFile: '1' } } },
          },
        },
        { express: true, stackName: id },
      );
    w.fake.faults.deny('lambda:GetFunctionConfiguration');
    expect((await deployStack(deps, await made('one'))).outcome).toBe('created');
    const said = w.reported.flatMap((event) => (event.type === 'note' ? [event.message] : [])).at(-1);
    expect(said).toMatch(
      /Nothing tells whether these are: Api \(AWS::Lambda::Function\) \(.*lambda:GetFunctionConfiguration/,
    );
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
