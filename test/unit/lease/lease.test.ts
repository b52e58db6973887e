import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openArtifactStore, type SharedStore } from '../../../src/lib/artifacts/index.ts';
import type { Clock } from '../../../src/lib/base/clock.ts';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { breakLease, Lease, type LeaseDeps, readLease } from '../../../src/lib/lease/index.ts';
import type { VirtualClock } from '../../fake/clock.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

/** Machines that want the lock of one environment, on one S3. */

const SCOPE = { project: 'shop', environment: 'dev', where: ' --env dev' };
const KEY = 'locks/dev.json';
const MINUTE = 60_000;

let fake: Fake;
let store: SharedStore;
let leases: Lease[];
let said: ReportEvent[];
beforeEach(async () => {
  fake = await startFake();
  store = await open();
  leases = [];
  said = [];
});
afterEach(async () => {
  for (const lease of leases) await lease.release();
  await fake.close();
});

async function open(): Promise<SharedStore> {
  const opened = await openArtifactStore(await sessionFor(fake), 'shop', { create: true });
  if (!opened) throw new Error('no store');
  return opened;
}

/** A process on a machine with a clock of its own, which may be wrong, set, stopped, or dead. */
class Machine implements Clock {
  off = 0;
  dead = false;
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  now = () => fake.clock.now() + this.off;
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    // What was killed never wakes; what sleeps for it must not hold virtual time up.
    return this.dead
      ? new Promise(() => {})
      : fake.clock.sleep(ms, signal).then(() => (this.dead ? new Promise(() => {}) : undefined));
  }
  deps(more: Partial<LeaseDeps> = {}): LeaseDeps {
    return {
      store: async () => store,
      owner: async () => ({
        who: `arn:aws:iam::123456789012:user/${this.name}`,
        host: `${this.name}-laptop`,
        user: this.name,
        pid: 4242,
        command: 'deploy --create-stack',
      }),
      reporter: { emit: (event) => void said.push(event) },
      clock: this,
      ...more,
    };
  }
  lease(wait?: number, more: Partial<LeaseDeps> = {}): Lease {
    const lease = new Lease(this.deps(more), SCOPE, { wait });
    leases.push(lease);
    return lease;
  }
}

const failure = (promise: Promise<unknown>): Promise<InfractlError> =>
  promise.then(
    () => Promise.reject(new Error('it was not rejected')),
    (error: InfractlError) => error,
  );

function record(): Record<string, unknown> {
  const [bucket] = [...fake.state.s3.buckets.values()];
  return JSON.parse(Buffer.from(bucket?.objects.get(KEY)?.body ?? []).toString());
}

/** Kills a holder in the middle of its work. */
async function killed(): Promise<Machine> {
  const machine = new Machine('ann');
  const lease = machine.lease();
  await lease.hold();
  machine.dead = true;
  leases = leases.filter((one) => one !== lease);
  return machine;
}

describe('the lock of an environment', () => {
  it('is held by one of twenty who want it at once; the others say by whom', async () => {
    const all = Array.from({ length: 20 }, (_, at) => new Machine(`m${at}`).lease());
    const ends = await Promise.allSettled(all.map((lease) => lease.hold()));
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'Locked', exit: 6 });
    expect(all.filter(({ held }) => held)).toHaveLength(1);
  });

  it('names who, where, since when, what, how to wait and how to break it', async () => {
    await new Machine('ann').lease().hold();
    await fake.clock.sleep(200_000);
    const error = await failure(new Machine('ben').lease().hold());
    expect(error).toMatchObject({
      code: 'Locked',
      exit: 6,
      message: 'Somebody else is changing shop dev. Nothing was changed.',
    });
    expect(error.why).toMatch(
      /^Held by arn:aws:iam::123456789012:user\/ann on ann-laptop \(user ann, process 4242\): "infractl deploy --create-stack", since 2026-01-05 \d\d:\d\d:\d\d \S+ \(3 min ago\)\.$/,
    );
    expect(error.suggestions.join('\n')).toContain('--wait');
    expect(error.suggestions.join('\n')).toContain('infractl unlock --env dev');
  });

  it('is given back, and is then free; what is left to AWS is on record', async () => {
    const first = new Machine('ann').lease();
    await first.hold();
    await first.release(['shop-app-dev']);
    expect(record()).toMatchObject({ released: { how: 'left', stacks: ['shop-app-dev'] } });
    const second = new Machine('ben').lease();
    await second.hold();
    expect(second.held).toBe(true);
    expect(record()).toMatchObject({ owner: { user: 'ben' }, beat: 1 });
    expect(record()).not.toHaveProperty('released');
  });

  it('is nobody else’s while its owner works, for hours', async () => {
    const lease = new Machine('ann').lease();
    await lease.hold();
    for (let hour = 0; hour < 3; hour++) {
      await fake.clock.sleep(60 * MINUTE);
      expect(await failure(new Machine('ben').lease().hold())).toMatchObject({ code: 'Locked' });
    }
    await lease.hold();
    expect(Number(record().beat)).toBeGreaterThan(3 * 60);
  });

  it('costs no call at all while nothing is changed, and few when something is', async () => {
    fake.actions();
    const lease = new Machine('ann').lease();
    await lease.release();
    expect(fake.actions()).toEqual([]);
    const worker = new Machine('ann').lease();
    await Promise.all([worker.hold(), worker.hold(), worker.hold()]);
    await worker.release();
    expect(fake.actions()).toEqual(['s3:GetObject', 's3:PutObject', 's3:PutObject']);
  });
});

describe('an owner whose clock is set back', () => {
  it('asks whether it still has the lock, whose last sign of life lies in its future', async () => {
    const ann = new Machine('ann');
    const lease = ann.lease();
    await lease.hold();
    fake.actions();
    await lease.hold();
    expect(fake.actions()).toEqual([]);
    ann.off = -60 * MINUTE;
    await lease.hold();
    expect(fake.actions()).toContain('s3:PutObject');
  });
});

describe('an owner that was killed', () => {
  it('keeps others out for a minute and no longer; who takes over says so and looks again', async () => {
    await killed();
    const ben = new Machine('ben');
    await fake.clock.sleep(50_000);
    expect(await failure(ben.lease().hold())).toMatchObject({ code: 'Locked' });
    await fake.clock.sleep(15_000);
    const next = ben.lease();
    await next.hold();
    expect(next.disturbed).toBe(true);
    expect(said).toContainEqual(
      expect.objectContaining({ type: 'note', message: expect.stringContaining('ann on ann-laptop') }),
    );
  });

  it('is waited for, not longer than it may take', async () => {
    await killed();
    const from = fake.clock.now();
    const next = new Machine('ben').lease(10 * MINUTE);
    await next.hold();
    expect(fake.clock.now() - from).toBeLessThan(75_000);
  });

  it('and came back to life finds out before it does anything more', async () => {
    const ann = new Machine('ann');
    const lease = ann.lease();
    await lease.hold();
    // A laptop that is closed: no sign of life goes out, and its clock jumps when it wakes.
    ann.dead = true;
    await fake.clock.sleep(2 * MINUTE);
    const ben = new Machine('ben').lease();
    await ben.hold();
    ann.dead = false;
    expect(await failure(lease.hold())).toMatchObject({ code: 'LockLost', exit: 6 });
    expect(said).toContainEqual(
      expect.objectContaining({
        type: 'warning',
        message: expect.stringContaining('nothing further is begun'),
      }),
    );
    // What it gives back is not its own any more: the new owner stays.
    await lease.release();
    expect(record()).toMatchObject({ owner: { user: 'ben' } });
    expect(ben.held).toBe(true);
  });

  it('and came back before anybody wanted the lock goes on', async () => {
    const ann = new Machine('ann');
    const lease = ann.lease();
    await lease.hold();
    ann.dead = true;
    await fake.clock.sleep(5 * MINUTE);
    ann.dead = false;
    await lease.hold();
    expect(record()).toMatchObject({ owner: { user: 'ann' } });
    expect(await failure(new Machine('ben').lease().hold())).toMatchObject({ code: 'Locked' });
  });
});

describe('clocks that are wrong', () => {
  it.each([
    ['an hour ahead', 60 * MINUTE],
    ['an hour behind', -60 * MINUTE],
  ])('%s: nobody is robbed, and nobody waits for ever', async (_, off) => {
    const ann = new Machine('ann');
    ann.off = off;
    const lease = ann.lease();
    await lease.hold();
    const ben = new Machine('ben');
    ben.off = -off;
    expect(await failure(ben.lease().hold())).toMatchObject({ code: 'Locked' });
    ann.dead = true;
    await fake.clock.sleep(65_000);
    const next = ben.lease();
    await next.hold();
    expect(next.held).toBe(true);
  });

  it('one that is set while it works changes nothing', async () => {
    const ann = new Machine('ann');
    const lease = ann.lease();
    await lease.hold();
    for (const off of [60 * MINUTE, -60 * MINUTE, 0]) {
      ann.off = off;
      await lease.hold();
      expect(await failure(new Machine('ben').lease().hold())).toMatchObject({ code: 'Locked' });
    }
  });
});

describe('waiting', () => {
  it('goes on when the other one is done, names it meanwhile, and then looks again', async () => {
    const ann = new Machine('ann').lease();
    await ann.hold();
    const ben = new Machine('ben').lease(10 * MINUTE);
    const waiting = ben.hold();
    await fake.clock.sleep(3 * MINUTE);
    expect(ben.held).toBe(false);
    await ann.release();
    await waiting;
    expect(ben.held).toBe(true);
    expect(ben.disturbed).toBe(true);
    expect(said.filter(({ type }) => type !== 'part.status')).toEqual([
      expect.objectContaining({ type: 'part.started', part: 'lock' }),
      expect.objectContaining({ type: 'note', message: expect.stringContaining('user/ann on ann-laptop') }),
      expect.objectContaining({ type: 'part.done', part: 'lock', outcome: 'taken' }),
    ]);
  });

  it('ends when its time is over: exit 6', async () => {
    await new Machine('ann').lease().hold();
    const from = fake.clock.now();
    const error = await failure(new Machine('ben').lease(5 * MINUTE).hold());
    expect(error).toMatchObject({ code: 'Locked', exit: 6 });
    expect(error.message).toContain('after 5 min');
    expect(fake.clock.now() - from).toBeLessThan(5.5 * MINUTE);
  });

  it('ends with Ctrl-C', async () => {
    await new Machine('ann').lease().hold();
    const controller = new AbortController();
    const waiting = new Machine('ben').lease(10 * MINUTE, { signal: controller.signal }).hold();
    fake.clock.after(MINUTE, () => controller.abort());
    expect(await failure(waiting)).toMatchObject({ code: 'Interrupted', exit: 130 });
  });

  it('survives an S3 that does not answer for a while', async () => {
    const ann = new Machine('ann').lease();
    await ann.hold();
    const ben = new Machine('ben').lease(60 * MINUTE);
    const waiting = ben.hold();
    await fake.clock.sleep(10_000);
    fake.faults.reset('s3:GetObject', { times: 20 });
    await fake.clock.sleep(2 * MINUTE);
    await ann.release();
    await waiting;
    expect(ben.held).toBe(true);
  });
});

describe('what was read before the lock was taken', () => {
  it('holds when nobody worked meanwhile, and does not when somebody did', async () => {
    const first = new Machine('ann').lease();
    await first.hold();
    await first.release();
    expect(first.disturbed).toBe(false);
    await fake.clock.sleep(10_000);
    const calm = new Machine('ben').lease();
    const late = new Machine('cleo').lease();
    await calm.hold();
    await calm.release();
    expect(calm.disturbed).toBe(false);
    await fake.clock.sleep(10_000);
    await late.hold();
    expect(late.disturbed).toBe(true);
  });
});

describe('answers that are lost', () => {
  it('to the taking: it was taken', async () => {
    fake.faults.lost('s3:PutObject');
    store = await openRetrying();
    const lease = new Machine('ann').lease();
    await lease.hold();
    expect(lease.held).toBe(true);
    expect(await failure(new Machine('ben').lease().hold())).toMatchObject({ code: 'Locked' });
  });

  it('to a sign of life: it is still held', async () => {
    store = await openRetrying();
    const lease = new Machine('ann').lease();
    await lease.hold();
    fake.faults.lost('s3:PutObject', { times: 1 });
    await fake.clock.sleep(5 * MINUTE);
    await lease.hold();
    expect(lease.held).toBe(true);
  });

  it('to the last sign of life: it is given back all the same', async () => {
    const lease = new Machine('ann').lease();
    await lease.hold();
    fake.faults.lost('s3:PutObject', { times: 1 });
    await fake.clock.sleep(16_000);
    await lease.release();
    expect(await readLease(store, SCOPE)).toEqual({ held: false });
  });

  it('to the giving back: it is given back', async () => {
    store = await openRetrying();
    const lease = new Machine('ann').lease();
    await lease.hold();
    fake.faults.lost('s3:PutObject', { times: 1 });
    await lease.release();
    expect(await readLease(store, SCOPE)).toEqual({ held: false });
    expect(said).toEqual([]);
  });

  it('for five minutes: the lock is held again afterwards where nobody wanted it', async () => {
    const lease = new Machine('ann').lease();
    await lease.hold();
    fake.faults.reset('s3:*', { times: 20 });
    await fake.clock.sleep(6 * MINUTE);
    await lease.hold();
    expect(lease.held).toBe(true);
  });

  async function openRetrying(): Promise<SharedStore> {
    const opened = await openArtifactStore(await sessionFor(fake, 3), 'shop', { create: true });
    if (!opened) throw new Error('no store');
    return opened;
  }
});

describe('breaking it by hand', () => {
  it('makes room at once; its owner stops before it begins anything more, and says who it was', async () => {
    const ann = new Machine('ann').lease();
    await ann.hold();
    const state = await readLease(store, SCOPE);
    expect(state).toMatchObject({ held: true, dead: false });
    if (!state.held) return;
    const by = 'arn:aws:iam::123456789012:user/boss';
    expect(await breakLease(store, SCOPE, state.record?.id, by)).toBe(true);
    await fake.clock.sleep(MINUTE);
    const error = await failure(ann.hold());
    expect(error).toMatchObject({ code: 'LockLost', exit: 6, why: `${by} broke it by hand.` });
    const ben = new Machine('ben').lease();
    await ben.hold();
    expect(ben.held).toBe(true);
  });

  it('leaves the lock of somebody who took it since alone', async () => {
    const ann = new Machine('ann').lease();
    await ann.hold();
    const state = await readLease(store, SCOPE);
    await ann.release();
    const ben = new Machine('ben').lease();
    await ben.hold();
    expect(await breakLease(store, SCOPE, state.held ? state.record?.id : '', 'arn')).toBe(false);
    await ben.hold();
    expect(ben.held).toBe(true);
  });

  it('has nothing to do where nobody holds it', async () => {
    expect(await readLease(store, SCOPE)).toEqual({ held: false });
    const ann = new Machine('ann').lease();
    await ann.hold();
    await ann.release();
    expect(await readLease(store, SCOPE)).toEqual({ held: false });
  });

  it('works on a record that nobody can read', async () => {
    await store.put(KEY, 'not JSON');
    expect(await failure(new Machine('ben').lease().hold())).toMatchObject({ code: 'Locked' });
    expect(await breakLease(store, SCOPE, undefined, 'arn')).toBe(true);
    await new Machine('ben').lease().hold();
  });

  it('an object that was deleted by hand is a lock that is lost', async () => {
    const ann = new Machine('ann').lease();
    await ann.hold();
    await store.delete(KEY);
    await (fake.clock as VirtualClock).sleep(MINUTE);
    expect(await failure(ann.hold())).toMatchObject({ code: 'LockLost' });
  });
});
