import type { Plan, Wanted } from '../backups/index.ts';
import { type InfractlError, UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import type { HostPort } from '../hosts/port.ts';
import { nothingNamed } from '../project/index.ts';
import type { BackupPart, BackupPolicy, BackupTarget, HostPart, Project, Value } from '../project/model.ts';

/** What stands in for a plan of infractl.yaml: targets by flags. */
export const MANUAL = 'manual';

const DAY = 86_400_000;

export interface PlanChoice {
  /** Names of plans; all of them when empty and no targets are given. */
  readonly names: readonly string[];
  readonly targets?: readonly BackupTarget[];
  /** Takes the place of the plans' own. */
  readonly policy?: BackupPolicy;
}

export interface PlanDeps {
  readonly resolve: (value: Value) => Promise<string>;
  readonly openHost: (part: HostPart) => Promise<HostPort>;
}

/**
 * The parts that a choice means. Nothing is asked of AWS.
 *
 * @throws UsageError `NoPlans`, `NoSuchPlan`, `NothingNamed`
 */
export function choosePlans(project: Project, { names, targets = [], policy }: PlanChoice): BackupPart[] {
  const known = [...project.backups.keys()];
  if (targets.length > 0) {
    const like = names[0] === undefined ? undefined : project.backups.get(names[0]);
    return [{ ...(like ?? manual()), targets, ...(policy ? { policy } : {}) }];
  }
  if (project.bare && names[0] !== MANUAL)
    throw nothingNamed(
      'what to back up',
      'infractl backup create --instance ID (or --volume ID, or --database NAME)',
    );
  if (names.length === 0 && known.length === 0) {
    throw new UsageError({
      code: 'NoPlans',
      message: `The project ${project.name} has no plan of backups.`,
      suggestions: [
        'Add one to infractl.yaml: backups: { nightly: { targets: [{ instance: i-… }], keep: { daily: 7 } } }',
        'Or say what: infractl backup create --instance ID',
      ],
    });
  }
  const parts = (names.length > 0 ? [...new Set(names)] : known).map((name) => {
    const part = project.backups.get(name) ?? (name === MANUAL ? manual() : undefined);
    if (part) return part;
    const near = nearest(name, [...known, MANUAL]);
    throw new UsageError({
      code: 'NoSuchPlan',
      message: `The project ${project.name} has no plan of backups "${name}".`,
      suggestions: [...(near ? [`Did you mean: ${near}`] : []), `Its plans: ${known.join(', ') || 'none'}`],
    });
  });
  return policy ? parts.map((part) => ({ ...part, policy })) : parts;
}

function manual(): BackupPart {
  return {
    name: MANUAL,
    targets: [],
    policy: { within: { ms: 7 * DAY, written: '7d' } },
    before: [],
    after: [],
    excludeBoot: false,
    encrypt: {},
    copies: [],
    window: 60_000,
    maxAge: 26 * 3_600_000,
    maxDelete: 50,
  };
}

/** A plan with its references resolved; where outputs are needed, that asks AWS. */
export async function resolvePlan(project: Project, part: BackupPart, deps: PlanDeps): Promise<Plan> {
  const { targets, ping, topic, ...rest } = part;
  const [wanted, pingUrl, topicArn] = await Promise.all([
    Promise.all(targets.map((target) => resolveTarget(project, target, deps))),
    ping === undefined ? undefined : deps.resolve(ping),
    topic === undefined ? undefined : deps.resolve(topic),
  ]);
  return { ...rest, wanted, ...(pingUrl ? { ping: pingUrl } : {}), ...(topicArn ? { topic: topicArn } : {}) };
}

async function resolveTarget(project: Project, target: BackupTarget, deps: PlanDeps): Promise<Wanted> {
  if ('tags' in target) {
    const kind = { instances: 'instance', volumes: 'volume', databases: 'database' } as const;
    return { kind: kind[target.of], tags: target.tags };
  }
  if ('host' in target) {
    const part = project.hosts.get(target.host);
    if (!part) throw hostMissing(project, target.host);
    const host = () => deps.openHost(part);
    if (part.tags) return { kind: 'instance', tags: part.tags, one: part.name, host };
    if (part.instance) return { kind: 'instance', id: await deps.resolve(part.instance), host };
    throw new UsageError({
      code: 'HostIsNoInstance',
      message: `The host ${part.name} is an address alone: what its disks are is not known.`,
      suggestions: [`Give hosts.${part.name} an "instance:" or "tags:".`],
    });
  }
  if ('instance' in target) return { kind: 'instance', id: await deps.resolve(target.instance) };
  if ('volume' in target) return { kind: 'volume', id: await deps.resolve(target.volume) };
  return { kind: 'database', id: await deps.resolve(target.database) };
}

function hostMissing(project: Project, name: string): InfractlError {
  return new UsageError({
    code: 'NoSuchHost',
    message: `The project ${project.name} has no host "${name}".`,
    suggestions: [`Its hosts: ${[...project.hosts.keys()].join(', ') || 'none'}`],
  });
}
