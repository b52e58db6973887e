import {
  CancelUpdateStackCommand,
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  CreateChangeSetCommand,
  type CreateChangeSetCommandInput,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  paginateDescribeStackEvents,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Fake, startFake } from './server.ts';

let fake: Fake;
let client: CloudFormationClient;
beforeEach(async () => {
  fake = await startFake();
  client = new CloudFormationClient({
    endpoint: fake.url,
    region: 'eu-west-3',
    credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
});
afterEach(() => fake.close());

const ONE = { A: { Type: 'Fake::Thing', Properties: { Size: 1 } } };
const template = (resources: object, rest: object = {}) => JSON.stringify({ ...rest, Resources: resources });

async function changeSet(body: string, more: Partial<CreateChangeSetCommandInput> = {}) {
  const made = await client.send(
    new CreateChangeSetCommand({ StackName: 's', ChangeSetName: 'c', TemplateBody: body, ...more }),
  );
  await fake.clock.sleep(1000);
  return client.send(new DescribeChangeSetCommand({ ChangeSetName: made.Id }));
}

async function deploy(body: string, more: Partial<CreateChangeSetCommandInput> = {}, wait = 3_600_000) {
  const type = fake.state.cloudFormation.find('s') ? 'UPDATE' : 'CREATE';
  const set = await changeSet(body, {
    ChangeSetType: type,
    ChangeSetName: `c${fake.requests.length}`,
    ...more,
  });
  await client.send(new ExecuteChangeSetCommand({ ChangeSetName: set.ChangeSetId }));
  await fake.clock.sleep(wait);
  return status();
}

async function status(): Promise<string | undefined> {
  return (await client.send(new DescribeStacksCommand({ StackName: 's' }))).Stacks?.[0]?.StackStatus;
}

/** `<logical id> <status>[ reason]`, oldest first. */
function story(from = 0): string[] {
  return fake.state.cloudFormation
    .stack('s')
    .events.slice(from)
    .map(
      (e) =>
        `${e.LogicalResourceId} ${e.ResourceStatus}${e.ResourceStatusReason ? ` (${e.ResourceStatusReason})` : ''}`,
    );
}

describe('exports', () => {
  const exporting = (value: string, name?: string) =>
    template(ONE, { Outputs: { Id: { Value: value, ...(name ? { Export: { Name: name } } : {}) } } });
  const status = (name: string) => fake.state.cloudFormation.stack(name).status;

  it('have one owner: the second stack of a name is rolled back', async () => {
    await deploy(exporting('1', 'net'));
    await deploy(exporting('2', 'net'), { StackName: 'other', ChangeSetType: 'CREATE' });
    expect([status('s'), status('other')]).toEqual(['CREATE_COMPLETE', 'ROLLBACK_COMPLETE']);
  });

  it('stay as they are while somebody imports them', async () => {
    await deploy(exporting('1', 'net'));
    const user = template({ B: { Type: 'Fake::Thing', Properties: { Net: { 'Fn::ImportValue': 'net' } } } });
    await deploy(user, { StackName: 'user', ChangeSetType: 'CREATE' });
    for (const next of [exporting('2', 'net'), exporting('1')]) {
      await deploy(next);
      expect(status('s')).toBe('UPDATE_ROLLBACK_COMPLETE');
    }
    const { StackEvents = [] } = await client.send(new DescribeStackEventsCommand({ StackName: 's' }));
    expect(StackEvents.map(({ ResourceStatusReason }) => ResourceStatusReason)).toContain(
      'Export net cannot be deleted as it is in use by user',
    );
    await deploy(template({ B: { Type: 'Fake::Thing' } }), { StackName: 'user' });
    await deploy(exporting('2', 'net'));
    expect(status('s')).toBe('UPDATE_COMPLETE');
  });
});

describe('creating a stack', () => {
  it('goes through review, creation and completion, with AWS’s events and outputs', async () => {
    const body = `
Parameters: { Name: { Type: String, Default: x } }
Resources:
  B: { Type: Fake::Thing, Properties: { Of: !GetAtt A.Arn } }
  A: { Type: Fake::Thing, Properties: { ThingName: !Sub "\${Name}-a" } }
Outputs:
  Id: { Value: !Ref A, Export: { Name: !Sub "\${AWS::StackName}-id" } }
`;
    expect(await deploy(body)).toBe('CREATE_COMPLETE');
    expect(story()).toEqual([
      's REVIEW_IN_PROGRESS (User Initiated)',
      's CREATE_IN_PROGRESS (User Initiated)',
      'A CREATE_IN_PROGRESS',
      'A CREATE_IN_PROGRESS (Resource creation Initiated)',
      'A CREATE_COMPLETE',
      'B CREATE_IN_PROGRESS',
      'B CREATE_IN_PROGRESS (Resource creation Initiated)',
      'B CREATE_COMPLETE',
      's CREATE_COMPLETE',
    ]);
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: 's' }));
    expect(Stacks?.[0]?.Outputs).toEqual([{ OutputKey: 'Id', OutputValue: 'x-a', ExportName: 's-id' }]);
  });

  it('rolls back after a failure and cancels what is under way', async () => {
    fake.state.cloudFormation.script.set('A', { ms: 400, fail: 'Limit exceeded' });
    fake.state.cloudFormation.script.set('B', { ms: 4000 });
    expect(await deploy(template({ A: { Type: 'Fake::Thing' }, B: { Type: 'Fake::Thing' } }))).toBe(
      'ROLLBACK_COMPLETE',
    );
    expect(story()).toContain('A CREATE_FAILED (Limit exceeded)');
    expect(story()).toContain('B CREATE_FAILED (Resource creation cancelled)');
    expect(story()).toContain(
      's ROLLBACK_IN_PROGRESS (The following resource(s) failed to create: [A, B]. Rollback requested by user.)',
    );
    await expect(changeSet(template(ONE), { ChangeSetType: 'UPDATE', ChangeSetName: 'd' })).rejects.toThrow(
      /is in ROLLBACK_COMPLETE state and can not be updated/,
    );
  });

  it('stays where it failed when nobody wants a rollback', async () => {
    fake.state.cloudFormation.script.set('A', { fail: 'no' });
    expect(await deploy(template(ONE), { OnStackFailure: 'DO_NOTHING' })).toBe('CREATE_FAILED');
  });
});

describe('updating a stack', () => {
  it('replaces, adds and removes, and cleans up afterwards', async () => {
    await deploy(template({ ...ONE, Gone: { Type: 'Fake::Thing' } }));
    const from = story().length;
    const next = {
      A: { Type: 'Fake::Thing', Properties: { Size: 1, Replace: 2 } },
      New: { Type: 'Fake::Thing' },
    };
    expect(await deploy(template(next))).toBe('UPDATE_COMPLETE');
    const events = story(from);
    expect(events[0]).toBe('s UPDATE_IN_PROGRESS (User Initiated)');
    expect(events.indexOf('s UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')).toBeGreaterThan(
      events.indexOf('New CREATE_COMPLETE'),
    );
    expect(events.filter((e) => /DELETE_COMPLETE/.test(e)).sort()).toEqual([
      'A DELETE_COMPLETE',
      'Gone DELETE_COMPLETE',
    ]);
    expect(events.at(-1)).toBe('s UPDATE_COMPLETE');
  });

  it('says what a change means before it is made', async () => {
    await deploy(template({ ...ONE, Gone: { Type: 'Fake::Thing' } }));
    const next = { A: { Type: 'Fake::Thing', Properties: { Size: 2 } }, New: { Type: 'Fake::Thing' } };
    const { Changes } = await changeSet(template(next), { ChangeSetName: 'look' });
    expect(
      Changes?.map(({ ResourceChange: c }) => [c?.Action, c?.LogicalResourceId, c?.Replacement]),
    ).toEqual([
      ['Modify', 'A', 'False'],
      ['Add', 'New', undefined],
      ['Remove', 'Gone', undefined],
    ]);
  });

  it('fails a change set without changes, in AWS’s words', async () => {
    await deploy(template(ONE));
    const set = await changeSet(template(ONE), { ChangeSetName: 'again' });
    expect([set.Status, set.StatusReason]).toEqual([
      'FAILED',
      "The submitted information didn't contain changes. Submit different information to create a change set.",
    ]);
  });

  it('rolls back to what was there; a rollback that fails can be continued', async () => {
    await deploy(template(ONE));
    fake.state.cloudFormation.script.set('A', { fail: 'broken', on: ['update', 'rollback'], times: 2 });
    const two = template({ A: { Type: 'Fake::Thing', Properties: { Size: 2 } } });
    expect(await deploy(two)).toBe('UPDATE_ROLLBACK_FAILED');
    await client.send(new ContinueUpdateRollbackCommand({ StackName: 's' }));
    await fake.clock.sleep(60_000);
    expect(await status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(fake.state.cloudFormation.stack('s').resources.get('A')?.properties).toEqual({ Size: 1 });
  });

  it('is cancelled on the way', async () => {
    await deploy(template(ONE));
    fake.state.cloudFormation.script.set('A', { ms: 60_000 });
    const two = template({ A: { Type: 'Fake::Thing', Properties: { Size: 2 } } });
    expect(await deploy(two, {}, 1000)).toBe('UPDATE_IN_PROGRESS');
    await expect(changeSet(two, { ChangeSetName: 'x' })).rejects.toThrow(
      /UPDATE_IN_PROGRESS state and can not/,
    );
    await client.send(new CancelUpdateStackCommand({ StackName: 's' }));
    expect(await status()).toBe('UPDATE_ROLLBACK_IN_PROGRESS');
    await fake.clock.sleep(120_000);
    expect(await status()).toBe('UPDATE_ROLLBACK_COMPLETE');
    expect(story()).toContain('A UPDATE_FAILED (Resource update cancelled)');
  });
});

describe('deleting a stack', () => {
  it('refuses a protected one, keeps what is retained, and answers for it by id afterwards', async () => {
    await deploy(template({ ...ONE, Kept: { Type: 'Fake::Thing', DeletionPolicy: 'Retain' } }));
    const { id } = fake.state.cloudFormation.stack('s');
    await client.send(
      new UpdateTerminationProtectionCommand({ StackName: 's', EnableTerminationProtection: true }),
    );
    await expect(client.send(new DeleteStackCommand({ StackName: 's' }))).rejects.toThrow(
      'Stack [s] cannot be deleted while TerminationProtection is enabled',
    );
    await client.send(
      new UpdateTerminationProtectionCommand({ StackName: 's', EnableTerminationProtection: false }),
    );
    await client.send(new DeleteStackCommand({ StackName: 's' }));
    await fake.clock.sleep(10_000);
    await expect(status()).rejects.toThrow('Stack with id s does not exist');
    const { StackEvents } = await client.send(new DescribeStackEventsCommand({ StackName: id }));
    expect(StackEvents?.[0]?.ResourceStatus).toBe('DELETE_COMPLETE');
    expect(StackEvents?.some((e) => e.ResourceStatus === 'DELETE_SKIPPED')).toBe(true);
  });
});

describe('what it refuses', () => {
  it.each([
    ['Resources: {}', {}, 'Template format error: At least one Resources member must be defined.'],
    ['Resources: [', {}, /^Template format error: YAML not well-formed. \(line 1, column \d+\)$/],
    [
      template(ONE),
      { Parameters: [{ ParameterKey: 'P', ParameterValue: '1' }] },
      'Parameters: [P] do not exist in the template',
    ],
    [template(ONE, { Parameters: { P: { Type: 'String' } } }), {}, 'Parameters: [P] must have values'],
    [template({ A: { Type: 'AWS::IAM::Role' } }), {}, 'Requires capabilities : [CAPABILITY_IAM]'],
    [
      template({ A: { Type: 'Fake::T', Properties: { X: { Ref: 'Nope' } } } }),
      {},
      /Unresolved resource dependencies \[Nope\]/,
    ],
    [' '.repeat(51_201), {}, /less than or equal to 51200/],
  ])('template %$', async (body, more, words) => {
    await expect(changeSet(body, { ChangeSetType: 'CREATE', ...more })).rejects.toThrow(words);
  });
});

describe('faults and records', () => {
  it('throttles, cuts and pages as told, and records every request', async () => {
    await deploy(template(ONE));
    fake.actions();
    fake.faults
      .throttle('cloudformation:DescribeStacks', { times: 2 })
      .reset('cloudformation:*', { after: 2 });
    await expect(status()).rejects.toThrow('Rate exceeded');
    await expect(status()).rejects.toThrow('Rate exceeded');
    await expect(status()).rejects.toThrow(/hang up|ECONNRESET|closed/);
    expect(await status()).toBe('CREATE_COMPLETE');
    expect(fake.actions()).toEqual(Array(4).fill('cloudformation:DescribeStacks'));
    fake.state.cloudFormation.pageSize = 2;
    const pages: number[] = [];
    for await (const one of paginateDescribeStackEvents({ client }, { StackName: 's' }))
      pages.push(one.StackEvents?.length ?? 0);
    expect(pages).toEqual([2, 2, 2]);
    expect(fake.mutations().map((one) => one.action)).toEqual(['CreateChangeSet', 'ExecuteChangeSet']);
  });
});
