import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import { ChangeWatch, endedView } from '../../../src/lib/cli/dashboard/continuous.ts';
import { painter } from '../../../src/lib/cli/terminal.ts';
import {
  changesBetween,
  type InstanceLine,
  type Picture,
  thingsOf,
  verdictOf,
  withGone,
} from '../../../src/lib/monitoring/dashboard/index.ts';
import { picture } from '../../helpers/picture.ts';

const ui = { paint: painter(false), columns: Number.POSITIVE_INFINITY };

/** The same picture with its alarms in other states. */
function withAlarms(of: Picture, states: Readonly<Record<string, 'OK' | 'ALARM'>>): Picture {
  const lines = (of.panels.alarms?.value ?? []).map((line) => ({
    ...line,
    alarm: { ...line.alarm, state: states[line.alarm.name] ?? line.alarm.state },
  }));
  return { ...of, panels: { ...of.panels, alarms: { busy: false, at: of.at, value: lines } } };
}

describe('what has changed', () => {
  it('nothing between a picture and itself, nor when time alone goes by', () => {
    expect(changesBetween(picture(), picture())).toEqual([]);
    expect(changesBetween(picture(), { ...picture(), at: picture().at + 60_000 })).toEqual([]);
  });

  it('there and back are as many changes, with from and to changed over', () => {
    const state = fc.constantFrom('OK' as const, 'ALARM' as const);
    fc.assert(
      fc.property(
        fc.array(state, { minLength: 4, maxLength: 4 }),
        fc.array(state, { minLength: 4, maxLength: 4 }),
        (one, other) => {
          const names = ['shop-errors', 'shop-other-0', 'shop-other-1', 'shop-other-2'];
          const of = (states: readonly ('OK' | 'ALARM')[]) =>
            withAlarms(
              picture({ alarms: 4 }),
              Object.fromEntries(names.map((name, at) => [name, states[at] ?? 'OK'])),
            );
          const there = changesBetween(of(one), of(other));
          const back = changesBetween(of(other), of(one));
          const both = ({ name, from, to }: (typeof there)[number]) => `${name} ${from} ${to}`;
          const turned = ({ name, from, to }: (typeof there)[number]) => `${name} ${to} ${from}`;
          expect(there.map(both).sort()).toEqual(back.map(turned).sort());
          expect(there).toHaveLength(one.filter((state, at) => state !== other[at]).length);
        },
      ),
    );
  });

  it('a source that answers for the first time is no news; one that fails, and is back, is', () => {
    expect(
      changesBetween(picture({ asked: false }), {
        ...picture(),
        panels: { alarms: picture().panels.alarms ?? { busy: false } },
      }),
    ).toEqual([]);
    const well = picture();
    const { backups } = well.panels;
    const { trouble: _, ...good } = backups ?? { busy: false };
    const seen: Picture = { ...well, panels: { ...well.panels, backups: good } };
    expect(changesBetween(seen, well)).toMatchObject([
      { kind: 'panel', name: 'backups', to: 'no permission', mood: 'unknown' },
    ]);
    expect(changesBetween(well, seen)).toMatchObject([
      { kind: 'panel', name: 'backups', to: 'seen', mood: 'good' },
    ]);
  });

  it('services of a host that could not be asked are neither gone nor new: that they were not seen is the news', () => {
    const seen = picture();
    const error = new InfractlError({ code: 'HostConnectionLost', message: 'The connection was lost.' });
    const value = [{ host: 'web', services: [], error }];
    const blind: Picture = {
      ...seen,
      panels: { ...seen.panels, services: { value, at: seen.at, busy: false } },
    };
    expect(changesBetween(seen, blind)).toMatchObject([{ name: 'services of web', mood: 'unknown' }]);
    const [line] = seen.panels.services?.value ?? [];
    const well = (line?.services ?? []).map((one) => ({ ...one, state: 'active', substate: 'running' }));
    const services = { value: [{ host: 'web', services: well }], at: seen.at, busy: false };
    expect(changesBetween(blind, { ...seen, panels: { ...seen.panels, services } })).toEqual([]);
    // What failed meanwhile is told.
    expect(changesBetween(blind, seen)).toMatchObject([{ kind: 'service', mood: 'bad' }]);
    expect(verdictOf(thingsOf(blind))).toBe('unhealthy');
  });

  it('an alarm that was deleted, and one that is new', () => {
    const [more, fewer] = [picture({ alarms: 3 }), picture({ alarms: 2 })];
    expect(changesBetween(more, fewer)).toMatchObject([{ name: 'shop-other-1', from: 'OK', to: null }]);
    expect(changesBetween(fewer, more)).toMatchObject([{ name: 'shop-other-1', from: null, to: 'OK' }]);
  });
});

describe('an instance that is gone', () => {
  const line = (id: string, state = 'running') =>
    ({ kind: 'instance', id, state, mood: 'good' }) as InstanceLine;

  it('stays as gone, is told once, and comes back', () => {
    const first = withGone([], [line('i-1'), line('i-2')]);
    const second = withGone(first, [line('i-1')]);
    expect(second).toMatchObject([{ id: 'i-1' }, { id: 'i-2', state: 'gone', mood: 'bad' }]);
    expect(withGone(second, [line('i-1')])).toEqual(second);
    expect(withGone(second, [line('i-1'), line('i-2')]).map(({ state }) => state)).toEqual([
      'running',
      'running',
    ]);
    expect(withGone([], [line('i-1', 'terminated')])[0]?.mood).toBe('bad');
  });
});

describe('the verdict', () => {
  it('one bad thing is enough; what was not seen is no health', () => {
    expect(verdictOf(thingsOf(picture()))).toBe('unhealthy');
    const { alarms: _, services: __, ...rest } = picture().panels;
    expect(verdictOf(thingsOf({ ...picture(), panels: rest }))).toBe('unknown');
    const { backups: ___, ...good } = rest;
    expect(verdictOf(thingsOf({ ...picture(), panels: good }))).toBe('healthy');
  });
});

describe('watching without a screen', () => {
  const watching = (json: boolean, exitOn?: 'alarm' | 'unhealthy') => {
    const lines: string[] = [];
    return { lines, watch: new ChangeWatch({ exitOn, json, ui, write: (line) => lines.push(line) }) };
  };
  const calm = withAlarms(picture(), { 'shop-errors': 'OK' });

  it('tells the whole once everything has answered, then each change', () => {
    const { lines, watch } = watching(false);
    watch.see(picture({ asked: false }));
    expect(lines).toEqual([]);
    watch.see(calm);
    expect(lines[0]).toMatch(/^2026-01-05 .* shop dev: 1 bad, 1 not seen\n/);
    expect(lines[0]).toMatch(/\n.* ✗ service web\/app.service: failed 1 min, restarted 3 times/);
    expect(lines[0]).toMatch(/\n.* \? backups: .* may not do ec2:DescribeSnapshots/);
    watch.see(calm);
    expect(lines).toHaveLength(1);
    watch.see(picture());
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(
      / ✗ alarm shop-errors: OK → ALARM, for 4 min: 2 datapoints: 12, 17, the limit is 10/,
    );
    expect(watch.changes).toBe(1);
  });

  it('as JSON it is a line each', () => {
    const { lines, watch } = watching(true);
    watch.see(calm);
    watch.see(picture());
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      type: 'picture',
      project: 'shop',
      verdict: 'unhealthy',
    });
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({
      type: 'change',
      kind: 'alarm',
      from: 'OK',
      to: 'ALARM',
    });
  });

  it('ends on an alarm, or on anything bad, and on nothing else', () => {
    expect(watching(false, 'alarm').watch.see(calm)).toBeUndefined();
    expect(watching(false, 'alarm').watch.see(picture())).toBe('alarm');
    expect(watching(false, 'unhealthy').watch.see(calm)).toBe('unhealthy');
    expect(watching(false).watch.see(picture())).toBeUndefined();
    expect(watching(false, 'unhealthy').watch.see(picture({ asked: false }))).toBeUndefined();
  });

  it('says what it ended for, with the exit code that scripts go by', () => {
    const ended = endedView(picture(), 'alarm', 3);
    expect(ended.exit).toBe(8);
    expect(ended.text(ui)).toMatch(/^✗ alarm shop-errors: for 4 min/);
    expect(ended.json).toMatchObject({
      because: 'alarm',
      changes: 3,
      bad: [{ kind: 'alarm', name: 'shop-errors' }],
    });
    const { backups: _, services: __, ...good } = calm.panels;
    const over = endedView({ ...calm, panels: good }, 'time', 0);
    expect(over.exit).toBeUndefined();
    expect(over.text(ui)).toBe('Watched until the end: all good, 0 changes.');
    const { services: ___, ...blind } = calm.panels;
    expect(endedView({ ...calm, panels: blind }, 'time', 1).exit).toBe(3);
  });
});
