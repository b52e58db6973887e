import {
  type BackupPart,
  type CheckPart,
  type ConfiguredId,
  type HostPart,
  type PartId,
  type PartKind,
  type Project,
  partKey,
  type ReleasePart,
  type SitePart,
  type Value,
} from './model.ts';
import type { ConfigPath } from './problems.ts';
import { collectReferences, splitOutput } from './references.ts';

/** `from` needs `to`: `to` is done first. */
export interface Edge {
  readonly from: ConfiguredId;
  readonly to: ConfiguredId;
  /** The place of the configuration that says so. */
  readonly path: ConfigPath;
  /** `<stack>.<OutputKey>` where an output is what is needed. */
  readonly output?: string;
}

/** The parts of a project and what each needs. Has no cycles. */
export interface Graph {
  /** In an order in which every part comes after all that it needs. */
  readonly nodes: readonly PartId[];
  /** What the part needs directly. */
  needs(id: PartId): readonly PartId[];
  /** What needs the part directly. */
  neededBy(id: PartId): readonly PartId[];
  has(id: PartId): boolean;
}

/** What stands in the configuration, before it is known to be a graph. */
export interface Wiring {
  readonly nodes: readonly ConfiguredId[];
  readonly edges: readonly Edge[];
  /** References to parts that are not there. */
  readonly dangling: readonly Edge[];
}

type Parts = Pick<
  Project,
  'stacks' | 'images' | 'functions' | 'sites' | 'checks' | 'hosts' | 'backups' | 'releases' | 'costs'
>;

/**
 * All parts and edges: outputs, images, imports, `after`, and every check after every function, site and release.
 *
 * @param others parts that are known by name only
 */
export function collectWiring(project: Parts, others: readonly ConfiguredId[] = []): Wiring {
  const nodes = [
    ...partIds(project),
    ...[...project.hosts.keys()].map((name) => id('host', name)),
    ...others,
  ];
  const known = new Set(nodes.map(partKey));
  const edges: Edge[] = [];
  const dangling: Edge[] = [];
  const link: Link = (from, to, path, output) => {
    const edge = { from, to, path, ...(output ? { output } : {}) };
    (known.has(partKey(to)) ? edges : dangling).push(edge);
  };
  const linkValue = (from: ConfiguredId, value: Value, path: ConfigPath) => {
    for (const reference of collectReferences(value)) {
      if ('output' in reference)
        link(from, id('stack', splitOutput(reference).stack), [...path, 'output'], reference.output);
      if ('image' in reference) link(from, id('image', reference.image), [...path, 'image']);
    }
  };
  linkStacks(project, nodes, link, linkValue);
  for (const name of project.costs.keys()) link(id('usage', name), id('stack', name), ['costs', name]);
  for (const image of project.images.values()) {
    linkValue(id('image', image.name), image.repository, ['images', image.name, 'repository']);
  }
  for (const fn of project.functions.values()) {
    const from = id('function', fn.name);
    linkValue(from, fn.functionName, ['functions', fn.name, 'name']);
    if ('image' in fn.code) link(from, id('image', fn.code.image), ['functions', fn.name, 'image']);
  }
  for (const site of project.sites.values()) linkSite(site, linkValue);
  for (const check of project.checks.values()) linkCheck(check, project, link, linkValue);
  for (const host of project.hosts.values()) linkHost(host, linkValue);
  for (const backup of project.backups.values()) linkBackup(backup, link, linkValue);
  for (const release of project.releases.values()) linkRelease(release, link, linkValue);
  return { nodes, edges, dangling };
}

type Link = (from: ConfiguredId, to: ConfiguredId, path: ConfigPath, output?: string) => void;
type LinkValue = (from: ConfiguredId, value: Value, path: ConfigPath) => void;

function linkStacks(project: Parts, nodes: readonly ConfiguredId[], link: Link, linkValue: LinkValue): void {
  for (const stack of project.stacks.values()) {
    const from = id('stack', stack.name);
    for (const [key, value] of Object.entries(stack.parameters)) {
      const path = ['stacks', stack.name, 'parameters', key];
      if (Array.isArray(value))
        value.forEach((item: Value, i) => {
          linkValue(from, item, [...path, i]);
        });
      else linkValue(from, value as Value, path);
    }
    for (const { exporter, output } of stack.imports ?? [])
      link(from, id('stack', exporter), ['stacks', stack.name, 'template'], `${exporter}.${output}`);
    stack.after.forEach((text, i) => {
      const path = ['stacks', stack.name, 'after', i];
      const found = partsNamed(nodes, text);
      // A stack may wait for the image of its own name, not for itself.
      const others = found.filter((each) => partKey(each) !== partKey(from));
      for (const to of others.length ? others : found) link(from, to, path);
      if (found.length === 0) link(from, parsePart(text) ?? id('stack', text), path);
    });
  }
}

function linkCheck(check: CheckPart, project: Parts, link: Link, linkValue: LinkValue): void {
  const from = id('check', check.name);
  linkValue(from, check.url, ['checks', check.name, 'url']);
  for (const fn of project.functions.keys()) link(from, id('function', fn), ['checks', check.name]);
  for (const site of project.sites.keys()) link(from, id('site', site), ['checks', check.name]);
  for (const release of project.releases.keys()) link(from, id('release', release), ['checks', check.name]);
}

function linkSite(site: SitePart, linkValue: LinkValue): void {
  const from = id('site', site.name);
  const at = ['sites', site.name];
  linkValue(from, site.bucket, [...at, 'bucket']);
  if (site.distribution !== undefined) linkValue(from, site.distribution, [...at, 'distribution']);
  for (const [key, value] of Object.entries(site.environment))
    linkValue(from, value, [...at, 'environment', key]);
  for (const [key, value] of Object.entries(site.config?.values ?? {}))
    linkValue(from, value, [...at, 'config', 'values', key]);
}

/** A host is no node: no deploy makes it. Its edges are there to be checked. */
function linkHost(host: HostPart, linkValue: LinkValue): void {
  const from = id('host', host.name);
  const values = { instance: host.instance, address: host.address };
  for (const [key, value] of Object.entries(values))
    if (value !== undefined) linkValue(from, value, ['hosts', host.name, key]);
  if (host.health.url !== undefined) linkValue(from, host.health.url, ['hosts', host.name, 'health', 'url']);
}

/** A plan of backups is no node either. Its hosts and outputs are there to be checked. */
function linkBackup(backup: BackupPart, link: Link, linkValue: LinkValue): void {
  const from = id('backup', backup.name);
  const at = ['backups', backup.name];
  backup.targets.forEach((target, i) => {
    for (const [key, value] of Object.entries(target) as [string, Value][]) {
      if (key === 'host') link(from, id('host', String(value)), [...at, 'targets', i, key]);
      else if (key !== 'tags' && key !== 'of') linkValue(from, value, [...at, 'targets', i, key]);
    }
  });
  for (const key of ['ping', 'topic'] as const) {
    const value = backup[key];
    if (value !== undefined) linkValue(from, value, [...at, key]);
  }
}

function linkRelease(release: ReleasePart, link: Link, linkValue: LinkValue): void {
  const from = id('release', release.name);
  const at = ['releases', release.name];
  release.hosts.forEach((host, i) => {
    link(from, id('host', host), release.hosts.length > 1 ? [...at, 'host', i] : [...at, 'host']);
  });
  if (release.group) linkValue(from, release.group.name, [...at, 'group', 'name']);
  for (const [key, value] of Object.entries(release.environment))
    linkValue(from, value, [...at, 'environment', key]);
}

const KINDS: readonly PartKind[] = ['stack', 'image', 'function', 'site', 'release', 'check'];

/** All parts in the order of the file, one kind after the other. */
export function partIds(project: Parts): PartId[] {
  return [
    ...[...project.stacks.keys()].map((name) => id('stack', name)),
    ...[...project.images.keys()].map((name) => id('image', name)),
    ...[...project.functions.keys()].map((name) => id('function', name)),
    ...[...project.sites.keys()].map((name) => id('site', name)),
    ...[...project.releases.keys()].map((name) => id('release', name)),
    ...[...project.checks.keys()].map((name) => id('check', name)),
  ];
}

/** `image api`, `image:api` or `image/api`; undefined for a name without its kind. */
export function parsePart(text: string): PartId | undefined {
  const [, kind, name] = /^(\w+)[ :/](.+)$/.exec(text) ?? [];
  const known = KINDS.find((each) => each === kind || `${each}s` === kind);
  return known && name ? id(known, name) : undefined;
}

/** The parts that a text means: one by kind and name, or all that have the name. */
export function partsNamed<Id extends ConfiguredId>(nodes: readonly Id[], text: string): Id[] {
  const exact = parsePart(text);
  return nodes.filter((node) =>
    exact ? node.kind === exact.kind && node.name === exact.name : node.name === text,
  );
}

function id<Kind extends ConfiguredId['kind']>(kind: Kind, name: string): { kind: Kind; name: string } {
  return { kind, name };
}

/** The graph of a project that `loadProject` has checked. */
export function buildGraph(project: Parts): Graph {
  const { edges } = collectWiring(project);
  return makeGraph(partIds(project), [...edges, ...throughHosts(project, edges)]);
}

/**
 * What a release needs is what its hosts need. Any stack may make the one that is found by its tags, but for those
 * that wait for a release themselves.
 */
function throughHosts(project: Parts, edges: readonly Edge[]): Pick<Edge, 'from' | 'to'>[] {
  const makers = [...project.stacks.keys()]
    .map((name) => id('stack', name))
    .filter((stack) => !waitsForRelease(stack, edges));
  return [...project.releases.values()].flatMap(({ name, hosts }) =>
    hosts.flatMap((host) => {
      const own = edges.filter(({ from }) => from.kind === 'host' && from.name === host).map(({ to }) => to);
      const found = project.hosts.get(host)?.tags ? makers : [];
      return [...own, ...found].map((to) => ({ from: id('release', name), to }));
    }),
  );
}

function waitsForRelease(start: ConfiguredId, edges: readonly Edge[]): boolean {
  const seen = new Set([partKey(start)]);
  for (const key of seen)
    for (const { from, to } of edges) {
      if (partKey(from) !== key) continue;
      if (to.kind === 'release') return true;
      seen.add(partKey(to));
    }
  return false;
}

/**
 * A graph of these nodes; edges to other nodes are left out, equal edges count once.
 *
 * @throws RangeError when the edges have a cycle: whoever calls has checked that with `findCycles`.
 */
export function makeGraph(nodes: readonly PartId[], edges: Iterable<Pick<Edge, 'from' | 'to'>>): Graph {
  const ids = new Map(nodes.map((node) => [partKey(node), node]));
  const needs = new Map<string, Set<string>>([...ids.keys()].map((key) => [key, new Set()]));
  const neededBy = new Map<string, Set<string>>([...ids.keys()].map((key) => [key, new Set()]));
  for (const { from, to } of edges) {
    if (!ids.has(partKey(from)) || !ids.has(partKey(to))) continue;
    needs.get(partKey(from))?.add(partKey(to));
    neededBy.get(partKey(to))?.add(partKey(from));
  }
  const order = topological([...ids.keys()], needs, neededBy);
  if (order.length < ids.size) throw new RangeError('the parts need each other in a circle');
  const lookUp = (keys: Iterable<string> | undefined) =>
    [...(keys ?? [])].map((key) => ids.get(key) as PartId);
  return {
    nodes: lookUp(order),
    needs: (node) => lookUp(needs.get(partKey(node))),
    neededBy: (node) => lookUp(neededBy.get(partKey(node))),
    has: (node) => ids.has(partKey(node)),
  };
}

/** Kahn's order; what is in a cycle or behind one is missing from it. */
function topological(
  keys: readonly string[],
  needs: ReadonlyMap<string, ReadonlySet<string>>,
  neededBy: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  const open = new Map(keys.map((key) => [key, needs.get(key)?.size ?? 0]));
  const order = keys.filter((key) => open.get(key) === 0);
  for (const key of order) {
    for (const next of neededBy.get(key) ?? []) {
      const left = (open.get(next) ?? 0) - 1;
      open.set(next, left);
      if (left === 0) order.push(next);
    }
  }
  return order;
}

/** Cycles, none sharing a part with another: each as its edges, the last one leading back to the first part. */
export function findCycles(edges: readonly Edge[]): Edge[][] {
  const out = new Map<string, Edge[]>();
  for (const edge of edges) {
    const key = partKey(edge.from);
    const list = out.get(key);
    if (list) list.push(edge);
    else out.set(key, [edge]);
  }
  const cycles: Edge[][] = [];
  const finished = new Set<string>();
  for (const start of out.keys()) {
    for (let cycle = cycleFrom(start, out, finished); cycle; cycle = cycleFrom(start, out, finished)) {
      cycles.push(cycle);
      for (const edge of cycle) finished.add(partKey(edge.from));
    }
  }
  return cycles;
}

/** Depth first without recursion: a chain of parts may be longer than the call stack. */
function cycleFrom(
  start: string,
  out: ReadonlyMap<string, readonly Edge[]>,
  finished: Set<string>,
): Edge[] | undefined {
  if (finished.has(start)) return undefined;
  const trail: Edge[] = [];
  const next = new Map<string, number>([[start, 0]]);
  let here = start;
  for (;;) {
    const position = next.get(here) ?? 0;
    const edge = out.get(here)?.[position];
    if (edge === undefined) {
      finished.add(here);
      next.delete(here);
      const back = trail.pop();
      if (back === undefined) return undefined;
      here = partKey(back.from);
      continue;
    }
    next.set(here, position + 1);
    const to = partKey(edge.to);
    if (next.has(to)) {
      const at = trail.findIndex((each) => partKey(each.from) === to);
      return at < 0 ? [edge] : [...trail.slice(at), edge];
    }
    if (finished.has(to)) continue;
    trail.push(edge);
    next.set(to, 0);
    here = to;
  }
}

/**
 * The graph of some of its parts, in an order that the whole graph would allow: a part that needs
 * another through parts that are left out still comes after it.
 *
 * @param dependencies also take all that the parts need
 */
export function selectGraph(graph: Graph, chosen: readonly PartId[], dependencies = false): Graph {
  const keep = new Set(chosen.map(partKey));
  if (dependencies) {
    for (const node of graph.nodes.toReversed()) {
      if (keep.has(partKey(node))) for (const need of graph.needs(node)) keep.add(partKey(need));
    }
  }
  // What each part needs of those that are kept, seen through those that are not.
  const kept = new Map<string, Map<string, PartId>>();
  const edges: { from: PartId; to: PartId }[] = [];
  for (const node of graph.nodes) {
    const reach = new Map<string, PartId>();
    for (const need of graph.needs(node)) {
      if (keep.has(partKey(need))) reach.set(partKey(need), need);
      else for (const [key, far] of kept.get(partKey(need)) ?? []) reach.set(key, far);
    }
    kept.set(partKey(node), reach);
    if (keep.has(partKey(node))) for (const to of reach.values()) edges.push({ from: node, to });
  }
  return makeGraph(
    graph.nodes.filter((node) => keep.has(partKey(node))),
    edges,
  );
}

/** The same parts the other way round: what was needed comes after what needed it. */
export function reverseGraph(graph: Graph): Graph {
  const edges = graph.nodes.flatMap((from) => graph.needs(from).map((to) => ({ from: to, to: from })));
  return makeGraph(graph.nodes.toReversed(), edges);
}
