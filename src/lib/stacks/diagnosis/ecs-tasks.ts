import type { StackEvent } from '../port.ts';
import type { EcsService, Evidence, Lookups, StoppedTask } from './lookups.ts';

const MOST_MESSAGES = 3;
const MOST_TASKS = 3;

/** The cluster and the service of a service's ARN; older ARNs name no cluster. */
export function serviceIn(
  physicalId: string,
): { readonly cluster: string; readonly service: string } | undefined {
  const [cluster, service] = /:service\/(.+)$/.exec(physicalId)?.[1]?.split('/') ?? [];
  if (cluster === undefined) return undefined;
  return service === undefined ? { cluster: 'default', service: cluster } : { cluster, service };
}

/**
 * Why a service of ECS did not come up: what ECS says of it, and why its newest tasks stopped.
 *
 * @throws what the lookups throw
 */
export async function ecsEvidence(lookups: Lookups, cause: StackEvent): Promise<Evidence | undefined> {
  const named = serviceIn(cause.physicalId);
  if (!named) return undefined;
  const port = await lookups.ecs();
  const [service, tasks] = await Promise.all([
    port.service(named.cluster, named.service),
    port.stoppedTasks(named.cluster, named.service),
  ]);
  const newest = tasks.slice(0, MOST_TASKS);
  const lines = [...serviceLines(service), ...newest.flatMap(taskLines)];
  const meaning = newest.map(stopMeaning).find((one) => one !== undefined);
  return {
    about: `ECS says of the service ${named.service}:`,
    lines,
    note: lines.length > 0 ? null : `ECS keeps nothing more of the service ${named.service} and its tasks.`,
    why: meaning?.why ?? null,
    advice: meaning?.advice ?? [],
  };
}

function serviceLines(service: EcsService | undefined): string[] {
  const failed = (service?.deployments ?? []).filter(({ state, reason }) => state === 'FAILED' && reason);
  return [
    ...failed.map(({ reason }) => `deployment failed: ${reason}`),
    ...(service?.messages ?? []).slice(0, MOST_MESSAGES),
  ];
}

function taskLines({ taskId, code, reason, containers }: StoppedTask): string[] {
  const said = [reason ?? 'no reason given', code ? `(${code})` : ''].filter(Boolean).join(' ');
  return [
    `task ${taskId.slice(0, 8)} stopped: ${said}`,
    ...containers
      .filter(({ exitCode, reason }) => exitCode !== undefined || reason)
      .map(({ name, exitCode, reason }) => {
        const exit = exitCode === undefined ? '' : `exit code ${exitCode}`;
        return `  container ${name}: ${[exit, reason ?? ''].filter(Boolean).join(', ')}`;
      }),
  ];
}

interface Meaning {
  readonly why: string;
  readonly advice: readonly string[];
}

/** How ECS says why a task stopped (developer guide, "Stopped tasks error messages"), the most particular first. */
const STOPS: readonly (readonly [RegExp, Meaning])[] = [
  [
    /exec format error|does not contain descriptor matching platform/i,
    {
      why: 'The image is of another processor architecture than the task.',
      advice: ['Build the image for the platform of the task: linux/amd64, or set RuntimePlatform to ARM64.'],
    },
  ],
  [
    /CannotPullContainer|pull image manifest/i,
    {
      why: 'ECS could not pull the image.',
      advice: [
        'Check that the tag or digest is in the repository, that the execution role may read it (service-role/AmazonECSTaskExecutionRolePolicy), and that the subnet has a way to ECR: NAT, a public address, or endpoints of ECR and S3.',
      ],
    },
  ],
  [
    /ResourceInitializationError.*(?:secret|ssm|parameter)/i,
    {
      why: 'ECS could not read a secret or parameter that the task is given.',
      advice: [
        'The execution role must allow secretsmanager:GetSecretValue or ssm:GetParameters on it (and kms:Decrypt), and the subnet needs a way to those services.',
      ],
    },
  ],
  [
    /log ?group|log stream/i,
    {
      why: 'ECS could not write the log of the task.',
      advice: [
        'The log group must exist, and the execution role must allow logs:CreateLogStream and logs:PutLogEvents.',
      ],
    },
  ],
  [
    /OutOfMemory/i,
    {
      why: 'A container used more memory than it has.',
      advice: ['Give the task, or the container, more memory.'],
    },
  ],
  [
    /health ?check/i,
    {
      why: 'The tasks ran, and did not answer the health check.',
      advice: [
        'Check path and port of the health check, that the security group lets the load balancer in, and give a slow start time with HealthCheckGracePeriodSeconds.',
      ],
    },
  ],
  [
    /unable to place|RESOURCE:|Capacity is unavailable/i,
    {
      why: 'There is no machine with room for the task.',
      advice: ['Add capacity to the cluster, or ask less of it: CPU, memory, ports, placement constraints.'],
    },
  ],
];

/** What a stopped task means; undefined where its words say it. Pure. */
export function stopMeaning(task: Pick<StoppedTask, 'reason' | 'containers'>): Meaning | undefined {
  const said = [task.reason ?? '', ...task.containers.map(({ reason }) => reason ?? '')].join('\n');
  const known = STOPS.find(([words]) => words.test(said))?.[1];
  if (known) return known;
  const failed = task.containers.find(({ exitCode }) => exitCode !== undefined && exitCode !== 0);
  if (!failed) return undefined;
  const killed = failed.exitCode === 137;
  return {
    why: `The container ${failed.name} ended by itself with exit code ${failed.exitCode}${killed ? ': it was killed, for memory or because it did not stop in time' : ''}.`,
    advice: [`Look at the log of the container ${failed.name}: what it wrote last says why.`],
  };
}
