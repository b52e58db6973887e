import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type InfractlError, isInfractlError } from '../../../src/lib/base/errors.ts';
import { deployStack, PROJECT_TAG } from '../../../src/lib/stacks/index.ts';
import { rejection, things, type World, world } from './setup.ts';

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

const failure = (promise: Promise<unknown>) => rejection<InfractlError>(promise);
const status = () => w.fake.state.cloudFormation.find('app')?.status;
const TWO = { A: { Size: 1 }, B: { Size: 1 } };

describe('a stack that does not exist', () => {
  it('is created, and its events and outputs are told', async () => {
    const spec = await w.spec(things(TWO, { Outputs: { Name: { Value: 'shop' } } }));
    const result = await deployStack(w.deps, spec);
    expect(result).toMatchObject({ outcome: 'created', outputs: { Name: 'shop' } });
    expect(result.changes.map(({ action, logicalId }) => `${action} ${logicalId}`).sort()).toEqual([
      'add A',
      'add B',
    ]);
    expect(result.templateSha256).toMatch(/^[0-9a-f]{64}$/);
    const told = w.reported.filter((event) => event.type === 'stack.event');
    const there = w.fake.state.cloudFormation.stack('app').events;
    // All but the review that comes before the operation, each once, in AWS's order.
    expect(told.map(({ logicalId, status }) => `${logicalId} ${status}`)).toEqual(
      there.slice(1).map((event) => `${event.LogicalResourceId} ${event.ResourceStatus}`),
    );
    expect(told.at(-1)).toMatchObject({ status: 'CREATE_COMPLETE', stack: 'app', part: 'stack app' });
  });

  it('carries the tags and the termination protection that are wanted', async () => {
    const spec = await w.spec(things(TWO), { terminationProtection: true });
    await deployStack(w.deps, spec);
    const state = await w.deps.port.stack('app');
    expect(state).toMatchObject({ terminationProtection: true, tags: { [PROJECT_TAG]: 'shop' } });
  });

  it('returns within half a second of its last event, after ten quiet seconds too', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 10_000 });
    await deployStack(w.deps, await w.spec(things(TWO)));
    const last = w.fake.state.cloudFormation.stack('app').events.at(-1)?.Timestamp.getTime() ?? 0;
    expect(w.fake.clock.now() - last).toBeLessThanOrEqual(500);
  });

  it('is looked at no more than once a second while nothing happens', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 600_000 });
    await deployStack(w.deps, await w.spec(things(TWO)));
    const looks = w.fake.requests
      .filter(({ action }) => action === 'DescribeStackEvents')
      .map(({ at }) => at);
    const events = w.fake.state.cloudFormation.stack('app').events.map((event) => event.Timestamp.getTime());
    const quiet = (at: number) => at - Math.max(...events.filter((event) => event <= at));
    const gaps = looks.flatMap((at, index) => {
      const before = looks[index - 1];
      return before !== undefined && quiet(before) > 40_000 ? [at - before] : [];
    });
    expect(gaps.length).toBeGreaterThan(400);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
    // With the looks at the stack itself.
    const all = w.fake.requests.filter(
      ({ action, at }) => /^DescribeStack/.test(action) && quiet(at) > 40_000,
    );
    const seconds = ((all.at(-1)?.at ?? 0) - (all[0]?.at ?? 0)) / 1000;
    expect(all.length - 1).toBeLessThanOrEqual(seconds);
  });
});

describe('a stack that is there', () => {
  it('with nothing to do costs two reading calls', async () => {
    const template = things(TWO, { Parameters: { Size: { Type: 'Number', Default: 3 } } });
    const first = await deployStack(w.deps, await w.spec(template));
    w.actions();
    const result = await deployStack(w.deps, await w.spec(template));
    expect(w.actions().sort()).toEqual(['DescribeStacks', 'GetTemplate']);
    expect(result).toEqual({ ...first, outcome: 'unchanged', changes: [] });
  });

  it('is updated when a resource, a parameter or a tag differs', async () => {
    const parameters = { Parameters: { Size: { Type: 'String', Default: 'a' } } };
    const sized = (size: object) => things({ A: size, B: { Size: { Ref: 'Size' } } }, parameters);
    await deployStack(w.deps, await w.spec(sized({ Size: 1 })));
    const resource = await deployStack(w.deps, await w.spec(sized({ Size: 2 })));
    expect(resource).toMatchObject({ outcome: 'updated', changes: [{ action: 'modify', logicalId: 'A' }] });
    const parameter = await deployStack(
      w.deps,
      await w.spec(sized({ Size: 2 }), { parameters: { Size: { value: 'b', secret: false } } }),
    );
    expect(parameter).toMatchObject({ outcome: 'updated', changes: [{ action: 'modify', logicalId: 'B' }] });
    // Back to the default: what is not configured any more does not linger.
    const back = await deployStack(w.deps, await w.spec(sized({ Size: 2 })));
    expect(back.outcome).toBe('updated');
    const tagged = await w.spec(sized({ Size: 2 }), { tags: { [PROJECT_TAG]: 'shop', team: 'web' } });
    expect((await deployStack(w.deps, tagged)).outcome).toBe('updated');
    expect((await deployStack(w.deps, tagged)).outcome).toBe('unchanged');
  });

  it('asks a change set when a parameter is hidden, and leaves none behind', async () => {
    const template = things(
      { A: { Key: { Ref: 'Key' } } },
      { Parameters: { Key: { Type: 'String', NoEcho: true } } },
    );
    const spec = await w.spec(template, { parameters: { Key: { value: 'hunter22', secret: true } } });
    await deployStack(w.deps, spec);
    w.actions();
    const began = w.fake.clock.now();
    expect((await deployStack(w.deps, spec)).outcome).toBe('unchanged');
    expect(w.fake.clock.now() - began).toBeLessThan(2 * Number(w.fake.state.cloudFormation.changeSetMs));
    const actions = w.actions();
    expect(actions).toContain('CreateChangeSet');
    expect(actions).not.toContain('ExecuteChangeSet');
    const left = [...w.fake.state.cloudFormation.stack('app').changeSets.values()];
    expect(left.map(({ execution }) => execution)).toEqual(['EXECUTE_COMPLETE']);
    const other = { ...spec, parameters: { Key: { value: 'hunter23', secret: true } } };
    expect((await deployStack(w.deps, other)).outcome).toBe('updated');
    expect(JSON.stringify(w.reported)).not.toContain('hunter2');
  });

  it('has its termination protection set when that alone differs', async () => {
    const spec = await w.spec(things(TWO));
    await deployStack(w.deps, spec);
    w.actions();
    expect((await deployStack(w.deps, { ...spec, terminationProtection: true })).outcome).toBe('updated');
    expect(w.actions()).not.toContain('CreateChangeSet');
    expect((await w.deps.port.stack('app'))?.terminationProtection).toBe(true);
    // Where the file says nothing, what somebody has set stays.
    const silent = { ...spec, terminationProtection: undefined };
    expect((await deployStack(w.deps, silent)).outcome).toBe('unchanged');
    expect((await w.deps.port.stack('app'))?.terminationProtection).toBe(true);
    expect((await deployStack(w.deps, { ...spec, terminationProtection: false })).outcome).toBe('updated');
    expect((await w.deps.port.stack('app'))?.terminationProtection).toBe(false);
  });

  it('that was never executed on may have no template to be read', async () => {
    const template = { body: JSON.stringify(things(TWO)) };
    const order = { stackName: 'app', name: 'looked-at', type: 'CREATE', template, token: 't' } as const;
    await w.deps.port.createChangeSet({ ...order, parameters: {}, tags: {}, capabilities: [] });
    expect(w.fake.state.cloudFormation.stack('app').status).toBe('REVIEW_IN_PROGRESS');
    const message = 'GetTemplate cannot be called on REVIEW_IN_PROGRESS stacks.';
    const refused = { kind: 'error', code: 'ValidationError', message, status: 400 } as const;
    w.fake.faults.add('cloudformation:GetTemplate', refused);
    expect((await deployStack(w.deps, await w.spec(things(TWO)))).outcome).toBe('created');
  });

  it('is updated although its deployed template cannot be read, and then not weighed', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    const stack = w.fake.state.cloudFormation.stack('app');
    stack.desired = { ...stack.desired, body: 'Resources: { A: &a { Type: Fake::Thing }, B: *a }' };
    const weighed: unknown[] = [];
    const weigh = async (...one: unknown[]) => void weighed.push(one);
    const wanted = await w.spec(things({ A: { Size: 9 }, B: {} }));
    expect((await deployStack({ ...w.deps, weigh }, wanted)).outcome).toBe('updated');
    expect(weighed).toEqual([]);
  });

  it('of another project is refused before anything is done', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    w.fake.actions();
    const before = w.fake.mutations().length;
    const spec = await w.spec(things({ A: {} }), { tags: { [PROJECT_TAG]: 'other' } });
    expect(await failure(deployStack(w.deps, spec))).toMatchObject({
      code: 'NotOurStack',
      exit: 5,
      message: 'The stack app belongs to another project: shop.',
    });
    expect(w.fake.mutations().length).toBe(before);
  });
});

describe('a failure', () => {
  it('of a creation names the first cause, its line and what to do; the next deploy makes it anew', async () => {
    w.fake.state.cloudFormation.script.set('A', { ms: 5000 });
    w.fake.state.cloudFormation.script.set('B', {
      ms: 1000,
      fail: 'Resource handler returned message: "User: arn:aws:iam::1:user/dev is not authorized to perform: s3:CreateBucket on resource: arn:x" (RequestToken: 12-34, HandlerErrorCode: AccessDenied)',
      times: 1,
    });
    const spec = await w.spec(things(TWO));
    const error = await failure(deployStack(w.deps, spec));
    expect(error).toMatchObject({
      code: 'StackFailed',
      exit: 1,
      message: 'The stack app could not be created.',
    });
    expect(error.why).toMatch(
      /^B \(Fake::Thing, template-1\.yaml:\d+\): User: arn:aws:iam::1:user\/dev is not authorized to perform: s3:CreateBucket on resource: arn:x\nNow: ROLLBACK_COMPLETE\./,
    );
    expect(error.suggestions[0]).toContain('Allow arn:aws:iam::1:user/dev to do s3:CreateBucket');
    const again = await deployStack(w.deps, spec);
    expect(again.outcome).toBe('created');
    expect(w.reported).toContainEqual(
      expect.objectContaining({ type: 'note', message: expect.stringContaining('ROLLBACK_COMPLETE') }),
    );
  });

  it('of an update says that it is back to what it was, and the update can be tried again', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    w.fake.state.cloudFormation.script.set('B', { fail: 'Limit exceeded', on: ['update'], times: 1 });
    const spec = await w.spec(things({ A: { Size: 2 }, B: { Size: 2 } }));
    const error = await failure(deployStack(w.deps, spec));
    expect(error.why).toContain('B (Fake::Thing');
    expect(error.why).toContain('Now: UPDATE_ROLLBACK_COMPLETE. It is back to what it was before.');
    expect((await deployStack(w.deps, spec)).outcome).toBe('updated');
  });

  it('in a nested stack is told with the resource inside it', async () => {
    const inner = things({ Deep: { Fail: 'Source image x:1 does not exist' } });
    const store = await w.deps.artifacts();
    await store.put('inner.yaml', JSON.stringify(inner));
    const template = {
      Resources: {
        Child: { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: store.url('inner.yaml') } },
      },
    };
    const error = await failure(deployStack(w.deps, await w.spec(template)));
    expect(error.why).toMatch(
      /^Child › Deep \(Fake::Thing in app-Child-\S+\): Source image x:1 does not exist/,
    );
    expect(error.suggestions[0]).toContain('push it first');
    // The nested stack's own events were told as they came.
    expect(w.reported).toContainEqual(
      expect.objectContaining({ type: 'stack.event', logicalId: 'Deep', status: 'CREATE_FAILED' }),
    );
  });

  it('of the way back says how to finish it, and the next deploy is refused in words', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    w.fake.state.cloudFormation.script.set('B', { fail: 'it is stuck', on: ['update', 'rollback'] });
    const spec = await w.spec(things({ A: { Size: 2 }, B: { Size: 2 } }));
    const error = await failure(deployStack(w.deps, spec));
    expect(status()).toBe('UPDATE_ROLLBACK_FAILED');
    expect(error.why).toContain('Taking it back failed too');
    const refused = await failure(deployStack(w.deps, spec));
    expect(refused).toMatchObject({ code: 'StackBlocked', exit: 5 });
    expect(refused.why).toContain('B (Fake::Thing): it is stuck');
    expect(refused.suggestions.join('\n')).toContain('--continue-rollback --skip-resource B');
  });

  it('of a template whose resources need each other in a ring says how to cut it', async () => {
    const ring = things({ A: { To: { Ref: 'B' } }, B: { To: { Ref: 'A' } } });
    const error = await failure(deployStack(w.deps, await w.spec(ring)));
    expect(error).toMatchObject({ code: 'ChangeSetRefused', exit: 1 });
    expect(error.why).toMatch(/Circular dependency between resources: \[[AB], [AB]\]/);
    expect(error.suggestions[0]).toContain('Cut the ring');
  });

  it('of a change set gives its reason and leaves no empty stack', async () => {
    const template = {
      Resources: { A: { Type: 'Fake::Thing', Properties: { X: { 'Fn::ImportValue': 'nowhere' } } } },
    };
    const error = await failure(deployStack(w.deps, await w.spec(template)));
    expect(isInfractlError(error)).toBe(true);
    await w.fake.clock.sleep(1000);
    expect(status()).toBeUndefined();
  });
});

describe('change sets', () => {
  const refused = (code: string, message: string) => ({ kind: 'error', code, message, status: 400 }) as const;

  it('are given the capabilities that the template needs, and no others', async () => {
    const capabilities = () =>
      w.fake.requests
        .filter(({ action }) => action === 'CreateChangeSet')
        .map(({ parameters }) => JSON.stringify(parameters).match(/CAPABILITY_\w+/g) ?? []);
    await deployStack(w.deps, await w.spec(things(TWO)));
    const role = { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: {} } };
    await deployStack(w.deps, await w.spec({ Resources: { Role: role } }));
    const named = { ...role, Properties: { ...role.Properties, RoleName: 'shop' } };
    await deployStack(w.deps, await w.spec({ Resources: { Role: named } }));
    expect(capabilities()).toEqual([[], ['CAPABILITY_IAM'], ['CAPABILITY_NAMED_IAM']]);
  });

  it('are asked for again with what only the expanded template needs', async () => {
    w.fake.faults.add(
      'cloudformation:CreateChangeSet',
      refused('InsufficientCapabilitiesException', 'Requires capabilities : [CAPABILITY_NAMED_IAM]'),
    );
    expect((await deployStack(w.deps, await w.spec(things(TWO)))).outcome).toBe('created');
    const last = w.fake.requests.findLast(({ action }) => action === 'CreateChangeSet');
    expect(JSON.stringify(last?.parameters)).toContain('CAPABILITY_NAMED_IAM');
  });

  it('that meet somebody else’s operation say so with exit 6, and go', async () => {
    await deployStack(w.deps, await w.spec(things(TWO)));
    const next = await w.spec(things({ A: { Size: 2 }, B: { Size: 1 } }));
    const busy = refused(
      'ValidationError',
      'Stack:arn:x is in UPDATE_IN_PROGRESS state and can not be updated.',
    );
    w.fake.faults.add('cloudformation:CreateChangeSet', busy);
    expect(await failure(deployStack(w.deps, next))).toMatchObject({ code: 'StackBusy', exit: 6 });
    w.fake.faults.add('cloudformation:ExecuteChangeSet', busy);
    expect(await failure(deployStack(w.deps, next))).toMatchObject({ code: 'StackBusy', exit: 6 });
    expect(w.actions().at(-1)).toBe('DeleteChangeSet');
  });

  it('that AWS does not let be executed are removed, with the empty stack: the next deploy does not meet it', async () => {
    Object.assign(w.fake.state.cloudFormation, { stepMs: 3000 });
    w.fake.faults.deny('cloudformation:ExecuteChangeSet');
    const error = await failure(deployStack(w.deps, await w.spec(things(TWO))));
    expect(error).toMatchObject({ code: 'AccessDenied', exit: 4 });
    expect(status()).toBeUndefined();
  });

  it('that somebody left in an empty stack are cleared away; the stack is not deleted for it', async () => {
    const spec = await w.spec(things(TWO));
    await w.deps.port.createChangeSet({
      stackName: 'app',
      name: 'left',
      type: 'CREATE',
      template: { body: JSON.stringify(things(TWO)) },
      parameters: {},
      tags: {},
      capabilities: [],
      token: 'left',
    });
    await w.fake.clock.sleep(1000);
    expect((await deployStack(w.deps, spec)).outcome).toBe('created');
    expect(w.actions()).not.toContain('DeleteStack');
  });
});

describe('before AWS is touched', () => {
  it('parameters that cannot be right are named, without the secret', async () => {
    const template = things(
      { A: {} },
      {
        Parameters: {
          JwtSecret: { Type: 'String', NoEcho: true, MinLength: 32 },
          Memory: { Type: 'Number' },
        },
      },
    );
    const spec = await w.spec(template, {
      parameters: { JwtSecret: { value: 'short-one', secret: true }, Memry: { value: '1', secret: false } },
    });
    const error = await failure(deployStack(w.deps, spec));
    expect(error).toMatchObject({ code: 'ParametersInvalid', exit: 2 });
    expect(error.why).toContain('JwtSecret is too short: it must have 32 characters or more');
    expect(error.why).toContain('Is Memory meant?');
    expect(error.why).toContain('Memory has no value');
    expect(error.why).not.toContain('short-one');
    expect(w.fake.requests).toEqual([]);
  });
});

describe('large templates and local code', () => {
  it('sends a template over 51,200 bytes through the artifact bucket, once', async () => {
    const big = things({ A: { Note: 'x'.repeat(60_000) } });
    const spec = await w.spec(big);
    expect((await deployStack(w.deps, spec)).outcome).toBe('created');
    w.fake.actions();
    expect((await deployStack(w.deps, spec)).outcome).toBe('unchanged');
    expect(w.fake.actions().sort()).toEqual(['cloudformation:DescribeStacks', 'cloudformation:GetTemplate']);
    const created = w.fake.requests.find(({ action }) => action === 'CreateChangeSet');
    expect(JSON.stringify(created?.parameters)).toMatch(/templates\/[0-9a-f]{64}\.yaml/);
  });
});
