import {
  type AutoScalingGroup,
  CreateOrUpdateTagsCommand,
  DeleteTagsCommand,
  DescribeAutoScalingGroupsCommand,
  EnterStandbyCommand,
  ExitStandbyCommand,
  UpdateAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { type Clock, systemClock } from '../base/clock.ts';
import type { RollGroup, RollPort, TargetState } from '../releases/roll-port.ts';
import { autoScalingClient } from './autoscaling.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { targetHealth } from './load-balancing.ts';
import { clockedPacing } from './pacing.ts';
import { untilAnswered } from './retry.ts';
import type { AwsSession } from './session.ts';

/** The tag of a group to which somebody releases. */
const MARK = 'infractl:release';

/** Auto Scaling and Elastic Load Balancing for releases to a group. */
export function rollPort(session: AwsSession, clock: Clock = systemClock): RollPort {
  const groups = autoScalingClient(session, clock);
  const pacing = clockedPacing(session, clock, 'elasticloadbalancing', { burst: 20, rate: 10, most: 20 });
  const health = targetHealth(session, { pacing });
  // Whoever interrupts wants the group to be put back: these calls are not given up for that.
  const ask = <T>(action: string, send: () => Promise<T>) =>
    untilAnswered({ clock }, () => call(session, action, send));
  const tagOf = (name: string) => ({ ResourceId: name, ResourceType: 'auto-scaling-group', Key: MARK });

  return {
    async group(name) {
      const { AutoScalingGroups = [] } = await ask('autoscaling:DescribeAutoScalingGroups', () =>
        groups.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] })),
      );
      const [found] = AutoScalingGroups;
      return found && toGroup(found);
    },

    async leave(AutoScalingGroupName, members) {
      const input = { AutoScalingGroupName, InstanceIds: [...members], ShouldDecrementDesiredCapacity: true };
      try {
        await ask('autoscaling:EnterStandby', () => groups.send(new EnterStandbyCommand(input)));
        return true;
      } catch (error) {
        // Not found in the group, or not in service: it was ended meanwhile.
        if (/not (?:found|part|in InService)|is not in/i.test(underneath(error).message)) return false;
        throw error;
      }
    },

    async join(AutoScalingGroupName, members) {
      const input = { AutoScalingGroupName, InstanceIds: [...members] };
      try {
        await ask('autoscaling:ExitStandby', () => groups.send(new ExitStandbyCommand(input)));
      } catch (error) {
        // By a request of ours whose answer was lost, or one was ended meanwhile: the others still wait.
        const now = await this.group(AutoScalingGroupName);
        const left = members.filter((id) => now?.members.some((one) => one.id === id && isOut(one)));
        if (left.length === members.length) throw error;
        if (left.length > 0) await this.join(AutoScalingGroupName, left);
      }
    },

    async setMin(AutoScalingGroupName, MinSize) {
      await ask('autoscaling:UpdateAutoScalingGroup', () =>
        groups.send(new UpdateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize })),
      );
    },

    async setMark(name, Value) {
      if (Value === undefined) {
        await ask('autoscaling:DeleteTags', () =>
          groups.send(new DeleteTagsCommand({ Tags: [tagOf(name)] })),
        );
        return;
      }
      const tag = { ...tagOf(name), Value, PropagateAtLaunch: false };
      await ask('autoscaling:CreateOrUpdateTags', () =>
        groups.send(new CreateOrUpdateTagsCommand({ Tags: [tag] })),
      );
    },

    async health(targetGroup, members) {
      const found = await untilAnswered({ clock }, () => health(targetGroup, members));
      return new Map(
        found.map(({ Target, TargetHealth }): [string, TargetState] => [
          Target?.Id ?? '',
          { state: TargetHealth?.State ?? '', reason: TargetHealth?.Reason },
        ]),
      );
    },
  };
}

const isOut = ({ lifecycle }: RollGroup['members'][number]) => /Standby$/.test(lifecycle);

function toGroup(group: AutoScalingGroup): RollGroup {
  return {
    name: group.AutoScalingGroupName ?? '',
    min: group.MinSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
    members: (group.Instances ?? []).map(({ InstanceId = '', LifecycleState = '', HealthStatus }) => ({
      id: InstanceId,
      lifecycle: LifecycleState,
      healthy: HealthStatus !== 'Unhealthy',
    })),
    balanced: [group.TargetGroupARNs, group.LoadBalancerNames, group.TrafficSources].some(
      (sources) => (sources ?? []).length > 0,
    ),
    targetGroups: group.TargetGroupARNs ?? [],
    mark: group.Tags?.find(({ Key }) => Key === MARK)?.Value,
  };
}
