import { whenNotThrottled } from '../aws/retry.ts';
import type { AwsSession } from '../aws/session.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { type InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import type { Redactor } from '../base/redact.ts';
import type { Reporter } from '../base/report.ts';
import { bytes, listed, plural } from '../base/text.ts';
import { valueResolver } from '../deploy/values.ts';
import {
  FOLLOW_REACH,
  type FollowNews,
  followGroups,
  groupsOf,
  type InsightsQuery,
  type InsightsState,
  type LogEvent,
  type LogsPort,
  merged,
  named,
  type PeekPort,
  readGroup,
  runQuery,
  type Source,
} from '../logs/index.ts';
import { nothingNamed } from '../project/index.ts';
import type { FunctionPart, Project } from '../project/model.ts';
import type { StacksPort } from '../stacks/index.ts';
import type { HostDesk } from './host-desk.ts';
import { followJournal, readJournal } from './log-journals.ts';
import { folderOf, unknownLogs } from './log-names.ts';
import { stackResources } from './project-resources.ts';

export interface LogDeskDeps {
  /** Opened where AWS is asked: the journals of hosts need none. */
  readonly session: () => Promise<AwsSession>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  /** The hosts of the project, opened where a name means one. */
  readonly hosts: () => Promise<HostDesk>;
  /** An environment variable, or a line of `.env.secrets`: a function's name may be one. */
  readonly variable: (name: string) => string | undefined;
}

export interface LogWindow {
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  readonly pattern?: string | undefined;
}

/** A group that could not be read, while others could. */
export interface LostGroup {
  readonly group: string;
  readonly error: InfractlError;
}

export interface ReadResult {
  readonly missing: readonly string[];
  readonly lost: readonly LostGroup[];
}

/** Given back, it is waited for before more is read: who reads may be slower than AWS tells. */
export type TellEvents = (events: readonly LogEvent[]) => Promise<void> | undefined | void;

/** As many log groups as StartQuery takes. */
const MOST_ASKED = 50;

/** A pattern of groups: what it is the beginning of is looked for again while it is followed. */
interface Found {
  readonly sources: Source[];
  readonly prefixes: readonly string[];
  /** Of stacks: what each resource writes to. */
  readonly resources?: readonly { readonly logicalId: string; readonly groups: readonly string[] }[];
}

/** Finding the log groups of a project, and reading them. */
export class LogDesk {
  readonly #deps: LogDeskDeps;
  readonly #project: Project;
  #port: Promise<LogsPort & PeekPort> | undefined;
  #stacks: Promise<StacksPort> | undefined;
  readonly #resolve: ReturnType<typeof valueResolver>;
  #prefixes: readonly string[] = [];

  constructor(deps: LogDeskDeps, project: Project) {
    this.#deps = deps;
    this.#resolve = valueResolver(deps, project);
    this.#project = project;
  }

  /**
   * The groups that names mean: a function or a stack of infractl.yaml, a group's own name, the beginning
   * of several, what a group of the project is shown as, or the logical id of the resource that writes it. Without a name: all that the stacks and functions of
   * the environment write to.
   *
   * @throws UsageError `NoSuchLogs` with the nearest names, `NothingNamed`
   */
  async sources(names: readonly string[]): Promise<Source[]> {
    const found =
      names.length === 0 ? [await this.#all()] : await Promise.all(names.map((name) => this.#byName(name)));
    this.#prefixes = found.flatMap(({ prefixes }) => prefixes);
    const sources = new Map<string, Source>();
    for (const source of found.flatMap((one) => one.sources))
      if (!sources.has(source.group)) sources.set(source.group, source);
    if (sources.size > 0) return [...sources.values()];
    if (this.#project.bare)
      throw nothingNamed(
        'whose logs',
        'A log group, or the beginning of several: infractl logs /aws/lambda/',
      );
    throw new UsageError({
      code: 'NoSuchLogs',
      message: `The environment ${this.#project.environment} of ${this.#project.name} has no log groups.`,
      suggestions: [
        'Deploy it first: infractl deploy --create-stack',
        'Or name a group, or the beginning of several: infractl logs /aws/lambda/',
      ],
    });
  }

  /** The hosts of the environment. */
  get hostNames(): readonly string[] {
    return [...this.#project.hosts.keys()];
  }

  /** All that the environment logs: its groups, and the journals of its hosts. */
  async everything(): Promise<Source[]> {
    const hosts = this.hostNames.map(journalOf);
    return hosts.length === 0 ? this.sources([]) : [...(await this.#all()).sources, ...hosts];
  }

  /** Tells the events of a time window in their order. Groups that cannot be read do not stop the others. */
  async read(sources: readonly Source[], window: LogWindow, tell: TellEvents): Promise<ReadResult> {
    refuseJournals(sources, window.pattern === undefined ? undefined : '--filter');
    const { signal, hosts, clock } = this.#deps;
    const reader = await this.#portFor(sources);
    // What others read in this account is throttled with it: it passes.
    const port: Pick<LogsPort, 'page'> = {
      page: (query) => whenNotThrottled({ clock, signal }, () => reader.page(query, signal)),
    };
    const missing: string[] = [];
    const lost: LostGroup[] = [];
    const one = async function* ({ group, host }: Source) {
      try {
        if (host !== undefined) yield* readJournal({ hosts, signal }, host, group, window);
        else
          for await (const events of readGroup({ port, signal }, { group, ...window })) {
            if (events) yield events;
            else missing.push(group);
          }
      } catch (error) {
        throwIfAborted(signal);
        if (!isInfractlError(error) || sources.length === 1 || !isAboutOne(error)) throw error;
        lost.push({ group, error });
      }
    };
    for await (const events of merged(sources.map(one))) await tell(events);
    if (lost.length > 0 && lost.length === sources.length) throw (lost[0] as LostGroup).error;
    return { missing, lost };
  }

  /**
   * Reads from `from` on and goes on until the signal is aborted.
   *
   * @param live by Live Tail, which is paid for by the minute
   */
  async follow(
    sources: readonly Source[],
    window: Omit<LogWindow, 'to'>,
    tell: (news: FollowNews) => void,
    live = false,
  ): Promise<void> {
    refuseJournals(sources, window.pattern === undefined ? undefined : '--filter');
    const port = await this.#portFor(sources);
    const { session, clock, signal, hosts } = this.#deps;
    const groups = sources.filter(({ host }) => host === undefined).map(({ group }) => group);
    const liveTail =
      live && groups.length > 0 ? (await import('../aws/logs-live.ts')).liveTail(await session()) : undefined;
    const peek = groups.length > 0 ? await this.#logs() : undefined;
    const prefixes = this.#prefixes;
    // Following reads again as far back as late events are waited for; what is older is read once.
    const start = Math.max(window.from, port.now() - FOLLOW_REACH);
    if (start > window.from)
      await this.read(sources, { ...window, to: start - 1 }, (events) =>
        tell({ type: 'events', events, late: false }),
      );
    const more = async () =>
      (await Promise.all(prefixes.map((prefix) => port.groups(prefix, signal)))).flat();
    await followGroups(
      { port, liveTail, peek, clock, signal, tell },
      {
        groups,
        live: sources.flatMap(({ host, group }) =>
          host === undefined ? [] : [followJournal({ hosts, signal }, host, group, start)],
        ),
        from: start,
        pattern: window.pattern,
        more: prefixes.length > 0 ? more : undefined,
      },
    );
  }

  /** Runs a query of Logs Insights over the groups. See `runQuery` of the logs. */
  async query(
    sources: readonly Source[],
    query: Omit<InsightsQuery, 'groups'>,
    reporter: Reporter,
  ): Promise<InsightsState> {
    refuseJournals(sources, 'Logs Insights');
    if (sources.length > MOST_ASKED)
      throw new UsageError({
        code: 'TooManyGroups',
        message: `Logs Insights asks ${MOST_ASKED} log groups at a time, and these are ${sources.length}.`,
        suggestions: [
          'Name fewer with --in: functions, stacks, groups, or a longer beginning of their names.',
        ],
      });
    const { session, clock, signal } = this.#deps;
    const { insights } = await import('../aws/logs-insights.ts');
    const aws = await session();
    const part = `query of ${plural(sources.length, 'group')}`;
    const began = clock.now();
    reporter.emit({ type: 'part.started', part, doing: 'asking AWS' });
    const onProgress = ({ bytesScanned }: InsightsState) =>
      reporter.emit({ type: 'part.status', part, status: `scanned ${bytes(bytesScanned)}` });
    const state = await runQuery(
      { port: insights(aws), clock, signal, onProgress },
      { ...query, groups: sources.map(({ group }) => group) },
    );
    reporter.emit({ type: 'part.done', part, outcome: 'passed', ms: clock.now() - began });
    return state;
  }

  /** The end of what can have been logged by now, in milliseconds since 1970: AWS tells its time in whole seconds. */
  async now(): Promise<number> {
    const here = this.#port ? (await this.#port).now() : this.#deps.clock.now();
    return here + 1000;
  }

  async #all(): Promise<Found> {
    const stacks = await Promise.all(
      [...this.#project.stacks.values()].map(({ stackName }) => this.#ofStack(stackName)),
    );
    const functions = await Promise.all(
      [...this.#project.functions.values()].map((part) => this.#ofFunction(part)),
    );
    const groups = [
      ...stacks.flatMap((one) => one.sources.map(({ group }) => group)),
      ...functions.map(({ group }) => group),
    ];
    const parts = new Map(functions.map(({ group, name }) => [group, name]));
    const sources = named(groups).map(({ name, group }) => ({ name: parts.get(group) ?? name, group }));
    return {
      sources,
      prefixes: stacks.flatMap(({ prefixes }) => prefixes),
      resources: stacks.flatMap(({ resources = [] }) => resources),
    };
  }

  async #byName(name: string): Promise<Found> {
    const { functions, stacks, hosts } = this.#project;
    const [kind, rest] = name.includes(':')
      ? [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)]
      : ['', name];
    const part = kind === '' || kind === 'function' ? functions.get(rest) : undefined;
    if (part) return { sources: [await this.#ofFunction(part)], prefixes: [] };
    const stack = kind === '' || kind === 'stack' ? stacks.get(rest) : undefined;
    if (stack) return this.#ofStack(stack.stackName);
    if ((kind === '' || kind === 'host') && hosts.has(rest))
      return { sources: [journalOf(rest)], prefixes: [] };
    return this.#byPrefix(name);
  }

  async #ofFunction(part: FunctionPart): Promise<Source> {
    const { value } = await this.#resolve(part.functionName);
    const name = value.replace(/^arn:[^:]*:lambda:[^:]*:[^:]*:function:/, '');
    return { name: part.name, group: `/aws/lambda/${name.replace(/:.*$/, '')}` };
  }

  async #ofStack(stackName: string): Promise<Found> {
    this.#stacks ??= import('../aws/cloudformation.ts').then(async ({ cloudFormation }) =>
      cloudFormation(await this.#deps.session()),
    );
    const port = await this.#logs();
    const found = await stackResources(await this.#stacks, stackName);
    const resources = await Promise.all(
      found.map(async (resource) => {
        const { group, prefix } = groupsOf(resource);
        const groups = prefix ? await port.groups(prefix, this.#deps.signal) : group ? [group] : [];
        return { logicalId: resource.logicalId, groups };
      }),
    );
    return {
      sources: named(resources.flatMap(({ groups }) => groups)),
      prefixes: found.flatMap((resource) => groupsOf(resource).prefix ?? []),
      resources,
    };
  }

  async #byPrefix(name: string): Promise<Found> {
    const port = await this.#logs();
    const prefix = name.replace(/\*$/, '');
    const groups = await port.groups(prefix, this.#deps.signal);
    if (groups.includes(name))
      return { sources: [{ name: named([name])[0]?.name ?? name, group: name }], prefixes: [] };
    if (groups.length > 0 && (name.endsWith('*') || name.startsWith('/') || groups.length === 1))
      return { sources: named(groups), prefixes: [prefix] };
    const shown = await this.#shown();
    const { sources, resources = [] } = shown;
    const same = sources.find((source) => source.name === name || source.group.endsWith(`/${name}`));
    if (same) return { sources: [same], prefixes: [] };
    const of = resources.filter(({ logicalId }) => logicalId === name).flatMap((one) => one.groups);
    const made = sources.filter(({ group }) => of.includes(group));
    if (made.length > 0) return { sources: made, prefixes: [] };
    throw await this.#unknown(name, groups, shown);
  }

  /** What the project's groups are called where all are shown; none where its stacks cannot be looked at. */
  async #shown(): Promise<Found> {
    try {
      return await this.#all();
    } catch (error) {
      throwIfAborted(this.#deps.signal);
      if (!isInfractlError(error)) throw error;
      return { sources: [], prefixes: [] };
    }
  }

  async #unknown(name: string, groups: readonly string[], shown: Found): Promise<UsageError> {
    const { bare, functions, stacks, hosts, name: project } = this.#project;
    const own = [...functions.keys(), ...stacks.keys(), ...hosts.keys()];
    return unknownLogs(name, {
      project: bare ? undefined : project,
      region: (await this.#deps.session()).region,
      parts: [...new Set([...own, ...shown.sources.map((one) => one.name)])],
      groups: groups.length > 0 ? groups : await this.#beside(name),
    });
  }

  /** Groups of the same folder as a name that is none; all, where there is no such folder. */
  async #beside(name: string): Promise<readonly string[]> {
    const port = await this.#logs();
    const folder = folderOf(name);
    const beside = folder === '' ? [] : await port.groups(folder, this.#deps.signal);
    return beside.length > 0 ? beside : port.groups('', this.#deps.signal);
  }

  /** Journals of hosts are read without AWS. */
  async #portFor(sources: readonly Source[]): Promise<LogsPort> {
    if (sources.some(({ host }) => host === undefined)) return this.#logs();
    return { groups: async () => [], page: async () => undefined, now: () => this.#deps.clock.now() };
  }

  #logs(): Promise<LogsPort & PeekPort> {
    this.#port ??= import('../aws/logs.ts').then(async ({ logsReader }) =>
      logsReader(await this.#deps.session()),
    );
    return this.#port;
  }
}

function journalOf(host: string): Source {
  return { name: host, group: `journal of ${host}`, host };
}

/** @param by what knows log groups of CloudWatch only; undefined where nothing does */
function refuseJournals(sources: readonly Source[], by: string | undefined): void {
  const journals = sources.filter(({ host }) => host !== undefined).map(({ name }) => name);
  if (by === undefined || journals.length === 0) return;
  throw new UsageError({
    code: 'NotOfJournals',
    message: `${by} is of CloudWatch Logs: it knows nothing of the journal of ${listed(journals)}.`,
    suggestions: [`Look through it here: infractl logs ${journals.join(' ')} --grep WORD`],
  });
}

/** A failure of one group, which says nothing of the others. */
function isAboutOne({ code }: InfractlError): boolean {
  return (
    /^(?:AccessDenied|Host|Sudo)/.test(code) ||
    code === 'InvalidOperationException' ||
    code === 'LimitExceededException'
  );
}
