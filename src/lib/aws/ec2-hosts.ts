import {
  DescribeInstancesCommand,
  type Filter,
  GetConsoleOutputCommand,
  type Instance,
  paginateDescribeInstances,
} from '@aws-sdk/client-ec2';
import type { FoundInstance, InstancesPort } from '../hosts/find.ts';
import { call } from './call.ts';
import { ec2Client } from './ec2-client.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

/** Terminated ones stay visible for an hour; nobody means them. */
const ALIVE: Filter = {
  Name: 'instance-state-name',
  Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'],
};

/** EC2's DescribeInstances and GetConsoleOutput for `lib/hosts`. */
export function instancesPort(session: AwsSession, signal?: AbortSignal): InstancesPort {
  const client = ec2Client(session);
  const options = signal ? { abortSignal: signal } : {};
  return {
    async byId(id) {
      try {
        const { Reservations } = await call(session, 'ec2:DescribeInstances', () =>
          client.send(new DescribeInstancesCommand({ InstanceIds: [id] }), options),
        );
        const instance = Reservations?.[0]?.Instances?.[0];
        return instance && instance.State?.Name !== 'terminated' ? found(instance) : undefined;
      } catch (error) {
        if (/^InvalidInstanceID/.test(underneath(error).name)) return undefined;
        throw error;
      }
    },
    async byTags(tags) {
      const Filters = [
        ALIVE,
        ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
      ];
      return call(session, 'ec2:DescribeInstances', async () => {
        const all: FoundInstance[] = [];
        for await (const page of paginateDescribeInstances({ client }, { Filters }, options))
          for (const { Instances = [] } of page.Reservations ?? []) all.push(...Instances.map(found));
        return all;
      });
    },
    async console(id) {
      const output = async (Latest: boolean) => {
        const { Output = '' } = await call(session, 'ec2:GetConsoleOutput', () =>
          client.send(
            new GetConsoleOutputCommand({ InstanceId: id, ...(Latest ? { Latest } : {}) }),
            options,
          ),
        );
        return Buffer.from(Output, 'base64').toString('utf8');
      };
      try {
        return await output(true);
      } catch (error) {
        // Only machines of the Nitro system say it as it comes.
        if (underneath(error).name !== 'UnsupportedOperation') throw error;
        return output(false);
      }
    },
  };
}

function found(instance: Instance): FoundInstance {
  return {
    id: instance.InstanceId ?? '',
    state: instance.State?.Name ?? 'unknown',
    ...(instance.PublicIpAddress ? { publicAddress: instance.PublicIpAddress } : {}),
    ...(instance.PrivateIpAddress ? { privateAddress: instance.PrivateIpAddress } : {}),
  };
}
