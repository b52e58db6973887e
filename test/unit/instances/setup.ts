import { autoScalingPort } from '../../../src/lib/aws/autoscaling.ts';
import { ec2Port } from '../../../src/lib/aws/ec2.ts';
import { rdsPort } from '../../../src/lib/aws/rds.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import {
  act,
  type Doing,
  findTargets,
  type InstanceDeps,
  planAct,
  TIMEOUTS,
  type Wish,
} from '../../../src/lib/instances/index.ts';
import type { HttpAnswer } from '../../../src/lib/instances/port.ts';
import type { ActOptions, ActResult } from '../../../src/lib/instances/types.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

export interface World {
  readonly fake: Fake;
  readonly deps: InstanceDeps;
  readonly events: ReportEvent[];
  /** What the doors answer: `10.0.0.1:22` → trouble, a URL → status. */
  readonly doors: Map<string, string | number>;
  readonly interrupt: AbortController;
}

/** The real SDK clients on the fake AWS, its clock, and doors that the test opens. */
export async function openWorld(): Promise<World> {
  const fake = await startFake();
  const session = await sessionFor(fake);
  const interrupt = new AbortController();
  const retry = { clock: fake.clock, signal: interrupt.signal };
  const events: ReportEvent[] = [];
  const doors = new Map<string, string | number>();
  const deps: InstanceDeps = {
    ports: {
      instances: async () => ec2Port(session, retry),
      groups: async () => autoScalingPort(session, retry),
      databases: async () => rdsPort(session, retry),
    },
    probe: {
      tcp: async (host, port) => {
        const answer = doors.get(`${host}:${port}`);
        return answer === undefined ? undefined : String(answer);
      },
      http: async (url): Promise<HttpAnswer> => {
        const answer = doors.get(url) ?? 200;
        const known = typeof answer === 'number';
        return {
          url,
          status: known ? answer : undefined,
          trouble: known ? undefined : answer,
          ms: 5,
          certificate: undefined,
        };
      },
    },
    clock: fake.clock,
    signal: interrupt.signal,
    reporter: { emit: (event) => void events.push(event) },
    where: '',
  };
  return { fake, deps, events, doors, interrupt };
}

const NOTHING: Wish = { ids: [], tags: {}, hosts: [], resources: [], describedBy: [] };

/** Finds, plans and does, as a command does. */
export async function doIt(
  { deps }: World,
  doing: Doing,
  wish: Partial<Wish>,
  options: Partial<ActOptions> & { force?: boolean } = {},
): Promise<ActResult[]> {
  const whole = {
    until: 'health',
    timeouts: TIMEOUTS,
    hibernate: false,
    hard: false,
    force: false,
    ...options,
  } as const;
  const targets = await findTargets(deps, { ...NOTHING, ...wish }, 'eu-west-3');
  const plan = await planAct(deps, doing, targets, whole, { price: () => undefined });
  return act(deps, doing, plan, whole);
}
