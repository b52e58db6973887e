/** An alarm as a test or a stack puts it there; times in milliseconds. */
export interface FakeAlarm {
  readonly name: string;
  /** What DescribeAlarms gives beside name, ARN and state: `MetricName`, `Threshold`, `AlarmRule`, … */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly composite: boolean;
  state: string;
  reason: string;
  reasonData: string | undefined;
  changed: number;
}

export interface FakeMuteRule {
  readonly name: string;
  readonly alarms: readonly string[];
  readonly expression: string;
  readonly duration: string;
  readonly expires: number | undefined;
}

/** One metric with the values that a test gives it. */
export interface FakeMetric {
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Time (milliseconds) → value, whatever statistic is asked for. */
  readonly values: readonly (readonly [number, number])[];
}

/** CloudWatch: alarms, their past, mute rules, metrics. */
export class CloudWatchState {
  readonly alarms = new Map<string, FakeAlarm>();
  readonly history: {
    readonly alarm: string;
    readonly at: number;
    readonly kind: string;
    readonly summary: string;
  }[] = [];
  readonly muteRules = new Map<string, FakeMuteRule>();
  readonly metrics: FakeMetric[] = [];
  /** Actions that an alarm carried out: ARN by ARN. */
  readonly carriedOut: { readonly alarm: string; readonly action: string }[] = [];
  /** An AWS that knows no mute rules. */
  withoutMuteRules = false;
  /** Most results of one GetMetricData page. */
  pageSize = 500;

  add(alarm: Pick<FakeAlarm, 'name'> & Partial<FakeAlarm>): FakeAlarm {
    const whole: FakeAlarm = {
      properties: {},
      composite: false,
      state: 'INSUFFICIENT_DATA',
      reason: 'Unchecked: Initial alarm creation',
      reasonData: undefined,
      changed: 0,
      ...alarm,
    };
    this.alarms.set(whole.name, whole);
    return whole;
  }
}
