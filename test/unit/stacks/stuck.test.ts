import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import { deployStack, diffStack, type Stuck } from '../../../src/lib/stacks/index.ts';
import { begin, rejection, things, type World, world } from './setup.ts';

/** Ways out of the states in which AWS leaves a stack stuck, and a stack that is deleted from under a deploy. */

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const failure = (promise: Promise<unknown>) => rejection<InfractlError>(promise);
const cloud = () => w.fake.state.cloudFormation;
const status = () => cloud().find('app')?.status;
const TWO = { A: { Size: 1 }, B: { Size: 1 } };
const MORE = { A: { Size: 2 }, B: { Size: 2 } };

/** A stack whose update failed, and whose rollback fails `times` times because of B. */
async function stuckInRollback(times = Number.POSITIVE_INFINITY): Promise<void> {
  await deployStack(w.deps, await w.spec(things(TWO)));
  cloud().script.set('B', { fail: 'it is stuck', on: ['update', 'rollback'], times: 1 + times });
  await failure(deployStack(w.deps, await w.spec(things(MORE))));
  expect(status()).toBe('UPDATE_ROLLBACK_FAILED');
}

function deciding(but: readonly string[]) {
  const asked: Stuck[] = [];
  const deps = {
    ...w.deps,
    decide: async (stuck: Stuck) => {
      asked.push(stuck);
      return { but };
    },
  };
  return { asked, deps };
}

describe('UPDATE_ROLLBACK_FAILED', () => {
  it('is refused where nobody decides, with each resource, its reason, both ways and what skipping means', async () => {
    await stuckInRollback();
    w.fake.actions();
    const error = await failure(deployStack({ ...w.deps, where: ' --env prod' }, await w.spec(things(MORE))));
    expect(error).toMatchObject({ code: 'StackBlocked', exit: 5 });
    expect(error.why).toContain('B (Fake::Thing): it is stuck');
    const said = error.suggestions.join('\n');
    expect(said).toContain('infractl deploy --create-stack --env prod --continue-rollback');
    expect(said).toContain('--continue-rollback --skip-resource B');
    expect(said).toContain('CloudFormation believes that it is as the old template says');
    expect(w.actions()).not.toContain('ContinueUpdateRollback');
  });

  it('is told by a comparison, which asks AWS for nothing that it would refuse', async () => {
    await stuckInRollback();
    w.fake.actions();
    const diff = await diffStack(w.deps, { spec: await w.spec(things(MORE)), changeSet: true });
    expect(diff.notes).toContain('It is in UPDATE_ROLLBACK_FAILED; a deploy asks how to get it out of that.');
    expect(w.actions()).not.toContain('CreateChangeSet');
  });

  it('is taken back to its end when what stood in the way is mended, then updated', async () => {
    await stuckInRollback(1);
    cloud().script.delete('B');
    const { asked, deps } = deciding([]);
    const result = await deployStack(deps, await w.spec(things(MORE)));
    expect(result.outcome).toBe('updated');
    expect(status()).toBe('UPDATE_COMPLETE');
    expect(asked).toMatchObject([
      {
        way: 'continue',
        stackName: 'app',
        resources: [{ id: 'B', type: 'Fake::Thing', reason: 'it is stuck' }],
      },
    ]);
    expect(w.actions().filter((action) => action === 'ContinueUpdateRollback')).toHaveLength(1);
  });

  it('is taken back without the resource that is named, then updated', async () => {
    await stuckInRollback();
    const { deps } = deciding(['B']);
    const again = deployStack(deps, await w.spec(things({ A: { Size: 3 }, B: { Size: 1 } })));
    expect((await again).outcome).toBe('updated');
    const sent = w.fake.requests.find(({ action }) => action === 'ContinueUpdateRollback');
    expect(sent?.parameters).toMatchObject({ ResourcesToSkip: ['B'] });
    expect(w.reported).toContainEqual(
      expect.objectContaining({ type: 'note', message: expect.stringContaining('without B') }),
    );
  });

  it('that fails again says why, and stays as it is', async () => {
    await stuckInRollback();
    const { deps } = deciding([]);
    const error = await failure(deployStack(deps, await w.spec(things(MORE))));
    expect(error).toMatchObject({ code: 'StackFailed', exit: 1 });
    expect(error.why).toContain('it is stuck');
    expect(status()).toBe('UPDATE_ROLLBACK_FAILED');
  });

  it('lets nothing be skipped that did not fail', async () => {
    await stuckInRollback();
    const { deps } = deciding(['A', 'Typo']);
    const error = await failure(deployStack(deps, await w.spec(things(MORE))));
    expect(error).toMatchObject({ code: 'NotStuck', exit: 2 });
    expect(error.message).toContain('A and Typo');
    expect(error.why).toContain('B');
    expect(w.actions()).not.toContain('ContinueUpdateRollback');
  });

  it('whose answer is lost is continued once', async () => {
    await stuckInRollback(1);
    cloud().script.delete('B');
    w.fake.faults.lost('cloudformation:ContinueUpdateRollback');
    const { deps } = deciding([]);
    expect((await deployStack(deps, await w.spec(things(MORE)))).outcome).toBe('updated');
  });
});

describe('DELETE_FAILED', () => {
  async function stuckInDeletion(times = Number.POSITIVE_INFINITY): Promise<void> {
    await deployStack(w.deps, await w.spec(things(TWO)));
    cloud().script.set('B', { fail: 'The bucket you tried to delete is not empty', on: ['delete'], times });
    const stack = cloud().stack('app');
    await w.deps.port.deleteStack(stack.id, 'by-hand');
    await w.fake.clock.sleep(10_000);
    expect(status()).toBe('DELETE_FAILED');
  }

  it('is refused where nobody decides, with what stands in the way and both ways', async () => {
    await stuckInDeletion();
    const error = await failure(deployStack(w.deps, await w.spec(things(TWO))));
    expect(error).toMatchObject({ code: 'StackBlocked', exit: 5 });
    expect(error.why).toContain('B (Fake::Thing): The bucket you tried to delete is not empty');
    expect(error.suggestions.join('\n')).toContain('--finish-deletion --keep-resource B');
  });

  it('is deleted to its end, then created, when that is decided', async () => {
    await stuckInDeletion(1);
    const { asked, deps } = deciding([]);
    expect((await deployStack(deps, await w.spec(things(TWO)))).outcome).toBe('created');
    expect(asked).toMatchObject([{ way: 'finish-deletion', resources: [{ id: 'B' }] }]);
  });

  it('keeps what is named, and only that', async () => {
    await stuckInDeletion();
    const { deps } = deciding(['B']);
    expect((await deployStack(deps, await w.spec(things({ A: {} })))).outcome).toBe('created');
    const sent = w.fake.requests.findLast(({ action }) => action === 'DeleteStack');
    expect(sent?.parameters).toMatchObject({ RetainResources: ['B'] });
  });

  it('of a stack that is protected is not finished', async () => {
    await stuckInDeletion();
    cloud().stack('app').protection = true;
    const { deps } = deciding([]);
    expect(await failure(deployStack(deps, await w.spec(things(TWO))))).toMatchObject({
      code: 'StackProtected',
    });
  });
});

describe('a nested stack that is stuck', () => {
  it('is looked into: what failed in it is named as AWS takes it', async () => {
    const store = await w.deps.artifacts();
    const inner = (size: number) => JSON.stringify(things({ Deep: { Size: size } }));
    await store.put('one.yaml', inner(1));
    await store.put('two.yaml', inner(2));
    const outer = (key: string) => ({
      Resources: {
        Child: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: store.url(key) } },
      },
    });
    await deployStack(w.deps, await w.spec(outer('one.yaml')));
    const child = cloud().stacks.find(({ name }) => name.startsWith('app-Child'));
    if (!child) throw new Error('no child');
    // As AWS shows it after a rollback that failed inside.
    child.status = 'UPDATE_ROLLBACK_FAILED';
    Object.assign(child.resources.get('Deep') ?? {}, { status: 'UPDATE_FAILED', reason: 'Deep is stuck' });
    const parent = cloud().stack('app');
    parent.status = 'UPDATE_ROLLBACK_FAILED';
    Object.assign(parent.resources.get('Child') ?? {}, { status: 'UPDATE_FAILED', reason: 'inside' });
    const error = await failure(deployStack(w.deps, await w.spec(outer('two.yaml'))));
    expect(error.why).toContain(`${child.name}.Deep (Fake::Thing): Deep is stuck`);
    expect(error.suggestions.join('\n')).toContain(`--skip-resource ${child.name}.Deep`);
  });
});

describe('a stack that is deleted from under a deploy', () => {
  const gone = async () => {
    await w.deps.port.deleteStack(cloud().stack('app').id, `theirs-${w.fake.requests.length}`);
  };

  it.each(['CreateChangeSet', 'ExecuteChangeSet'])(
    'right before %s: nothing was changed, exit 6',
    async (at) => {
      await deployStack(w.deps, await w.spec(things(TWO)));
      const { port } = w.deps;
      const first = `${at.charAt(0).toLowerCase()}${at.slice(1)}` as 'createChangeSet' | 'executeChangeSet';
      const theirs = new Proxy(port, {
        get(target, name) {
          const member = Reflect.get(target, name);
          if (name !== first) return typeof member === 'function' ? member.bind(target) : member;
          return async (...args: unknown[]) => {
            await gone();
            await w.fake.clock.sleep(20_000);
            return member.apply(target, args);
          };
        },
      });
      const error = await failure(deployStack({ ...w.deps, port: theirs }, await w.spec(things(MORE))));
      expect(error).toMatchObject({ code: 'StackBusy', exit: 6 });
      expect(error.message).toContain('Nothing was changed');
      expect((await deployStack(w.deps, await w.spec(things(MORE)))).outcome).toBe('created');
    },
  );

  it('while AWS works out the changes: exit 6', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    cloud().changeSetMs = 60_000;
    w.fake.clock.after(20_000, () => void gone());
    const error = await failure(deployStack(w.deps, await w.spec(things(MORE))));
    expect(error).toMatchObject({ code: 'StackBusy', exit: 6 });
    expect(error.message).toContain('Nothing was changed');
  });

  it('while it is created: that is how it ends', async () => {
    cloud().script.set('A', { ms: 60_000 });
    w.fake.clock.after(20_000, () => void gone());
    const error = await failure(deployStack(w.deps, await w.spec(things(TWO))));
    expect(error).toMatchObject({ code: 'StackFailed', exit: 1 });
    expect(error.why).toContain('Now: DELETE_COMPLETE. It was deleted by somebody meanwhile.');
  });

  it('while it is updated: that is how it ends, in words that say so', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    cloud().script.set('A', { ms: 60_000 });
    const { id } = cloud().stack('app');
    // AWS deletes no stack while it is updated: whoever wants that cancels the update first.
    w.fake.clock.after(20_000, async () => {
      await w.deps.port.cancelUpdate(id, 'theirs-1');
      const look = () => {
        if (cloud().stack('app').status === 'UPDATE_ROLLBACK_COMPLETE') void gone();
        else w.fake.clock.after(100, look);
      };
      look();
    });
    const error = await failure(deployStack(w.deps, await w.spec(things(MORE))));
    expect(error).toMatchObject({
      code: 'StackFailed',
      exit: 1,
      message: 'The stack app could not be updated.',
    });
    expect(error.why).toMatch(
      /^Somebody cancelled it\.\nNow: (?:gone\. It was deleted|DELETE_IN_PROGRESS\. Somebody deletes it)/,
    );
    expect(error.suggestions).toContain(
      'If that was not meant, create it anew: infractl deploy --create-stack',
    );
    await w.fake.clock.sleep(600_000);
    expect((await deployStack(w.deps, await w.spec(things(MORE)))).outcome).toBe('created');
  });

  it('a phantom in review is used, and one that somebody else fills is theirs', async () => {
    await begin(w, things(TWO), 'CREATE');
    const error = await failure(deployStack(w.deps, await w.spec(things(MORE))));
    expect(error).toMatchObject({ code: 'StackBusy', exit: 6 });
  });
});

describe('a stack whose import could not be taken back', () => {
  it('is refused with what AWS allows: no update call is made, and none is recommended', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    cloud().stack('app').status = 'IMPORT_ROLLBACK_FAILED';
    w.actions();
    const error = await failure(deployStack(w.deps, await w.spec(things(MORE))));
    expect(error).toMatchObject({ code: 'StackBlocked', exit: 5 });
    const words = [error.why, ...error.suggestions].join('\n');
    expect(words).toContain('infractl explain app');
    expect(words).toContain('AWS Support');
    expect(words).toContain('infractl destroy');
    expect(words).not.toContain('aws cloudformation');
    expect(w.actions().filter((name) => !/^(?:Describe|Get|List)/.test(name))).toEqual([]);
  });
});
