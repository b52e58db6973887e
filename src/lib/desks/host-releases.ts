import { isInfractlError, withMore } from '../base/errors.ts';
import { partOf, type Share } from '../base/share.ts';
import { listed } from '../base/text.ts';
import type { ReleaseOutcome } from '../releases/index.ts';
import type { HostAnswer, HostLimits, ReleaseHostsDeps } from './release-hosts.ts';
import { outcomeOf, partName, type ReleasePlace, withRest } from './release-place.ts';

/** Several hosts of Systems Manager, which has an engine of its own for them. */
export function isFleet(places: readonly ReleasePlace[]): boolean {
  const many = places.length > 1 || places[0]?.part.group !== undefined;
  return many && places.every(({ host }) => host.reach.via === 'ssm');
}

/**
 * Releases to several hosts as one command of Systems Manager, so many at a time. The failures that stop it leave
 * the rest on what they run.
 */
export async function releaseTogether(
  { reporter, clock }: Pick<ReleaseHostsDeps, 'reporter' | 'clock'>,
  places: readonly ReleasePlace[],
  {
    batch = { count: 1 },
    errors = { count: 0 },
  }: { readonly batch?: Share | undefined; readonly errors?: Share | undefined },
  go: (limits: HostLimits) => Promise<readonly PromiseSettledResult<HostAnswer>[]>,
): Promise<ReleaseOutcome[]> {
  const begun = new Map<ReleasePlace, number>();
  const began = (place: ReleasePlace) => {
    begun.set(place, clock.now());
    reporter.emit({ type: 'part.started', part: partName(place), doing: 'looking' });
  };
  const limits = {
    concurrency: Math.max(1, partOf(batch, places.length)),
    errors: partOf(errors, places.length),
    began,
  };
  const results = await go(limits);
  const done: ReleaseOutcome[] = [];
  const unbegun: ReleasePlace[] = [];
  const failures: { readonly host: string; readonly error: unknown }[] = [];
  for (const [at, place] of places.entries()) {
    const result = results[at];
    const facts = { part: partName(place), ms: clock.now() - (begun.get(place) ?? clock.now()) };
    if (result?.status === 'fulfilled') {
      const outcome = outcomeOf(place, result.value.result, result.value.switchedAfter);
      done.push(outcome);
      const what = outcome.changed ? 'updated' : 'unchanged';
      reporter.emit({ type: 'part.done', ...facts, outcome: what, detail: outcome.id });
      continue;
    }
    const error: unknown = result?.reason;
    if (isInfractlError(error) && error.code === 'HostNotBegun') unbegun.push(place);
    else {
      failures.push({ host: place.host.name, error });
      if (isInfractlError(error)) reporter.emit({ type: 'part.failed', ...facts, error });
    }
  }
  const [first, ...more] = failures;
  if (!first) return done;
  const { error } = first;
  if (!isInfractlError(error) || error.code === 'Interrupted') throw error;
  const too = more.length > 0 ? [`It failed on ${listed(more.map(({ host }) => host))} too.`] : [];
  throw withMore(withRest(error, unbegun, done), { why: too });
}

/** One host after the other; the first failure leaves the rest on what they run. */
export async function releaseEach(
  { reporter, clock }: Pick<ReleaseHostsDeps, 'reporter' | 'clock'>,
  places: readonly ReleasePlace[],
  work: (place: ReleasePlace) => Promise<HostAnswer>,
): Promise<ReleaseOutcome[]> {
  const outcomes: ReleaseOutcome[] = [];
  for (const place of places) {
    const part = partName(place);
    const started = clock.now();
    reporter.emit({ type: 'part.started', part, doing: 'connecting' });
    try {
      const { result, switchedAfter } = await work(place);
      const done = outcomeOf(place, result, switchedAfter);
      outcomes.push(done);
      const outcome = done.changed ? 'updated' : 'unchanged';
      reporter.emit({ type: 'part.done', part, outcome, detail: done.id, ms: clock.now() - started });
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      reporter.emit({ type: 'part.failed', part, error, ms: clock.now() - started });
      throw withRest(error, places.slice(outcomes.length + 1), outcomes);
    }
  }
  return outcomes;
}
