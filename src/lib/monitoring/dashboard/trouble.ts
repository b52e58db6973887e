import { Exit, type InfractlError } from '../../base/errors.ts';
import type { Trouble } from './picture.ts';

const MINUTE = 60_000;
const LONGEST = 10 * MINUTE;
/** A connection that is lost is tried again so soon, at the latest. */
const LOST = 10_000;

const isLost = ({ code }: InfractlError) => code === 'Network' || code === 'SandboxNotRunning';

/** A failed look in a word or two. */
export function troubleWord(error: InfractlError): string {
  const { code, exit } = error;
  if (code === 'AccessDenied') return 'no permission';
  if (code === 'ExpiredToken') return 'credentials expired';
  if (exit === Exit.credentials) return 'no credentials';
  if (code === 'Throttling') return 'throttled';
  if (isLost(error)) return 'no connection';
  if (/^Host(Unreachable|Timeout|NameUnknown|ConnectionLost|TimedOut)/.test(code)) return 'unreachable';
  if (/^HostKey/.test(code)) return 'host key not known';
  if (/^Host|^Sudo/.test(code)) return 'no access';
  return 'failed';
}

/** The trouble that a failure is; one that goes on began with the first. */
export function troubleOf(error: InfractlError, now: number, before: Trouble | undefined): Trouble {
  return { word: troubleWord(error), error, since: before?.since ?? now };
}

/**
 * How long to wait after so many failures in a row, in milliseconds: what is lost is looked for soon, what is
 * throttled less and less often, and a right that is missing is rarely given within the minute.
 */
export function pauseAfter(error: InfractlError, every: number, failures: number): number {
  if (isLost(error)) return Math.min(every, LOST);
  if (error.code === 'Throttling') return Math.min(LONGEST, every * 2 ** Math.min(failures, 10));
  if (error.exit === Exit.credentials) return Math.max(every, 5 * MINUTE);
  return every;
}
