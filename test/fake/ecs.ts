import { jsonService, required } from './json.ts';
import { FakeError, type Parameters } from './wire.ts';

/** ECS: DescribeServices, ListTasks and DescribeTasks of what a test puts into `state.ecs.services`. */
export const ecs = jsonService('ecs', {
  DescribeServices(p, { state }) {
    const names = p.services as unknown as string[];
    const services = names.flatMap((name) => {
      const found = state.ecs.services.get(`${required(p, 'cluster')}/${name}`);
      if (!found) return [];
      return [
        {
          serviceName: name,
          status: found.active ? 'ACTIVE' : 'INACTIVE',
          deployments: found.deployments,
          events: found.messages.map((message, index) => ({ id: String(index), message })),
        },
      ];
    });
    return { services, failures: [] };
  },
  ListTasks(p, { state }) {
    const cluster = required(p, 'cluster');
    if (p.desiredStatus !== 'STOPPED') return { taskArns: [] };
    const name = p.serviceName === undefined ? undefined : String(p.serviceName);
    const wanted = [...state.ecs.services].filter(
      ([key]) => key.startsWith(`${cluster}/`) && (name === undefined || key === `${cluster}/${name}`),
    );
    if (name !== undefined && !wanted[0]?.[1].active)
      throw new FakeError('ServiceNotFoundException', 'Service not found.');
    return {
      taskArns: wanted.flatMap(([, { tasks }]) => tasks.map(({ id }) => arnOf(p, id))),
    };
  },
  DescribeTasks(p, { state }) {
    const ids = (p.tasks as unknown as string[]).map((arn) => arn.split('/').at(-1));
    const tasks = [...state.ecs.services].flatMap(([key, service]) =>
      service.tasks
        .filter(({ id }) => ids.includes(id))
        .map(({ id, stoppedAt, ...task }) => ({
          ...task,
          taskArn: arnOf(p, id),
          group: `service:${key.split('/')[1]}`,
          stoppedAt: stoppedAt / 1000,
        })),
    );
    return { tasks, failures: [] };
  },
});

function arnOf(p: Parameters, id: string): string {
  return `arn:aws:ecs:eu-west-3:123456789012:task/${p.cluster}/${id}`;
}
