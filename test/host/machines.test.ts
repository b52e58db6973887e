import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  AllocateAddressCommand,
  AssociateAddressCommand,
  CreateKeyPairCommand,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  EC2Client,
  ImportKeyPairCommand,
  type Instance,
  RebootInstancesCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxStatus } from '../../src/lib/sandbox/index.ts';
import { hostImage, noHost } from '../helpers/host-image.ts';
import { docker } from '../helpers/images.ts';
import { TestSandbox } from '../helpers/sandbox.ts';
import { until } from '../helpers/until.ts';

/** EC2 instances of the sandbox as machines, from their launch to their end. */
describe.skipIf(noHost)('an EC2 instance of the sandbox', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-machines-'));
  const identity = path.join(folder, 'id');
  let sandbox: TestSandbox;
  let ec2: EC2Client;
  let ssm: SSMClient;
  let id = '';

  async function begin(): Promise<void> {
    const target = await sandbox.start(undefined, true);
    const config = { ...target, region: 'eu-west-3' };
    ec2 = new EC2Client(config);
    ssm = new SSMClient(config);
  }
  beforeAll(async () => {
    sandbox = await new TestSandbox().prepare();
    sandbox.env.INFRACTL_MACHINE_IMAGE = await hostImage();
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'laptop', '-f', identity]);
    await begin();
  }, 900_000);
  afterAll(async () => {
    await sandbox?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function instance(): Promise<Instance> {
    const said = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
    return said.Reservations?.[0]?.Instances?.[0] ?? {};
  }
  const becomes = (state: string) =>
    until(async () => {
      const now = await instance();
      return now.State?.Name === state ? now : undefined;
    });
  function ssh(address: string, line: string, key = identity): { status: number | null; stdout: string } {
    const options = ['StrictHostKeyChecking=no', `UserKnownHostsFile=${folder}/known`, 'BatchMode=yes'];
    const words = options.flatMap((option) => ['-o', option]);
    const args = [
      '-F',
      '/dev/null',
      '-i',
      key,
      '-o',
      'IdentitiesOnly=yes',
      ...words,
      `ubuntu@${address}`,
      line,
    ];
    return spawnSync('ssh', args, { encoding: 'utf8' });
  }
  const boxes = () =>
    execFileSync(docker, ['ps', '--all', '--format', '{{.Names}}'], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.includes(sandbox.paths.id.slice(0, 8)));

  it('is a machine that the key pair lets its user into, and its user data has run as root', async () => {
    const key = { KeyName: 'laptop', PublicKeyMaterial: readFileSync(`${identity}.pub`) };
    await ec2.send(new ImportKeyPairCommand(key));
    await expect(ec2.send(new ImportKeyPairCommand(key))).rejects.toThrow('already exists');
    const script = '#!/bin/sh\nid -un > /srv/user-data\necho it ran\n';
    const launched = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-0123456789abcdef0',
        InstanceType: 't3.small',
        MinCount: 1,
        MaxCount: 1,
        KeyName: 'laptop',
        UserData: Buffer.from(script).toString('base64'),
        BlockDeviceMappings: [
          { DeviceName: '/dev/sda1', Ebs: { VolumeSize: 20, VolumeType: 'gp3', Encrypted: true } },
        ],
      }),
    );
    expect(launched.Instances?.[0]?.State?.Name).toBe('pending');
    id = launched.Instances?.[0]?.InstanceId ?? '';
    const { PublicIpAddress: address = '' } = await becomes('running');
    // sshd answers before all else is up.
    await until(() => ssh(address, 'sudo systemctl is-active nginx').stdout.trim() === 'active');
    expect(await until(() => ssh(address, 'cat /srv/user-data').stdout.trim())).toBe('root');
    expect(await until(() => ssh(address, 'cat /var/log/cloud-init-output.log').stdout)).toBe('it ran\n');
    const { Volumes = [] } = await ec2.send(new DescribeVolumesCommand({}));
    expect(Volumes).toMatchObject([{ Size: 20, Encrypted: true, Attachments: [{ Device: '/dev/sda1' }] }]);
  });

  it('serves what runs in it to this computer', async () => {
    const { PublicIpAddress: address } = await instance();
    expect(await (await fetch(`http://${address}/`)).text()).toContain('nginx');
  });

  it('takes commands of Systems Manager, with their exit code', async () => {
    const run = async (line: string) => {
      const sent = await ssm.send(
        new SendCommandCommand({
          DocumentName: 'AWS-RunShellScript',
          InstanceIds: [id],
          Parameters: { commands: [line] },
        }),
      );
      return until(async () => {
        const asked = { CommandId: sent.Command?.CommandId ?? '', InstanceId: id };
        const said = await ssm.send(new GetCommandInvocationCommand(asked));
        return ['Success', 'Failed'].includes(said.Status ?? '') ? said : undefined;
      });
    };
    expect(await run('id -un')).toMatchObject({ ResponseCode: 0, StandardOutputContent: 'root\n' });
    expect(await run('exit 3')).toMatchObject({ ResponseCode: 3, Status: 'Failed' });
  });

  it('is reached at its elastic address', async () => {
    const { AllocationId, PublicIp = '' } = await ec2.send(new AllocateAddressCommand({ Domain: 'vpc' }));
    await ec2.send(new AssociateAddressCommand({ AllocationId, InstanceId: id }));
    expect((await instance()).PublicIpAddress).toBe(PublicIp);
    expect(ssh(PublicIp, 'hostname').status).toBe(0);
  });

  it('is off when it is stopped, and has its disk and its addresses when it is started again', async () => {
    const { PublicIpAddress: address = '' } = await instance();
    ssh(address, 'echo kept | sudo tee /srv/kept && sudo rm /srv/user-data');
    const stopping = await ec2.send(new StopInstancesCommand({ InstanceIds: [id] }));
    expect(stopping.StoppingInstances?.[0]).toMatchObject({
      PreviousState: { Name: 'running' },
      CurrentState: { Name: 'stopping' },
    });
    await becomes('stopped');
    expect(ssh(address, 'true').status).toBe(255);
    await ec2.send(new StartInstancesCommand({ InstanceIds: [id] }));
    expect((await becomes('running')).PublicIpAddress).toBe(address);
    expect(ssh(address, 'cat /srv/kept').stdout).toBe('kept\n');
    expect(ssh(address, 'ls /srv/user-data').status).toBe(2);
  });

  it('is booted anew by a reboot', async () => {
    const { PublicIpAddress: address = '' } = await instance();
    ssh(address, 'touch /run/only-until-the-reboot');
    await ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
    await until(() => ssh(address, 'test -e /run/only-until-the-reboot').status === 1);
    expect(ssh(address, 'cat /srv/kept').stdout).toBe('kept\n');
  });

  it('is stopped with the sandbox and goes on with it', async () => {
    expect((await sandboxStatus(sandbox.env)).machines?.all).toMatchObject([
      { instance: id, state: 'running' },
    ]);
    await sandbox.stop();
    expect(boxes()).toHaveLength(1);
    await begin();
    const { PublicIpAddress: address = '' } = await becomes('running');
    expect(ssh(address, 'cat /srv/kept').stdout).toBe('kept\n');
  });

  it('has key pairs that EC2 makes itself', async () => {
    const made = await ec2.send(new CreateKeyPairCommand({ KeyName: 'made', KeyType: 'ed25519' }));
    expect(made.KeyMaterial).toContain('BEGIN OPENSSH PRIVATE KEY');
    expect(made.KeyFingerprint).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2}){15}$/);
  });

  it('is gone with its disk when it is terminated, and cannot be started any more', async () => {
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await becomes('terminated');
    expect(boxes()).toEqual([]);
    await expect(ec2.send(new StartInstancesCommand({ InstanceIds: [id] }))).rejects.toThrow(
      'not in a state',
    );
    expect((await ec2.send(new DescribeVolumesCommand({}))).Volumes).toEqual([]);
  });

  it('leaves nothing behind when the sandbox is emptied', async () => {
    const many = { ImageId: 'ami-1', MinCount: 2, MaxCount: 2 };
    await ec2.send(new RunInstancesCommand(many));
    await sandbox.reset();
    await until(() => boxes().length === 0);
  });

  it.each([
    ['machines are switched off', {}, false, 'switched off at the start of the sandbox'],
    ['no engine answers', { INFRACTL_DOCKER: 'no-such' }, true, 'no engine: no-such is not installed'],
    ['no image can be had', { INFRACTL_MACHINE_IMAGE: 'no:such' }, true, 'the engine has no image no:such'],
  ])('is a record where %s', async (_, env, machines, reason) => {
    await sandbox.stop();
    Object.assign(sandbox.env, env);
    ec2 = new EC2Client({ ...(await sandbox.start(undefined, machines)), region: 'eu-west-3' });
    const said = await ec2.send(new RunInstancesCommand({ ImageId: 'ami-1', MinCount: 1, MaxCount: 1 }));
    id = said.Instances?.[0]?.InstanceId ?? '';
    await becomes('running');
    expect((await sandboxStatus(sandbox.env)).machines).toEqual({ all: [], reason });
    sandbox.env.INFRACTL_DOCKER = docker;
  });
});
