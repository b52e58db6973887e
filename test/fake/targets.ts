import type { FakeClock } from './clock.ts';
import type { Service } from './server.ts';
import { FakeError, parseQuery, queryAnswer, queryError } from './wire.ts';

/** A target group of Elastic Load Balancing: who is registered, and how it is found. */
export interface FakeTargetGroup {
  readonly arn: string;
  readonly targets: Map<string, string>;
  /** Milliseconds until a new target is found healthy, and until one that leaves has drained. */
  healthyMs: number;
  drainMs: number;
  /** Whether a target is found healthy when it is looked at. */
  healthy: (instance: string) => boolean;
  /** Why not, in AWS's words: `Target.Timeout`. */
  reason?: string;
}

export class TargetsState {
  readonly groups = new Map<string, FakeTargetGroup>();

  addTargetGroup(facts: Partial<FakeTargetGroup> & Pick<FakeTargetGroup, 'arn'>): FakeTargetGroup {
    const group = { targets: new Map(), healthyMs: 10_000, drainMs: 30_000, healthy: () => true, ...facts };
    this.groups.set(group.arn, group);
    return group;
  }

  register(arn: string, id: string, clock: FakeClock): void {
    const group = this.groups.get(arn);
    if (!group) return;
    group.targets.set(id, 'initial');
    clock.after(group.healthyMs, () => {
      if (group.targets.get(id) === 'initial') group.targets.set(id, 'checked');
    });
  }

  /** How long it takes. */
  deregister(arn: string, id: string, clock: FakeClock): number {
    const group = this.groups.get(arn);
    if (!group?.targets.has(id)) return 0;
    group.targets.set(id, 'draining');
    clock.after(group.drainMs, () => {
      if (group.targets.get(id) === 'draining') group.targets.delete(id);
    });
    return group.drainMs;
  }
}

/** Elastic Load Balancing, version 2015-12-01: DescribeTargetHealth. */
export const targets: Service = {
  name: 'elasticloadbalancing',
  read(request) {
    const parameters = parseQuery(request.body.toString());
    return { action: String(parameters.Action), parameters };
  },
  handle(action, p, { state, requestId }) {
    if (action !== 'DescribeTargetHealth')
      throw new Error(`the fake's load balancing does not know ${action}`);
    const group = state.targets.groups.get(String(p.TargetGroupArn));
    if (!group) throw new FakeError('TargetGroupNotFound', `Target groups '${p.TargetGroupArn}' not found`);
    const asked = (Array.isArray(p.Targets) ? p.Targets : []) as { Id: string }[];
    const ids = asked.length > 0 ? asked.map(({ Id }) => Id) : [...group.targets.keys()];
    const TargetHealthDescriptions = ids.map((Id) => {
      const known = group.targets.get(Id);
      const State = known === 'checked' ? (group.healthy(Id) ? 'healthy' : 'unhealthy') : (known ?? 'unused');
      const Reason =
        known === undefined ? 'Target.NotRegistered' : State === 'unhealthy' ? group.reason : undefined;
      return { Target: { Id, Port: 80 }, TargetHealth: { State, Reason } };
    });
    const body = queryAnswer(action, { TargetHealthDescriptions }, requestId);
    return { status: 200, headers: { 'content-type': 'text/xml' }, body };
  },
  fail: (error, requestId) => ({
    status: error.status,
    headers: { 'content-type': 'text/xml' },
    body: queryError(error, requestId),
  }),
};
