import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListServicesCommand,
  ListTaskDefinitionFamiliesCommand,
  ListTasksCommand,
} from '@aws-sdk/client-ecs';
import { call } from './call.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** An image as ECS was told of it. */
export interface ContainerImage {
  /** Who runs it, or will: `the task 1a2b of web`, `the task definition api:7`. */
  readonly who: string;
  /** As it is written there, by digest or by tag. */
  readonly image: string;
  /** What a tag was resolved to, of a container that runs. */
  readonly digest?: string;
}

/** DescribeServices takes no more at once; DescribeTasks takes a hundred. */
const MOST_SERVICES = 10;
const MOST_TASKS = 100;

/**
 * The images of all that ECS runs in the account and region, or may start: containers of tasks, the task
 * definitions of services and their deployments, and the newest revision of each family that is active, which
 * a schedule may start. Calls ListClusters, ListServices, DescribeServices, ListTasks, DescribeTasks,
 * ListTaskDefinitionFamilies and DescribeTaskDefinition.
 *
 * @throws InfractlError of the call that is not allowed
 */
export async function containerImages(session: AwsSession): Promise<ContainerImage[]> {
  const client = traced(new ECSClient(session.config), session);
  const found: ContainerImage[] = [];
  const definitions = new Map<string, string>();

  for (const cluster of await clusters()) {
    const name = lastOf(cluster);
    await readTasks(cluster, name);
    await readServices(cluster, name);
  }
  for (const family of await families()) definitions.set(family, `the task definition ${family}`);
  for (const [definition, who] of definitions) await readDefinition(definition, who);
  return found;

  function clusters(): Promise<string[]> {
    return pages(async (nextToken) => {
      const answer = await call(session, 'ecs:ListClusters', () =>
        client.send(new ListClustersCommand({ nextToken })),
      );
      return [answer.clusterArns ?? [], answer.nextToken];
    });
  }

  /** A task that starts or runs is wanted to be RUNNING. */
  async function readTasks(cluster: string, name: string): Promise<void> {
    const arns = await pages(async (nextToken) => {
      const answer = await call(session, 'ecs:ListTasks', () =>
        client.send(new ListTasksCommand({ cluster, nextToken, desiredStatus: 'RUNNING' })),
      );
      return [answer.taskArns ?? [], answer.nextToken];
    });
    for (const tasks of chunks(arns, MOST_TASKS)) {
      const answer = await call(session, 'ecs:DescribeTasks', () =>
        client.send(new DescribeTasksCommand({ cluster, tasks })),
      );
      for (const { taskArn = '', taskDefinitionArn, containers = [] } of answer.tasks ?? []) {
        const who = `the task ${lastOf(taskArn)} of ${name}`;
        if (taskDefinitionArn) definitions.set(taskDefinitionArn, who);
        for (const { image = '', imageDigest } of containers)
          found.push({ who, image, ...(imageDigest ? { digest: imageDigest } : {}) });
      }
    }
  }

  async function readServices(cluster: string, name: string): Promise<void> {
    const arns = await pages(async (nextToken) => {
      const answer = await call(session, 'ecs:ListServices', () =>
        client.send(new ListServicesCommand({ cluster, nextToken })),
      );
      return [answer.serviceArns ?? [], answer.nextToken];
    });
    for (const services of chunks(arns, MOST_SERVICES)) {
      const answer = await call(session, 'ecs:DescribeServices', () =>
        client.send(new DescribeServicesCommand({ cluster, services })),
      );
      for (const { serviceName, taskDefinition, deployments = [], taskSets = [] } of answer.services ?? [])
        for (const one of [{ taskDefinition }, ...deployments, ...taskSets])
          if (one.taskDefinition)
            definitions.set(one.taskDefinition, `the service ${serviceName} of ${name}`);
    }
  }

  function families(): Promise<string[]> {
    return pages(async (nextToken) => {
      const answer = await call(session, 'ecs:ListTaskDefinitionFamilies', () =>
        client.send(new ListTaskDefinitionFamiliesCommand({ nextToken, status: 'ACTIVE' })),
      );
      return [answer.families ?? [], answer.nextToken];
    });
  }

  async function readDefinition(taskDefinition: string, who: string): Promise<void> {
    const answer = await call(session, 'ecs:DescribeTaskDefinition', () =>
      client.send(new DescribeTaskDefinitionCommand({ taskDefinition })),
    );
    for (const { image } of answer.taskDefinition?.containerDefinitions ?? [])
      if (image) found.push({ who, image });
  }
}

async function pages(
  read: (token: string | undefined) => Promise<[string[], string | undefined]>,
): Promise<string[]> {
  const all: string[] = [];
  let token: string | undefined;
  do {
    const [some, next] = await read(token);
    all.push(...some);
    token = next;
  } while (token);
  return all;
}

function chunks(all: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  );
}

const lastOf = (arn: string) => arn.split('/').at(-1) ?? arn;
