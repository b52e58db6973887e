import { describe, expect, test } from 'vitest';
import { Interrupted } from '../../../src/lib/base/errors.ts';
import type { Doing } from '../../../src/lib/instances/index.ts';
import { doIt, openWorld, type World } from './setup.ts';

/**
 * A start, a stop and both ways of a restart, killed before and after each of their changes. The same command again ends
 * the work, and what cannot be asked twice without harm was asked once.
 */

const CAPACITY = { min: 1, desired: 2, max: 3 };
const OFF = { min: 0, desired: 0, max: 0 };

/** Milliseconds: each look is a request. */
const QUICK = 2_000;

/** One target of each kind, running. */
async function openAll() {
  const world = await openWorld();
  const { ec2, autoScaling, rds } = world.fake.state;
  const group = autoScaling.addGroup({ name: 'workers', ...CAPACITY, memberMs: QUICK });
  const instance = ec2.addInstance({ script: { startMs: QUICK, checksMs: QUICK, stopMs: QUICK } });
  const database = rds.addDatabase('orders', { startMs: QUICK, stopMs: QUICK, rebootMs: QUICK });
  const all = { instance, group, database };
  const ids = [all.instance.id, group.name, all.database.id];
  return { world, ...all, does: (doing: Doing, hard = false) => doIt(world, doing, { ids }, { hard }), ids };
}

type All = Awaited<ReturnType<typeof openAll>>;

/** What the group, the instance and the database are in the end, and how often each was asked to change. */
function picture({ world, instance, group, database }: All) {
  const asked: Record<string, number> = {};
  for (const { action } of world.fake.mutations()) asked[action] = (asked[action] ?? 0) + 1;
  const { min, desired, max } = group;
  return { instance: instance.state, group: { min, desired, max }, database: database.state, asked };
}

const ON = { instance: 'running', group: CAPACITY, database: 'available' };
const CASES = [
  {
    doing: 'stop',
    hard: false,
    end: { instance: 'stopped', group: OFF, database: 'stopped' },
    once: ['StopInstances', 'StopDBInstance'],
  },
  { doing: 'start', hard: false, end: ON, once: ['StartInstances', 'StartDBInstance'] },
  { doing: 'restart', hard: false, end: ON, once: [] },
  {
    doing: 'restart',
    hard: true,
    end: ON,
    // Killed after its start was asked for, a restart does not know that it was: it restarts again.
    once: [],
  },
] as const;

describe.each(CASES)('$doing, hard: $hard', ({ doing, hard, end, once }) => {
  const prepared = async () => {
    const all = await openAll();
    if (doing === 'start') await all.does('stop');
    return { ...all, from: all.world.fake.requests.length };
  };

  /** Runs it whole: how many requests have been sent before and after each of its changes. */
  async function steps(): Promise<number[]> {
    const { world, does, from } = await prepared();
    await does(doing, hard);
    const changes = world.fake.requests
      .slice(from)
      .flatMap(({ mutates }, at) => (mutates ? [at, at + 1] : []));
    await world.fake.close();
    return [...new Set(changes)];
  }

  test('killed before and after each change, then run again: it ends as one run does', async () => {
    const all = await steps();
    expect(all.length).toBeGreaterThan(3);
    for (const at of all) {
      const one = await prepared();
      const killed = doIt(dieAfter(one.world, one.from + at), doing, { ids: one.ids }, { hard });
      // What is said by one that was only interrupted leads on, and to these targets alone.
      const goOn = `infractl manage ${doing === 'stop' ? 'stop' : 'start'} --id ${one.ids}`;
      await expect(killed).rejects.toMatchObject({
        code: 'Interrupted',
        suggestions: [expect.any(String), `Go on waiting: ${goOn}`],
      });
      const results = await one.does(doing, hard);
      expect(results.map(({ error }) => error)).toEqual([null, null, null]);
      const now = picture(one);
      expect(now, `killed after ${at}`).toMatchObject(end);
      for (const action of once) expect(now.asked[action], `${action} after ${at}`).toBe(1);
      await one.world.fake.close();
    }
  }, 60_000);
});

/** The same world, in which a process ends at so many requests as by kill -9: nothing is tidied up. */
function dieAfter({ fake, deps, ...world }: World, requests: number): World {
  const ended = new AbortController();
  const look = () => {
    if (fake.requests.length >= requests) ended.abort(new Interrupted());
  };
  const clock: typeof deps.clock = {
    now: () => fake.clock.now(),
    sleep: (ms, signal) => {
      look();
      return fake.clock.sleep(ms, signal ?? ended.signal);
    },
  };
  const dying =
    <P extends object>(open: () => Promise<P>) =>
    async (): Promise<P> =>
      new Proxy(await open(), {
        // A port is no promise, whoever looks whether it is one.
        get: (target, member) =>
          member !== 'then' &&
          (async (...args: unknown[]) => {
            look();
            ended.signal.throwIfAborted();
            return (Reflect.get(target, member) as (...all: unknown[]) => unknown)(...args);
          }),
      });
  const { instances, groups, databases } = deps.ports;
  const ports = { instances: dying(instances), groups: dying(groups), databases: dying(databases) };
  return { ...world, fake, deps: { ...deps, clock, signal: ended.signal, ports } };
}
