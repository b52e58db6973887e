import { jsonService, required } from './json.ts';
import { FakeError, type Parameters, page } from './wire.ts';

/** ECS gives so many of a list at once. */
const PAGE = 100;

/** ECS: what a test puts into `state.ecs`, described and listed. */
export const ecs = jsonService('ecs', {
  ListClusters(p, { state }) {
    const names = [...state.ecs.services.keys(), ...state.ecs.serviceDefinitions.keys()].map(
      (key) => key.split('/')[0] ?? '',
    );
    const { items, next } = page([...new Set([...names, ...state.ecs.running.keys()])], p.nextToken, PAGE);
    return { clusterArns: items.map((name) => `${ARN}:cluster/${name}`), nextToken: next };
  },
  ListServices(p, { state }) {
    const cluster = clusterOf(p);
    const names = [...state.ecs.serviceDefinitions.keys()].filter((key) => key.startsWith(`${cluster}/`));
    // Ten at once is AWS's default.
    const { items, next } = page(names, p.nextToken, 10);
    return { serviceArns: items.map((key) => `${ARN}:service/${key}`), nextToken: next };
  },
  DescribeServices(p, { state }) {
    const names = p.services as unknown as string[];
    if (names.length > 10) throw new FakeError('InvalidParameterException', 'Services cannot exceed 10.');
    const services = names.flatMap((given) => {
      const key = `${clusterOf(p)}/${given.split('/').at(-1)}`;
      const found = state.ecs.services.get(key);
      const revisions = state.ecs.serviceDefinitions
        .get(key)
        ?.map((name) => `${ARN}:task-definition/${name}`);
      if (!found && !revisions) return [];
      return [
        {
          serviceName: given.split('/').at(-1),
          status: (found?.active ?? true) ? 'ACTIVE' : 'INACTIVE',
          taskDefinition: revisions?.[0],
          deployments: found?.deployments ?? revisions?.map((taskDefinition) => ({ taskDefinition })),
          events: found?.messages.map((message, index) => ({ id: String(index), message })) ?? [],
        },
      ];
    });
    return { services, failures: [] };
  },
  ListTasks(p, { state }) {
    const cluster = clusterOf(p);
    if (p.desiredStatus !== 'STOPPED') {
      const { items, next } = page(state.ecs.running.get(cluster) ?? [], p.nextToken, PAGE);
      return { taskArns: items.map(({ id }) => arnOf(cluster, id)), nextToken: next };
    }
    const name = p.serviceName === undefined ? undefined : String(p.serviceName);
    const wanted = [...state.ecs.services].filter(
      ([key]) => key.startsWith(`${cluster}/`) && (name === undefined || key === `${cluster}/${name}`),
    );
    if (name !== undefined && !wanted[0]?.[1].active)
      throw new FakeError('ServiceNotFoundException', 'Service not found.');
    return {
      taskArns: wanted.flatMap(([, { tasks }]) => tasks.map(({ id }) => arnOf(cluster, id))),
    };
  },
  DescribeTasks(p, { state }) {
    const ids = (p.tasks as unknown as string[]).map((arn) => arn.split('/').at(-1) ?? '');
    const cluster = clusterOf(p);
    const stopped = [...state.ecs.services].flatMap(([key, service]) =>
      service.tasks
        .filter(({ id }) => ids.includes(id))
        .map(({ id, stoppedAt, ...task }) => ({
          ...task,
          taskArn: arnOf(cluster, id),
          group: `service:${key.split('/')[1]}`,
          stoppedAt: stoppedAt / 1000,
        })),
    );
    const running = (state.ecs.running.get(cluster) ?? [])
      .filter(({ id }) => ids.includes(id))
      .map(({ id, definition, containers }) => ({
        taskArn: arnOf(cluster, id),
        taskDefinitionArn: `${ARN}:task-definition/${definition}`,
        lastStatus: 'RUNNING',
        containers,
      }));
    return { tasks: [...stopped, ...running], failures: [] };
  },
  ListTaskDefinitionFamilies(p, { state }) {
    const families = [...state.ecs.definitions.keys()].map((name) => name.split(':')[0] ?? '');
    const { items, next } = page([...new Set(families)], p.nextToken, PAGE);
    return { families: items, nextToken: next };
  },
  DescribeTaskDefinition(p, { state }) {
    const wanted = required(p, 'taskDefinition').split('/').at(-1) ?? '';
    const name = [...state.ecs.definitions.keys()].findLast(
      (one) => one === wanted || one.split(':')[0] === wanted,
    );
    const images = name === undefined ? undefined : state.ecs.definitions.get(name);
    if (!images) throw new FakeError('ClientException', 'Unable to describe task definition.');
    const containerDefinitions = images.map((image, index) => ({ name: `c${index}`, image }));
    return {
      taskDefinition: {
        taskDefinitionArn: `${ARN}:task-definition/${name}`,
        containerDefinitions,
        status: 'ACTIVE',
      },
    };
  },
});

const ARN = 'arn:aws:ecs:eu-west-3:123456789012';

/** A cluster is named by its name or its ARN. */
function clusterOf(p: Parameters): string {
  return required(p, 'cluster').split('/').at(-1) ?? '';
}

function arnOf(cluster: string, id: string): string {
  return `${ARN}:task/${cluster}/${id}`;
}
