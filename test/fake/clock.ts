import type { Clock } from '../../src/lib/base/clock.ts';
import { throwIfAborted } from '../../src/lib/base/clock.ts';
import { type Duration, Hold } from './hold.ts';

/** The fake's time: what AWS does in the background hangs on it, and a test may hand it to infractl. */
export interface FakeClock extends Clock {
  /** Far from this machine's time, so that the SDK would correct its own clock by it. */
  readonly virtual: boolean;
  /** Runs `work` when `ms` have passed, or what holds it was released. */
  after(ms: Duration, work: () => void): void;
  /** Told by the server, so that virtual time stands still while a request is being answered. */
  requestStarted(): void;
  requestEnded(): void;
  /** Drops what is still due. */
  stop(): void;
}

export interface VirtualClock extends FakeClock {
  /** Lets time pass without anybody sleeping: what comes due runs in its order. */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly sleeper: boolean;
  run(): void;
}

/** 2026-01-05T09:00:00Z: a Monday morning, the same in every run. */
export const MONDAY = Date.UTC(2026, 0, 5, 9);

/**
 * Time that passes only while somebody sleeps: `sleep` jumps to the next thing that is due, as soon as
 * no request is being answered. Hours of a stack's life take milliseconds and give the same order in every run.
 */
export function virtualClock(start = MONDAY): VirtualClock {
  let now = start;
  let order = 0;
  let timers: Timer[] = [];
  let pumping = false;
  let answering = 0;

  const add = (ms: number, sleeper: boolean, run: () => void): Timer => {
    const timer = { due: now + Math.max(0, ms), order: order++, sleeper, run };
    timers.push(timer);
    return timer;
  };
  const runNext = (until = Number.POSITIVE_INFINITY): boolean => {
    timers.sort((a, b) => a.due - b.due || a.order - b.order);
    const next = timers[0];
    if (!next || next.due > until) return false;
    timers.shift();
    now = Math.max(now, next.due);
    next.run();
    return true;
  };
  const pump = async () => {
    if (pumping) return;
    pumping = true;
    while (timers.some((timer) => timer.sleeper)) {
      await settled();
      if (answering === 0) runNext();
    }
    pumping = false;
  };

  return {
    virtual: true,
    now: () => now,
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        const finish = (timer: Timer) => {
          signal?.removeEventListener('abort', onAbort);
          timers = timers.filter((other) => other !== timer);
          try {
            throwIfAborted(signal);
            resolve();
          } catch (error) {
            reject(error);
          }
        };
        const onAbort = () => finish(timer);
        const timer: Timer = add(ms, true, () => finish(timer));
        if (signal?.aborted) finish(timer);
        else signal?.addEventListener('abort', onAbort, { once: true });
        void pump();
      });
    },
    after: (ms, work) => (ms instanceof Hold ? ms.after(work) : void add(ms, false, work)),
    async advance(ms) {
      const until = now + ms;
      while (runNext(until)) await settled();
      now = until;
    },
    requestStarted: () => void answering++,
    requestEnded: () => void answering--,
    stop: () => {
      timers = [];
    },
  };
}

/** A few turns of the event loop, so that what the last timer set off has sent its request. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** The machine's own time, for tests that run the built command; `ahead` sets AWS's clock before or behind it. */
export interface RealClock extends FakeClock {
  /** Milliseconds that AWS's clock is ahead of this machine's; what is due already stays where it was. */
  ahead: number;
}

export function realClock(): RealClock {
  let due: { readonly at: number; readonly work: () => void }[] = [];
  const timers = new Set<NodeJS.Timeout>();
  /** What was due first is done first: timers of Node that are late keep no order between different times. */
  const runDue = () => {
    const now = performance.now();
    while (due[0] && due[0].at <= now) due.shift()?.work();
  };
  const start = (ms: number, work: () => void) => {
    const at = performance.now() + ms;
    due.push({ at, work });
    due.sort((a, b) => a.at - b.at);
    wake(at);
  };
  const wake = (at: number) => {
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        // A timer may fire a part of a millisecond before its time.
        if (performance.now() < at) wake(at);
        else runDue();
      },
      Math.ceil(at - performance.now()),
    );
    timers.add(timer);
  };
  const clock: RealClock = {
    ahead: 0,
    virtual: false,
    now: () => Date.now() + clock.ahead,
    sleep: (ms) => new Promise((resolve) => start(ms, resolve)),
    after: (ms, work) => (ms instanceof Hold ? ms.after(work) : start(ms, work)),
    requestStarted: () => {},
    requestEnded: () => {},
    stop: () => {
      for (const timer of timers) clearTimeout(timer);
      due = [];
    },
  };
  return clock;
}
