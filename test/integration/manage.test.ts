import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { CreateDBInstanceCommand, RDSClient } from '@aws-sdk/client-rds';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from '../helpers/user.ts';

/** Starting and stopping on the sandbox: another AWS than the fake, which nobody of this project wrote. */

const PROJECT = `project: shop
region: eu-west-3
environments: { dev: {} }
hosts:
  web: { tags: { Name: web }, ssh: { user: ubuntu } }
`;

describe('manage in the sandbox', () => {
  let user: User;
  const state = async (flags = '') =>
    (await user.reads<{ state: string }[]>(`manage status${flags}`)).map((one) => one.state);

  beforeAll(async () => {
    user = await new User({ INFRACTL_SANDBOX: '1' }).prepare();
    await user.does(`sandbox start --no-machines --port ${await user.port()}`);
    writeFileSync(path.join(user.cwd, 'infractl.yaml'), PROJECT);
    const { endpoint } = await user.reads<{ endpoint: string }>('sandbox status');
    const config = {
      endpoint,
      region: 'eu-west-3',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
    await new EC2Client(config).send(
      new RunInstancesCommand({
        ImageId: 'ami-0123456789abcdef0',
        InstanceType: 't3.small',
        MinCount: 1,
        MaxCount: 1,
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'Name', Value: 'web' }] }],
      }),
    );
    await new RDSClient(config).send(
      new CreateDBInstanceCommand({
        DBInstanceIdentifier: 'orders',
        DBInstanceClass: 'db.t3.micro',
        Engine: 'postgres',
        MasterUsername: 'shop',
        MasterUserPassword: 'only-in-the-sandbox',
        AllocatedStorage: 20,
      }),
    );
  }, 600_000);
  afterAll(() => user?.leave());

  it('stops and starts an instance and a database', async () => {
    expect(await state()).toEqual(['running']);
    await user.does('manage stop --yes');
    expect(await state()).toEqual(['stopped']);
    await user.does('manage start');
    expect(await state()).toEqual(['running']);
    await user.does('manage restart --hard --yes');
    await user.does('manage stop --id orders --yes');
    expect(await state(' --id orders')).toEqual(['stopped']);
    await user.does('manage start --id orders');
    expect(await state(' --id orders')).toEqual(['available']);
  });

  it('puts it on a schedule, lets that rest, and takes it away', async () => {
    await user.does('manage schedule set --stop 20:00 --start 07:30 --timezone Europe/Paris');
    await user.does('manage schedule skip-until 2099-01-05');
    const [schedule] = await user.reads<{ skipUntil: string }[]>('manage schedule list');
    expect(schedule).toMatchObject({ stop: '20:00', start: '07:30', skipUntil: '2099-01-04T23:00:00Z' });
    await user.does('manage schedule remove --yes');
    expect(await user.reads('manage schedule list')).toEqual([]);
  });
});
