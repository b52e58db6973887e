import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { logsReader } from '../../../src/lib/aws/logs.ts';
import { liveTail } from '../../../src/lib/aws/logs-live.ts';
import { Hold } from '../../../src/lib/logs/hold.ts';
import { type FollowNews, followGroups, type LogEvent } from '../../../src/lib/logs/index.ts';
import { inFlight } from '../../fake/flight.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

let fake: Fake | undefined;
afterEach(() => fake?.close());

interface Trial {
  readonly groups: number;
  /** Calls a second that AWS takes. */
  readonly rate: number;
  /** Milliseconds from an event's time until it can be read; by the number of its group. */
  readonly lag: (group: number, step: number) => number;
  readonly seconds: number;
  /** The stream that an event is written to; one of each group by default. */
  readonly stream?: (group: number, step: number) => string;
  readonly pattern?: string | undefined;
  readonly live?: boolean;
  /** Done to the fake before it begins. */
  readonly prepare?: (fake: Fake) => void;
}

/** What AWS takes of the others where it takes five FilterLogEvents: https://docs.aws.amazon.com/general/latest/gr/cwl_region.html */
const OTHERS = [
  ['logs:GetLogEvents', { capacity: 10, refill: 10 }],
  ['logs:DescribeLogStreams', { capacity: 25, refill: 25 }],
] as const;

/** Eight events a second over the groups, each request on its way for 50 ms. */
async function follow({ groups: count, rate, lag, seconds, stream, pattern, live, prepare }: Trial) {
  fake = await startFake();
  prepare?.(fake);
  const { clock, state, buckets, requests } = fake;
  const groups = Array.from({ length: count }, (_, index) => `/app/${index}`);
  for (const group of groups) state.logs.groups.set(group, []);
  buckets.limit([['logs:FilterLogEvents', { capacity: 25, refill: rate }], ...OTHERS]);
  const over = new AbortController();
  const told: LogEvent[] = [];
  const toldAt = new Map<string, number>();
  const late: LogEvent[] = [];
  const news: FollowNews[] = [];
  const tell = (one: FollowNews) => {
    if (one.type !== 'events') return void news.push(one);
    for (const event of one.events) toldAt.set(event.message, clock.now());
    told.push(...one.events);
    if (one.late) late.push(...one.events);
  };
  const session = await sessionFor(fake);
  const port = logsReader(inFlight(session, clock, 50), clock);
  const ended = followGroups(
    { port, peek: port, liveTail: live ? liveTail(session) : undefined, clock, signal: over.signal, tell },
    { groups, from: clock.now() - 1000, pattern },
  ).catch(() => {});
  await clock.sleep(10_000);
  const written = new Map<string, number>();
  for (let step = 0; step < seconds * 8; step++) {
    const at = clock.now();
    const group = (step * 7) % count;
    const readable = at + Math.round(lag(group, step));
    written.set(`${step}`, readable);
    const event = { at, message: `${step}`, readable, stream: stream?.(group, step) ?? 'stream' };
    state.logs.groups.get(`/app/${group}`)?.push(event);
    await clock.sleep(125);
  }
  await clock.sleep(10_000);
  over.abort();
  await ended;
  const delays = [...written].map(
    ([id, readable]) => (toldAt.get(id) ?? Number.POSITIVE_INFINITY) - readable,
  );
  const asked = requests.filter(({ action }) => action === 'FilterLogEvents');
  const [first] = asked;
  /** How often an API was called. */
  const budget = (api: string) => {
    const times = requests.filter(({ action }) => action === api).map((one) => one.at);
    return {
      average: (times.length * 1000) / (clock.now() - (first?.at ?? 0)),
      refused: requests.filter(({ action, status }) => action === api && status >= 400).length,
    };
  };
  return {
    told: told.map(({ message }) => message),
    streams: budget('DescribeLogStreams'),
    looks: budget('GetLogEvents'),
    delays: delays.toSorted((a, b) => a - b),
    times: told.map(({ at }) => at),
    late,
    news,
    /** Calls a second, without those that were saved up. */
    calls: (asked.length - 25) / ((clock.now() - (first?.at ?? 0)) / 1000),
    refused: asked.filter(({ status }) => status >= 400).length / asked.length,
  };
}

const median = (values: readonly number[]) => values[values.length >> 1] ?? Number.POSITIVE_INFINITY;
const inOrder = (values: readonly number[]) => values.toSorted((a, b) => a - b);

describe('an event of twenty groups, at the ten calls a second that most regions allow', () => {
  it('is shown within three seconds of when it can be read, in order, and nearly no call is refused', async () => {
    const result = await follow({ groups: 20, rate: 10, lag: (_, step) => (step % 5) * 150, seconds: 150 });
    expect(result.delays).toHaveLength(1200);
    expect(result.delays.at(-1)).toBeLessThanOrEqual(3000);
    expect(median(result.delays)).toBeLessThanOrEqual(2600);
    expect(result.times).toEqual(inOrder(result.times));
    expect(result.late).toEqual([]);
    expect(result.calls).toBeLessThanOrEqual(10.1);
    expect(result.refused).toBeLessThan(0.005);
    expect(result.news).toEqual([]);
  });

  it('the same where what is logged can be read one to two seconds later', async () => {
    const lag = (group: number, step: number) => 1300 + (group % 4) * 150 + (step % 5) * 20;
    const result = await follow({ groups: 20, rate: 10, lag, seconds: 60 });
    expect(result.delays.at(-1)).toBeLessThanOrEqual(3000);
    expect(result.late).toEqual([]);
    expect(result.times).toEqual(inOrder(result.times));
  });
});

describe('an event', () => {
  it('of a few groups is shown sooner', async () => {
    const result = await follow({ groups: 3, rate: 10, lag: () => 500, seconds: 30 });
    expect(result.delays.at(-1)).toBeLessThanOrEqual(1500);
    expect(median(result.delays)).toBeLessThanOrEqual(1100);
  });

  it('of groups that can be read two seconds late is in its place', async () => {
    const lag = (group: number) => [400, 1900, 1200][group] as number;
    const result = await follow({ groups: 3, rate: 10, lag, seconds: 30 });
    expect(result.late).toEqual([]);
    expect(result.times).toEqual(inOrder(result.times));
    expect(result.delays.at(-1)).toBeLessThanOrEqual(3000);
  });
});

describe('an event of twenty groups, at the five calls a second that some regions allow', () => {
  const lag = (_: number, step: number) => (step % 5) * 150;

  it('is shown within three seconds of when it can be read, in order, and all APIs are asked within their limits', async () => {
    const result = await follow({ groups: 20, rate: 5, lag, seconds: 100 });
    expect(result.delays).toHaveLength(800);
    expect(result.delays.at(-1)).toBeLessThanOrEqual(3000);
    expect(result.told.toSorted()).toEqual(Array.from({ length: 800 }, (_, step) => `${step}`).toSorted());
    expect(result.times).toEqual(inOrder(result.times));
    expect(result.late).toEqual([]);
    expect(result.calls).toBeLessThanOrEqual(5.1);
    expect(result.looks).toMatchObject({ refused: 0 });
    expect(result.looks.average).toBeLessThanOrEqual(6);
    expect(result.streams).toMatchObject({ refused: 0 });
    expect(result.streams.average).toBeLessThanOrEqual(6);
    expect(result.news).toEqual([]);
  });

  it('the same where half of them write to two streams', async () => {
    const stream = (group: number, step: number) => (group < 10 ? 's' : `s${Math.floor(step / 20) % 2}`);
    const result = await follow({ groups: 20, rate: 5, lag, seconds: 45, stream });
    expect(result.delays.at(-1)).toBeLessThanOrEqual(3000);
    expect(result.times).toEqual(inOrder(result.times));
    expect(result.looks).toMatchObject({ refused: 0 });
    expect(result.looks.average).toBeLessThanOrEqual(10);
    expect(result.news).toEqual([]);
  });

  it('the same where a stream begins while they are followed', async () => {
    const stream = (group: number, step: number) => (group % 10 === 3 ? `s${Math.floor(step / 160)}` : 's');
    const result = await follow({ groups: 20, rate: 5, lag, seconds: 45, stream });
    expect(result.delays.at(-1)).toBeLessThanOrEqual(3000);
    expect(result.times).toEqual(inOrder(result.times));
  });

  it('the same by Live Tail', async () => {
    const result = await follow({ groups: 20, rate: 5, lag, seconds: 40, live: true });
    expect(result.delays.at(-1)).toBeLessThanOrEqual(3000);
    expect(result.times).toEqual(inOrder(result.times));
    expect(result.news.map(({ type }) => type)).toEqual(['live', 'live']);
  });

  it('nearly the same where some of them write to more streams than can be looked at', async () => {
    const stream = (group: number, step: number) =>
      group % 5 === 3 ? `s${Math.floor(step / 20) % 12}` : 's';
    const result = await follow({ groups: 20, rate: 5, lag, seconds: 45, stream });
    expect(result.delays.at(-1)).toBeLessThanOrEqual(4500);
    expect(result.delays.filter((delay) => delay <= 3000).length).toBeGreaterThan(0.9 * result.delays.length);
    expect(result.times).toEqual(inOrder(result.times));
  });

  it.each([
    ['may not be looked at', ['logs:GetLogEvents'], undefined, 'denied'],
    ['whose streams may not be listed', ['logs:DescribeLogStreams'], undefined, 'denied'],
    ['are looked through for a pattern', [], '-nothing', 'pattern'],
  ] as const)(
    'is shown as soon as reading alone shows it, in order, where they %s; and it is said',
    async (_, denied, pattern, why) => {
      const prepare = ({ faults }: Fake) => {
        for (const action of denied) faults.deny(action, { times: Number.POSITIVE_INFINITY });
      };
      const result = await follow({ groups: 20, rate: 5, lag: () => 800, seconds: 40, prepare, pattern });
      expect(result.delays.at(-1)).toBeLessThanOrEqual(6000);
      expect(result.times).toEqual(inOrder(result.times));
      expect(result.calls).toBeLessThanOrEqual(5.1);
      // Once for each group, and not again.
      expect(result.looks.refused).toBeLessThanOrEqual(20);
      expect(result.streams.refused).toBeLessThanOrEqual(20);
      expect(result.news[0]).toMatchObject({ type: 'slow', why });
    },
  );
});

describe('how long events wait', () => {
  const event = (at: number, lag: number): LogEvent => ({
    id: '',
    at,
    ingested: at + lag,
    group: 'g',
    stream: 's',
    message: '',
  });
  const lags = fc.array(fc.integer({ min: 0, max: 10_000 }), { maxLength: 20 });

  it('a second, or as long as others come late, up to two; half a second at least', () => {
    fc.assert(
      fc.property(lags, lags, fc.integer({ min: 0, max: 10_000 }), (known, held, round) => {
        const hold = new Hold();
        for (const lag of known) hold.note(event(0, lag), 0);
        const usual = Math.max(1000, ...known.filter((lag) => lag <= 2000));
        const past = 100_000;
        const waiting = held.map((lag, index) => event(past - index * 100, lag));
        const until = hold.until(waiting, past, round, 0);
        expect(until).toBeGreaterThanOrEqual(past - usual);
        expect(until).toBeLessThanOrEqual(past - 500);
        if (round > 2500) expect(until).toBe(past - usual);
      }),
    );
  });

  it('a lag that is not met any more is forgotten after two minutes', () => {
    const hold = new Hold();
    hold.note(event(0, 1800), 0);
    expect(hold.until([], 10_000, 0, 59_000)).toBe(8200);
    expect(hold.until([], 10_000, 0, 61_000)).toBe(8200);
    expect(hold.until([], 10_000, 0, 122_000)).toBe(9000);
  });
});
