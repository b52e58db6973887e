import type { InfractlError } from '../../base/errors.ts';
import type { Unit } from '../catalogue.ts';
import type { HostReading } from '../host-reading.ts';
import type { Alarm, Datapoint, MetricWindow } from '../port.ts';
import type { ServiceState } from '../services.ts';

/**
 * How a thing is. `busy`: on its way; `off`: it is not meant to run; `unknown`: nobody could look. Times below are
 * milliseconds since 1970.
 */
export type Mood = 'good' | 'busy' | 'bad' | 'off' | 'unknown';

/** Why the newest look at something failed. */
export interface Trouble {
  /** For a place with room for little more: `no permission`, `throttled`, `no connection`. */
  readonly word: string;
  readonly error: InfractlError;
  /** When the looks began to fail. */
  readonly since: number;
}

/** What one source tells, and how its newest look went. */
export interface Told<T> {
  /** The newest answer, of `at`; absent before the first. */
  readonly value?: T;
  readonly at?: number;
  /** The value is then an older one. */
  readonly trouble?: Trouble;
  /** What the newest answer lacks: one stack of several, one page of many. */
  readonly lost?: readonly InfractlError[];
  /** A look is under way, … */
  readonly busy: boolean;
  /** … and began then. */
  readonly asked?: number;
}

/** An instance, an auto scaling group or a database. */
export interface InstanceLine {
  readonly kind: 'instance' | 'group' | 'database';
  readonly id: string;
  readonly name: string | null;
  /** `running`, `2 of 3 in service`, `gone`. */
  readonly state: string;
  readonly mood: Mood;
  readonly type: string | null;
  readonly address: string | null;
  /** EC2's status checks. */
  readonly checks: string | null;
  /** What its ports and its application say. */
  readonly health: string | null;
  readonly upMs: number | null;
  readonly costUsdMonth: number | null;
  readonly detail: string | null;
}

/** A host as it told of itself; the series are the readings of this watch. */
export interface HostLine {
  readonly host: string;
  readonly reading?: HostReading;
  readonly error?: InfractlError;
  readonly cpu: readonly Datapoint[];
  readonly memory: readonly Datapoint[];
}

export interface ServiceLine {
  readonly host: string;
  readonly services: readonly ServiceState[];
  readonly error?: InfractlError;
}

/** A URL that must answer, and its certificate. */
export interface EndpointLine {
  readonly name: string;
  readonly url: string;
  readonly ok: boolean;
  /** `answered 200 in 41 ms`. */
  readonly words: string;
  readonly ms: number | null;
  /** Whole days that its certificate is still good for; null without one. */
  readonly certificateDays: number | null;
  /** Why the certificate is not trusted. */
  readonly certificateProblem: string | null;
}

export interface AlarmLine {
  readonly alarm: Alarm;
  readonly stack: string;
  readonly logicalId: string;
  /** It does nothing for now: a silence, or actions that are off. */
  readonly quiet: boolean;
}

/** What a chart is of, in the order in which charts are shown. */
export type Topic = 'errors' | 'throttles' | 'requests' | 'duration' | 'cpu' | 'memory' | 'disk' | 'other';

/** One metric of one resource over the window. A time without data has no point: it is not zero. */
export interface Chart {
  readonly id: string;
  readonly topic: Topic;
  /** `errors`, `duration p95`. */
  readonly label: string;
  /** `function`, `host`. */
  readonly kind: string;
  /** The resource's name in the template, or the host's. */
  readonly name: string;
  readonly stack: string | null;
  /** The resource's id in AWS, or the host's name. */
  readonly resource: string;
  readonly unit: Unit;
  /** `Sum`, `p95`. */
  readonly statistic: string;
  /** Oldest first. */
  readonly points: readonly Datapoint[];
  /** Two points that are further apart have a gap between them. Milliseconds. */
  readonly cadence: number;
}

export interface Measured {
  readonly window: MetricWindow;
  readonly charts: readonly Chart[];
}

/** The newest good backup of one subject of a plan. */
export interface BackupLine {
  readonly plan: string;
  /** Null where the plan has no good backup at all, of subjects that tags choose. */
  readonly subject: string | null;
  readonly id: string | null;
  readonly at: number | null;
  /** How old the newest may be: `maxAge` of the plan. */
  readonly maxAgeMs: number;
}

/** The newest run in the journal. */
export interface DeployLine {
  readonly id: string;
  readonly at: number;
  readonly result: string;
  readonly command: string;
  readonly who: string;
  readonly commit: string | null;
}

/** What the running costs, as far as it is known without asking for money. */
export interface CostLine {
  /** USD a month of what runs now, if it goes on so; null where nothing is known. */
  readonly monthUsd: number | null;
  readonly known: number;
  readonly unknown: number;
  /** Where the prices are from, and what they leave out. */
  readonly note: string;
  /** Null where nobody asked for it today: asking costs money. */
  readonly billed: BilledLine | null;
}

/** What AWS billed of the month that runs, for what carries the project's tags. */
export interface BilledLine {
  /** `2026-11` */
  readonly month: string;
  readonly usd: number;
  /** Milliseconds since 1970. */
  readonly askedAt: number;
}

/** What each source tells. */
export interface Answers {
  readonly alarms: readonly AlarmLine[];
  readonly instances: readonly InstanceLine[];
  readonly hosts: readonly HostLine[];
  readonly services: readonly ServiceLine[];
  readonly endpoints: readonly EndpointLine[];
  readonly metrics: Measured;
  readonly backups: readonly BackupLine[];
  readonly deploy: DeployLine | null;
}
export type SourceName = keyof Answers;

/** A source that the project has nothing for is absent. */
export type Panels = { readonly [K in SourceName]?: Told<Answers[K]> };

/** The calls that the watching itself has made. */
export interface Spent {
  readonly calls: number;
  /** By action, the most frequent first. */
  readonly byAction: readonly (readonly [action: string, count: number])[];
  /** Metrics asked of GetMetricData: what CloudWatch charges for. */
  readonly metrics: number;
  readonly usd: number;
  /** At the pace since the start; null in the first minute. */
  readonly usdADay: number | null;
}

export interface Place {
  readonly project: string;
  readonly environment: string;
  readonly region: string | null;
  readonly profile: string | null;
  readonly sandbox: boolean;
}

/** One project and environment at one moment: what all views show. */
export interface Picture {
  readonly place: Place;
  readonly at: number;
  readonly range: RangeName;
  readonly panels: Panels;
  readonly cost: CostLine;
  readonly spent: Spent;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The windows of time that can be chosen, and how fine each is. Milliseconds. */
export const RANGES = {
  '1h': { ms: HOUR, period: MINUTE },
  '3h': { ms: 3 * HOUR, period: 5 * MINUTE },
  '12h': { ms: 12 * HOUR, period: 5 * MINUTE },
  '1d': { ms: 24 * HOUR, period: 15 * MINUTE },
  '7d': { ms: 168 * HOUR, period: HOUR },
} as const;
export type RangeName = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as RangeName[];

/** The window of whole periods that ends now. */
export function rangeWindow(range: RangeName, now: number): MetricWindow {
  const { ms, period } = RANGES[range];
  const to = Math.ceil(now / period) * period;
  return { from: to - ms, to, period };
}
