import { age, plural, shortId } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import {
  type AlarmLine,
  alarmThing,
  backupThing,
  certificateThing,
  deployThing,
  type EndpointLine,
  endpointThing,
  type HostLine,
  hostThing,
  type InstanceLine,
  instanceThing,
  type Mood,
  type Picture,
  type SourceName,
  serviceThing,
  type Thing,
  type Told,
} from '../../monitoring/dashboard/index.ts';
import {
  actionWords,
  conditionWords,
  type ServiceState,
  serviceStateWords,
  whyWords,
} from '../../monitoring/index.ts';
import { usd } from '../views/manage-plan-view.ts';
import { oneLine } from './one-line.ts';

/** One line of a panel, and what is told when it is looked at closely. */
export interface Row {
  readonly id: string;
  readonly mood: Mood | undefined;
  readonly name: string;
  readonly words: string;
  readonly more: readonly (readonly [string, string])[];
  /** What `infractl logs` would be given for it. */
  readonly logs?: string;
}

export interface Panel {
  readonly id: string;
  readonly title: string;
  /** Beside the title: `1 of 4`, `no permission`. */
  readonly badge: string;
  readonly badgeMood: Mood | undefined;
  readonly rows: readonly Row[];
}

const local = (ms: number) => localTime(new Date(ms).toISOString(), 'minutes');
const row = ({ id, mood, name, words, more, logs }: Row): Row => ({
  id,
  mood,
  name: oneLine(name),
  words: oneLine(words),
  more: more.flatMap(([title, value]) => (value === '' ? [] : [[title, oneLine(value)] as const])),
  ...(logs ? { logs } : {}),
});

/** All that a picture says in words, panel by panel; charts are beside them. What a project has nothing of is left out. */
export function panelsOf(picture: Picture): Panel[] {
  const { alarms, instances, hosts, services, endpoints } = picture.panels;
  const now = picture.at;
  const named = new Set(hosts?.value?.map(({ host }) => host));
  return [
    ...(alarms ? [alarmPanel(alarms, now)] : []),
    ...(instances
      ? [listPanel('instances', 'Instances', instances, now, (line) => instanceRow(line, named))]
      : []),
    ...(hosts ? [listPanel('hosts', 'Hosts', hosts, now, hostRow)] : []),
    ...(services ? [listPanel('services', 'Services', services, now, serviceRows)] : []),
    ...(endpoints ? [listPanel('endpoints', 'Endpoints', endpoints, now, endpointRow)] : []),
    projectPanel(picture),
  ];
}

const URGENT: readonly (Mood | undefined)[] = ['bad', 'unknown', 'busy'];
const urgency = ({ mood }: Row) => (URGENT.includes(mood) ? URGENT.indexOf(mood) : URGENT.length);

function listPanel<L>(
  id: SourceName,
  title: string,
  told: Told<readonly L[]>,
  now: number,
  rowsOf: (line: L) => Row | Row[],
): Panel {
  const lines = (told.value ?? []).flatMap(rowsOf).map(row);
  // Where not all have room, what is bad must not be among those that are not shown.
  const rows = [...troubleRows(told, now), ...lines.toSorted((a, b) => urgency(a) - urgency(b))];
  const judged = rows.filter(({ mood }) => mood !== undefined);
  const bad = judged.filter(({ mood }) => mood === 'bad').length;
  const waiting = told.at === undefined && !told.trouble;
  const badge = waiting
    ? 'asking…'
    : told.trouble
      ? told.trouble.word
      : bad > 0
        ? `${bad} of ${judged.length} bad`
        : String(judged.length);
  return { id, title, badge, badgeMood: told.trouble ? 'unknown' : bad > 0 ? 'bad' : undefined, rows };
}

/** What stands in front of a user or role in its ARN: where there is little room, it is all that would be seen. */
const WHOSE = /\barn:aws[\w-]*:(?:iam|sts)::\d*:/g;

/** Why a panel is not what it should be; what was seen before stays below it. */
export function troubleRows<T>({ trouble, lost = [], at }: Told<T>, now: number): Row[] {
  const errors = trouble ? [trouble.error] : lost;
  return errors.map((error, index) =>
    row({
      id: `trouble ${index}`,
      mood: 'unknown',
      name: `${trouble && at !== undefined ? `from ${age(now - at)} ago: ` : ''}${error.message.replace(WHOSE, '')}`,
      words: '',
      more: [
        ['what', error.message],
        ['why', error.why ?? ''],
        ['since', trouble ? `${local(trouble.since)} (${age(now - trouble.since)})` : ''],
        ...error.suggestions.map((one) => ['→', one] as const),
      ],
    }),
  );
}

function alarmPanel(told: Told<readonly AlarmLine[]>, now: number): Panel {
  const panel = listPanel('alarms', 'Alarms', told, now, (line) => alarmRow(line, now));
  const all = told.value?.length ?? 0;
  const red = told.value?.filter(({ alarm }) => alarm.state === 'ALARM').length ?? 0;
  return told.trouble || told.at === undefined
    ? panel
    : { ...panel, badge: red > 0 ? `${red} of ${all} in ALARM` : `${all}, none in ALARM` };
}

function fromThing({ kind, name, mood, words }: Thing): Pick<Row, 'id' | 'name' | 'mood' | 'words'> {
  return { id: `${kind} ${name}`, name, mood, words };
}

/** `2 datapoints: 12, 17, the limit is 10` in fewer words: `12, 17 (limit 10)`. */
const shortWhy = (why: string) =>
  why
    .replace(/^\d+ datapoints?: (.*), the limit is (\S+)$/, '$1 (limit $2)')
    .replace(/^\d+ datapoints?: /, '');

function alarmRow(line: AlarmLine, now: number): Row {
  const { alarm, stack, logicalId, quiet } = line;
  const watched = alarm.watched.kind === 'metric' ? alarm.watched.metric.dimensions : {};
  const ran = watched.FunctionName;
  const thing = alarmThing(line, now);
  // Where there is room for little, the figures say more than since when.
  const words = `${shortWhy(whyWords(alarm))}, for ${age(now - alarm.since)}${quiet ? ' (silent)' : ''} — ${conditionWords(alarm)}`;
  return {
    ...fromThing(alarm.state === 'ALARM' ? { ...thing, words } : thing),
    more: [
      ['alarm', alarm.name],
      ['of', `${stack}/${logicalId}`],
      ['state', `${alarm.state} since ${local(alarm.since)} (${age(now - alarm.since)})`],
      ['what', conditionWords(alarm)],
      ['why', whyWords(alarm)],
      ["in AWS's words", alarm.reason],
      ['about', alarm.description ?? ''],
      ['does', alarm.actions.ALARM.map(actionWords).join(', ') || 'nothing: it has no actions'],
      ['silent', quiet ? 'it does nothing for now' : ''],
      ['more', `infractl monitoring alarms ${alarm.name}`],
    ],
    logs: ran ? `/aws/lambda/${ran}` : `stack:${stack}`,
  };
}

/** @param hosts those of infractl.yaml, whose journals can be read */
function instanceRow(line: InstanceLine, hosts: ReadonlySet<string>): Row {
  const { kind, id, name, type, address, checks, health, costUsdMonth, detail } = line;
  return {
    ...fromThing(instanceThing(line)),
    id: `${kind} ${id}`,
    more: [
      [kind, name && name !== id ? `${name} (${id})` : id],
      ['state', line.upMs === null ? line.state : `${line.state} for ${age(line.upMs)}`],
      ['checks', checks ?? ''],
      ['health', health ?? ''],
      ['type', type ?? ''],
      ['address', address ?? ''],
      ['a month', costUsdMonth === null ? 'no price is known' : usd(costUsdMonth)],
      ['remark', detail ?? ''],
      // What is called by a tag alone is no host; one that is not there has no id.
      ['more', `infractl manage status ${id === name ? '--host' : '--id'} ${id}`],
    ],
    ...(kind === 'instance' && name && hosts.has(name) ? { logs: `host:${name}` } : {}),
  };
}

function hostRow(line: HostLine): Row {
  const { host, reading, error } = line;
  return {
    ...fromThing(hostThing(line)),
    more: [
      ['host', host],
      ['state', hostThing(line).words],
      ['load', reading ? `${reading.load.join(' ')} of ${plural(reading.cores, 'core')}` : ''],
      ['up', reading ? age(reading.uptimeSeconds * 1000) : ''],
      ['why', error?.why ?? ''],
      ...(error?.suggestions ?? []).map((one) => ['→', one] as const),
    ],
    logs: `host:${host}`,
  };
}

function serviceRows({
  host,
  services,
  error,
}: {
  host: string;
  services: readonly ServiceState[];
  error?: { message: string };
}): Row[] {
  if (error) {
    const more = [
      ['host', host],
      ['why', error.message],
    ] as const;
    return [{ id: `services of ${host}`, mood: 'unknown', name: host, words: error.message, more }];
  }
  return services.map((service) => ({
    ...fromThing(serviceThing(host, service)),
    more: [
      ['unit', `${service.unit} on ${host}`],
      ['state', serviceStateWords(service)],
      ['restarts', String(service.restarts)],
      ['listens', service.ports.join(', ')],
      ...service.lines.map((line) => ['', line] as const),
    ],
    logs: `host:${host}`,
  }));
}

function endpointRow(line: EndpointLine): Row {
  const answer = endpointThing(line);
  const certificate = certificateThing(line);
  const bad = certificate?.mood === 'bad';
  const words = certificate ? `${answer.words}, certificate ${certificate.words}` : answer.words;
  return {
    ...fromThing(answer),
    mood: bad ? 'bad' : answer.mood,
    words: bad ? `certificate ${certificate.words}; ${answer.words}` : words,
    more: [
      ['url', line.url],
      ['answer', answer.words],
      ['certificate', certificate?.words ?? ''],
    ],
  };
}

/** What a project has one of: the last deploy, the backups, the cost, and the calls of the watching itself. */
function projectPanel(picture: Picture): Panel {
  const { backups, deploy, metrics } = picture.panels;
  const rows = [
    ...(metrics ? troubleRows(metrics, picture.at) : []),
    ...(deploy ? deployRows(deploy, picture.at) : []),
    ...(backups ? backupRows(picture) : []),
    costRow(picture),
    spentRow(picture),
  ];
  return { id: 'project', title: 'Project', badge: '', badgeMood: undefined, rows: rows.map(row) };
}

function deployRows(told: NonNullable<Picture['panels']['deploy']>, now: number): Row[] {
  const { value, trouble } = told;
  const base = { id: 'deploy', name: 'last deploy' };
  if (trouble && value === undefined) {
    const more = [
      ['what', trouble.error.message],
      ['why', trouble.error.why ?? ''],
    ] as const;
    return [{ ...base, mood: 'unknown', words: trouble.word, more }];
  }
  if (value === undefined) return [{ ...base, mood: undefined, words: 'asking…', more: [] }];
  if (value === null) return [{ ...base, mood: 'off', words: 'nothing was deployed yet', more: [] }];
  const { id, at, result, command, who, commit } = value;
  const { mood, words } = deployThing(value, now);
  return [
    {
      ...base,
      mood,
      words,
      more: [
        ['command', command],
        ['result', result],
        ['when', `${local(at)} (${age(now - at)} ago)`],
        ['who', who],
        ['commit', commit ?? ''],
        ['more', `infractl history ${shortId(id)}`],
      ],
    },
  ];
}

function backupRows({ panels, at: now }: Picture): Row[] {
  const { value, trouble } = panels.backups ?? { busy: false };
  const base = { id: 'backups', name: 'backup' };
  if (!value) {
    const more = trouble
      ? ([
          ['what', trouble.error.message],
          ['why', trouble.error.why ?? ''],
        ] as const)
      : [];
    return [{ ...base, mood: trouble ? 'unknown' : undefined, words: trouble?.word ?? 'asking…', more }];
  }
  return value.map((line) => {
    const { mood, name, words } = backupThing(line, now);
    return {
      id: `backup ${name}`,
      mood,
      name: 'backup',
      words: `${words}, ${name}`,
      more: [
        ['plan', line.plan],
        ['of', line.subject ?? ''],
        ['newest', line.at === null ? 'none that is good' : `${line.id}, ${local(line.at)}`],
        ['limit', age(line.maxAgeMs)],
        ['more', 'infractl backup list'],
      ],
    };
  });
}

function costRow({ cost, panels }: Picture): Row {
  const { monthUsd, unknown, note, billed } = cost;
  const asked = panels.instances?.at !== undefined;
  const priced =
    monthUsd === null
      ? 'no price is known'
      : `list price ${usd(monthUsd)} a month at this pace${billed ? '' : ', not the bill'}`;
  const none = panels.instances?.value?.length === 0 || !panels.instances;
  const listed = none
    ? 'nothing here is paid by the hour'
    : `${priced}${unknown > 0 && monthUsd !== null ? `, ${unknown} without a price` : ''}`;
  const trouble = asked ? undefined : panels.instances?.trouble;
  const known = trouble ? `the list price is not known: ${trouble.word}` : listed;
  const words = billed ? `billed ${usd(billed.usd)} this month so far; ${known}` : known;
  return {
    id: 'cost',
    mood: undefined,
    name: 'cost',
    words: panels.instances && !asked && !trouble ? 'asking…' : words,
    more: [
      ['cost', words],
      ['what', note],
      [
        'the bill',
        billed
          ? `${usd(billed.usd)} of ${billed.month}, for what carries the project's tags; asked ${local(billed.askedAt)}`
          : 'infractl costs actual asks for it; what it told today is shown here',
      ],
    ],
  };
}

function spentRow({ spent }: Picture): Row {
  const { calls, metrics, usd: dollars, usdADay, byAction } = spent;
  const money = (value: number) => (value < 0.01 ? `$${value.toFixed(4)}` : usd(value));
  const pace = usdADay === null ? '' : `, ${money(usdADay)} a day`;
  return {
    id: 'calls',
    mood: undefined,
    name: 'this watch',
    words: `${plural(calls, 'call')}, about ${money(dollars)}${pace}`,
    more: [
      ['calls', `${calls} since it began, about ${money(dollars)}${pace}`],
      ['metrics', `${metrics} asked of CloudWatch, which charges $0.01 for 1,000`],
      ...byAction.slice(0, 12).map(([action, count]) => [String(count), action] as const),
    ],
  };
}
