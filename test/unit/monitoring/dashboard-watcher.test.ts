import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Exit, InfractlError } from '../../../src/lib/base/errors.ts';
import {
  type Answers,
  blindness,
  isHopeless,
  Ledger,
  type Sources,
  Watcher,
  withReading,
  withUnanswered,
} from '../../../src/lib/monitoring/dashboard/index.ts';
import { virtualClock } from '../../fake/clock.ts';

const MINUTE = 60_000;
const fails = (code: string, exit: InfractlError['exit'] = Exit.failed) =>
  new InfractlError({ code, message: `${code} it is.`, exit });

/** A watch of so many sources on a clock of its own. */
function watch(sources: Sources, clock = virtualClock()) {
  const end = new AbortController();
  let changes = 0;
  const onChange = () => {
    changes++;
  };
  const watcher = new Watcher(sources, { clock, signal: end.signal, onChange });
  const running = watcher.run();
  return { clock, end, watcher, running, changes: () => changes };
}

/** A source that answers nothing and counts how often it is asked. */
function counted(every: number, answer: (turn: number) => Answers['endpoints'] = () => []) {
  const asked: number[] = [];
  const look = async () => {
    asked.push(asked.length);
    return { value: answer(asked.length) };
  };
  return { asked, source: { every, look } };
}

describe('a watcher', () => {
  it('asks each source at its own pace', async () => {
    const [quick, slow] = [counted(30_000), counted(5 * MINUTE)];
    const { clock, end, running } = watch({ endpoints: quick.source, services: { ...slow.source } as never });
    await clock.sleep(10 * MINUTE + 1);
    end.abort();
    await running;
    expect(quick.asked).toHaveLength(21);
    expect(slow.asked).toHaveLength(3);
  });

  it('one that does not answer is not taken for how it is, and is so again once it answers', async () => {
    let answer = () => {};
    let turn = 0;
    const look = async () => {
      if (++turn === 2)
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      return { value: [] };
    };
    const { clock, end, watcher } = watch({ endpoints: { every: MINUTE, look } });
    const seen = () => withUnanswered(watcher.panels, clock.now()).endpoints;
    await clock.sleep(MINUTE + 19_000);
    expect(seen()?.trouble).toBeUndefined();
    await clock.sleep(2_000);
    expect(seen()).toMatchObject({ value: [], at: expect.any(Number), trouble: { word: 'no answer' } });
    const began = clock.now() - 21_000;
    expect(seen()?.trouble?.since).toBe(began);
    answer();
    await clock.sleep(1);
    expect(seen()?.trouble).toBeUndefined();
    end.abort();
  });

  it('one that fails keeps its last answer, says why and since when, and leaves the others alone', async () => {
    let turn = 0;
    const broken = {
      every: MINUTE,
      look: async () => {
        if (++turn > 1) throw fails('AccessDenied', Exit.credentials);
        return { value: [] };
      },
    };
    const other = counted(MINUTE);
    const { clock, end, watcher, running } = watch({ alarms: broken, endpoints: other.source });
    const began = clock.now();
    await clock.sleep(3 * MINUTE + 1);
    const { alarms, endpoints } = watcher.panels;
    expect(alarms).toMatchObject({
      value: [],
      at: began,
      trouble: { word: 'no permission', since: began + MINUTE },
    });
    expect(endpoints?.trouble).toBeUndefined();
    expect(other.asked).toHaveLength(4);
    // A right that is missing is not asked for every minute.
    expect(turn).toBe(2);
    end.abort();
    await running;
  });

  it('survives a connection that is lost for a minute, and is back soon after it', async () => {
    const clock = virtualClock();
    const began = clock.now();
    const source = {
      every: 5 * MINUTE,
      look: async () => {
        const at = clock.now() - began;
        if (at >= 5 * MINUTE && at < 6 * MINUTE) throw fails('Network');
        return { value: [] };
      },
    };
    const scene = watch({ alarms: source }, clock);
    await clock.sleep(5.5 * MINUTE);
    expect(scene.watcher.panels.alarms?.trouble?.word).toBe('no connection');
    await clock.sleep(0.75 * MINUTE);
    expect(scene.watcher.panels.alarms).toMatchObject({ value: [], busy: false });
    expect(scene.watcher.panels.alarms?.trouble).toBeUndefined();
    scene.end.abort();
    await scene.running;
  });

  it('asks less and less of what is throttled', async () => {
    let asked = 0;
    const look = async () => {
      asked++;
      throw fails('Throttling');
    };
    const { clock, end, running } = watch({ alarms: { every: 30_000, look } });
    await clock.sleep(60 * MINUTE);
    end.abort();
    await running;
    expect(asked).toBeLessThan(12);
    expect(asked).toBeGreaterThan(5);
  });

  it('looks at once when that is asked for, also while it is looking', async () => {
    const quick = counted(60 * MINUTE);
    const { clock, end, watcher, running } = watch({ endpoints: quick.source });
    await clock.sleep(10);
    watcher.refresh();
    await clock.sleep(10);
    expect(quick.asked).toHaveLength(2);
    end.abort();
    await running;
  });

  it('an hour leaks nothing: neither listeners, nor panels, nor readings', async () => {
    let cpu: Answers['hosts'][number]['cpu'] = [];
    const hosts = {
      every: 1_000,
      look: async () => {
        cpu = withReading(cpu, 0, 1);
        return { value: [{ host: 'web', cpu, memory: [] }] };
      },
    };
    const { clock, end, watcher, running } = watch({ hosts, endpoints: counted(1_000).source });
    const ledger = new Ledger(clock.now());
    const size = async () => {
      await clock.sleep(10 * MINUTE);
      ledger.call('cloudwatch:GetMetricData');
      return {
        listeners: getEventListeners(end.signal, 'abort').length,
        picture: JSON.stringify(watcher.panels).length,
        actions: ledger.spent(clock.now()).byAction.length,
      };
    };
    const early = await size();
    for (let turn = 0; turn < 4; turn++) await size();
    expect(await size()).toEqual(early);
    expect(cpu).toHaveLength(360);
    end.abort();
    await running;
  }, 120_000);

  it('a defect ends it, and is not taken for a trouble', async () => {
    const look = async () => {
      throw new TypeError('x is not a function');
    };
    await expect(watch({ alarms: { every: 1, look } }).running).rejects.toThrow('x is not a function');
  });
});

describe('when nothing at all is seen', () => {
  const told = (error: InfractlError) => ({ busy: false, trouble: { word: '', since: 0, error } });

  it('the reason is told, and whether waiting helps', () => {
    const none = fails('NoCredentials', Exit.credentials);
    const all = { alarms: told(fails('AccessDenied', Exit.credentials)), deploy: told(none) };
    expect(blindness(all)).toBe(none);
    expect(isHopeless(none)).toBe(true);
    expect(isHopeless(fails('Network'))).toBe(false);
  });

  it('one answer is enough; hosts that all failed are none', () => {
    const broken = told(fails('Network'));
    expect(blindness({ alarms: broken, endpoints: { busy: false, value: [] } })).toBeUndefined();
    const error = fails('NoCredentials', Exit.credentials);
    const hosts = { busy: false, value: [{ host: 'web', cpu: [], memory: [], error }] };
    expect(blindness({ alarms: broken, hosts })).toBe(broken.trouble.error);
    expect(blindness({ alarms: broken })).toBe(broken.trouble.error);
    expect(blindness({ alarms: { busy: true } })).toBeUndefined();
  });
});

describe('the ledger', () => {
  it('knows what the calls cost, and the pace after a minute', () => {
    const ledger = new Ledger(0);
    for (let n = 0; n < 3; n++) ledger.call('cloudwatch:DescribeAlarms');
    ledger.call('ec2:DescribeInstances');
    ledger.metrics(1000);
    expect(ledger.spent(1000)).toMatchObject({ calls: 4, metrics: 1000, usdADay: null });
    const hour = ledger.spent(3_600_000);
    expect(hour.usd).toBeCloseTo(0.01003, 6);
    expect(hour.usdADay).toBeCloseTo(0.24072, 4);
    expect(hour.byAction[0]).toEqual(['cloudwatch:DescribeAlarms', 3]);
  });
});
