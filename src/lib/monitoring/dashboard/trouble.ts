import { Exit, InfractlError } from '../../base/errors.ts';
import type { Panels, SourceName, Told, Trouble } from './picture.ts';

const MINUTE = 60_000;
const LONGEST = 10 * MINUTE;
/** A connection that is lost is tried again so soon, at the latest. */
const LOST = 10_000;

/** A look takes a few seconds; what takes longer is not to be taken for how it is now. */
const PATIENCE = 20_000;
const NO_ANSWER = 'NoAnswer';

const isLost = ({ code }: InfractlError) => code === 'Network' || code === 'SandboxNotRunning';

/** A failed look in a word or two. */
export function troubleWord(error: InfractlError): string {
  const { code, exit } = error;
  if (code === 'AccessDenied') return 'no permission';
  if (code === 'ExpiredToken') return 'credentials expired';
  if (exit === Exit.credentials) return 'no credentials';
  if (code === 'Throttling') return 'throttled';
  if (isLost(error)) return 'no connection';
  if (code === NO_ANSWER) return 'no answer';
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

/**
 * What is known, with a trouble where a look has had no answer for long: a network that swallows everything fails after
 * minutes only, and until then what was seen last must not pass for what is.
 *
 * @param now milliseconds since 1970
 */
export function withUnanswered(panels: Panels, now: number): Panels {
  const late = (Object.entries(panels) as [SourceName, Told<unknown>][]).filter(
    ([, { busy, asked = now, trouble }]) => busy && !trouble && now - asked > PATIENCE,
  );
  if (late.length === 0) return panels;
  const told = late.map(([name, one]) => {
    const error = new InfractlError({
      code: NO_ANSWER,
      message: 'There has been no answer for a while; it is waited for.',
      suggestions: ['Check the network connection.'],
    });
    return [name, { ...one, trouble: troubleOf(error, one.asked ?? now, undefined) }] as const;
  });
  return { ...panels, ...Object.fromEntries(told) };
}
