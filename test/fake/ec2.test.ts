import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ec2Client } from '../../src/lib/aws/ec2-client.ts';
import { EC2_LIMITS } from './buckets.ts';
import { type Fake, startFake } from './server.ts';
import { sessionFor } from './session.ts';

let fake: Fake;
beforeEach(async () => {
  fake = await startFake();
});
afterEach(() => fake.close());

const client = async () => ec2Client(await sessionFor(fake), fake.clock);

describe('instances', () => {
  test('start: pending, running, then the checks', async () => {
    const ec2 = await client();
    const { id } = fake.state.ec2.addInstance({ state: 'stopped', autoPublicIp: true });
    const look = async () => {
      const [all, status] = await Promise.all([
        ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] })),
        ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [id], IncludeAllInstances: true })),
      ]);
      const one = all.Reservations?.[0]?.Instances?.[0];
      return [
        one?.State?.Name,
        one?.PublicIpAddress,
        status.InstanceStatuses?.[0]?.SystemStatus?.Status,
      ] as const;
    };
    expect(await look()).toEqual(['stopped', undefined, 'not-applicable']);
    const answer = await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    expect(answer.StartingInstances?.[0]?.CurrentState?.Name).toBe('pending');
    await fake.clock.sleep(15_000);
    expect(await look()).toEqual(['running', '13.36.0.1', 'initializing']);
    await fake.clock.sleep(60_000);
    expect(await look()).toEqual(['running', '13.36.0.1', 'ok']);
    await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await fake.clock.sleep(20_000);
    expect(await look()).toEqual(['stopped', undefined, 'not-applicable']);
  });

  test('a batch with one bad id is refused as a whole', async () => {
    const ec2 = await client();
    const good = fake.state.ec2.addInstance({ state: 'stopped' });
    const asked = ec2.send(new StartInstancesCommand({ InstanceIds: [good.id, 'i-0123456789abcdef0'] }));
    await expect(asked).rejects.toThrow("The instance ID 'i-0123456789abcdef0' does not exist");
    expect(good.state).toBe('stopped');
  });

  test('pages by the size that is asked for, filters by tags with wild cards', async () => {
    const ec2 = await client();
    for (let n = 0; n < 12; n++)
      fake.state.ec2.addInstance({ tags: { Name: n < 7 ? `web-${n}` : `db-${n}` } });
    const filter = { Filters: [{ Name: 'tag:Name', Values: ['web-*'] }], MaxResults: 5 };
    const first = await ec2.send(new DescribeInstancesCommand(filter));
    expect(first.Reservations).toHaveLength(5);
    const second = await ec2.send(new DescribeInstancesCommand({ ...filter, NextToken: first.NextToken }));
    expect(second.Reservations).toHaveLength(2);
    expect(second.NextToken).toBeUndefined();
  });
});

test('the buckets that AWS publishes refuse what a paced client never sends', async () => {
  const { id } = fake.state.ec2.addInstance({ state: 'running' });
  fake.buckets.limit(EC2_LIMITS);
  const ec2 = await client();
  const started = fake.clock.now();
  await Promise.all(
    Array.from({ length: 15 }, () => ec2.send(new StartInstancesCommand({ InstanceIds: [id] }))),
  );
  expect(fake.requests.map(({ status }) => status)).toEqual(Array(15).fill(200));
  expect(fake.clock.now() - started).toBeGreaterThanOrEqual(5000);
  const unpaced = Array.from({ length: 3 }, () => fake.buckets.take('ec2:StartInstances', fake.clock.now()));
  expect(unpaced).toContain(false);
});
