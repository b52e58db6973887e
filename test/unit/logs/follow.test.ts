import { afterEach, describe, expect, it } from 'vitest';
import { logsReader } from '../../../src/lib/aws/logs.ts';
import { Pacers } from '../../../src/lib/aws/pacing.ts';
import { type FollowNews, followGroups, type LogEvent } from '../../../src/lib/logs/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

let fake: Fake;
afterEach(() => fake.close());

interface Tail {
  readonly news: FollowNews[];
  readonly told: LogEvent[];
  readonly late: LogEvent[];
  /** When each event was told, on the fake's clock. */
  readonly at: Map<string, number>;
  stop(): Promise<unknown>;
}

async function tail(
  groups: readonly string[],
  more?: () => Promise<readonly string[]>,
  looks = false,
): Promise<Tail> {
  const over = new AbortController();
  const port = logsReader(await session(), fake.clock);
  const told: LogEvent[] = [];
  const late: LogEvent[] = [];
  const at = new Map<string, number>();
  const news: FollowNews[] = [];
  const ended = followGroups(
    {
      port,
      peek: looks ? port : undefined,
      clock: fake.clock,
      signal: over.signal,
      tell(one) {
        if (one.type !== 'events') return void news.push(one);
        for (const event of one.events) at.set(event.message, fake.clock.now());
        told.push(...one.events);
        if (one.late) late.push(...one.events);
      },
    },
    { groups, from: fake.clock.now() - 1000, more },
  ).catch((error: unknown) => error);
  return {
    news,
    told,
    late,
    at,
    stop() {
      over.abort();
      return ended;
    },
  };
}

/** Its calls are paced on the fake's clock. */
async function session() {
  return { ...(await sessionFor(fake)), pacers: new Pacers(fake.clock) };
}

/** A source of numbers that is the same in every run. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const GROUPS = ['/app/a', '/app/b', '/app/c'];

function write(group: string, message: string, at: number, readable: number, stream = 'stream'): void {
  fake.state.logs.groups.get(group)?.push({ at, message, readable, stream, id: `${group}-${message}` });
}

describe('following groups', () => {
  it.each([
    ['by reading alone', false],
    ['looked at in between', true],
  ])(
    'shows every event exactly once, %s: ten minutes of a writer that delays, duplicates and reorders, every second call throttled',
    async (_, looks) => {
      fake = await startFake();
      fake.state.logs.pageSize = looks ? 200 : 40;
      for (const group of GROUPS) fake.state.logs.groups.set(group, []);
      fake.faults.throttle('logs:FilterLogEvents', { every: 2, times: Number.POSITIVE_INFINITY });
      if (looks) {
        fake.buckets.limit([['logs:FilterLogEvents', { capacity: 2, refill: 0.7 }]]);
        // What looks show lacks much: some are throttled, many pages are empty, streams that go on are listed late.
        fake.faults.throttle('logs:GetLogEvents', { every: 25, times: Number.POSITIVE_INFINITY });
        fake.faults.throttle('logs:DescribeLogStreams', { every: 40, times: Number.POSITIVE_INFINITY });
        fake.state.logs.streamLagMs = 1_800_000;
      }
      const following = await tail(GROUPS, undefined, looks);
      const random = numbers(7);
      const written: string[] = [];
      const began = fake.clock.now();
      for (let second = 0; second < 600; second++) {
        for (const group of GROUPS) {
          const now = fake.clock.now();
          // Most are there at once; some seconds later, a few minutes later, as an agent that was cut off.
          const delay =
            random() < 0.7 ? random() * 800 : random() < 0.9 ? random() * 8000 : random() * 240_000;
          const message = `${group} ${second}`;
          const at = Math.round(now - random() * 500);
          const stream = `s${second % 4}`;
          write(group, message, at, Math.round(now + delay), stream);
          written.push(message);
          // Given a second time, as a page that was split or a store that catches up gives it.
          if (random() < 0.2) write(group, message, at, Math.round(now + random() * 30_000), stream);
        }
        // For a time, each page with events comes behind an empty one.
        fake.state.logs.emptyPages = looks && second % 100 > 70;
        await fake.clock.sleep(1000);
      }
      await fake.clock.sleep(330_000);
      await following.stop();
      expect(fake.clock.now() - began).toBeGreaterThan(900_000);
      expect(following.told.map(({ message }) => message).toSorted()).toEqual(written.toSorted());
      expect(following.late.length).toBeGreaterThan(0);
      const shown = following.told.filter(({ id }) => id === '').length;
      if (looks) expect(shown).toBeGreaterThan(100);
      else expect(shown).toBe(0);
    },
    60_000,
  );

  it('is in one true order where events are there within a second', async () => {
    fake = await startFake();
    for (const group of GROUPS) fake.state.logs.groups.set(group, []);
    const following = await tail(GROUPS);
    const random = numbers(3);
    for (let step = 0; step < 600; step++) {
      const now = fake.clock.now();
      write(GROUPS[step % 3] as string, `${step}`, now, now + Math.round(random() * 400));
      await fake.clock.sleep(100);
    }
    await fake.clock.sleep(5000);
    await following.stop();
    const times = following.told.map(({ at }) => at);
    expect(times).toHaveLength(600);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(following.late).toEqual([]);
  });

  it('reads on after a minute without a connection, and says both', async () => {
    fake = await startFake();
    fake.state.logs.groups.set('/app/a', []);
    const following = await tail(['/app/a']);
    await fake.clock.sleep(5000);
    const gone = fake.clock.now();
    fake.faults.reset('logs:*', { times: Number.POSITIVE_INFINITY });
    for (let second = 0; second < 60; second++) {
      write('/app/a', `${second}`, fake.clock.now(), fake.clock.now());
      await fake.clock.sleep(1000);
    }
    expect(following.told).toEqual([]);
    fake.faults.clear();
    await fake.clock.sleep(5000);
    await following.stop();
    expect(following.told.map(({ message }) => Number(message))).toEqual(
      Array.from({ length: 60 }, (_, n) => n),
    );
    expect(following.news.map(({ type }) => type)).toEqual(['silent', 'back']);
    const [silent] = following.news;
    if (silent?.type !== 'silent') throw new Error('no silence');
    expect(Math.abs(silent.since - gone)).toBeLessThan(3000);
  });

  it('goes on with the others when one may not be read, and ends when none is left', async () => {
    fake = await startFake();
    fake.state.logs.groups.set('/app/a', [{ at: fake.clock.now(), message: 'one' }]);
    fake.faults.deny('logs:FilterLogEvents', { times: 1 });
    const following = await tail(['/app/denied', '/app/a']);
    await fake.clock.sleep(5000);
    expect(following.news).toMatchObject([{ type: 'lost', error: { code: 'AccessDenied', exit: 4 } }]);
    expect(following.told.map(({ message }) => message)).toEqual(
      following.news[0]?.type === 'lost' && following.news[0].group === '/app/a' ? [] : ['one'],
    );
    fake.faults.deny('logs:FilterLogEvents', { times: Number.POSITIVE_INFINITY });
    await fake.clock.sleep(5000);
    expect(await following.stop()).toMatchObject({ code: 'AccessDenied' });
  });

  it('waits for a group that is not there yet, and picks up those that come', async () => {
    fake = await startFake();
    const following = await tail(['/app/a'], async () => [...fake.state.logs.groups.keys()]);
    await fake.clock.sleep(3000);
    fake.state.logs.groups.set('/app/a', [{ at: fake.clock.now(), message: 'first' }]);
    fake.state.logs.groups.set('/app/b', [{ at: fake.clock.now(), message: 'new group' }]);
    await fake.clock.sleep(40_000);
    await following.stop();
    expect(following.news.map(({ type }) => type)).toEqual(['missing', 'found']);
    expect(following.told.map(({ message }) => message).toSorted()).toEqual(['first', 'new group']);
  });

  it('follows empty pages to their end', async () => {
    fake = await startFake();
    fake.state.logs.pageSize = 2;
    const now = fake.clock.now();
    const lines = Array.from({ length: 9 }, (_, index) => ({
      at: now + index,
      message: index === 8 ? 'ERROR' : 'ok',
    }));
    fake.state.logs.groups.set('/app/a', lines);
    const over = new AbortController();
    const told: string[] = [];
    const ended = followGroups(
      {
        port: logsReader(await session(), fake.clock),
        clock: fake.clock,
        signal: over.signal,
        tell: (news) => news.type === 'events' && told.push(...news.events.map(({ message }) => message)),
      },
      { groups: ['/app/a'], from: now, pattern: 'ERROR' },
    ).catch(() => {});
    await fake.clock.sleep(5000);
    over.abort();
    await ended;
    expect(told).toEqual(['ERROR']);
  });
});
