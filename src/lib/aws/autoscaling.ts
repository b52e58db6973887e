import {
  AutoScalingClient,
  type AutoScalingGroup,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  type Filter,
  StartInstanceRefreshCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { type Clock, systemClock } from '../base/clock.ts';
import type { GroupFacts, GroupsPort } from '../instances/port.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { clockedPacing, paced } from './pacing.ts';
import { type RetryDeps, untilAnswered } from './retry.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** Names of one request: what DescribeAutoScalingGroups takes. */
const MOST_NAMES = 50;

/** A client of Auto Scaling, traced and paced. */
export function autoScalingClient(session: AwsSession, clock: Clock): AutoScalingClient {
  const pacer = clockedPacing(session, clock, 'autoscaling', { burst: 10, rate: 5, most: 10 });
  return traced(paced(new AutoScalingClient(session.config), pacer), session);
}

/** Auto Scaling for `lib/instances`. A group that does not exist is left out. */
export function autoScalingPort(session: AwsSession, deps: RetryDeps = { clock: systemClock }): GroupsPort {
  const client = autoScalingClient(session, deps.clock);
  const ask = <T>(action: string, send: () => Promise<T>) =>
    untilAnswered(deps, () => call(session, action, send));

  async function describe(input: {
    AutoScalingGroupNames?: string[];
    Filters?: Filter[];
  }): Promise<GroupFacts[]> {
    const found: GroupFacts[] = [];
    let page: string | undefined;
    do {
      const NextToken = page;
      const answer = await ask('autoscaling:DescribeAutoScalingGroups', () =>
        client.send(new DescribeAutoScalingGroupsCommand({ ...input, NextToken })),
      );
      found.push(...(answer.AutoScalingGroups ?? []).map(toFacts));
      page = answer.NextToken;
    } while (page);
    return found;
  }
  const tagOf = (name: string, Key: string) => ({
    ResourceId: name,
    ResourceType: 'auto-scaling-group',
    Key,
  });

  return {
    async byNames(names) {
      const found: GroupFacts[] = [];
      for (let at = 0; at < names.length; at += MOST_NAMES)
        found.push(...(await describe({ AutoScalingGroupNames: names.slice(at, at + MOST_NAMES) })));
      return found;
    },

    byTags: (tags) =>
      describe({
        Filters: Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] })),
      }),

    async setCapacity(name, { min, max, desired }) {
      await ask('autoscaling:UpdateAutoScalingGroup', () =>
        client.send(
          new UpdateAutoScalingGroupCommand({
            AutoScalingGroupName: name,
            MinSize: min,
            MaxSize: max,
            DesiredCapacity: desired,
          }),
        ),
      );
    },

    async setTag(name, key, Value) {
      const tag = { ...tagOf(name, key), Value, PropagateAtLaunch: false };
      await ask('autoscaling:CreateOrUpdateTags', () =>
        client.send(new CreateOrUpdateTagsCommand({ Tags: [tag] })),
      );
    },

    async removeTag(name, key) {
      await ask('autoscaling:DeleteTags', () =>
        client.send(new DeleteTagsCommand({ Tags: [tagOf(name, key)] })),
      );
    },

    async refresh(name) {
      try {
        const answer = await ask('autoscaling:StartInstanceRefresh', () =>
          client.send(new StartInstanceRefreshCommand({ AutoScalingGroupName: name })),
        );
        return answer.InstanceRefreshId ?? '';
      } catch (error) {
        // Begun by somebody else, or by a request of ours whose answer was lost: it is followed.
        const running =
          /^InstanceRefreshInProgress/.test(underneath(error).name) && (await this.refreshState(name));
        if (running) return running.id;
        throw error;
      }
    },

    async refreshState(name, id) {
      const answer = await ask('autoscaling:DescribeInstanceRefreshes', () =>
        client.send(
          new DescribeInstanceRefreshesCommand({
            AutoScalingGroupName: name,
            ...(id ? { InstanceRefreshIds: [id] } : { MaxRecords: 1 }),
          }),
        ),
      );
      const one = answer.InstanceRefreshes?.[0];
      return (
        one && {
          id: one.InstanceRefreshId ?? '',
          status: one.Status ?? '',
          percent: one.PercentageComplete ?? 0,
          reason: one.StatusReason,
        }
      );
    },
  };
}

function toFacts(group: AutoScalingGroup): GroupFacts {
  return {
    name: group.AutoScalingGroupName ?? '',
    min: group.MinSize ?? 0,
    max: group.MaxSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
    members: (group.Instances ?? []).map((one) => ({
      id: one.InstanceId ?? '',
      lifecycle: one.LifecycleState ?? '',
      healthy: one.HealthStatus === 'Healthy',
    })),
    tags: Object.fromEntries((group.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? ''])),
  };
}
