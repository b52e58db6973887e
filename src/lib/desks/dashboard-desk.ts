import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { type InfractlError, isInfractlError } from '../base/errors.ts';
import type { ValueDeps } from '../deploy/values.ts';
import type { LogEvent } from '../logs/index.ts';
import {
  type Answer,
  type Answers,
  type BilledLine,
  blindness,
  costOf,
  isHopeless,
  type Ledger,
  type Measured,
  metricChart,
  type Picture,
  type RangeName,
  rangeWindow,
  type Sources,
  Watcher,
  withUnanswered,
} from '../monitoring/dashboard/index.ts';
import type { Project } from '../project/model.ts';
import type { StacksPort } from '../stacks/index.ts';
import { AlarmDesk, alarmGone } from './alarm-desk.ts';
import { newestBackups } from './dashboard-backups.ts';
import { billedToday } from './dashboard-bill.ts';
import { EndpointLooks } from './dashboard-endpoints.ts';
import { hostLines, serviceLines } from './dashboard-hosts.ts';
import { instanceLines } from './dashboard-instances.ts';
import { KeptHosts } from './kept-hosts.ts';
import { LogDesk } from './log-desk.ts';
import { MetricDesk, metricSources } from './metric-desk.ts';

export interface DashboardDeps extends ValueDeps {
  readonly session: () => Promise<AwsSession>;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly where: string;
  readonly commandLine: string;
  readonly version: string;
  /** Counts the calls of the session. */
  readonly ledger: Ledger;
  readonly trust?: () => Promise<boolean>;
  readonly onChange: () => void;
}

export interface DashboardOptions {
  readonly range: RangeName;
  /** Milliseconds between two looks at what moves: metrics, alarms, instances, hosts, endpoints. */
  readonly every: number;
}

const MINUTE = 60_000;
/** What a stack is made of is asked again so often, and after every deploy. */
const STACKS_KEPT = 5 * MINUTE;
const BACKUPS_EVERY = 5 * MINUTE;
const DEPLOY_EVERY = MINUTE;
/** A connection to a host is kept from look to look, but no longer than so many seconds. */
const LONGEST_IDLE = 300;
/** Lines of a log that are shown at once. */
const LOG_LINES = 500;
const LOG_REACH = 15 * MINUTE;

/** One picture of a project and environment, kept fresh through the other desks. */
export class DashboardDesk {
  readonly #deps: DashboardDeps;
  readonly #project: Project;
  readonly #hosts: KeptHosts;
  readonly #watcher: Watcher;
  readonly #endpoints: EndpointLooks;
  readonly #resources = new Map<string, { at: number; read: ReturnType<StacksPort['resources']> }>();
  #range: RangeName;
  #metrics: MetricDesk | undefined;
  #priceNote = '';
  #billed: BilledLine | null = null;
  #region: { region: string; profile: string | null; sandbox: boolean } | undefined;

  constructor(deps: DashboardDeps, project: Project, { range, every }: DashboardOptions) {
    this.#deps = deps;
    this.#project = project;
    this.#range = range;
    const idle = Math.min(LONGEST_IDLE, Math.ceil((2 * every) / 1000) + 30);
    this.#hosts = new KeptHosts({ ...deps, idle }, project);
    this.#endpoints = new EndpointLooks(deps, project);
    const { clock, signal, onChange } = deps;
    this.#watcher = new Watcher(this.#sources(every), { clock, signal, onChange });
  }

  /** What is known now: before the first answer, the place and empty panels. */
  get picture(): Picture {
    const { clock, ledger } = this.#deps;
    const { name, environment, region, profile } = this.#project;
    const panels = withUnanswered(this.#watcher.panels, clock.now());
    const known = this.#region ?? { region: region ?? null, profile: profile ?? null, sandbox: false };
    return {
      place: { project: name, environment, ...known },
      at: clock.now(),
      range: this.#range,
      panels,
      cost: costOf(panels.instances?.value, this.#priceNote, this.#billed),
      spent: ledger.spent(clock.now()),
    };
  }

  /** @throws what keeps all of it from being seen: no credentials, no region */
  async once(): Promise<Picture> {
    await Promise.all([this.#watcher.once(), this.#readBill()]);
    const blind = blindness(this.#watcher.panels);
    if (blind) throw blind;
    return this.picture;
  }

  /** Keeps the picture fresh until the signal is aborted. */
  async run(): Promise<void> {
    await Promise.all([this.#watcher.run(), this.#readBill().then(this.#deps.onChange)]);
  }

  /** Why nothing will be seen however long one waits: no credentials, no region. */
  get hopeless(): InfractlError | undefined {
    const blind = blindness(this.#watcher.panels);
    return blind && isHopeless(blind) ? blind : undefined;
  }

  /** Everything is looked at anew. */
  refresh(): void {
    this.#resources.clear();
    this.#endpoints.forget();
    this.#watcher.refresh();
  }

  choose(range: RangeName): void {
    if (range === this.#range) return;
    this.#range = range;
    this.#watcher.refresh(['metrics']);
    this.#deps.onChange();
  }

  /**
   * The newest lines of the last quarter of an hour, oldest first.
   *
   * @param name as `infractl logs` takes it: a group, `host:web`, `stack:app`
   */
  async logs(name: string, signal: AbortSignal): Promise<LogEvent[]> {
    const { session, clock, redactor, variable } = this.#deps;
    const hosts = async () => this.#hosts;
    const desk = new LogDesk({ session, clock, signal, redactor, variable, hosts }, this.#project);
    const sources = await desk.sources([name]);
    const to = await desk.now();
    let lines: LogEvent[] = [];
    await desk.read(sources, { from: to - LOG_REACH, to }, (events) => {
      lines = [...lines, ...events].slice(-LOG_LINES);
    });
    return lines;
  }

  async close(): Promise<void> {
    await this.#hosts.close();
  }

  async #readBill(): Promise<void> {
    try {
      this.#billed = (await billedToday(this.#deps, this.#project)) ?? null;
    } catch (error) {
      // What keeps the account from being known is told where it hides something else.
      if (!isInfractlError(error)) throw error;
    }
  }

  #sources(every: number): Sources {
    const { stacks, hosts, checks, backups } = this.#project;
    const onEc2 = [...hosts.values()].some((part) => part.instance !== undefined || part.tags !== undefined);
    const asked = checks.size > 0 || [...hosts.values()].some(({ health }) => health.url !== undefined);
    const slower = Math.max(every, BACKUPS_EVERY);
    return {
      ...(stacks.size > 0 ? { alarms: { every, look: () => this.#alarms() } } : {}),
      ...(stacks.size > 0 || onEc2
        ? {
            instances: {
              every,
              look: (before) => this.#instances(before),
            },
          }
        : {}),
      ...(hosts.size > 0
        ? {
            hosts: {
              every,
              look: async (before) => ({
                value: await hostLines(this.#hosts, this.#deps.clock.now(), before),
              }),
            },
            services: {
              every,
              look: async () => ({
                value: await serviceLines(this.#hosts, (text) => this.#deps.redactor.redact(text)),
              }),
            },
          }
        : {}),
      ...(asked ? { endpoints: { every, look: async () => ({ value: await this.#endpoints.look() }) } } : {}),
      ...(stacks.size > 0 ? { metrics: { every, look: () => this.#measured() } } : {}),
      ...(backups.size > 0
        ? {
            backups: {
              every: slower,
              look: async () => ({ value: await newestBackups(this.#deps, this.#project) }),
            },
          }
        : {}),
      deploy: { every: Math.max(every, DEPLOY_EVERY), look: (before) => this.#deploy(before) },
    };
  }

  /** The session, and with it the place that the header names. */
  async #session(): Promise<AwsSession> {
    const session = await this.#deps.session();
    const { region, profile = null, sandbox } = session;
    this.#region = { region, profile, sandbox };
    return session;
  }

  async #alarms(): Promise<Answer<Answers['alarms']>> {
    const { clock, signal } = this.#deps;
    const alarms = async () => (await import('../aws/alarms.ts')).alarmsPort(await this.#session(), signal);
    const desk = new AlarmDesk({ clock, stacks: () => this.#stacks(), alarms }, this.#project);
    const report = await desk.list([]);
    // A missing right to read silences hides no alarm.
    const lost = report.troubles.filter(({ message }) => !/AlarmMuteRule/.test(message));
    const value = report.alarms.map(({ alarm, stack, logicalId, silences }) => ({
      alarm,
      stack,
      logicalId,
      quiet: !alarm.actionsEnabled || silences.some(({ active }) => active),
    }));
    return { value, lost: [...lost, ...report.gone.map(alarmGone)] };
  }

  async #instances(before: Answers['instances'] | undefined): Promise<Answer<Answers['instances']>> {
    const { lines, priceNote } = await instanceLines(this.#deps, this.#project, before);
    this.#priceNote = priceNote;
    return { value: lines };
  }

  async #measured(): Promise<Answer<Measured>> {
    const { clock, signal, ledger } = this.#deps;
    this.#metrics ??= new MetricDesk(
      {
        stacks: () => this.#stacks(),
        ...metricSources(() => this.#session(), signal),
        hosts: async () => this.#hosts,
      },
      // The hosts have a panel of their own, and must not keep CloudWatch waiting.
      { ...this.#project, hosts: new Map() },
    );
    const window = rangeWindow(this.#range, clock.now());
    const { subjects, troubles } = await this.#metrics.read([], window);
    ledger.metrics(subjects.reduce((sum, { series }) => sum + series.length, 0));
    const charts = subjects.flatMap(({ kind, resource, series }) => {
      const { stack, logicalId, physicalId } = resource;
      const subject = { kind, name: logicalId, stack, resource: physicalId };
      return series.map((one) => metricChart(subject, one, one.points, window.period));
    });
    return { value: { window, charts }, lost: troubles };
  }

  async #deploy(before: Answers['deploy'] | undefined): Promise<Answer<Answers['deploy']>> {
    const { readHistory } = await import('../deploy/history.ts');
    const session = await this.#session();
    const [entry] = await readHistory(session, this.#project, { limit: 1, now: this.#deps.clock.now() });
    if (!entry) return { value: null };
    const value = {
      id: entry.id,
      at: Date.parse(entry.startedAt),
      result: entry.result,
      command: entry.command,
      who: entry.who.split(/[/:]/).at(-1) ?? entry.who,
      commit: entry.git?.commit ?? null,
    };
    // A deploy may have made or removed resources.
    if (before !== undefined && (before?.id !== value.id || before.result !== value.result)) this.refresh();
    return { value };
  }

  /** The stacks' resources, kept for minutes: several panels ask for them, and they change with a deploy alone. */
  async #stacks(): Promise<StacksPort> {
    const { cloudFormation } = await import('../aws/cloudformation.ts');
    const port = cloudFormation(await this.#session());
    const resources = (id: string) => {
      const now = this.#deps.clock.now();
      const kept = this.#resources.get(id);
      if (kept && now - kept.at < STACKS_KEPT) return kept.read;
      const read = port.resources(id);
      this.#resources.set(id, { at: now, read });
      read.catch((error: unknown) => {
        if (isInfractlError(error)) this.#resources.delete(id);
      });
      return read;
    };
    return { ...port, resources };
  }
}
