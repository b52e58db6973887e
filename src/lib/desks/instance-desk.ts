import { isInfractlError, UsageError } from '../base/errors.ts';
import { joinUrl, nearest } from '../base/text.ts';
import { type ValueDeps, valueResolver } from '../deploy/values.ts';
import {
  type Absent,
  type ActOptions,
  type ActResult,
  absentRow,
  act,
  checksAhead,
  type Doing,
  findTargets,
  type InstanceDeps,
  isManaged,
  type Knowledge,
  type KnownHost,
  orAbsent,
  type PlannedAct,
  type PlanOptions,
  planAct,
  type QuickSubject,
  type QuickVerdict,
  quick,
  type StatusRow,
  statusOf,
  systemProbe,
  type Target,
  type Wish,
} from '../instances/index.ts';
import type { PriceBook } from '../prices/index.ts';
import { nothingNamed } from '../project/index.ts';
import type { HostPart, Project } from '../project/model.ts';
import { lazily } from './instance-ports.ts';
import { monthlyPrices } from './instance-prices.ts';
import { type ProjectResource, stackResources } from './project-resources.ts';
import type { RecordDeps } from './recording.ts';
import { isWhole, type TargetChoice } from './target-choice.ts';

export interface InstanceDeskDeps extends Omit<ValueDeps, 'signal'>, RecordDeps {}

/** What a stack made. */
export type Made = Omit<ProjectResource, 'stack'>;

/** Milliseconds: who is logged in is worth that wait before a stop, and no more. */
const WHO = 6_000;
/** Milliseconds that a quick look gives AWS for the values of the configuration. */
const QUICK_VALUES = 1_000;

/** Instances, groups and databases of a project: how they are, starting and stopping them. */
export class InstanceDesk {
  readonly #deps: InstanceDeskDeps;
  readonly #project: Project;
  readonly #resolve: ReturnType<typeof valueResolver>;
  #inner: Promise<InstanceDeps> | undefined;
  #prices: Promise<PriceBook> | undefined;
  #made: ReturnType<InstanceDesk['made']> | undefined;

  constructor(deps: InstanceDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
    this.#resolve = valueResolver(deps, project);
  }

  /**
   * The targets of a choice, each once.
   *
   * @throws UsageError `NothingNamed`, `NoSuchHost`, `NoSuchInstance`, `AmbiguousHost`, `NotAnInstance`
   */
  async targets(choice: TargetChoice): Promise<Target[]> {
    return this.#targets(await this.#open(), choice, {});
  }

  /**
   * The same, but where all of the environment is meant and a host of infractl.yaml has no instance, that one is told
   * beside the others. Whoever names a host means it.
   *
   * @throws as `targets`, also where none of them is there
   */
  async present(choice: TargetChoice): Promise<{ readonly targets: Target[]; readonly absent: Absent[] }> {
    const absent: Absent[] = [];
    const targets = await this.#targets(await this.#open(), choice, { absent });
    if (targets.length === 0 && absent[0]) throw absent[0].error;
    return { targets, absent };
  }

  /** @param look without a project and a choice: all of the account and region, which nobody may act on */
  async #targets(
    deps: InstanceDeps,
    choice: TargetChoice,
    { look = false, absent }: { readonly look?: boolean; readonly absent?: Absent[] },
  ): Promise<Target[]> {
    const whole = isWhole(choice);
    const everything = whole && this.#project.bare === true;
    if (everything && !look) throw nothingNamed('what', 'By an id or a tag: --id i-…, --tag Name=web');
    const { region } = await this.#deps.session();
    const parts = whole ? [...this.#project.hosts.values()] : choice.hosts.map((name) => this.#host(name));
    const onEc2 = parts.filter((part) => part.instance !== undefined || part.tags !== undefined);
    const other = parts.find((part) => !onEc2.includes(part));
    if (!whole && other) {
      throw new UsageError({
        code: 'NotAnInstance',
        message: `The host ${other.name} is an address, no instance of EC2: it cannot be started or stopped from here.`,
        suggestions: [`Give hosts.${other.name} an "instance:" or "tags:".`],
      });
    }
    const described = whole
      ? []
      : [...this.#project.hosts.values()].filter((part) => part.instance ?? part.tags);
    const [hosts, describedBy, resources] = await Promise.all([
      Promise.all(
        onEc2.map((part) => {
          const known = () => this.#known(part);
          return whole && absent ? orAbsent(part.name, absent, known) : known();
        }),
      ),
      choice.ids.length === 0 && Object.keys(choice.tags).length === 0
        ? []
        : Promise.all(described.map((part) => this.#known(part).catch(() => undefined))),
      whole ? this.made() : [],
    ]);
    const wish: Wish = {
      ids: choice.ids,
      skipGone: choice.skipGone ?? false,
      tags: choice.tags,
      everything,
      hosts: hosts.flatMap((one) => one ?? []),
      ...(whole && absent ? { absent } : {}),
      resources,
      describedBy: describedBy.flatMap((one) => one ?? []),
    };
    return findTargets(deps, wish, await this.#place(region));
  }

  /**
   * How the targets of a choice are, those that are not there included where all of the environment is meant. A look
   * waits for no price: one that is not known is not asked for.
   *
   * @throws as `targets`
   */
  async status(choice: TargetChoice): Promise<StatusRow[]> {
    const deps = checksAhead(await this.#open());
    const absent: Absent[] = [];
    const targets = await this.#targets(deps, choice, { look: true, absent });
    const rows = await statusOf(deps, targets, await this.#monthly(targets, 'known'));
    return [...rows, ...absent.map(absentRow)];
  }

  /** What an act will do; changes nothing. */
  async plan(doing: Doing, targets: readonly Target[], options: PlanOptions): Promise<PlannedAct[]> {
    const knowledge: Knowledge = {
      price: await this.#monthly(targets, 'asked'),
      sessions: (host) => this.#sessions(host),
    };
    return planAct(await this.#open(), doing, targets, options, knowledge);
  }

  /**
   * Does what was planned; where something is to be done, the journal of the environment is told.
   *
   * @param undo the command that does the opposite
   */
  async act(
    doing: Doing,
    plan: readonly PlannedAct[],
    options: ActOptions,
    undo: string | undefined,
  ): Promise<ActResult[]> {
    const deps = await this.#open();
    const work = () => act(deps, doing, plan, options);
    if (!plan.some(({ does, refusal }) => !refusal && does !== 'nothing' && does !== 'wait')) return work();
    const { recorded } = await import('./recording.ts');
    const began = this.#deps.clock.now();
    return recorded(this.#deps, this.#project, doing, work, (results) => ({
      failed: results.some(({ outcome }) => outcome === 'failed'),
      undo,
      parts: results.map(({ kind, id, name, outcome, detail, error }) => ({
        part: `${kind} ${name ?? id}`,
        outcome,
        ms: this.#deps.clock.now() - began,
        ...(error ? { detail: error.message } : detail ? { detail } : {}),
        ...(name === null ? {} : { after: { id } }),
      })),
    }));
  }

  /**
   * The checks of the project, one after the other.
   *
   * @throws InfractlError `Unhealthy` (exit 8)
   */
  async runChecks(): Promise<void> {
    const { clock, signal, reporter } = this.#deps;
    const { runCheck } = await import('../checks/index.ts');
    for (const part of this.#project.checks.values()) {
      const name = `check ${part.name}`;
      const began = clock.now();
      reporter.emit({ type: 'part.started', part: name, doing: 'asking' });
      try {
        const url = joinUrl((await this.#resolve(part.url)).value, part.path);
        const { contains, expect, timeout } = part;
        const spec = { part: name, url, expect, timeout, ...(contains ? { contains } : {}) };
        const { status } = await runCheck({ clock, signal, reporter }, spec);
        const ms = clock.now() - began;
        reporter.emit({
          type: 'part.done',
          part: name,
          outcome: 'passed',
          detail: `${status} from ${url}`,
          ms,
        });
      } catch (error) {
        if (isInfractlError(error))
          reporter.emit({ type: 'part.failed', part: name, error, ms: clock.now() - began });
        throw error;
      }
    }
  }

  /** A verdict about each host or instance within three seconds. */
  async quick(choice: TargetChoice): Promise<QuickVerdict[]> {
    const whole = isWhole(choice);
    const parts = whole ? [...this.#project.hosts.values()] : choice.hosts.map((name) => this.#host(name));
    const deps = await this.#open();
    const hosts = await Promise.all(parts.map((part) => this.#quickHost(deps, part)));
    const others = whole
      ? parts.length > 0
        ? []
        : await this.#targets(await this.#open(), choice, { look: true })
      : isWhole({ ...choice, hosts: [] })
        ? []
        : await this.targets({ ...choice, hosts: [] });
    const instances = others.flatMap((target): QuickSubject[] => {
      if (target.kind !== 'instance') return [];
      const { facts, host, serving } = target;
      const known = host === undefined ? {} : { host: { name: host, serving } };
      return [{ name: host ?? facts.name ?? facts.id, ...known, ask: async () => facts }];
    });
    const { quickLook } = await quick();
    return Promise.all([...hosts, ...instances].map((subject) => quickLook(deps, subject)));
  }

  async #quickHost(deps: InstanceDeps, part: HostPart): Promise<QuickSubject> {
    const late = new Promise<undefined>((resolve) => {
      setTimeout(() => resolve(undefined), QUICK_VALUES).unref();
    });
    const sshPort = part.reach.via === 'ssh' ? part.reach.port : undefined;
    const managed = part.reach.via === 'ssm' || part.reach.tunnel === 'ssm';
    const base = { name: part.name, managed, ...(sshPort === undefined ? {} : { sshPort }) };
    try {
      const host = await Promise.race([this.#known(part), late]);
      if (host === undefined) {
        const ask = async () => {
          throw new UsageError({ code: 'TimedOut', message: 'AWS did not answer in time' });
        };
        return { ...base, ask };
      }
      const { instance, tags } = host;
      if (instance === undefined && tags === undefined) return { ...base, host };
      const ask = async () => {
        const port = await deps.ports.instances();
        const found = instance === undefined ? await port.byTags(tags ?? {}) : await port.byIds([instance]);
        return found.length === 1 ? found[0] : undefined;
      };
      return { ...base, host, ask };
    } catch (error) {
      return { ...base, ask: () => Promise.reject(error) };
    }
  }

  #host(name: string): HostPart {
    const { bare, hosts, name: project } = this.#project;
    const host = hosts.get(name);
    if (host) return host;
    if (bare) throw nothingNamed('which instance', 'By its id or a tag: --id i-…, --tag Name=web');
    const near = nearest(name, hosts.keys());
    throw new UsageError({
      code: 'NoSuchHost',
      message: `The project ${project} has no host "${name}".`,
      suggestions: [
        ...(near ? [`Did you mean: --host ${near}`] : []),
        hosts.size > 0
          ? `Its hosts: ${[...hosts.keys()].join(', ')}`
          : 'infractl.yaml has no section "hosts:".',
      ],
    });
  }

  async #known(part: HostPart): Promise<KnownHost> {
    const text = async (value: HostPart['address']) =>
      value === undefined ? undefined : (await this.#resolve(value)).value;
    const [instance, address, base] = await Promise.all([
      text(part.instance),
      text(part.address),
      text(part.health.url),
    ]);
    return {
      name: part.name,
      ...(instance === undefined ? {} : { instance }),
      ...(part.tags === undefined ? {} : { tags: part.tags }),
      serving: {
        ports: part.health.ports,
        ...(base === undefined ? {} : { url: joinUrl(base, part.health.path) }),
        ...(address === undefined ? {} : { address }),
      },
    };
  }

  /**
   * What the stacks of the environment made that can be started and stopped, nested ones included: ListStackResources,
   * once.
   */
  made(): Promise<readonly Made[]> {
    this.#made ??= (async () => {
      if (this.#project.stacks.size === 0) return [];
      const { cloudFormation } = await import('../aws/cloudformation.ts');
      const port = cloudFormation(await this.#deps.session());
      const stacks = [...this.#project.stacks.values()];
      const all = await Promise.all(stacks.map(({ stackName }) => stackResources(port, stackName)));
      return all.flat().filter(({ type }) => isManaged(type));
    })();
    return this.#made;
  }

  /** Where the prices that were named so far come from; for people. */
  async priceNote(): Promise<string> {
    return (await this.#book()).note;
  }

  async #monthly(targets: readonly Target[], how: 'known' | 'asked') {
    const { region } = await this.#deps.session();
    const instances = await this.#open().then(({ ports }) => ports.instances);
    return monthlyPrices({ book: await this.#book(), region, instances }, targets, how);
  }

  #book(): Promise<PriceBook> {
    this.#prices ??= (async () => {
      const { session, clock, env } = this.#deps;
      const [one, { openPrices }] = await Promise.all([session(), import('./prices.ts')]);
      return openPrices(one, clock, env);
    })();
    return this.#prices;
  }

  /** Who is logged in on a host; undefined when nobody can tell. */
  async #sessions(name: string): Promise<readonly string[] | undefined> {
    const part = this.#project.hosts.get(name);
    if (!part) return undefined;
    const { HostDesk } = await import('./host-desk.ts');
    const signal = AbortSignal.any([this.#deps.signal, AbortSignal.timeout(WHO)]);
    const desk = new HostDesk({ ...this.#deps, signal }, this.#project);
    try {
      const host = await desk.open(part);
      const { exitCode, stdout } = await host.run({ argv: ['who'], timeout: WHO, signal });
      return exitCode === 0 ? stdout.split('\n').filter((line) => line.trim() !== '') : undefined;
    } catch {
      // A host that cannot be reached may be stopped all the same.
      return undefined;
    } finally {
      await desk.close().catch(() => {});
    }
  }

  async #place(region: string): Promise<string> {
    const session = await this.#deps.session();
    if (session.sandbox) return `the sandbox, ${region}`;
    return `${region}${session.profile ? `, profile ${session.profile}` : ''}`;
  }

  #open(): Promise<InstanceDeps> {
    this.#inner ??= (async () => {
      const { reporter, clock, signal, where, session } = this.#deps;
      const retry = { clock, signal };
      return {
        ports: lazily(session, {
          instances: async (one) => (await import('../aws/ec2.ts')).ec2Port(one, retry),
          groups: async (one) => (await import('../aws/autoscaling.ts')).autoScalingPort(one, retry),
          databases: async (one) => (await import('../aws/rds.ts')).rdsPort(one, retry),
        }),
        probe: {
          tcp: async (...args) => (await systemProbe()).tcp(...args),
          http: async (...args) => (await systemProbe()).http(...args),
        },
        clock,
        signal,
        reporter,
        where,
      };
    })();
    return this.#inner;
  }
}
