import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/lib/base/clock.ts';
import { InfractlError, Interrupted, isInfractlError } from '../../../src/lib/base/errors.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { isFleet, releaseTogether } from '../../../src/lib/desks/host-releases.ts';
import type { HostAnswer, HostLimits } from '../../../src/lib/desks/release-hosts.ts';
import type { ReleasePlace } from '../../../src/lib/desks/release-place.ts';

const place = (name: string, via: 'ssh' | 'ssm' = 'ssm'): ReleasePlace => ({
  part: { name: 'app' } as ReleasePlace['part'],
  host: { name, instance: `i-${name}`, reach: { via }, health: { path: '', ports: [] }, services: [] },
});
const places = ['a', 'b', 'c', 'd'].map((name) => place(name));
const good: PromiseSettledResult<HostAnswer> = {
  status: 'fulfilled',
  value: { result: { changed: true, id: 'r1' }, switchedAfter: 20 },
};
const failed = (code: string): PromiseSettledResult<HostAnswer> => ({
  status: 'rejected',
  reason: code === 'Interrupted' ? new Interrupted() : new InfractlError({ code, message: code, exit: 8 }),
});

async function release(results: readonly PromiseSettledResult<HostAnswer>[], wish = {}) {
  const events: ReportEvent[] = [];
  let limits: HostLimits | undefined;
  const ended = await releaseTogether(
    { reporter: { emit: (event) => void events.push(event) }, clock: systemClock },
    places,
    wish,
    async (given) => {
      limits = given;
      for (const [at, one] of places.entries()) if (results[at] !== unbegun) given.began?.(one);
      return results;
    },
  ).catch((error: unknown) => {
    if (isInfractlError(error)) return error;
    throw error;
  });
  const told = events.map((event) =>
    'part' in event ? `${event.type} ${event.part.slice(-1)}` : event.type,
  );
  return { ended, told, limits };
}
const unbegun = failed('HostNotBegun');

describe('a release to several hosts of Systems Manager', () => {
  it('is one where all of them are reached by it, and a group also of one', () => {
    expect(isFleet(places)).toBe(true);
    expect(isFleet([place('a')])).toBe(false);
    expect(isFleet([place('a'), place('b', 'ssh')])).toBe(false);
    const member = { ...place('a'), part: { name: 'app', group: {} } as ReleasePlace['part'] };
    expect(isFleet([member])).toBe(true);
  });

  it('is for one at a time, and stops at the first failure, unless it is said', async () => {
    const { ended, limits } = await release([good, good, good, good]);
    expect(limits).toMatchObject({ concurrency: 1, errors: 0 });
    expect(ended).toMatchObject([{ host: 'a', id: 'r1', switchedAfter: 20 }, {}, {}, { host: 'd' }]);
    const wish = { batch: { percent: 50 }, errors: { percent: 25 } };
    expect((await release([good, good, good, good], wish)).limits).toMatchObject({
      concurrency: 2,
      errors: 1,
    });
    expect((await release([good, good, good, good], { batch: { percent: 1 } })).limits?.concurrency).toBe(1);
  });

  it('says which have it, which failed, and which were not begun', async () => {
    const { ended, told } = await release([good, failed('ReleaseUnhealthy'), unbegun, unbegun]);
    expect(ended).toMatchObject({ code: 'ReleaseUnhealthy', exit: 8 });
    expect((ended as InfractlError).why).toBe('It is on a already. Not begun: c, d.');
    expect(told).toEqual(['part.started a', 'part.started b', 'part.done a', 'part.failed b']);
  });

  it('says of all that failed, where more than one may', async () => {
    const { ended } = await release([failed('ReleaseUnhealthy'), good, failed('HostUnreachable'), good]);
    expect((ended as InfractlError).why).toBe('It is on b, d already.\nIt failed on c too.');
  });

  it('is interrupted with what it says then', async () => {
    const { ended } = await release([good, failed('Interrupted'), unbegun, unbegun]);
    expect(ended).toMatchObject({ code: 'Interrupted', exit: 130 });
  });
});
