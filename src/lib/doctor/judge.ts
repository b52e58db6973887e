import { bytes, duration, listed, plural } from '../base/text.ts';
import type { Judged, SimulatedDecision } from './types.ts';

/** The pure part of `doctor`: from what was seen to a verdict in words, with what mends it. */

/** What docker images, packages and the sandbox's state need at the least. Bytes. */
const LITTLE_SPACE = 1024 ** 3;
const NO_SPACE = 100 * 1024 ** 2;
/** AWS refuses signatures that are five minutes off; a minute is worth a word. Milliseconds. */
const CLOCK_BAD = 240_000;
const CLOCK_OFF = 60_000;
/** A deploy should end before its credentials do. Milliseconds. */
const SOON = 1_800_000;

/** @param version `24.4.1`; @param minimum major and minor */
export function judgeNode(version: string, [major, minor]: readonly [number, number]): Judged {
  const [ours = 0, theirs = 0] = version.split('.').map(Number);
  if (ours < major || (ours === major && theirs < minor))
    return {
      verdict: 'bad',
      said: `Node ${version}, and infractl needs ${major}.${minor} or newer`,
      mend: ['Install the current LTS version: npm install --global node@24'],
    };
  const odd = ours % 2 === 1;
  return {
    verdict: odd ? 'warning' : 'good',
    said: odd ? `Node ${version} gets no long-term support` : `Node ${version}`,
    ...(odd ? { mend: [`An LTS version is quieter: npm install --global node@${ours + 1}`] } : {}),
  };
}

/**
 * A program that is there or not.
 *
 * @param version its own words for its version; undefined where it is not installed
 * @param needed whether something of the project needs it, and what
 */
export function judgeTool(
  name: string,
  version: string | undefined,
  needed: string | undefined,
  install: readonly string[],
): Judged {
  if (version !== undefined) return { verdict: 'good', said: version || name };
  return needed
    ? { verdict: 'bad', said: `${name} is not installed, and ${needed} need it`, mend: install }
    : { verdict: 'skipped', said: `${name} is not installed; nothing here needs it` };
}

/** @param free bytes by the folder that lies on the disk */
export function judgeDisk(free: ReadonlyMap<string, number>): Judged {
  const [folder, least] = [...free].reduce((a, b) => (b[1] < a[1] ? b : a), ['', Number.POSITIVE_INFINITY]);
  if (least >= LITTLE_SPACE) return { verdict: 'good', said: `${bytes(least)} free` };
  return {
    verdict: least < NO_SPACE ? 'bad' : 'warning',
    said: `only ${bytes(least)} free for ${folder}`,
    mend: ['Images and layers take the most: docker system df, docker system prune'],
  };
}

/** @param ahead milliseconds that this machine's clock is ahead of AWS's */
export function judgeClock(ahead: number): Judged {
  const off = Math.abs(ahead);
  const words = `${duration(off)} ${ahead > 0 ? 'ahead of' : 'behind'} AWS`;
  if (off < CLOCK_OFF) return { verdict: 'good', said: 'as AWS has it' };
  return {
    verdict: off >= CLOCK_BAD ? 'bad' : 'warning',
    said: words,
    mend: ['Set the clock: sudo timedatectl set-ntp true'],
  };
}

/** @param expires when the credentials end, in milliseconds since 1970; undefined where they do not */
export function judgeCredentials(arn: string, expires: number | undefined, now: number): Judged {
  if (expires === undefined) {
    const root = /:root$/.test(arn);
    return root
      ? {
          verdict: 'warning',
          said: `${arn}: the root user, whom nothing can stop`,
          mend: ['Work as a role or through IAM Identity Center: aws configure sso'],
        }
      : { verdict: 'good', said: `${arn}, without an end` };
  }
  const left = expires - now;
  if (left <= 0) return { verdict: 'bad', said: `${arn}, expired`, mend: ['Log in again: aws sso login'] };
  return left < SOON
    ? { verdict: 'warning', said: `${arn}, for ${duration(left)} more`, mend: ['Renew them: aws sso login'] }
    : { verdict: 'good', said: `${arn}, for ${duration(left)} more` };
}

/** @param wanted the account that the environment must be in; undefined where none is configured */
export function judgeAccount(account: string, wanted: string | undefined, environment: string): Judged {
  if (wanted === undefined || wanted === account)
    return { verdict: 'good', said: wanted ? `${account}, as ${environment} must be` : account };
  return {
    verdict: 'bad',
    said: `${account}, but ${environment} is in ${wanted}`,
    mend: ['Choose the right one: --profile, or AWS_PROFILE'],
  };
}

/** What a simulation says of the actions that the project needs. A policy for certain resources alone looks like none. */
export function judgePermissions(decisions: ReadonlyMap<string, SimulatedDecision>): Judged {
  const of = (wanted: SimulatedDecision) =>
    [...decisions].filter(([, decision]) => decision === wanted).map(([action]) => action);
  const [denied, missing] = [of('explicitDeny'), of('implicitDeny')];
  if (denied.length > 0)
    return {
      verdict: 'bad',
      said: `forbidden: ${listed(denied)}`,
      mend: ['A policy or a boundary says Deny: only whoever set it can lift it.'],
    };
  if (missing.length > 0)
    return {
      verdict: 'warning',
      said: `not allowed on every resource: ${listed(missing)}`,
      mend: ['Well where a policy allows them for the resources of this project; else add them to one.'],
    };
  return { verdict: 'good', said: `${plural(decisions.size, 'action')} that the project needs are allowed` };
}
