import { age, listed } from '../base/text.ts';
import { conditionWords, whyWords } from './alarm-words.ts';
import { valueWords } from './chart.ts';
import type { HostReading } from './host-reading.ts';
import type { Alarm } from './port.ts';
import { isWell, type ServiceState } from './services.ts';

/** One thing that was looked at. `unknown`: it could not be looked at. */
export interface Finding {
  readonly kind: 'alarm' | 'check' | 'certificate' | 'instance' | 'service' | 'disk';
  readonly name: string;
  readonly verdict: 'good' | 'bad' | 'unknown';
  readonly why: string;
}

export type Health = 'healthy' | 'unhealthy' | 'unknown';

/** What makes something bad. */
export interface HealthLimits {
  /** Percent of a disk in use. */
  readonly disk: number;
  /** Days that a certificate must still be good for. */
  readonly certificateDays: number;
}

/** One bad thing is enough; what could not be looked at is no health either. */
export function healthOf(findings: readonly Pick<Finding, 'verdict'>[]): Health {
  if (findings.some(({ verdict }) => verdict === 'bad')) return 'unhealthy';
  return findings.some(({ verdict }) => verdict === 'unknown') ? 'unknown' : 'healthy';
}

/** An alarm that is silenced is bad all the same: silence keeps messages back, not troubles. */
export function alarmFinding(alarm: Alarm, now: number): Finding {
  const base = { kind: 'alarm', name: alarm.name } as const;
  if (alarm.state === 'ALARM')
    return {
      ...base,
      verdict: 'bad',
      why: `for ${age(now - alarm.since)}: ${conditionWords(alarm)} — ${whyWords(alarm)}`,
    };
  return { ...base, verdict: 'good', why: alarm.state === 'OK' ? 'ok' : 'no data yet' };
}

/** @param problem why it is not trusted, in words */
export function certificateFinding(
  name: string,
  daysLeft: number,
  problem: string | undefined,
  { certificateDays }: HealthLimits,
): Finding {
  const soon = daysLeft < certificateDays;
  const why = problem ?? `good for ${soon ? 'only ' : ''}${daysLeft} days`;
  return { kind: 'certificate', name, verdict: soon || problem ? 'bad' : 'good', why };
}

export function instanceFinding(
  name: string,
  checks: { readonly system: string; readonly instance: string },
): Finding {
  const said = [checks.system, checks.instance];
  // A stopped instance has no checks, and one that starts has none yet.
  const verdict = said.some((one) => one === 'impaired')
    ? 'bad'
    : said.includes('insufficient-data')
      ? 'unknown'
      : 'good';
  return {
    kind: 'instance',
    name,
    verdict,
    why: `system check ${checks.system}, instance check ${checks.instance}`,
  };
}

export function serviceFinding(host: string, service: ServiceState): Finding {
  const { unit, state, substate, restarts } = service;
  const again = restarts > 0 ? `, restarted ${restarts} times` : '';
  const why = state === 'not-found' ? 'no such unit' : `${state} ${substate}${again}`;
  return { kind: 'service', name: `${host}/${unit}`, verdict: isWell(service) ? 'good' : 'bad', why };
}

export function diskFindings(host: string, reading: HostReading, limits: HealthLimits): Finding[] {
  return reading.disks.map(({ path, used, total }) => {
    const percent = total > 0 ? (used / total) * 100 : 0;
    const bad = percent >= limits.disk;
    return {
      kind: 'disk',
      name: `${host}:${path}`,
      verdict: bad ? 'bad' : 'good',
      why: `${valueWords(percent, 'percent')} in use${bad ? `, the limit is ${limits.disk} %` : ''}`,
    };
  });
}

/** The verdict in a sentence. */
export function healthWords(findings: readonly Finding[]): string {
  const count = (wanted: Finding['verdict']) => findings.filter(({ verdict }) => verdict === wanted).length;
  const [good, bad, unknown] = [count('good'), count('bad'), count('unknown')];
  const parts = [
    ...(bad > 0 ? [`${bad} bad`] : []),
    ...(unknown > 0 ? [`${unknown} could not be looked at`] : []),
    `${good} good`,
  ];
  const state = { healthy: 'Healthy', unhealthy: 'Unhealthy', unknown: 'Not known' }[healthOf(findings)];
  return `${state}: ${listed(parts)}.`;
}
