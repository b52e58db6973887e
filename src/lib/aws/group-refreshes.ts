import {
  CancelInstanceRefreshCommand,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
} from '@aws-sdk/client-auto-scaling';
import { DescribeLaunchTemplatesCommand } from '@aws-sdk/client-ec2';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Refresh, RefreshPort } from '../releases/refresh.ts';
import { autoScalingClient } from './autoscaling.ts';
import { call } from './call.ts';
import { ec2Client } from './ec2-client.ts';
import { underneath } from './errors.ts';
import { untilAnswered } from './retry.ts';
import type { AwsSession } from './session.ts';

/** Instance refreshes of Auto Scaling for `lib/releases`. */
export function refreshPort(session: AwsSession, clock: Clock = systemClock): RefreshPort {
  const groups = autoScalingClient(session, clock);
  const ec2 = ec2Client(session, clock);
  const ask = <T>(action: string, send: () => Promise<T>) =>
    untilAnswered({ clock }, () => call(session, action, send));

  return {
    async template(name) {
      const { AutoScalingGroups = [] } = await ask('autoscaling:DescribeAutoScalingGroups', () =>
        groups.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] })),
      );
      const [group] = AutoScalingGroups;
      const mixed = group?.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification;
      const template = group?.LaunchTemplate ?? mixed;
      if (!group || !template?.LaunchTemplateId) return undefined;
      const id = template.LaunchTemplateId;
      const { LaunchTemplates = [] } = await ask('ec2:DescribeLaunchTemplates', () =>
        ec2.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateIds: [id] })),
      );
      return {
        id,
        name: template.LaunchTemplateName ?? id,
        configured: template.Version ?? '$Default',
        newest: LaunchTemplates[0]?.LatestVersionNumber ?? 0,
        members: (group.Instances ?? []).map(
          ({ LaunchTemplate }) => Number(LaunchTemplate?.Version) || undefined,
        ),
      };
    },

    async start(AutoScalingGroupName, { template, version, minHealthy, autoRollback }) {
      const LaunchTemplate = { LaunchTemplateId: template, Version: String(version) };
      const input = {
        AutoScalingGroupName,
        DesiredConfiguration: { LaunchTemplate },
        Preferences: { MinHealthyPercentage: minHealthy, SkipMatching: true, AutoRollback: autoRollback },
      };
      try {
        const { InstanceRefreshId } = await ask('autoscaling:StartInstanceRefresh', () =>
          groups.send(new StartInstanceRefreshCommand(input)),
        );
        return InstanceRefreshId ?? '';
      } catch (error) {
        if (!/^InstanceRefreshInProgress/.test(underneath(error).name)) throw error;
        // By a request of ours whose answer was lost, or by somebody else.
        const [running] = await this.refreshes(AutoScalingGroupName, 1);
        return running?.version === version ? running.id : undefined;
      }
    },

    async refreshes(AutoScalingGroupName, MaxRecords) {
      const { InstanceRefreshes = [] } = await ask('autoscaling:DescribeInstanceRefreshes', () =>
        groups.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName, MaxRecords })),
      );
      return InstanceRefreshes.map(toRefresh);
    },

    async cancel(AutoScalingGroupName) {
      await ask('autoscaling:CancelInstanceRefresh', () =>
        groups.send(new CancelInstanceRefreshCommand({ AutoScalingGroupName })),
      );
    },

    async rollback(AutoScalingGroupName) {
      try {
        await ask('autoscaling:RollbackInstanceRefresh', () =>
          groups.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName })),
        );
        return true;
      } catch (error) {
        if (/^IrreversibleInstanceRefresh/.test(underneath(error).name)) return false;
        throw error;
      }
    },
  };
}

function toRefresh(one: InstanceRefresh): Refresh {
  return {
    id: one.InstanceRefreshId ?? '',
    status: one.Status ?? '',
    percent: one.PercentageComplete ?? 0,
    reason: one.StatusReason ?? null,
    startedAt: one.StartTime?.toISOString() ?? null,
    endedAt: one.EndTime?.toISOString() ?? null,
    version: Number(one.DesiredConfiguration?.LaunchTemplate?.Version) || null,
    left: one.InstancesToUpdate ?? null,
  };
}
