import { isInfractlError, UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import { type Absent, orAbsent } from './absent.ts';
import type { DatabaseFacts, GroupFacts, InstanceFacts } from './port.ts';
import type { InstanceDeps, Serving, Target } from './types.ts';

/** A host of the configuration, its values resolved. */
export interface KnownHost {
  readonly name: string;
  readonly instance?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly serving: Serving;
}

/** Which targets are wanted. Parts add up: everything that one of them names. */
export interface Wish {
  /** Instance ids, and names of groups and databases. */
  readonly ids: readonly string[];
  /** Those that are not there are left out, as long as there is one. */
  readonly skipGone?: boolean;
  /** All of them must fit. */
  readonly tags: Readonly<Record<string, string>>;
  /** All that there is in the account and region. */
  readonly everything?: boolean;
  readonly hosts: readonly KnownHost[];
  /** They are all of the configuration: one that is not there is told here, and keeps no other from being found. */
  readonly absent?: Absent[];
  /** What the stacks of the environment made. */
  readonly resources: readonly { readonly type: string; readonly physicalId: string }[];
  /** Hosts that say how an instance serves, whoever chose it. */
  readonly describedBy: readonly KnownHost[];
}

export const INSTANCE_ID = /^i-[0-9a-f]{8}([0-9a-f]{9})?$/;

const TYPES: Readonly<Record<string, Target['kind']>> = {
  'AWS::EC2::Instance': 'instance',
  'AWS::AutoScaling::AutoScalingGroup': 'group',
  'AWS::RDS::DBInstance': 'database',
};

/** Whether a resource of a stack is something that can be started and stopped. */
export const isManaged = (type: string) => type in TYPES;

/**
 * The instances, groups and databases that are wanted, each once. Members of a group that is wanted itself
 * are left out: they come and go with it.
 *
 * @throws UsageError `NoSuchInstance`, `AmbiguousHost`, `InvalidId`
 */
export async function findTargets(deps: InstanceDeps, wish: Wish, place: string): Promise<Target[]> {
  const instances = new Map<string, InstanceFacts>();
  const groups = new Map<string, GroupFacts>();
  const databases = new Map<string, DatabaseFacts>();
  const keep = (found: { i?: InstanceFacts[]; g?: GroupFacts[]; d?: DatabaseFacts[] }) => {
    for (const one of found.i ?? []) instances.set(one.id, one);
    for (const one of found.g ?? []) groups.set(one.name, one);
    for (const one of found.d ?? []) databases.set(one.id, one);
  };
  const hostOf = new Map<string, KnownHost>();
  const results = await Promise.all([
    byIds(deps, wish, place),
    wish.everything ? tagged(deps, {}) : byTags(deps, wish.tags),
    byResources(deps, wish.resources),
    ...wish.hosts.map(async (host) => {
      const look = () => ofHost(deps, host, place);
      const one = await (wish.absent ? orAbsent(host.name, wish.absent, look) : look());
      if (one) hostOf.set(one.id, host);
      return { i: one ? [one] : [] };
    }),
  ]);
  for (const found of results) keep(found);
  for (const host of wish.describedBy) {
    const one = [...instances.values()].find((facts) => fits(host, facts));
    if (one && !hostOf.has(one.id)) hostOf.set(one.id, host);
  }
  const alone = [...instances.values()].filter(({ group }) => group === undefined || !groups.has(group));
  return [
    ...alone.sort(byName).map((facts): Target => {
      const host = hostOf.get(facts.id);
      const serving = host?.serving ?? { ports: [] };
      return { kind: 'instance', id: facts.id, facts, serving, ...(host ? { host: host.name } : {}) };
    }),
    ...[...groups.values()].map((facts): Target => ({ kind: 'group', id: facts.name, facts })),
    ...[...databases.values()].map((facts): Target => ({ kind: 'database', id: facts.id, facts })),
  ];
}

const byName = (a: InstanceFacts, b: InstanceFacts) => ((a.name ?? a.id) < (b.name ?? b.id) ? -1 : 1);

/** Whether a host of the configuration is this instance; tags are read by name alone here. */
function fits(host: KnownHost, facts: InstanceFacts): boolean {
  if (host.instance !== undefined) return host.instance === facts.id;
  return (
    host.tags?.Name !== undefined && host.tags.Name === facts.name && Object.keys(host.tags).length === 1
  );
}

interface Found {
  readonly i?: InstanceFacts[];
  readonly g?: GroupFacts[];
  readonly d?: DatabaseFacts[];
}

async function byIds(
  deps: InstanceDeps,
  { ids, skipGone }: Pick<Wish, 'ids' | 'skipGone'>,
  place: string,
): Promise<Found> {
  if (ids.length === 0) return {};
  const wanted = [...new Set(ids)];
  const malformed = wanted.find((id) => /^i-/.test(id) && !INSTANCE_ID.test(id));
  if (malformed !== undefined) {
    throw new UsageError({
      code: 'InvalidId',
      message: `${malformed} is no id of an instance.`,
      why: 'It is i- and 17 (or 8) digits from 0 to f.',
      suggestions: ['See them: infractl manage status'],
    });
  }
  const instanceIds = wanted.filter((id) => INSTANCE_ID.test(id));
  const names = wanted.filter((id) => !INSTANCE_ID.test(id));
  const [i, g, d] = await Promise.all([
    instanceIds.length > 0 ? (await deps.ports.instances()).byIds(instanceIds) : [],
    names.length > 0 ? (await deps.ports.groups()).byNames(names) : [],
    names.length > 0 ? (await deps.ports.databases()).byIds(names) : [],
  ]);
  const known = new Set([...i.map(({ id }) => id), ...g.map(({ name }) => name), ...d.map(({ id }) => id)]);
  const missing = wanted.filter((id) => !known.has(id));
  if (missing.length > 0 && !(skipGone && known.size > 0)) throw notThere(missing, place);
  for (const id of missing)
    deps.reporter.emit({ type: 'warning', message: `${id} is not there any more: it is left out.` });
  return { i, g, d };
}

function notThere(missing: readonly string[], place: string): UsageError {
  const some = missing.every((id) => INSTANCE_ID.test(id)) ? 'instance' : 'instance, group or database';
  return new UsageError({
    code: 'NoSuchInstance',
    message: `There is no ${some} ${missing.join(', ')} in ${place}.`,
    why: 'It may belong to another account or region, or have been terminated an hour or more ago. Nothing was done.',
    suggestions: [
      'Check the profile and the region: --profile, --region',
      'See what is there: infractl manage status',
    ],
  });
}

/** What has all of these tags; everything where there are none. */
async function tagged(deps: InstanceDeps, tags: Readonly<Record<string, string>>): Promise<Required<Found>> {
  const [i, g, d] = await Promise.all([
    deps.ports.instances().then((port) => port.byTags(tags)),
    orWarn(deps, 'auto scaling groups', async () => (await deps.ports.groups()).byTags(tags)),
    orWarn(deps, 'databases', async () => (await deps.ports.databases()).byTags(tags)),
  ]);
  return { i, g, d };
}

async function byTags(deps: InstanceDeps, tags: Readonly<Record<string, string>>): Promise<Found> {
  if (Object.keys(tags).length === 0) return {};
  const { i, g, d } = await tagged(deps, tags);
  if (i.length + g.length + d.length > 0) return { i, g, d };
  const [key, value] = Object.entries(tags)[0] as [string, string];
  const values = await (await deps.ports.instances()).tagValues(key);
  const near = nearest(value, values);
  throw new UsageError({
    code: 'NoSuchInstance',
    message: `Nothing has ${Object.entries(tags)
      .map(([k, v]) => `the tag ${k}=${v}`)
      .join(' and ')}.`,
    suggestions: [
      ...(near && near !== value ? [`Did you mean: --tag ${key}=${near}`] : []),
      values.length > 0
        ? `Values of ${key}: ${values.sort().slice(0, 10).join(', ')}${values.length > 10 ? ', …' : ''}`
        : `No instance here has a tag ${key}.`,
    ],
  });
}

/** Credentials that may see instances need not see the rest; that is said, and they are left out. */
async function orWarn<T>(deps: InstanceDeps, what: string, ask: () => Promise<T[]>): Promise<T[]> {
  try {
    return await ask();
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
    deps.reporter.emit({ type: 'warning', message: `No ${what} are looked at: ${error.message}` });
    return [];
  }
}

async function byResources(deps: InstanceDeps, resources: Wish['resources']): Promise<Found> {
  const of = (kind: Target['kind']) =>
    resources
      .filter(({ type, physicalId }) => TYPES[type] === kind && physicalId !== '')
      .map(({ physicalId }) => physicalId);
  const [instances, groups, databases] = [of('instance'), of('group'), of('database')];
  const [i, g, d] = await Promise.all([
    instances.length > 0 ? (await deps.ports.instances()).byIds(instances) : [],
    groups.length > 0 ? (await deps.ports.groups()).byNames(groups) : [],
    databases.length > 0 ? (await deps.ports.databases()).byIds(databases) : [],
  ]);
  return { i, g, d };
}

/** The instance of a host; undefined for a host that is an address alone. */
async function ofHost(
  deps: InstanceDeps,
  host: KnownHost,
  place: string,
): Promise<InstanceFacts | undefined> {
  if (host.instance === undefined && host.tags === undefined) return undefined;
  const port = await deps.ports.instances();
  const found =
    host.instance === undefined ? await port.byTags(host.tags ?? {}) : await port.byIds([host.instance]);
  if (found.length === 1) return found[0];
  if (found.length === 0) {
    throw new UsageError({
      code: 'NoSuchInstance',
      message: `The host ${host.name} is no instance in ${place}.`,
      why: host.instance
        ? `${host.instance} is not there: another account or region, or terminated long ago.`
        : `Nothing has the tags ${tagWords(host.tags)}.`,
      suggestions: [
        'Deploy what makes it: infractl deploy --create-stack',
        'Check the profile and the region.',
      ],
    });
  }
  throw new UsageError({
    code: 'AmbiguousHost',
    message: `The host ${host.name} fits ${found.length} instances: ${found.map(({ id }) => id).join(', ')}.`,
    why: `They all have ${tagWords(host.tags)}.`,
    suggestions: [
      `Add a tag to hosts.${host.name}.tags that only one of them has, or name it by "instance:".`,
    ],
  });
}

const tagWords = (tags: KnownHost['tags']) =>
  Object.entries(tags ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(', ');
