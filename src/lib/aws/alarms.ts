import {
  type AlarmMuteRuleSummary,
  type CompositeAlarm,
  DeleteAlarmMuteRuleCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  GetAlarmMuteRuleCommand,
  ListAlarmMuteRulesCommand,
  type MetricAlarm,
  PutAlarmMuteRuleCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import type { Alarm, AlarmsPort, HistoryItem, Silence, Watched } from '../monitoring/port.ts';
import { call } from './call.ts';
import { cloudWatchClient } from './cloudwatch-client.ts';
import { underneath } from './errors.ts';
import type { AwsSession } from './session.ts';

/** As many names as DescribeAlarms takes at once. */
const NAMES = 100;
/** What an AWS without mute rules answers. */
const UNKNOWN_ACTION = /^(?:InvalidAction|UnknownOperation(?:Exception)?)$/;
const MINUTE = 60_000;

/** CloudWatch's alarms, as `monitoring` reads and steers them. */
export function alarmsPort(session: AwsSession, signal?: AbortSignal): AlarmsPort {
  const client = cloudWatchClient(session);
  const options = signal ? { abortSignal: signal } : {};

  async function rules(): Promise<AlarmMuteRuleSummary[]> {
    const found: AlarmMuteRuleSummary[] = [];
    let page: string | undefined;
    do {
      const NextToken = page;
      const answer = await call(session, 'cloudwatch:ListAlarmMuteRules', () =>
        client.send(new ListAlarmMuteRulesCommand({ Statuses: ['ACTIVE', 'SCHEDULED'], NextToken }), options),
      );
      found.push(...(answer.AlarmMuteRuleSummaries ?? []));
      page = answer.NextToken;
    } while (page);
    return found;
  }

  async function silenceOf(name: string): Promise<Silence | undefined> {
    try {
      const { MuteTargets, Rule, Status } = await call(session, 'cloudwatch:GetAlarmMuteRule', () =>
        client.send(new GetAlarmMuteRuleCommand({ AlarmMuteRuleName: name }), options),
      );
      const { Expression = '', Duration = '', Timezone = 'UTC' } = Rule?.Schedule ?? {};
      return {
        rule: name,
        alarms: MuteTargets?.AlarmNames ?? [],
        ...windowOf(Expression, Duration, Timezone),
        active: Status === 'ACTIVE',
      };
    } catch (error) {
      // It may have been deleted since it was listed.
      if (/NotFound/.test(underneath(error).name)) return undefined;
      throw error;
    }
  }

  return {
    async alarms(names) {
      const found: Alarm[] = [];
      for (let at = 0; at < names.length; at += NAMES) {
        const answer = await call(session, 'cloudwatch:DescribeAlarms', () =>
          client.send(
            new DescribeAlarmsCommand({
              AlarmNames: names.slice(at, at + NAMES),
              AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
              MaxRecords: NAMES,
            }),
            options,
          ),
        );
        found.push(...(answer.MetricAlarms ?? []).map(metricAlarm));
        found.push(...(answer.CompositeAlarms ?? []).map(compositeAlarm));
      }
      return found;
    },

    async history(name, from) {
      const found: HistoryItem[] = [];
      let page: string | undefined;
      do {
        const NextToken = page;
        const answer = await call(session, 'cloudwatch:DescribeAlarmHistory', () =>
          client.send(
            new DescribeAlarmHistoryCommand({
              AlarmName: name,
              AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
              StartDate: new Date(from),
              ScanBy: 'TimestampDescending',
              NextToken,
            }),
            options,
          ),
        );
        for (const { Timestamp, HistoryItemType, HistorySummary } of answer.AlarmHistoryItems ?? [])
          found.push({
            at: Timestamp?.getTime() ?? 0,
            kind: HistoryItemType ?? '',
            summary: HistorySummary ?? '',
          });
        page = answer.NextToken;
      } while (page);
      return found;
    },

    async silences() {
      try {
        const names = (await rules()).map(({ AlarmMuteRuleArn }) => ruleName(AlarmMuteRuleArn ?? ''));
        const found = await Promise.all(names.map(silenceOf));
        return found.filter((one) => one !== undefined);
      } catch (error) {
        if (UNKNOWN_ACTION.test(underneath(error).name)) return undefined;
        throw error;
      }
    },

    async silence({ name, alarm, from, until, why }) {
      const at = new Date(from).toISOString().slice(0, 16);
      await call(session, 'cloudwatch:PutAlarmMuteRule', () =>
        client.send(
          new PutAlarmMuteRuleCommand({
            Name: name,
            Description: why,
            Rule: {
              Schedule: {
                Expression: `at(${at})`,
                Duration: `PT${Math.round((until - from) / MINUTE)}M`,
                Timezone: 'UTC',
              },
            },
            MuteTargets: { AlarmNames: [alarm] },
            ExpireDate: new Date(until),
          }),
          options,
        ),
      );
    },

    async endSilence(rule) {
      await call(session, 'cloudwatch:DeleteAlarmMuteRule', () =>
        client.send(new DeleteAlarmMuteRuleCommand({ AlarmMuteRuleName: rule }), options),
      );
    },

    async setState(AlarmName, StateValue, StateReason) {
      await call(session, 'cloudwatch:SetAlarmState', () =>
        client.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason }), options),
      );
    },
  };
}

const ruleName = (arn: string) => arn.slice(arn.lastIndexOf('alarm-mute-rule:') + 'alarm-mute-rule:'.length);

/** The window of `at(2026-11-21T14:00)` for `PT2H`; none of a recurring rule, or one in another time zone. */
function windowOf(expression: string, duration: string, zone: string): { from?: number; until?: number } {
  const start = /^at\((\d{4}-\d\d-\d\dT\d\d:\d\d)\)$/.exec(expression)?.[1];
  const parts = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration);
  if (!start || !parts || zone !== 'UTC') return {};
  const [days, hours, minutes] = parts.slice(1).map((part) => Number(part ?? 0)) as [number, number, number];
  const from = Date.parse(`${start}:00Z`);
  return { from, until: from + ((days * 24 + hours) * 60 + minutes) * MINUTE };
}

function common(alarm: MetricAlarm | CompositeAlarm) {
  return {
    name: alarm.AlarmName ?? '',
    arn: alarm.AlarmArn ?? '',
    state: alarm.StateValue ?? 'INSUFFICIENT_DATA',
    reason: alarm.StateReason ?? '',
    ...(alarm.StateReasonData ? { reasonData: alarm.StateReasonData } : {}),
    since: (alarm.StateTransitionedTimestamp ?? alarm.StateUpdatedTimestamp)?.getTime() ?? 0,
    ...(alarm.AlarmDescription ? { description: alarm.AlarmDescription } : {}),
    actionsEnabled: alarm.ActionsEnabled ?? true,
    actions: {
      ALARM: alarm.AlarmActions ?? [],
      OK: alarm.OKActions ?? [],
      INSUFFICIENT_DATA: alarm.InsufficientDataActions ?? [],
    },
  };
}

function metricAlarm(alarm: MetricAlarm): Alarm {
  const seconds = alarm.Period ?? alarm.Metrics?.find(({ MetricStat }) => MetricStat)?.MetricStat?.Period;
  return {
    ...common(alarm),
    watched: watchedOf(alarm),
    ...(alarm.ComparisonOperator ? { comparison: alarm.ComparisonOperator } : {}),
    ...(alarm.Threshold === undefined ? {} : { threshold: alarm.Threshold }),
    ...(seconds === undefined ? {} : { period: seconds * 1000 }),
    ...(alarm.EvaluationPeriods === undefined ? {} : { evaluations: alarm.EvaluationPeriods }),
    ...(alarm.DatapointsToAlarm ? { datapoints: alarm.DatapointsToAlarm } : {}),
    ...(alarm.TreatMissingData ? { missing: alarm.TreatMissingData } : {}),
  };
}

function compositeAlarm(alarm: CompositeAlarm): Alarm {
  return { ...common(alarm), watched: { kind: 'rule', rule: alarm.AlarmRule ?? '' } };
}

function watchedOf(alarm: MetricAlarm): Watched {
  const metrics = alarm.Metrics ?? [];
  if (metrics.length === 0) {
    return {
      kind: 'metric',
      statistic: alarm.ExtendedStatistic ?? alarm.Statistic ?? '',
      metric: {
        namespace: alarm.Namespace ?? '',
        metric: alarm.MetricName ?? '',
        dimensions: Object.fromEntries((alarm.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
      },
    };
  }
  const told = metrics.find(({ ReturnData, Expression }) => ReturnData !== false && Expression);
  return { kind: 'expression', expression: told?.Label || told?.Expression || (metrics[0]?.Id ?? '') };
}
