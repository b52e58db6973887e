/** What monitoring needs of AWS. */

export type AlarmStateName = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** One metric as CloudWatch names it. */
export interface MetricName {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
}

/** What an alarm watches. */
export type Watched =
  | {
      readonly kind: 'metric';
      readonly metric: MetricName;
      /** `Sum`, `p95`. */
      readonly statistic: string;
    }
  /** Metric math, or an expression over several metrics. */
  | { readonly kind: 'expression'; readonly expression: string }
  /** Other alarms. */
  | { readonly kind: 'rule'; readonly rule: string };

export interface Alarm {
  readonly name: string;
  readonly arn: string;
  readonly state: AlarmStateName;
  /** In AWS's words. */
  readonly reason: string;
  /** JSON with the datapoints that decided. */
  readonly reasonData?: string;
  /** When it came into this state: milliseconds since 1970. */
  readonly since: number;
  readonly description?: string;
  /** Without them it goes on changing its state, and does nothing. */
  readonly actionsEnabled: boolean;
  /** ARNs by the state that sets them off. */
  readonly actions: Readonly<Record<AlarmStateName, readonly string[]>>;
  readonly watched: Watched;
  /** `GreaterThanThreshold`; absent of a rule. */
  readonly comparison?: string;
  readonly threshold?: number;
  /** Milliseconds. */
  readonly period?: number;
  /** The last so many periods are looked at … */
  readonly evaluations?: number;
  /** … and so many of them decide. */
  readonly datapoints?: number;
  /** What a period without data counts as: `missing`, `breaching`, `notBreaching`, `ignore`. */
  readonly missing?: string;
}

export interface HistoryItem {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: string;
  readonly summary: string;
}

/** A rule of CloudWatch that keeps alarms from acting for a time. */
export interface Silence {
  readonly rule: string;
  readonly alarms: readonly string[];
  /** A one-time rule's window, in milliseconds since 1970; a recurring one has none. */
  readonly from?: number;
  readonly until?: number;
  /** It keeps them from acting now; otherwise it will. */
  readonly active: boolean;
}

export interface AlarmsPort {
  /** Those of the names that are there: DescribeAlarms, both types. */
  alarms(names: readonly string[]): Promise<Alarm[]>;
  /** Newest first, since a time: DescribeAlarmHistory. */
  history(name: string, from: number): Promise<HistoryItem[]>;
  /** Active and scheduled mute rules; undefined where CloudWatch has none (an emulator, an old partition). */
  silences(): Promise<Silence[] | undefined>;
  /** Makes or replaces a mute rule of one time: PutAlarmMuteRule. Whole minutes. */
  silence(rule: { name: string; alarm: string; from: number; until: number; why: string }): Promise<void>;
  /** DeleteAlarmMuteRule. */
  endSilence(rule: string): Promise<void>;
  /** SetAlarmState: until the next evaluation. */
  setState(name: string, state: AlarmStateName, reason: string): Promise<void>;
}

/** One line of a chart, asked for. */
export interface MetricQuery {
  readonly id: string;
  readonly metric: MetricName;
  /** `Sum`, `Average`, `Maximum`, `p95`. */
  readonly statistic: string;
}

/** Milliseconds since 1970, and the period in milliseconds. */
export interface MetricWindow {
  readonly from: number;
  readonly to: number;
  readonly period: number;
}

export interface Datapoint {
  /** Start of the period, in milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
}

export interface MetricsPort {
  /** Datapoints by the id of the query, oldest first: GetMetricData in batches of 500. */
  values(queries: readonly MetricQuery[], window: MetricWindow): Promise<Map<string, Datapoint[]>>;
  /** The metrics of a namespace that have a dimension: ListMetrics. */
  find(namespace: string, dimension: readonly [name: string, value: string]): Promise<MetricName[]>;
}

/** Who is registered behind a load balancer, and how it finds them. */
export interface Target {
  /** An instance, an address, a function. */
  readonly id: string;
  readonly port?: number;
  /** `healthy`, `unhealthy`, `initial`, `draining`, `unused`, `unavailable`. */
  readonly state: string;
  /** `Target.Timeout`. */
  readonly reason?: string;
  /** In AWS's words: the status that it got. */
  readonly said?: string;
}

export interface TargetsPort {
  /** DescribeTargetHealth of a target group, by its ARN; undefined where there is none. */
  targets(groupArn: string): Promise<readonly Target[] | undefined>;
}
