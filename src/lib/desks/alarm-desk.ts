import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';
import {
  type Alarm,
  type AlarmStateName,
  type AlarmsPort,
  type HistoryItem,
  LONGEST_SILENCE,
  type Silence,
  silenceWindow,
} from '../monitoring/index.ts';
import type { Project } from '../project/model.ts';
import type { StacksPort } from '../stacks/index.ts';
import { type ProjectResource, projectResources } from './project-resources.ts';

/** An alarm of a stack of the project. */
export interface ProjectAlarm {
  readonly alarm: Alarm;
  readonly stack: string;
  readonly logicalId: string;
  /** Those that keep it from acting now, or will. */
  readonly silences: readonly Silence[];
}

export interface AlarmsReport {
  /** What needs somebody first, then by name. */
  readonly alarms: readonly ProjectAlarm[];
  /** Alarms of the stacks that are not there any more: deleted by hand. */
  readonly gone: readonly ProjectResource[];
  /** What could not be looked at. */
  readonly troubles: readonly InfractlError[];
  /** Whether CloudWatch knows silences here at all. */
  readonly canSilence: boolean;
}

/** What became of an alarm. */
export interface AlarmEvent extends HistoryItem {
  readonly alarm: string;
}

export interface Silenced {
  readonly alarm: string;
  readonly rule: string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly until: number;
}

export interface AlarmDeskDeps {
  readonly clock: Clock;
  readonly stacks: () => Promise<StacksPort>;
  readonly alarms: () => Promise<AlarmsPort>;
}

const TYPES = new Set(['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm']);
const ORDER: readonly AlarmStateName[] = ['ALARM', 'INSUFFICIENT_DATA', 'OK'];

/** The alarms that the stacks of a project have made. */
export class AlarmDesk {
  readonly #deps: AlarmDeskDeps;
  readonly #project: Project;

  constructor(deps: AlarmDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
  }

  /**
   * All of them, or those that names mean: an alarm's own name, its logical id, or `stack/LogicalId`.
   *
   * @throws UsageError `NoSuchAlarm` with the nearest name
   */
  async list(names: readonly string[]): Promise<AlarmsReport> {
    const { resources, lost } = await projectResources(await this.#deps.stacks(), this.#project);
    const all = resources.filter(({ type }) => TYPES.has(type));
    const wanted = names.length === 0 ? all : [...new Set(names.flatMap((name) => this.#named(name, all)))];
    const port = await this.#deps.alarms();
    const troubles = lost.map(({ error }) => error);
    const [found, silences] = await Promise.all([
      wanted.length > 0 ? port.alarms(wanted.map(({ physicalId }) => physicalId)) : [],
      wanted.length > 0 ? this.#silences(port, troubles) : [],
    ]);
    const byName = new Map(found.map((alarm) => [alarm.name, alarm]));
    const alarms = wanted.flatMap(({ physicalId, stack, logicalId }): ProjectAlarm[] => {
      const alarm = byName.get(physicalId);
      const about = (silences ?? []).filter((one) => one.alarms.includes(physicalId));
      return alarm ? [{ alarm, stack, logicalId, silences: about }] : [];
    });
    return {
      alarms: alarms.sort(
        (a, b) =>
          ORDER.indexOf(a.alarm.state) - ORDER.indexOf(b.alarm.state) ||
          (a.alarm.name < b.alarm.name ? -1 : 1),
      ),
      gone: wanted.filter(({ physicalId }) => !byName.has(physicalId)),
      troubles,
      canSilence: silences !== undefined,
    };
  }

  /**
   * The alarms that names mean, to do something with them.
   *
   * @throws UsageError `NoSuchAlarm`; InfractlError `AlarmGone` where one was deleted by hand
   */
  async named(names: readonly string[]): Promise<AlarmsReport> {
    const report = await this.list(names);
    const gone = report.gone[0];
    if (!gone) return report;
    throw alarmGone(gone);
  }

  /** What became of an alarm since a time, newest first. */
  async history({ alarm }: ProjectAlarm, from: number): Promise<HistoryItem[]> {
    return (await this.#deps.alarms()).history(alarm.name, from);
  }

  /** What became of several since a time, in one order, oldest first. */
  async past(alarms: readonly ProjectAlarm[], from: number): Promise<AlarmEvent[]> {
    const all = await Promise.all(
      alarms.map(async (one) =>
        (await this.history(one, from)).toReversed().map((item) => ({ ...item, alarm: one.alarm.name })),
      ),
    );
    return all.flat().sort((a, b) => a.at - b.at);
  }

  /**
   * Keeps alarms from acting for a time. AWS ends it: a rule of CloudWatch has its end in itself, whatever
   * becomes of this machine. Again is safe: the alarm's own rule is replaced, and the end is the new one.
   *
   * @param ms how long
   * @throws UsageError `BadDuration` past what CloudWatch allows
   */
  async silence(alarms: readonly ProjectAlarm[], ms: number, who: string): Promise<Silenced[]> {
    if (ms > LONGEST_SILENCE) {
      throw new UsageError({
        code: 'BadDuration',
        message: 'CloudWatch keeps an alarm silent for 15 days at most.',
        suggestions: ['Give --for 15d, or less.'],
      });
    }
    const port = await this.#deps.alarms();
    const { from, until } = silenceWindow(this.#deps.clock.now(), ms);
    const why = `Silenced by ${who} with infractl.`;
    const done: Silenced[] = [];
    for (const { alarm } of alarms) {
      const name = ruleFor(alarm.name);
      await port.silence({ name, alarm: alarm.name, from, until, why });
      done.push({ alarm: alarm.name, rule: name, from, until });
    }
    return done;
  }

  /** Takes back what `silence` did. Rules that somebody else made stay, and are given back. */
  async endSilences(alarms: readonly ProjectAlarm[]): Promise<{ ended: string[]; others: Silence[] }> {
    const port = await this.#deps.alarms();
    const ended: string[] = [];
    const others: Silence[] = [];
    for (const { alarm, silences } of alarms) {
      const own = silences.filter(({ rule }) => rule === ruleFor(alarm.name));
      for (const { rule } of own) await port.endSilence(rule);
      if (own.length > 0) ended.push(alarm.name);
      others.push(...silences.filter((one) => !own.includes(one)));
    }
    return { ended, others };
  }

  /** Sets a state until CloudWatch looks at the metric again; its actions are carried out as if it were so. */
  async setState({ alarm }: ProjectAlarm, state: AlarmStateName, who: string): Promise<void> {
    await (await this.#deps.alarms()).setState(alarm.name, state, `Test by ${who} with infractl.`);
  }

  /** A missing right to read silences must not hide the alarms. */
  async #silences(port: AlarmsPort, troubles: InfractlError[]): Promise<Silence[] | undefined> {
    try {
      return await port.silences();
    } catch (error) {
      if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
      troubles.push(error);
      return [];
    }
  }

  #named(name: string, all: readonly ProjectResource[]): ProjectResource[] {
    const found = all.filter(
      ({ physicalId, logicalId, stack }) =>
        name === physicalId || name === logicalId || name === `${stack}/${logicalId}`,
    );
    if (found.length > 0) return found;
    const known = all.flatMap(({ physicalId, logicalId }) => [physicalId, logicalId]);
    const near = nearest(name, known);
    const { name: project, environment } = this.#project;
    throw new UsageError({
      code: 'NoSuchAlarm',
      message: `The stacks of ${project} ${environment} have no alarm "${name}".`,
      suggestions: [
        ...(near ? [`Did you mean: ${near}`] : []),
        all.length > 0
          ? `They have: ${listed(all.slice(0, 10).map(({ physicalId }) => physicalId))}${all.length > 10 ? ', …' : ''}`
          : 'They have none; an alarm is a resource of the type AWS::CloudWatch::Alarm.',
      ],
    });
  }
}

/** An alarm of a stack that was deleted by hand: nobody is told any more of what it watched. */
export function alarmGone({ physicalId, logicalId, stack }: ProjectResource): InfractlError {
  return new InfractlError({
    code: 'AlarmGone',
    message: `The alarm ${physicalId} is not there any more.`,
    why: `The stack ${stack} made it as ${logicalId}; it was deleted by hand since.`,
    suggestions: [`What else differs: infractl drift ${stack}`],
  });
}

/** One rule an alarm, so that silencing again replaces the first. */
export function ruleFor(alarm: string): string {
  const name = `infractl-${alarm.replace(/[^\w.-]/g, '-')}`;
  if (name.length <= 200 && name === `infractl-${alarm}`) return name;
  return `${name.slice(0, 200)}-${createHash('sha256').update(alarm).digest('hex').slice(0, 8)}`;
}
