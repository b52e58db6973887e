import {
  DescribeInstanceAttributeCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type Filter,
  type Instance,
  type InstanceStatus,
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { systemClock } from '../base/clock.ts';
import type { InstanceFacts, InstanceState, InstancesPort, StatusChecks } from '../instances/port.ts';
import { call } from './call.ts';
import { ec2Client } from './ec2-client.ts';
import { underneath } from './errors.ts';
import { type RetryDeps, untilAnswered } from './retry.ts';
import type { AwsSession } from './session.ts';

/** Ids of one request: more than enough for one, and few enough that the request stays small. */
const CHUNK = 200;
/** Ids that DescribeInstanceStatus takes. */
const STATUS_IDS = 100;
const PAGE = 1000;
const LIVING = { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped'] };

/** EC2 for `lib/instances`: paced per API, throttling waited out. Every request of it may be sent twice. */
export function ec2Port(session: AwsSession, deps: RetryDeps = { clock: systemClock }): InstancesPort {
  const client = ec2Client(session, deps.clock);
  const ask = <T>(action: string, send: () => Promise<T>) =>
    untilAnswered(deps, () => call(session, action, send));

  async function describe(input: { InstanceIds?: string[]; Filters?: Filter[] }): Promise<InstanceFacts[]> {
    const found: InstanceFacts[] = [];
    let page: string | undefined;
    do {
      const NextToken = page;
      // MaxResults may not go with ids.
      const size = input.InstanceIds ? {} : { MaxResults: PAGE };
      const answer = await ask('ec2:DescribeInstances', () =>
        client.send(new DescribeInstancesCommand({ ...input, ...size, NextToken })),
      );
      for (const { Instances } of answer.Reservations ?? []) found.push(...(Instances ?? []).map(toFacts));
      page = answer.NextToken;
    } while (page);
    return found;
  }

  /** One that is not there refuses the whole request: then only those are asked about that are. */
  async function statuses(InstanceIds: string[]): Promise<InstanceStatus[]> {
    try {
      const answer = await ask('ec2:DescribeInstanceStatus', () =>
        client.send(new DescribeInstanceStatusCommand({ InstanceIds, IncludeAllInstances: true })),
      );
      return answer.InstanceStatuses ?? [];
    } catch (error) {
      if (!/^InvalidInstanceID/.test(underneath(error).name)) throw error;
      const there = await describe({ Filters: [{ Name: 'instance-id', Values: InstanceIds }] });
      if (there.length >= InstanceIds.length) throw error;
      return there.length > 0 ? statuses(there.map(({ id }) => id)) : [];
    }
  }

  return {
    async byIds(ids) {
      const lists = await Promise.all(
        chunks(ids).map((InstanceIds) =>
          // One that is not there refuses the whole request, but not as a filter.
          describe({ InstanceIds }).catch((error: unknown) => {
            if (!/^InvalidInstanceID/.test(underneath(error).name)) throw error;
            return describe({ Filters: [{ Name: 'instance-id', Values: InstanceIds }] });
          }),
        ),
      );
      return lists.flat();
    },

    byTags: (tags) =>
      describe({
        Filters: [
          ...Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
          LIVING,
        ],
      }),

    async tagValues(key) {
      const answer = await ask('ec2:DescribeInstances', () =>
        client.send(
          new DescribeInstancesCommand({
            Filters: [{ Name: 'tag-key', Values: [key] }, LIVING],
            MaxResults: PAGE,
          }),
        ),
      );
      const all = (answer.Reservations ?? []).flatMap(({ Instances }) => Instances ?? []);
      return [...new Set(all.flatMap(({ Tags }) => Tags?.find(({ Key }) => Key === key)?.Value ?? []))];
    },

    async checks(ids) {
      const found = new Map<string, StatusChecks>();
      const lists = await Promise.all(chunks(ids, STATUS_IDS).map(statuses));
      for (const one of lists.flat()) {
        found.set(one.InstanceId ?? '', {
          state: (one.InstanceState?.Name ?? 'pending') as InstanceState,
          system: one.SystemStatus?.Status ?? 'unknown',
          instance: one.InstanceStatus?.Status ?? 'unknown',
        });
      }
      return found;
    },

    async start(ids) {
      await ask('ec2:StartInstances', () =>
        client.send(new StartInstancesCommand({ InstanceIds: [...ids] })),
      );
    },

    async stop(ids, { hibernate }) {
      await ask('ec2:StopInstances', () =>
        client.send(
          new StopInstancesCommand({ InstanceIds: [...ids], ...(hibernate ? { Hibernate: true } : {}) }),
        ),
      );
    },

    async reboot(ids) {
      await ask('ec2:RebootInstances', () =>
        client.send(new RebootInstancesCommand({ InstanceIds: [...ids] })),
      );
    },

    async protection(InstanceId) {
      const read = (Attribute: 'disableApiStop' | 'disableApiTermination') =>
        ask('ec2:DescribeInstanceAttribute', () =>
          client.send(new DescribeInstanceAttributeCommand({ InstanceId, Attribute })),
        );
      const [stop, termination] = await Promise.all([read('disableApiStop'), read('disableApiTermination')]);
      return {
        stop: stop.DisableApiStop?.Value ?? false,
        termination: termination.DisableApiTermination?.Value ?? false,
      };
    },

    async withInstanceStore(types) {
      const answer = await ask('ec2:DescribeInstanceTypes', () =>
        client.send(new DescribeInstanceTypesCommand({ InstanceTypes: [...types] as never })),
      );
      const with_ = (answer.InstanceTypes ?? []).filter(
        ({ InstanceStorageSupported }) => InstanceStorageSupported,
      );
      return new Set(with_.map(({ InstanceType }) => String(InstanceType)));
    },

    async offeredIn(types) {
      const zones = new Map<string, string[]>();
      const answer = await ask('ec2:DescribeInstanceTypeOfferings', () =>
        client.send(
          new DescribeInstanceTypeOfferingsCommand({
            LocationType: 'availability-zone',
            Filters: [{ Name: 'instance-type', Values: [...types] }],
          }),
        ),
      );
      for (const { InstanceType, Location } of answer.InstanceTypeOfferings ?? []) {
        const type = String(InstanceType);
        zones.set(type, [...(zones.get(type) ?? []), Location ?? ''].sort());
      }
      return zones;
    },
  };
}

function chunks(ids: readonly string[], size = CHUNK): string[][] {
  const found: string[][] = [];
  for (let at = 0; at < ids.length; at += size) found.push(ids.slice(at, at + size));
  return found;
}

function toFacts(one: Instance): InstanceFacts {
  const tag = (key: string) => one.Tags?.find(({ Key }) => Key === key)?.Value;
  const owners = (one.NetworkInterfaces ?? []).map(({ Association }) => Association?.IpOwnerId);
  return {
    id: one.InstanceId ?? '',
    name: tag('Name') || undefined,
    state: (one.State?.Name ?? 'pending') as InstanceState,
    reason: one.StateReason?.Code
      ? { code: one.StateReason.Code, message: one.StateReason.Message ?? '' }
      : undefined,
    type: String(one.InstanceType ?? ''),
    zone: one.Placement?.AvailabilityZone ?? '',
    launchedAt: one.LaunchTime?.getTime() ?? 0,
    privateAddress: one.PrivateIpAddress || undefined,
    publicAddress: one.PublicIpAddress || undefined,
    // Amazon's own addresses belong to `amazon`; an elastic one to the account.
    elastic: owners.some((owner) => owner !== undefined && owner !== 'amazon'),
    group: tag('aws:autoscaling:groupName'),
    hibernation: one.HibernationOptions?.Configured ?? false,
    ebsRoot: one.RootDeviceType !== 'instance-store',
    spot: one.InstanceLifecycle === 'spot',
    windows: one.Platform !== undefined,
  };
}
