import { age, plural } from '../../base/text.ts';
import { conditionWords, whyWords } from '../alarm-words.ts';
import { valueWords } from '../chart.ts';
import { isWell, restartWords, type ServiceState, serviceStateWords } from '../services.ts';
import type {
  AlarmLine,
  BackupLine,
  DeployLine,
  EndpointLine,
  HostLine,
  InstanceLine,
  Mood,
  Picture,
  ServiceLine,
  SourceName,
} from './picture.ts';
import { troubleWord } from './trouble.ts';

/** A certificate must be good for so many days, a disk must not be fuller than so many percent. */
export const CERTIFICATE_DAYS = 14;
export const DISK_PERCENT = 90;

/** One thing that is watched: what it is called, how it is, and its state in a word that changes when it does. */
export interface Thing {
  readonly kind:
    | 'alarm'
    | 'instance'
    | 'host'
    | 'service'
    | 'endpoint'
    | 'certificate'
    | 'backup'
    | 'deploy'
    | 'panel';
  readonly name: string;
  readonly mood: Mood;
  readonly state: string;
  /** The state and why it is so, for people. */
  readonly words: string;
}

export function alarmThing({ alarm, quiet }: AlarmLine, now: number): Thing {
  const mood = alarm.state === 'ALARM' ? 'bad' : alarm.state === 'OK' ? 'good' : 'off';
  const silent = quiet ? ' (silent)' : '';
  const words =
    alarm.state === 'ALARM'
      ? `for ${age(now - alarm.since)}${silent}: ${whyWords(alarm)} — ${conditionWords(alarm)}`
      : `${alarm.state === 'OK' ? 'ok' : 'no data'}${silent} for ${age(now - alarm.since)}`;
  return { kind: 'alarm', name: alarm.name, mood, state: alarm.state, words };
}

export function instanceThing(line: InstanceLine): Thing {
  const { kind, id, name, mood, state, checks, health, upMs, detail } = line;
  const said = [
    upMs === null ? state : `${state} ${age(upMs)}`,
    checks && checks !== 'ok' ? `checks ${checks}` : '',
    health ?? '',
    mood === 'good' ? '' : (detail ?? ''),
  ];
  return {
    kind: 'instance',
    name: name ?? (kind === 'instance' ? id : `${kind} ${id}`),
    mood,
    state: [state, checks ?? '', mood === 'bad' ? 'bad' : ''].filter(Boolean).join(', '),
    words: said.filter(Boolean).join(', '),
  };
}

const percentOf = (used: number, total: number) => (total > 0 ? (used / total) * 100 : 0);

export function hostThing({ host, reading, error }: HostLine): Thing {
  const base = { kind: 'host', name: host } as const;
  if (error) return { ...base, mood: 'bad', state: 'unreachable', words: error.message };
  if (!reading)
    return { ...base, mood: 'unknown', state: 'unknown', words: 'it does not answer as a Linux does' };
  const full = reading.disks.filter(({ used, total }) => percentOf(used, total) >= DISK_PERCENT);
  const share = (used: number, total: number) => `${Math.round(percentOf(used, total))} %`;
  const words = [
    `CPU ${valueWords(Math.round(reading.cpuPercent), 'percent')}`,
    `memory ${share(reading.memory.used, reading.memory.total)}`,
    ...reading.disks.map(({ path, used, total }) => `${path} ${share(used, total)}`),
    `load ${reading.load[0] ?? '?'}`,
  ].join(', ');
  return {
    ...base,
    mood: full.length > 0 ? 'bad' : 'good',
    state: full.length > 0 ? `disk full: ${full.map(({ path }) => path).join(', ')}` : 'up',
    words,
  };
}

/** What journalctl writes before a message: `2026-11-21T23:06:20+0000 web shop[133]: `. */
const JOURNAL_HEAD = /^\d{4}-\d\d-\d\dT\S+ \S+ [^\s:]+: /;

export function serviceThing(host: string, service: ServiceState): Thing {
  const { unit, state, substate, sinceSeconds } = service;
  const since = sinceSeconds === null ? '' : ` ${age(sinceSeconds * 1000)}`;
  const again = restartWords(service);
  const last = isWell(service) ? '' : (service.lines.at(-1) ?? '').replace(JOURNAL_HEAD, '');
  return {
    kind: 'service',
    name: `${host}/${unit}`,
    mood: isWell(service) ? 'good' : state === 'activating' ? 'busy' : 'bad',
    state: `${serviceStateWords(service)}${again}`,
    words: `${state === 'not-found' ? 'no such unit' : `${substate || state}${since}${again}`}${last ? `: ${last}` : ''}`,
  };
}

export function endpointThing({ name, ok, words }: EndpointLine): Thing {
  return { kind: 'endpoint', name, mood: ok ? 'good' : 'bad', state: ok ? 'answers' : 'bad', words };
}

export function certificateThing(line: EndpointLine): Thing | undefined {
  const { name, certificateDays: days, certificateProblem: problem } = line;
  if (days === null) return undefined;
  const soon = days < CERTIFICATE_DAYS;
  return {
    kind: 'certificate',
    name,
    mood: soon || problem ? 'bad' : 'good',
    state: problem ?? (soon ? 'ends soon' : 'good'),
    words: problem ?? `good for ${soon ? 'only ' : ''}${plural(days, 'day')}`,
  };
}

export function backupThing({ plan, subject, at, maxAgeMs }: BackupLine, now: number): Thing {
  const name = subject === null ? plan : `${plan} ${subject}`;
  const base = { kind: 'backup', name } as const;
  if (at === null) return { ...base, mood: 'bad', state: 'none', words: 'there is no good backup' };
  const old = now - at > maxAgeMs;
  return {
    ...base,
    mood: old ? 'bad' : 'good',
    state: old ? 'too old' : 'fresh',
    words: `${age(now - at)} old${old ? `, the limit is ${age(maxAgeMs)}` : ''}`,
  };
}

const DEPLOY_MOOD: Readonly<Record<string, Mood>> = {
  succeeded: 'good',
  running: 'busy',
  failed: 'bad',
  unhealthy: 'bad',
};

export function deployThing({ id, at, result, command, who }: DeployLine, now: number): Thing {
  return {
    kind: 'deploy',
    name: command,
    mood: DEPLOY_MOOD[result] ?? 'off',
    state: `${id} ${result}`,
    words: `${command} ${result} ${age(now - at)} ago by ${who}`,
  };
}

/** What people call each source. */
export const SOURCE_WORDS: Readonly<Record<SourceName, string>> = {
  alarms: 'alarms',
  instances: 'instances',
  hosts: 'hosts',
  services: 'services',
  endpoints: 'endpoints',
  metrics: 'metrics',
  backups: 'backups',
  deploy: 'last deploy',
};

/** Everything in a picture that can be good or bad. A source that could not be asked is one of them. */
export function thingsOf({ panels, at: now }: Pick<Picture, 'panels' | 'at'>): Thing[] {
  const { alarms, instances, hosts, services, endpoints, backups, deploy } = panels;
  const run = deploy?.value;
  return [
    ...(alarms?.value ?? []).map((line) => alarmThing(line, now)),
    ...(instances?.value ?? []).map(instanceThing),
    ...(hosts?.value ?? []).map(hostThing),
    ...(services?.value ?? []).flatMap((line) => line.services.map((one) => serviceThing(line.host, one))),
    ...(endpoints?.value ?? []).map(endpointThing),
    ...(endpoints?.value ?? []).flatMap((line) => certificateThing(line) ?? []),
    ...(backups?.value ?? []).map((line) => backupThing(line, now)),
    ...(run ? [deployThing(run, now)] : []),
    ...(services?.value ?? []).flatMap(unseenServices),
    ...troublesOf(panels),
  ];
}

function unseenServices({ host, error }: ServiceLine): Thing[] {
  if (!error) return [];
  const state = troubleWord(error);
  return [{ kind: 'panel', name: `services of ${host}`, mood: 'unknown', state, words: error.message }];
}

function troublesOf(panels: Picture['panels']): Thing[] {
  return (Object.keys(panels) as SourceName[]).flatMap((name): Thing[] => {
    const told = panels[name];
    const base = { kind: 'panel', name: SOURCE_WORDS[name] } as const;
    if (told?.trouble) {
      const { word, error } = told.trouble;
      return [{ ...base, mood: 'unknown', state: word, words: error.message }];
    }
    const [lost] = told?.lost ?? [];
    if (lost)
      return [{ ...base, mood: 'unknown', state: `in part: ${troubleWord(lost)}`, words: lost.message }];
    return told?.at === undefined ? [] : [{ ...base, mood: 'good', state: 'seen', words: 'seen again' }];
  });
}

export type Verdict = 'healthy' | 'unhealthy' | 'unknown';

/**
 * One bad thing is enough; what could not be looked at is no health either. A deploy that failed changed nothing of
 * what runs, or what it broke is bad by itself.
 */
export function verdictOf(things: readonly Thing[]): Verdict {
  const counted = things.filter(({ kind }) => kind !== 'deploy');
  if (counted.some(({ mood }) => mood === 'bad')) return 'unhealthy';
  return counted.some(({ mood }) => mood === 'unknown') ? 'unknown' : 'healthy';
}

/** `2 alarms, 1 bad, 1 not seen`; `all good`, but not of nothing. */
export function verdictWords(things: readonly Thing[]): string {
  const counted = things.filter(({ kind }) => kind !== 'deploy');
  const bad = counted.filter(({ mood }) => mood === 'bad');
  const red = bad.filter(({ kind }) => kind === 'alarm').length;
  const others = bad.length - red;
  const unknown = counted.filter(({ mood }) => mood === 'unknown').length;
  const parts = [
    ...(red > 0 ? [plural(red, 'alarm')] : []),
    ...(others > 0 ? [`${others} bad`] : []),
    ...(unknown > 0 ? [`${unknown} not seen`] : []),
  ];
  const watched = counted.some(({ kind }) => kind !== 'panel');
  return parts.join(', ') || (watched ? 'all good' : 'nothing to watch');
}
