import { busyWords } from '../guard.ts';
import type { StackState } from '../port.ts';
import type { WatchDeps } from '../types.ts';
import { isRunning } from './attach.ts';
import { persist, pollDelay } from './waiting.ts';

/**
 * Waits until AWS does not work on a stack any more, whoever began what it does.
 *
 * @param wait how long, in milliseconds
 * @returns the stack then, or as it still is when the time is over; undefined when it is gone.
 * @throws Interrupted (130)
 */
export async function whenFree(
  deps: Pick<WatchDeps, 'port' | 'clock' | 'reporter' | 'signal'>,
  part: string,
  found: StackState,
  wait: number,
): Promise<StackState | undefined> {
  const { port, clock, signal, reporter } = deps;
  const began = clock.now();
  const deadline = began + wait;
  let said = '';
  for (let state: StackState | undefined = found; ; ) {
    const left = deadline - clock.now();
    if (!state || !isRunning(state) || left <= 0) return state;
    if (state.status !== said) {
      said = state.status;
      const status = `waiting: the stack is ${busyWords(state, state.status, clock.now())}`;
      reporter.emit({ type: 'part.status', part, status });
    }
    await clock.sleep(Math.min(left, pollDelay(clock.now() - began, true)), signal);
    state = await persist({ clock, signal, deadline }, () => port.stack(found.stackId));
    if (state?.status === 'DELETE_COMPLETE') return undefined;
  }
}
