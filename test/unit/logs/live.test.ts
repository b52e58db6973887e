import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { logsReader } from '../../../src/lib/aws/logs.ts';
import { liveTail } from '../../../src/lib/aws/logs-live.ts';
import { type FollowNews, followGroups, type LogEvent } from '../../../src/lib/logs/index.ts';
import { Matching } from '../../../src/lib/logs/matching.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

let fake: Fake;
afterEach(() => fake?.close());

async function tail(groups: readonly string[], pattern?: string) {
  const over = new AbortController();
  const session = await sessionFor(fake);
  const told: LogEvent[] = [];
  const late: LogEvent[] = [];
  const at = new Map<string, number>();
  const news: FollowNews[] = [];
  const ended = followGroups(
    {
      port: logsReader(session, fake.clock),
      liveTail: liveTail(session),
      clock: fake.clock,
      signal: over.signal,
      tell(one) {
        if (one.type !== 'events') return void news.push(one);
        for (const { message } of one.events) at.set(message, fake.clock.now());
        told.push(...one.events);
        if (one.late) late.push(...one.events);
      },
    },
    { groups, from: fake.clock.now() - 1000, pattern },
  ).catch((error: unknown) => error);
  return {
    told,
    late,
    at,
    news,
    types: () => news.map(({ type }) => type),
    stop() {
      over.abort();
      return ended;
    },
  };
}

const messages = (events: readonly LogEvent[]) => events.map(({ message }) => message);
const asked = (action: string) => fake.requests.filter((request) => request.action === action);

/** A line a second in each group, numbered. */
async function write(groups: readonly string[], seconds: number, first = 0): Promise<string[]> {
  const written: string[] = [];
  for (let second = first; second < first + seconds; second++) {
    for (const group of groups) {
      const now = fake.clock.now();
      const message = `${group} ${second}`;
      fake.state.logs.groups.get(group)?.push({ at: now - 300, message, readable: now, id: message });
      written.push(message);
    }
    await fake.clock.sleep(1000);
  }
  return written;
}

describe('two ways of the same events', () => {
  it('each is told once, whichever comes first, and also where Live Tail lacks some that look alike', () => {
    const source = fc.array(fc.record({ kind: fc.integer({ min: 0, max: 2 }), lost: fc.boolean() }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(source, fc.array(fc.boolean()), (events, turns) => {
        const matching = new Matching();
        const event = (kind: number): LogEvent => ({
          id: '',
          at: 1,
          group: 'g',
          stream: 's',
          message: `m${kind}`,
        });
        const live = events.filter(({ lost }) => !lost).map(({ kind }) => event(kind));
        const read = events.map(({ kind }) => event(kind));
        const told: string[] = [];
        const step = (first: boolean) => {
          const way = (first && live.length > 0) || read.length === 0 ? 'live' : 'read';
          const one = (way === 'live' ? live : read).shift();
          if (one && matching[way](one, 0)) told.push(one.message);
        };
        for (const turn of turns) step(turn);
        while (live.length + read.length > 0) step(true);
        expect(told.toSorted()).toEqual(events.map(({ kind }) => `m${kind}`).toSorted());
      }),
    );
  });
});

describe('Live Tail', () => {
  it('tells every event once, in order and within seconds, and seldom asks for more', async () => {
    fake = await startFake();
    const groups = ['/app/a', '/app/b'];
    for (const group of groups) fake.state.logs.groups.set(group, []);
    const following = await tail(groups);
    await fake.clock.sleep(5000);
    const before = asked('FilterLogEvents').length;
    const written = await write(groups, 120);
    const polls = asked('FilterLogEvents').length - before;
    await fake.clock.sleep(20_000);
    await following.stop();
    expect(messages(following.told)).toEqual(written);
    expect(following.late).toEqual([]);
    expect(following.news).toMatchObject([{ type: 'live', groups: 2, sessions: 1 }]);
    // Without Live Tail it would be 240.
    expect(polls).toBeLessThan(30);
  });

  it('says when it samples; what it left out is in its place, each event once', async () => {
    fake = await startFake();
    fake.state.logs.live.perUpdate = 5;
    fake.state.logs.groups.set('/app/a', []);
    const following = await tail(['/app/a']);
    await fake.clock.sleep(5000);
    const written: string[] = [];
    for (let step = 0; step < 400; step++) {
      const now = fake.clock.now();
      const message = `${step}`;
      fake.state.logs.groups.get('/app/a')?.push({ at: now, message, readable: now + 200, id: message });
      written.push(message);
      await fake.clock.sleep(step < 200 ? 50 : 500);
    }
    await fake.clock.sleep(30_000);
    await following.stop();
    expect(messages(following.told)).toEqual(written);
    expect(following.late).toEqual([]);
    expect(following.types()).toEqual(['live', 'sampled', 'whole']);
  });

  it('finds what was lost without a word, though late', async () => {
    fake = await startFake();
    fake.state.logs.live.loses = ({ message }) => message.endsWith('7');
    fake.state.logs.groups.set('/app/a', []);
    const following = await tail(['/app/a']);
    const written = await write(['/app/a'], 60);
    await fake.clock.sleep(60_000);
    await following.stop();
    expect(messages(following.told).toSorted()).toEqual(written.toSorted());
    expect(messages(following.late)).toContain('/app/a 17');
  });

  it('goes on after its three hours, a broken stream, a lost connection and one that falls silent', async () => {
    fake = await startFake();
    fake.state.logs.live.sessionMs = 30_000;
    fake.state.logs.groups.set('/app/a', []);
    const following = await tail(['/app/a']);
    const written = await write(['/app/a'], 70);
    const [first] = fake.state.logs.live.open;
    first?.fail('SessionStreamingException');
    written.push(...(await write(['/app/a'], 20, 70)));
    const [second] = fake.state.logs.live.open;
    second?.cut();
    written.push(...(await write(['/app/a'], 20, 90)));
    const [third] = fake.state.logs.live.open;
    third?.stall();
    written.push(...(await write(['/app/a'], 20, 110)));
    await fake.clock.sleep(30_000);
    await following.stop();
    expect(messages(following.told)).toEqual(written);
    expect(following.types().filter((type) => type === 'renewed').length).toBeGreaterThan(1);
    expect(following.types()).not.toContain('unlive');
    expect(new Set([first, second, third]).size).toBe(3);
  });

  it('takes ten groups a session, and a filter pattern along', async () => {
    fake = await startFake();
    const groups = Array.from({ length: 23 }, (_, index) => `/app/${index}`);
    for (const group of groups) fake.state.logs.groups.set(group, []);
    const following = await tail(groups, 'ERROR');
    await fake.clock.sleep(20_000);
    for (const group of groups)
      for (const word of ['ERROR', 'fine'])
        fake.state.logs.groups.get(group)?.push({ at: fake.clock.now(), message: `${word} ${group}` });
    await fake.clock.sleep(40_000);
    await following.stop();
    const sessions = asked('StartLiveTail').map(({ parameters }) => parameters);
    expect(sessions.map((one) => (one.logGroupIdentifiers as string[]).length)).toEqual([10, 10, 3]);
    expect(sessions[0]?.logEventFilterPattern).toBe('ERROR');
    expect(following.news.at(-1)).toMatchObject({ type: 'live', groups: 23, sessions: 3 });
    expect(messages(following.told).toSorted()).toEqual(groups.map((group) => `ERROR ${group}`).toSorted());
  });

  it('a group that it cannot follow takes no other with it, and is read', async () => {
    fake = await startFake();
    const groups = ['/app/a', '/app/b', '/app/rare'];
    for (const group of groups) fake.state.logs.groups.set(group, []);
    fake.state.logs.live.infrequent.add('/app/rare');
    const following = await tail([...groups, '/app/missing']);
    const written = await write(groups, 40);
    await fake.clock.sleep(20_000);
    await following.stop();
    expect(messages(following.told).toSorted()).toEqual(written.toSorted());
    const refused = following.news.filter(({ type }) => type === 'unlive');
    expect(refused).toMatchObject([{ groups: ['/app/rare'], again: false }]);
    expect(following.types().filter((type) => type === 'missing')).toHaveLength(1);
  });

  it('without permission, or a session to be had, all is read; the limit is tried again', async () => {
    fake = await startFake();
    fake.state.logs.groups.set('/app/a', []);
    fake.state.logs.live.most = 0;
    const following = await tail(['/app/a']);
    const written = await write(['/app/a'], 30);
    expect(following.news).toMatchObject([{ type: 'unlive', again: true }]);
    fake.state.logs.live.most = 1;
    written.push(...(await write(['/app/a'], 90, 30)));
    expect(following.types()).toEqual(['unlive', 'live']);
    await fake.clock.sleep(20_000);
    await following.stop();
    expect(messages(following.told)).toEqual(written);
    await fake.close();

    fake = await startFake();
    fake.state.logs.groups.set('/app/a', []);
    fake.faults.deny('logs:StartLiveTail');
    const denied = await tail(['/app/a']);
    const all = await write(['/app/a'], 30);
    await fake.clock.sleep(10_000);
    await denied.stop();
    expect(messages(denied.told)).toEqual(all);
    expect(denied.news).toMatchObject([{ type: 'unlive', error: { code: 'AccessDenied' }, again: false }]);
  });

  it('ends with the command: no session stays open', async () => {
    fake = await startFake();
    fake.state.logs.groups.set('/app/a', []);
    const following = await tail(['/app/a']);
    await fake.clock.sleep(10_000);
    expect(fake.state.logs.live.open.size).toBe(1);
    expect(await following.stop()).toMatchObject({ code: 'Interrupted' });
    await expect.poll(() => fake.state.logs.live.open.size).toBe(0);
  });
});
