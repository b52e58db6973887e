import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListTasksCommand,
  type ListTasksCommandInput,
} from '@aws-sdk/client-ecs';
import type { EcsPort } from '../stacks/diagnosis/lookups.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** DescribeTasks takes no more at once. */
const MOST_TASKS = 100;

/** ECS, as far as explaining a failure needs it. */
export function ecsPort(session: AwsSession): EcsPort {
  const client = traced(new ECSClient(session.config), session);
  const list = async (input: ListTasksCommandInput) =>
    (await call(session, 'ecs:ListTasks', () => client.send(new ListTasksCommand(input)))).taskArns ?? [];

  return {
    async service(cluster, service) {
      const answer = await call(session, 'ecs:DescribeServices', () =>
        client.send(new DescribeServicesCommand({ cluster, services: [service] })),
      );
      const found = answer.services?.[0];
      if (!found) return undefined;
      return {
        deployments: (found.deployments ?? []).map(({ rolloutState, rolloutStateReason }) => ({
          state: rolloutState,
          reason: rolloutStateReason,
        })),
        messages: (found.events ?? []).map(({ message }) => message ?? ''),
      };
    },

    async stoppedTasks(cluster, service) {
      const stopped = { cluster, desiredStatus: 'STOPPED' } as const;
      const arns = await list({ ...stopped, serviceName: service }).catch((error: unknown) => {
        // A service that was taken back cannot be asked for, its tasks can for an hour.
        if (!/^Service(?:NotFound|NotActive)Exception$/.test(underneath(error).name)) throw error;
        return list(stopped);
      });
      if (arns.length === 0) return [];
      const answer = await call(session, 'ecs:DescribeTasks', () =>
        client.send(new DescribeTasksCommand({ cluster, tasks: arns.slice(0, MOST_TASKS) })),
      );
      return (answer.tasks ?? [])
        .filter(({ group }) => group === undefined || group === `service:${service}`)
        .map((task) => ({
          taskId: task.taskArn?.split('/').at(-1) ?? '',
          stoppedAt: task.stoppedAt,
          code: task.stopCode,
          reason: task.stoppedReason,
          containers: (task.containers ?? []).map(({ name, exitCode, reason }) => ({
            name: name ?? '',
            exitCode,
            reason,
          })),
        }))
        .sort((a, b) => (b.stoppedAt?.getTime() ?? 0) - (a.stoppedAt?.getTime() ?? 0));
    },
  };
}
