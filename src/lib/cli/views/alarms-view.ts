import { Exit } from '../../base/errors.ts';
import { age, plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { AlarmsReport, ProjectAlarm, Silenced } from '../../desks/index.ts';
import {
  type AlarmStateName,
  actionWords,
  conditionWords,
  decidingDatapoints,
  figure,
  type HistoryItem,
  whyWords,
} from '../../monitoring/index.ts';
import type { Paint, Style, Ui } from '../terminal.ts';
import { harmless } from './harmless.ts';
import { pairs, table } from './table.ts';
import type { View } from './view.ts';

const STYLE: Readonly<Record<AlarmStateName, Style>> = {
  ALARM: 'red',
  INSUFFICIENT_DATA: 'yellow',
  OK: 'green',
};
const WORD: Readonly<Record<AlarmStateName, string>> = {
  ALARM: 'ALARM',
  INSUFFICIENT_DATA: 'no data',
  OK: 'ok',
};

const iso = (ms: number) => new Date(ms).toISOString();
const local = (ms: number) => localTime(iso(ms), 'minutes');

/** What an alarm is and how it stands, as JSON; `stack` and `resource` where a template made it. */
export function alarmStateJson({ alarm, stack, logicalId }: Omit<ProjectAlarm, 'silences'>) {
  return {
    name: alarm.name,
    stack,
    resource: logicalId,
    state: alarm.state,
    since: iso(alarm.since),
    condition: conditionWords(alarm),
    why: whyWords(alarm),
  };
}

function alarmJson(one: ProjectAlarm, history?: readonly HistoryItem[]) {
  const { alarm, silences } = one;
  return {
    ...alarmStateJson(one),
    reason: alarm.reason,
    description: alarm.description ?? null,
    threshold: alarm.threshold ?? null,
    datapoints: decidingDatapoints(alarm).map(({ at, value }) => ({ at: iso(at), value })),
    actionsEnabled: alarm.actionsEnabled,
    actions: alarm.actions,
    silences: silences.map(({ rule, from, until, active }) => ({
      rule,
      active,
      from: from === undefined ? null : iso(from),
      until: until === undefined ? null : iso(until),
    })),
    ...(history ? { history: history.map(({ at, kind, summary }) => ({ at: iso(at), kind, summary })) } : {}),
  };
}

/** Whether an alarm would act now, in a word or two; nothing where it would. */
function quietWords({ alarm, silences }: ProjectAlarm): string {
  if (!alarm.actionsEnabled) return 'actions are off';
  const active = silences.find((one) => one.active);
  const next = active ?? silences[0];
  if (!next) return '';
  const end = next.until === undefined ? `by the rule ${next.rule}` : `until ${local(next.until)}`;
  return active || next.from === undefined ? `silent ${end}` : `silent from ${local(next.from)} ${end}`;
}

/** @param histories with them, each alarm is told at length */
export function alarmsView(
  { alarms, troubles }: AlarmsReport,
  now: number,
  histories?: ReadonlyMap<string, readonly HistoryItem[]>,
): View {
  return {
    json: alarms.map((one) => alarmJson(one, histories?.get(one.alarm.name))),
    ...(troubles.length > 0 ? { exit: Exit.partial } : {}),
    text: (ui) => {
      if (alarms.length === 0) return 'No alarms in the stacks of this environment.';
      if (histories)
        return alarms.map((one) => atLength(ui, one, histories.get(one.alarm.name) ?? [], now)).join('\n\n');
      const rows = alarms.map((one) => {
        const { alarm } = one;
        const words =
          alarm.state === 'OK' ? conditionWords(alarm) : `${conditionWords(alarm)} — ${whyWords(alarm)}`;
        const quiet = quietWords(one);
        return [
          ui.paint(STYLE[alarm.state], WORD[alarm.state]),
          alarm.name,
          age(now - alarm.since),
          harmless(quiet ? `${words} (${quiet})` : words),
        ];
      });
      const columns = ['state', { title: 'alarm', min: 16 }, 'for', { title: 'what', min: 20, wrap: true }];
      return `${table(ui, columns, rows)}\n\n${summary(ui.paint, alarms)}`;
    },
  };
}

function summary(paint: Paint, alarms: readonly ProjectAlarm[]): string {
  const count = (state: AlarmStateName) => alarms.filter(({ alarm }) => alarm.state === state).length;
  const [red, blind] = [count('ALARM'), count('INSUFFICIENT_DATA')];
  return [
    plural(alarms.length, 'alarm'),
    paint(red > 0 ? 'red' : 'dim', `${red} in ALARM`),
    paint(blind > 0 ? 'yellow' : 'dim', `${blind} without data`),
  ].join(', ');
}

function atLength(ui: Ui, one: ProjectAlarm, history: readonly HistoryItem[], now: number): string {
  const { alarm, stack, logicalId } = one;
  const points = decidingDatapoints(alarm).map(({ at, value }) => `${local(at)}  ${figure(value)}`);
  const actions = Object.entries(alarm.actions).flatMap(([state, arns]) =>
    arns.map((arn) => `${actionWords(arn)} at ${WORD[state as AlarmStateName]}`),
  );
  const quiet = quietWords(one);
  const facts: [string, string][] = [
    ['of', `${stack}/${logicalId}`],
    ['what', harmless(conditionWords(alarm))],
    ['since', `${local(alarm.since)} (${age(now - alarm.since)})`],
    ['why', harmless(alarm.reason)],
    ...(points.length > 0 ? [['datapoints', points.join('\n')] as [string, string]] : []),
    ...(alarm.description ? [['about', harmless(alarm.description)] as [string, string]] : []),
    ['does', actions.length === 0 ? 'nothing: it has no actions' : actions.join(', ')],
    ...(quiet ? [['silent', quiet] as [string, string]] : []),
  ];
  const rows = history.map(({ at, kind, summary: words }) => [local(at), kind, harmless(words)]);
  const past =
    rows.length === 0
      ? ui.paint('dim', '  nothing happened in this time; --since goes further back')
      : table(ui, ['when', 'kind', { title: 'what', min: 20, wrap: true }], rows);
  return `${ui.paint(STYLE[alarm.state], WORD[alarm.state])}  ${ui.paint('bold', alarm.name)}\n${pairs(ui, facts, '  ')}\n\n${past}`;
}

export function silencedView(done: readonly Silenced[], where: string): View {
  return {
    json: done.map(({ alarm, rule, from, until }) => ({ alarm, rule, from: iso(from), until: iso(until) })),
    text: (ui) =>
      [
        ...done.map(
          ({ alarm, from, until }) =>
            `${ui.paint('green', '✓')} ${alarm} does nothing from ${local(from)} until ${local(until)}; AWS ends it by itself.`,
        ),
        ui.paint('dim', `Sooner: infractl monitoring alarms silence ${done[0]?.alarm ?? ''} --off${where}`),
      ].join('\n'),
  };
}

export function unsilencedView(
  names: readonly string[],
  {
    ended,
    others,
  }: { readonly ended: readonly string[]; readonly others: readonly { readonly rule: string }[] },
): View {
  return {
    json: { ended, others: others.map(({ rule }) => rule) },
    text: (ui) =>
      [
        ...names.map((name) =>
          ended.includes(name)
            ? `${ui.paint('green', '✓')} ${name} acts again.`
            : `Nothing to do: ${name} was not silenced by infractl.`,
        ),
        ...others.map(({ rule }) => `${ui.paint('yellow', '!')} The rule ${rule} of somebody else stays.`),
      ].join('\n'),
  };
}

export function testedView(
  { alarm }: ProjectAlarm,
  state: AlarmStateName,
  done: boolean,
  where: string,
): View {
  return {
    json: { alarm: alarm.name, before: alarm.state, state, changed: done },
    text: (ui) =>
      done
        ? `${ui.paint('green', '✓')} ${alarm.name} is set to ${state}. CloudWatch sets it right at its next look at the metric.\n` +
          ui.paint('dim', `What came of it: infractl monitoring alarms ${alarm.name}${where}`)
        : `Nothing to do: ${alarm.name} is in ${state} already, and only a change sets off its actions.`,
  };
}
