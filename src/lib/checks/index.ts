import { type Clock, throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError, UsageError } from '../base/errors.ts';
import type { Reporter } from '../base/report.ts';
import { duration, listed } from '../base/text.ts';
import { get } from './get.ts';
import { excerpt, hints, networkWords } from './words.ts';

export interface CheckSpec {
  /** The part's name in messages: `check health`. */
  readonly part: string;
  readonly url: string;
  /** The statuses that pass. */
  readonly expect: readonly number[];
  /** Text that the body must contain. */
  readonly contains?: string;
  /** How long to keep trying, in milliseconds. */
  readonly timeout: number;
  /** The command that shows the log of what answers, for the suggestions of a failure. */
  readonly log?: string;
}

export interface CheckDeps {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly reporter: Reporter;
  /** The version of infractl, for the user agent. */
  readonly version?: string;
}

export interface CheckResult {
  readonly status: number;
  /** How long the answer that passed took, in milliseconds. */
  readonly ms: number;
  /** How many requests were made. */
  readonly attempts: number;
}

/** Milliseconds. */
const ONE_TRY = 10_000;
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 3_000;
/** What is read of a body, in characters: enough to find a text in, and no more than a mistake may cost. */
const MOST_OF_BODY = 1_000_000;

type Answer =
  | { readonly status: number; readonly body: string; readonly ms: number }
  | { readonly status: undefined; readonly trouble: string; readonly ms: number };

/**
 * Asks a URL (GET, redirects followed, 10 s a try) until it answers as expected or the time is over. Pauses
 * grow from 0.2 to 3 s.
 *
 * @throws InfractlError `Unhealthy` (exit 8) with the last answer; UsageError `InvalidUrl`
 */
export async function runCheck(deps: CheckDeps, spec: CheckSpec): Promise<CheckResult> {
  const { clock, signal, reporter } = deps;
  const url = parsed(spec.url);
  const deadline = clock.now() + spec.timeout;
  for (let attempts = 1, pause = FIRST_PAUSE; ; attempts++, pause = Math.min(pause * 1.6, LONGEST_PAUSE)) {
    throwIfAborted(signal);
    const limit = Math.ceil(Math.min(ONE_TRY, Math.max(1000, deadline - clock.now())));
    const answer = await ask(url, limit, deps);
    throwIfAborted(signal);
    const wrong = problem(answer, spec);
    if (wrong === undefined && answer.status !== undefined)
      return { status: answer.status, ms: answer.ms, attempts };
    if (clock.now() + pause > deadline) throw unhealthy(spec, answer, wrong ?? '', attempts);
    reporter.emit({ type: 'part.status', part: spec.part, status: `${wrong}, trying again` });
    await clock.sleep(pause, signal);
  }
}

function parsed(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username) return url;
  throw new UsageError({
    code: 'InvalidUrl',
    message: `A check cannot ask ${JSON.stringify(text)}.`,
    why: 'It takes a URL that begins with http:// or https://, without a user name in it.',
    suggestions: ['Look at `url` of the check in infractl.yaml.'],
  });
}

async function ask(url: URL, limit: number, { clock, signal, version }: CheckDeps): Promise<Answer> {
  const began = clock.now();
  const timeout = AbortSignal.timeout(limit);
  try {
    const { status, body } = await get(url, {
      headers: { 'user-agent': version ? `infractl/${version}` : 'infractl', accept: '*/*' },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      most: MOST_OF_BODY,
    });
    return { status, body, ms: clock.now() - began };
  } catch (error) {
    return {
      status: undefined,
      trouble: networkWords(timeout.aborted ? timeout.reason : error),
      ms: clock.now() - began,
    };
  }
}

/** What is wrong with an answer, in a few words; undefined when it is as expected. */
function problem(answer: Answer, { expect, contains }: CheckSpec): string | undefined {
  if (answer.status === undefined) return answer.trouble;
  if (!expect.includes(answer.status)) return `it answered ${answer.status}`;
  if (contains !== undefined && !answer.body.includes(contains)) return 'its answer lacks the expected text';
  return undefined;
}

function unhealthy(spec: CheckSpec, answer: Answer, wrong: string, attempts: number): InfractlError {
  const tries = attempts === 1 ? 'one try' : `${attempts} tries`;
  const wanted = `Expected ${listed(spec.expect.map(String))}${spec.contains === undefined ? '' : ` with ${JSON.stringify(spec.contains)} in the body`}.`;
  const body =
    answer.status === undefined
      ? ''
      : `The body begins: ${answer.body === '' ? '(empty)' : excerpt(answer.body)}`;
  return new InfractlError({
    code: 'Unhealthy',
    message: `${spec.url} is not healthy: ${wrong} (${tries} in ${duration(spec.timeout)}).`,
    why: [wanted, body].filter(Boolean).join('\n'),
    suggestions: hints(answer.status, spec.log),
    exit: Exit.unhealthy,
  });
}
