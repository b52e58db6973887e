import { describe, expect, it } from 'vitest';
import { outlastThrottling, untilAnswered } from '../../../src/lib/aws/retry.ts';
import { virtualClock } from '../../fake/clock.ts';

const throttled = () => Object.assign(new Error('Rate exceeded'), { name: 'Throttling' });

/** A port of which every call is throttled so many times. */
function port(times: number) {
  const calls: string[] = [];
  const answer = (name: string) => async () => {
    calls.push(name);
    if (calls.filter((one) => one === name).length <= times) throw throttled();
    return name;
  };
  return { calls, work: answer('work'), poll: answer('poll'), undo: answer('undo') };
}

describe('calls that outlast throttling', () => {
  it('are made again until they are answered; those that are polled once', async () => {
    const own = port(2);
    const lasting = outlastThrottling(own, { clock: virtualClock() }, ['poll'], ['undo']);
    expect(await lasting.work()).toBe('work');
    await expect(lasting.poll()).rejects.toThrow('Rate exceeded');
    expect(own.calls).toEqual(['work', 'work', 'work', 'poll']);
  });

  it('are made by who was interrupted too; waited for is only what takes something back', async () => {
    const signal = AbortSignal.abort();
    const idle = port(0);
    const quick = outlastThrottling(idle, { clock: virtualClock(), signal }, ['poll'], ['undo']);
    expect([await quick.work(), await quick.undo()]).toEqual(['work', 'undo']);
    const busy = port(1);
    const slow = outlastThrottling(busy, { clock: virtualClock(), signal }, ['poll'], ['undo']);
    await expect(slow.work()).rejects.toMatchObject({ code: 'Interrupted' });
    expect(await slow.undo()).toBe('undo');
    expect(busy.calls).toEqual(['work', 'undo', 'undo']);
  });

  it('are not begun by who was interrupted where nothing is to be taken back', async () => {
    const own = port(0);
    const deps = { clock: virtualClock(), signal: AbortSignal.abort() };
    await expect(untilAnswered(deps, own.work)).rejects.toMatchObject({ code: 'Interrupted' });
    expect(own.calls).toEqual([]);
  });
});
