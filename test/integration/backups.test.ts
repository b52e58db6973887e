import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { expect, it } from 'vitest';
import { ebsPort } from '../../src/lib/aws/ec2-backups.ts';
import { rdsPort } from '../../src/lib/aws/rds-backups.ts';
import { type AwsSession, openSession } from '../../src/lib/aws/session.ts';
import { notifyPort } from '../../src/lib/aws/sns.ts';
import { carryOut, planCleanup } from '../../src/lib/backups/cleanup.ts';
import { createBackups } from '../../src/lib/backups/create.ts';
import { lookUp, storesOf } from '../../src/lib/backups/look.ts';
import { TAG } from '../../src/lib/backups/types.ts';
import { systemClock } from '../../src/lib/base/clock.ts';
import { useSandbox } from '../helpers/sandbox.ts';
import { planOf } from '../unit/backups/scene.ts';
import { OWNER } from '../unit/backups/setup.ts';

/** Backups in the sandbox: the real SDK against MiniStack, with what the sandbox adds to it. */

const used = useSandbox();

async function deps() {
  const session: AwsSession = await openSession({ region: 'eu-west-3' }, {}, used.target, {});
  const { signal } = new AbortController();
  return {
    session,
    owner: OWNER,
    ebs: ebsPort(session),
    rds: async () => rdsPort(session),
    reporter: { emit: () => {} },
    clock: systemClock,
    signal,
    where: '',
  };
}

it('backs up an instance as a set, once, and cleans up by the rules', async () => {
  const all = await deps();
  const client = new EC2Client(all.session.config);
  const run = await client.send(
    new RunInstancesCommand({ ImageId: 'ami-12345678', MinCount: 1, MaxCount: 1, InstanceType: 't3.small' }),
  );
  const id = run.Instances?.[0]?.InstanceId ?? '';
  const plan = planOf([{ kind: 'instance', id }], { policy: { last: 1 } });
  const how = { force: false, wait: 60_000, dryRun: false };
  const [first] = await createBackups(all, plan, how);
  expect(first).toMatchObject({ outcome: 'created', state: 'good' });
  expect(first?.snapshots.length).toBeGreaterThan(0);
  const [again] = await createBackups(await deps(), plan, how);
  expect(again).toMatchObject({ outcome: 'unchanged', backup: first?.backup });
  await createBackups(await deps(), plan, { ...how, force: true });
  const cleanup = await planCleanup(all, [plan]);
  expect(cleanup.going).toHaveLength(1);
  expect((await carryOut(all, cleanup.going)).failures).toEqual([]);
  const left = await lookUp(all, await storesOf(all, [plan]));
  expect(left.map(({ state }) => state)).toEqual(['good']);
}, 60_000);

it('backs up a database encrypted, copies it into another region, shares it, cleans up', async () => {
  const all = await deps();
  const client = new RDSClient(all.session.config);
  const order = { DBInstanceIdentifier: 'shop', DBInstanceClass: 'db.t3.micro', Engine: 'postgres' };
  const login = { MasterUsername: 'shop', ManageMasterUserPassword: true };
  await client.send(new CreateDBInstanceCommand({ ...order, ...login, AllocatedStorage: 20 }));
  const copies = [{ region: 'eu-west-1' }, { account: '999999999999' }];
  const plan = planOf([{ kind: 'database', id: 'shop' }], { name: 'data', policy: { last: 1 }, copies });
  const how = { force: true, wait: 60_000, dryRun: false };
  const [first] = await createBackups(all, plan, how);
  expect(first).toMatchObject({ outcome: 'created', state: 'good' });
  expect(first?.snapshots).toEqual([expect.stringMatching(/-encrypted$/)]);
  // RDS dates snapshots to the second: the newer of two is told by that.
  await systemClock.sleep(1_100);
  await createBackups(await deps(), plan, how);
  const cleanup = await planCleanup(all, [plan]);
  expect(cleanup.going.map(({ region, id }) => [region, id]).sort()).toEqual([
    ['eu-west-1', first?.backup],
    ['eu-west-3', first?.backup],
  ]);
  expect((await carryOut(all, cleanup.going)).failures).toEqual([]);
  const left = await lookUp(all, await storesOf(all, [plan]), { [TAG.plan]: plan.name });
  expect(left.map(({ region, state }) => [region, state]).sort()).toEqual([
    ['eu-west-1', 'good'],
    ['eu-west-3', 'good'],
  ]);
}, 60_000);

it('tells a topic of the sandbox, and says so where there is none', async () => {
  const { session } = await deps();
  const client = new SNSClient(session.config);
  const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: 'nights' }));
  const port = notifyPort(session);
  await port.publish(TopicArn, 'backup mbot-prod nightly', 'all is well');
  await expect(port.publish(`${TopicArn}-gone`, 'backup', 'text')).rejects.toMatchObject({ exit: 1 });
});
