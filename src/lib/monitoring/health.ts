import { age, listed, plural } from '../base/text.ts';
import { conditionWords, whyWords } from './alarm-words.ts';
import { valueWords } from './chart.ts';
import type { HostReading } from './host-reading.ts';
import type { Alarm } from './port.ts';
import { isWell, restartWords, type ServiceState, serviceStateWords } from './services.ts';

/**
 * One thing that was looked at. `unknown`: it could not be looked at. `no-data`: an alarm that has nothing to judge by,
 * as each is when it is new, and while what it watches is not used. It says nothing, so it is neither good nor bad; where
 * silence is a trouble, `TreatMissingData: breaching` lets CloudWatch itself raise the alarm.
 */
export interface Finding {
  readonly kind: 'alarm' | 'check' | 'certificate' | 'instance' | 'target' | 'service' | 'disk' | 'backup';
  readonly name: string;
  readonly verdict: 'good' | 'bad' | 'unknown' | 'no-data';
  readonly why: string;
  /** What helps against it, or tells more: a command, where there is one. */
  readonly mend?: string;
}

export type Health = 'healthy' | 'unhealthy' | 'unknown';

/** What makes something bad. */
export interface HealthLimits {
  /** Percent of a disk in use. */
  readonly disk: number;
  /** Days that a certificate must still be good for. */
  readonly certificateDays: number;
  /** Milliseconds that the newest good backup may be old. */
  readonly backupAge: number;
}

/** One bad thing is enough; what could not be looked at is no health either. Alarms without data weigh nothing. */
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
      mend: `infractl monitoring alarms ${alarm.name}`,
    };
  if (alarm.state === 'OK') return { ...base, verdict: 'good', why: 'ok' };
  return { ...base, verdict: 'no-data', why: `for ${age(now - alarm.since)}: ${conditionWords(alarm)}` };
}

const CERTIFICATE = 'of a host: infractl https renew; of AWS: see why Certificate Manager does not renew it';

/** @param problem why it is not trusted, in words */
export function certificateFinding(
  name: string,
  daysLeft: number,
  problem: string | undefined,
  { certificateDays }: HealthLimits,
): Finding {
  const soon = daysLeft < certificateDays;
  const why = problem ?? `good for ${soon ? 'only ' : ''}${daysLeft} days`;
  if (!soon && !problem) return { kind: 'certificate', name, verdict: 'good', why };
  return { kind: 'certificate', name, verdict: 'bad', why, mend: CERTIFICATE };
}

export function instanceFinding(
  { logicalId, id }: { readonly logicalId: string; readonly id: string },
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
    name: `${logicalId} ${id}`,
    verdict,
    why: `system check ${checks.system}, instance check ${checks.instance}`,
    // A system that AWS has trouble with is left by a stop and a start, not by a reboot.
    ...(verdict === 'bad'
      ? {
          mend:
            checks.system === 'impaired'
              ? `other hardware brings it back: infractl manage restart --hard --id ${id}`
              : `infractl manage restart --id ${id}`,
        }
      : {}),
  };
}

export function serviceFinding(host: string, service: ServiceState): Finding {
  const { unit, state } = service;
  const why = `${serviceStateWords(service)}${restartWords(service)}`;
  const name = `${host}/${unit}`;
  if (isWell(service)) return { kind: 'service', name, verdict: 'good', why };
  const mend =
    state === 'not-found'
      ? `correct hosts.${host}.services in infractl.yaml`
      : `infractl monitoring services --host ${host} --unit ${unit}`;
  return { kind: 'service', name, verdict: 'bad', why, mend };
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
      ...(bad ? { mend: `infractl host run --host ${host} --sudo -- du -xhd2 ${path}` } : {}),
    };
  });
}

/** The verdict in a sentence. */
export function healthWords(findings: readonly Finding[]): string {
  const count = (wanted: Finding['verdict']) => findings.filter(({ verdict }) => verdict === wanted).length;
  const [good, bad, unknown, silent] = [count('good'), count('bad'), count('unknown'), count('no-data')];
  const parts = [
    ...(bad > 0 ? [`${bad} bad`] : []),
    ...(unknown > 0 ? [`${unknown} could not be looked at`] : []),
    `${good} good`,
    ...(silent > 0 ? [`${plural(silent, 'alarm')} without data`] : []),
  ];
  const state = { healthy: 'Healthy', unhealthy: 'Unhealthy', unknown: 'Not known' }[healthOf(findings)];
  return `${state}: ${listed(parts)}.`;
}
