import type { CloudWatchState, FakeAlarm, FakeMuteRule } from './cloudwatch-state.ts';
import { jsonService, required } from './json.ts';
import type { Context } from './server.ts';
import { FakeError, type Parameters } from './wire.ts';

const seconds = (ms: number) => ms / 1000;
const ACTIONS: Readonly<Record<string, string>> = {
  ALARM: 'AlarmActions',
  OK: 'OKActions',
  INSUFFICIENT_DATA: 'InsufficientDataActions',
};

/** CloudWatch, in its JSON protocol. See README.md. */
export const cloudWatch = jsonService(
  'monitoring',
  {
    DescribeAlarms(p, context) {
      const names = (p.AlarmNames as readonly string[] | undefined) ?? [];
      if (names.length > 100)
        throw new FakeError('ValidationError', 'AlarmNames must have length less than or equal to 100');
      const types = (p.AlarmTypes as readonly string[] | undefined) ?? ['MetricAlarm'];
      const found = [...context.state.cloudWatch.alarms.values()].filter(
        ({ name }) => names.length === 0 || names.includes(name),
      );
      const asked = found.filter(({ composite }) =>
        types.includes(composite ? 'CompositeAlarm' : 'MetricAlarm'),
      );
      const start = Number(p.NextToken ?? 0);
      const end = start + Number(p.MaxRecords ?? 50);
      const shown = (composite: boolean) =>
        asked
          .slice(start, end)
          .filter((alarm) => alarm.composite === composite)
          .map((alarm) => described(alarm, context));
      return {
        MetricAlarms: shown(false),
        CompositeAlarms: shown(true),
        ...(end < asked.length ? { NextToken: String(end) } : {}),
      };
    },

    DescribeAlarmHistory(p, { state }) {
      const from = Number(p.StartDate ?? 0) * 1000;
      const items = state.cloudWatch.history
        .filter(({ alarm, at }) => (!p.AlarmName || alarm === p.AlarmName) && at >= from)
        .toSorted((a, b) => b.at - a.at);
      const start = Number(p.NextToken ?? 0);
      const end = start + Number(p.MaxRecords ?? 100);
      return {
        AlarmHistoryItems: items.slice(start, end).map(({ alarm, at, kind, summary }) => ({
          AlarmName: alarm,
          Timestamp: seconds(at),
          HistoryItemType: kind,
          HistorySummary: summary,
        })),
        ...(end < items.length ? { NextToken: String(end) } : {}),
      };
    },

    SetAlarmState(p, { state, clock }) {
      const alarm = known(state.cloudWatch, required(p, 'AlarmName'));
      const to = required(p, 'StateValue');
      const from = alarm.state;
      if (required(p, 'StateReason').length > 1023)
        throw new FakeError('ValidationError', 'StateReason must have length less than or equal to 1023');
      Object.assign(alarm, { state: to, reason: required(p, 'StateReason'), reasonData: p.StateReasonData });
      if (from === to) return {};
      alarm.changed = clock.now();
      state.cloudWatch.history.push({
        alarm: alarm.name,
        at: clock.now(),
        kind: 'StateUpdate',
        summary: `Alarm updated from ${from} to ${to}`,
      });
      const rules = [...state.cloudWatch.muteRules.values()];
      const muted = rules.some(
        (rule) => rule.alarms.includes(alarm.name) && statusOf(rule, clock.now()) === 'ACTIVE',
      );
      if (muted || alarm.properties.ActionsEnabled === false) return {};
      for (const action of (alarm.properties[ACTIONS[to] ?? ''] as readonly string[] | undefined) ?? [])
        state.cloudWatch.carriedOut.push({ alarm: alarm.name, action });
      return {};
    },

    PutAlarmMuteRule(p, { state }) {
      knowsRules(state.cloudWatch);
      const schedule = (p.Rule as { Schedule: { Expression: string; Duration: string } }).Schedule;
      if (!/^(?:at\(\d{4}-\d\d-\d\dT\d\d:\d\d\)|cron\(.+\))$/.test(schedule.Expression))
        throw new FakeError('ValidationError', 'Invalid schedule expression');
      if (!windowOf(schedule.Expression, schedule.Duration))
        throw new FakeError('ValidationError', 'Duration must be between PT1M and P15D');
      const alarms = (p.MuteTargets as { AlarmNames: string[] }).AlarmNames;
      for (const name of alarms) known(state.cloudWatch, name);
      const name = required(p, 'Name');
      state.cloudWatch.muteRules.set(name, {
        name,
        alarms,
        expression: schedule.Expression,
        duration: schedule.Duration,
        expires: p.ExpireDate === undefined ? undefined : Number(p.ExpireDate) * 1000,
      });
      return {};
    },

    ListAlarmMuteRules(p, { state, clock, region }) {
      knowsRules(state.cloudWatch);
      const wanted = p.Statuses as readonly string[] | undefined;
      const found = [...state.cloudWatch.muteRules.values()].filter(
        (rule) => !wanted || wanted.includes(statusOf(rule, clock.now())),
      );
      const start = Number(p.NextToken ?? 0);
      const end = start + Number(p.MaxRecords ?? 50);
      return {
        AlarmMuteRuleSummaries: found.slice(start, end).map((rule) => ({
          AlarmMuteRuleArn: `arn:aws:cloudwatch:${region}:${state.account}:alarm-mute-rule:${rule.name}`,
          Status: statusOf(rule, clock.now()),
          MuteType: rule.expression.startsWith('at') ? 'ONE_TIME' : 'RECURRING',
        })),
        ...(end < found.length ? { NextToken: String(end) } : {}),
      };
    },

    GetAlarmMuteRule(p, { state, clock }) {
      knowsRules(state.cloudWatch);
      const rule = state.cloudWatch.muteRules.get(required(p, 'AlarmMuteRuleName'));
      if (!rule) throw new FakeError('ResourceNotFoundException', 'The mute rule does not exist', 404);
      return {
        Name: rule.name,
        MuteTargets: { AlarmNames: rule.alarms },
        Rule: { Schedule: { Expression: rule.expression, Duration: rule.duration, Timezone: 'UTC' } },
        Status: statusOf(rule, clock.now()),
      };
    },

    DeleteAlarmMuteRule(p, { state }) {
      knowsRules(state.cloudWatch);
      state.cloudWatch.muteRules.delete(required(p, 'AlarmMuteRuleName'));
      return {};
    },

    ListMetrics(p, { state }) {
      const wanted = (p.Dimensions ?? []) as readonly { readonly Name: string; readonly Value?: string }[];
      const found = state.cloudWatch.metrics.filter(
        ({ namespace, metric, dimensions }) =>
          (!p.Namespace || namespace === p.Namespace) &&
          (!p.MetricName || metric === p.MetricName) &&
          wanted.every(({ Name, Value }) => Name in dimensions && (!Value || dimensions[Name] === Value)),
      );
      const start = Number(p.NextToken ?? 0);
      const end = start + state.cloudWatch.pageSize;
      return {
        Metrics: found.slice(start, end).map(({ namespace, metric, dimensions }) => ({
          Namespace: namespace,
          MetricName: metric,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        })),
        ...(end < found.length ? { NextToken: String(end) } : {}),
      };
    },

    GetMetricData(p, { state }) {
      const queries = p.MetricDataQueries as readonly MetricDataQuery[];
      if (queries.length > 500)
        throw new FakeError(
          'ValidationError',
          'MetricDataQueries must have length less than or equal to 500',
        );
      const ids = queries.map(({ Id }) => Id);
      if (ids.some((id) => !/^[a-z]\w{0,254}$/.test(id)) || new Set(ids).size < ids.length)
        throw new FakeError(
          'ValidationError',
          'The values for parameter id in MetricDataQueries must be unique and begin with a lowercase letter.',
        );
      if (Number(p.StartTime) >= Number(p.EndTime))
        throw new FakeError(
          'ValidationError',
          'The parameter StartTime must be less than the parameter EndTime.',
        );
      if (
        queries.some(
          ({ MetricStat: { Period } }) =>
            ![1, 5, 10, 20, 30].includes(Period) && !(Period > 0 && Period % 60 === 0),
        )
      )
        throw new FakeError('ValidationError', 'Period must be 1, 5, 10, 20, 30, or a multiple of 60');
      const start = Number(p.NextToken ?? 0);
      const end = start + state.cloudWatch.pageSize;
      return {
        MetricDataResults: queries.slice(start, end).map((query) => result(query, p, state.cloudWatch)),
        ...(end < queries.length ? { NextToken: String(end) } : {}),
      };
    },
  },
  'cloudwatch',
);

interface MetricDataQuery {
  readonly Id: string;
  readonly MetricStat: {
    readonly Period: number;
    readonly Stat: string;
    readonly Metric: {
      readonly Namespace: string;
      readonly MetricName: string;
      readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
    };
  };
}

/** The values of a test within the window; several in one period: their sum, mean or largest. */
function result({ Id, MetricStat }: MetricDataQuery, p: Parameters, state: CloudWatchState) {
  const { Metric, Period, Stat } = MetricStat;
  const dimensions = Object.fromEntries((Metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]));
  const same = (other: Readonly<Record<string, string>>) =>
    JSON.stringify(Object.entries(other).sort()) === JSON.stringify(Object.entries(dimensions).sort());
  const metric = state.metrics.find(
    (one) => one.namespace === Metric.Namespace && one.metric === Metric.MetricName && same(one.dimensions),
  );
  const periods = new Map<number, number[]>();
  for (const [at, value] of metric?.values ?? []) {
    if (at < Number(p.StartTime) * 1000 || at >= Number(p.EndTime) * 1000) continue;
    const start = Math.floor(at / 1000 / Period) * Period;
    periods.set(start, [...(periods.get(start) ?? []), value]);
  }
  const sorted = [...periods].sort(([a], [b]) => (p.ScanBy === 'TimestampAscending' ? a - b : b - a));
  return {
    Id,
    StatusCode: 'Complete',
    Timestamps: sorted.map(([at]) => at),
    Values: sorted.map(([, values]) => {
      const sum = values.reduce((a, b) => a + b, 0);
      return Stat === 'Sum' ? sum : Stat === 'Average' ? sum / values.length : Math.max(...values);
    }),
  };
}

function described(alarm: FakeAlarm, { state, region }: Context): object {
  return {
    ...alarm.properties,
    AlarmName: alarm.name,
    AlarmArn: `arn:aws:cloudwatch:${region}:${state.account}:alarm:${alarm.name}`,
    StateValue: alarm.state,
    StateReason: alarm.reason,
    ...(alarm.reasonData ? { StateReasonData: alarm.reasonData } : {}),
    StateUpdatedTimestamp: seconds(alarm.changed),
    StateTransitionedTimestamp: seconds(alarm.changed),
  };
}

function known(state: CloudWatchState, name: string): FakeAlarm {
  const alarm = state.alarms.get(name);
  if (!alarm) throw new FakeError('ResourceNotFound', `Alarm ${name} does not exist`, 404);
  return alarm;
}

function knowsRules(state: CloudWatchState): void {
  if (state.withoutMuteRules) throw new FakeError('InvalidAction', 'Unknown action');
}

function windowOf(expression: string, duration: string): { from: number; until: number } | undefined {
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration);
  if (!parts) return undefined;
  const [days, hours, minutes] = parts.slice(1).map((part) => Number(part ?? 0)) as [number, number, number];
  const length = ((days * 24 + hours) * 60 + minutes) * 60_000;
  if (length < 60_000 || length > 15 * 86_400_000) return undefined;
  const at = /^at\((.+)\)$/.exec(expression)?.[1];
  const from = at ? Date.parse(`${at}:00Z`) : Number.NaN;
  return { from, until: from + length };
}

/** A recurring rule counts as scheduled. */
function statusOf(rule: FakeMuteRule, now: number): string {
  if (rule.expires !== undefined && now >= rule.expires) return 'EXPIRED';
  const { from, until } = windowOf(rule.expression, rule.duration) ?? { from: Number.NaN, until: 0 };
  if (Number.isNaN(from) || now < from) return 'SCHEDULED';
  return now < until ? 'ACTIVE' : 'EXPIRED';
}
