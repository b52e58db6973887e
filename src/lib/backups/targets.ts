import { InfractlError, isInfractlError } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import type { BackupDeps, Goal, Plan, Wanted } from './deps.ts';
import type { DatabaseFacts, Find, InstanceFacts, VolumeFacts } from './port.ts';

/** A goal with what AWS says of it. */
export type Target = Goal &
  (
    | { readonly kind: 'instance'; readonly facts: InstanceFacts; readonly volumes: readonly VolumeFacts[] }
    | { readonly kind: 'volume'; readonly facts: VolumeFacts }
    | { readonly kind: 'database'; readonly facts: DatabaseFacts }
  );

/** Instances that still have disks to be snapshot. */
const ALIVE = new Set(['pending', 'running', 'stopping', 'stopped']);

/** A target that finds nothing, or more than it may. */
export interface Missing {
  /** Its id or its tags. */
  readonly what: string;
  readonly error: InfractlError;
}

/**
 * What a plan is about, as AWS knows it now; each thing once, also where two targets find it. What is missing beside
 * others is told apart.
 *
 * @throws InfractlError `NoMatch`, `TooManyMatches` where no target is found
 */
export async function findTargets(
  deps: BackupDeps,
  plan: Plan,
): Promise<{ readonly targets: readonly Target[]; readonly missing: readonly Missing[] }> {
  const missing: Missing[] = [];
  const look = async (wanted: Wanted): Promise<Target[]> => {
    try {
      return await find(deps, plan, wanted);
    } catch (error) {
      if (!isInfractlError(error) || !/^(NoMatch|TooManyMatches)$/.test(error.code)) throw error;
      missing.push({ what: wordsOf(wanted), error });
      return [];
    }
  };
  const found = (await Promise.all(plan.wanted.map(look))).flat();
  if (found.length === 0 && missing[0]) throw missing[0].error;
  return { targets: [...new Map(found.map((target) => [target.subject.id, target])).values()], missing };
}

const wordsOf = (wanted: Wanted) =>
  'id' in wanted
    ? wanted.id
    : Object.entries(wanted.tags)
        .map(([key, value]) => `${key}=${value}`)
        .join(' ');

async function find(deps: BackupDeps, plan: Plan, wanted: Wanted): Promise<Target[]> {
  const query: Find = 'id' in wanted ? { ids: [wanted.id] } : { tags: wanted.tags };
  const goal = (id: string): Goal => ({
    subject: { kind: wanted.kind, id },
    ...(wanted.host ? { host: wanted.host } : {}),
  });
  const found = await ask(deps, wanted.kind, query, goal);
  if (found.length === 0) throw noMatch(plan, wanted);
  if ('one' in wanted && wanted.one && found.length > 1) throw tooMany(wanted.one, found);
  return found;
}

async function ask(
  deps: BackupDeps,
  kind: Wanted['kind'],
  query: Find,
  goal: (id: string) => Goal,
): Promise<Target[]> {
  if (kind === 'database') {
    const found = await (await deps.rds()).databases(query);
    return found.map((facts) => ({ ...goal(facts.id), kind, facts }));
  }
  if (kind === 'volume') {
    const found = await deps.ebs.volumes(query);
    return found.map((facts) => ({ ...goal(facts.id), kind, facts }));
  }
  const found = (await deps.ebs.instances(query)).filter(({ state }) => ALIVE.has(state));
  const volumes = await deps.ebs.volumes({ ids: found.flatMap((one) => one.volumes.map(({ id }) => id)) });
  const byId = new Map(volumes.map((volume) => [volume.id, volume]));
  return found.map((facts) => ({
    ...goal(facts.id),
    kind,
    facts,
    volumes: facts.volumes.flatMap(({ id }) => byId.get(id) ?? []),
  }));
}

const THING = { instance: 'instance', volume: 'volume', database: 'RDS instance' } as const;

function noMatch(plan: Plan, wanted: Wanted): InfractlError {
  const thing = THING[wanted.kind];
  const sought =
    'id' in wanted
      ? `The ${thing} ${wanted.id}`
      : `No ${thing} has the tags ${listed(Object.entries(wanted.tags).map(([key, value]) => `${key}=${value}`))}`;
  return new InfractlError({
    code: 'NoMatch',
    message:
      'id' in wanted
        ? `${sought} is not there, is terminated, or belongs to another account or region.`
        : `${sought}.`,
    why: `The plan ${plan.name} names it.`,
    suggestions: ['Check the account, the region and the environment: infractl config show'],
  });
}

function tooMany(host: string, found: readonly Target[]): InfractlError {
  return new InfractlError({
    code: 'TooManyMatches',
    message: `The tags of the host ${host} find ${found.length} instances: it is one machine.`,
    why: `They are ${listed(found.slice(0, 5).map(({ subject }) => subject.id))}${found.length > 5 ? ' and more' : ''}.`,
    suggestions: [
      'Give the host further tags, or its instance.',
      'Or back them all up: targets: [{ tags: … }].',
    ],
  });
}
