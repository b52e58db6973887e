import stringWidth from 'fast-string-width';
import { renderToString } from 'ink';
import { createElement } from 'react';
import { describe, expect, it } from 'vitest';
import { led } from '../../../src/lib/base/led.ts';
import { chartLines, timeAxis } from '../../../src/lib/cli/dashboard/chart-lines.ts';
import { heightsOf } from '../../../src/lib/cli/dashboard/panel-lines.ts';
import { panelsOf } from '../../../src/lib/cli/dashboard/panels.ts';
import { plot, topOf } from '../../../src/lib/cli/dashboard/plot.ts';
import { FrameView } from '../../../src/lib/cli/dashboard/screen.ts';
import { frameOf } from '../../../src/lib/cli/dashboard/screen-lines.ts';
import { ScreenModel } from '../../../src/lib/cli/dashboard/screen-model.ts';
import {
  FIRST_STATE,
  type Press,
  press,
  type ScreenState,
} from '../../../src/lib/cli/dashboard/screen-state.ts';
import { painter, READABLE } from '../../../src/lib/cli/terminal.ts';
import type { Chart, Picture } from '../../../src/lib/monitoring/dashboard/index.ts';
import { EVIL, picture } from '../../helpers/picture.ts';

const asItIs = (line: string) => line;
const plain = painter(false);
const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
] as const;

function model(
  of: () => Picture,
  colour = false,
  logs = async (name: string) => [{ text: `12:00:00 of ${name}` }],
) {
  const said: string[] = [];
  const deps = {
    picture: of,
    paint: painter(colour, 8),
    lead: (line: string) => led(line, ' --env prod'),
    redact: (text: string) => text.replaceAll('database', '[secret]'),
    choose: (range: string) => said.push(`range ${range}`),
    refresh: () => said.push('refresh'),
    logs,
  };
  return { said, model: new ScreenModel(deps, (how) => said.push(how)) };
}

const drawn = (screen: ScreenModel, columns: number, rows: number) =>
  renderToString(createElement(FrameView, { model: screen, size: { columns, rows: rows - 1 } }), { columns });

describe.each(SIZES)('the screen at %i × %i', (columns, rows) => {
  it('has every panel, fits, and is one line lower than the terminal', () => {
    const lines = drawn(model(picture).model, columns, rows).split('\n');
    expect(lines).toHaveLength(rows - 1);
    for (const line of lines) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    const text = lines.join('\n');
    expect(lines[0]).toMatch(/^ shop dev {2}eu-west-3 +✗ 1 alarm, 1 bad, 1 not seen +3h, 5 min a point/);
    for (const title of ['Alarms 1 of 2 in ALARM', 'Instances 2', 'Hosts', 'Endpoints', 'Project', 'Metrics'])
      expect(text).toContain(`─ ${title}`);
    expect(text).toMatch(/✗ shop-errors +12, 17 \(limit 10\)/);
    expect(text).toMatch(/Backups|backup +9 h old/);
    expect(text).toContain('Api errors');
    expect(lines.at(-1)).toContain('q quit');
  });

  it('shows no secret, whoever told it', () => {
    expect(drawn(model(picture).model, columns, rows)).not.toContain('database');
  });

  it('is the same with colours, which can be read on dark and on light', () => {
    const coloured = drawn(model(picture, true).model, columns, rows);
    const codes = [...coloured.matchAll(/\u001B\[([\d;]*)m/g)].map(([, code]) => code ?? '');
    expect(codes.length).toBeGreaterThan(10);
    const readable = Object.values(READABLE).map((index) => `38;5;${index}`);
    for (const code of codes) if (!readable.includes(code)) expect(code).toMatch(/^(?:[0-27]|2[1-7]|39)?$/);
    const trimmed = (text: string) => text.replace(/ +$/gm, '');
    const bare = coloured.replace(/\u001B\[[\d;]*m/g, '');
    expect(trimmed(bare)).toBe(trimmed(drawn(model(picture).model, columns, rows)));
  });

  it('shows the frame before any answer', () => {
    const empty = drawn(model(() => picture({ asked: false })).model, columns, rows);
    expect(empty).toContain('asking…');
    expect(empty).toContain('─ Alarms asking…');
    expect(empty).not.toMatch(/undefined|NaN|null/);
  });
});

it('says all of why an alarm is on where there is room, and says of a price that it is no bill', () => {
  const wide = drawn(model(picture).model, 200, 60).replace(/\s+/g, ' ');
  const [alarm] = panelsOf(picture())[0]?.rows ?? [];
  const left = (text: string) =>
    text
      .split('\n')
      .map((line) => line.slice(0, 78))
      .join(' ');
  const whole = left(drawn(model(picture).model, 200, 60)).replace(/\s+/g, ' ');
  expect(alarm?.words.length).toBeGreaterThan(60);
  expect(whole).toContain(alarm?.words);
  expect(wide).toContain('a month at this pace, not the bill');
  // Elsewhere it is cut, and says so; nothing that is well takes more than a line.
  expect(left(drawn(model(picture).model, 80, 24))).toContain('…');
});

it('below 80 × 24 it says what it needs, and what is most important', () => {
  const small = drawn(model(picture).model, 60, 20);
  expect(small).toContain('The dashboard needs 80 columns and 24 rows.');
  expect(small).toContain('Here are 60 and 20');
  expect(small).toContain('shop dev: 1 alarm, 1 bad');
  for (const [columns, rows] of [
    [20, 5],
    [1, 1],
  ] as const)
    expect(drawn(model(picture).model, columns, rows).split('\n').length).toBeLessThanOrEqual(
      Math.max(1, rows),
    );
});

it('what comes from AWS and hosts drives no terminal', () => {
  for (const overlay of [undefined, { kind: 'describe', scroll: 0 }] as const) {
    const state = { ...FIRST_STATE, overlay };
    const size = { columns: 120, rows: 39 };
    const frame = frameOf({ picture: picture({ evil: true }), state, size, paint: plain, lead: asItIs });
    const text = [frame.header, ...frame.left, ...frame.right, frame.footer].join('\n');
    expect(text).toContain('\\x1b');
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
    expect(EVIL).toContain('\u001B');
  }
});

it('advises commands that act where it does, on what there is', () => {
  const told = (at: number) => {
    const shown = frameOf({ picture: picture(), state: FIRST_STATE, size, paint: plain, lead }).shown.rows;
    const row = { id: shown[at]?.id ?? '', index: at };
    const state = { ...FIRST_STATE, row, overlay: { kind: 'describe', scroll: 0 } as const };
    return frameOf({ picture: picture(), state, size, paint: plain, lead }).left.join('\n');
  };
  const size = { columns: 200, rows: 59 };
  const where = ' --env prod';
  const lead = (line: string) => led(line, where);
  const known = picture().panels.instances?.value?.map((_, at) => at) ?? [];
  const rows = frameOf({ picture: picture(), state: FIRST_STATE, size, paint: plain, lead }).shown.rows;
  const instances = rows.flatMap(({ panel }, at) => (panel === 'instances' ? [at] : []));
  expect(instances).toHaveLength(known.length);
  expect(instances.length).toBeGreaterThan(0);
  for (const at of instances) expect(told(at)).toMatch(/infractl manage status --id \S+ --env prod/);
  expect(told(0)).toMatch(/infractl monitoring alarms \S+ --env prod/);
  expect(told(0)).toMatch(/infractl logs \S+ --env prod/);
});

describe('charts', () => {
  const window = { from: 0, to: 600, period: 100 };
  const chart = (facts: Partial<Chart>): Chart => ({
    id: 'x',
    topic: 'cpu',
    label: 'CPU',
    kind: 'instance',
    name: 'Web',
    stack: 'app',
    resource: 'i-1',
    unit: 'percent',
    statistic: 'Average',
    points: [],
    cadence: 100,
    ...facts,
  });

  it('a line leads from point to point, and over no gap', () => {
    const points = [0, 100, 200, 500].map((at) => ({ at, value: 50 }));
    const [row = ''] = plot(chart({ points }), window, 12, 1);
    expect(row).toHaveLength(12);
    expect(row.slice(0, 4).includes(' ')).toBe(false);
    expect(row.slice(5, 9)).toBe('    ');
    expect(row.slice(9).trim()).not.toBe('');
  });

  it('bars of sums: nothing is empty, zero is a hair, a value is more', () => {
    const points = [
      { at: 0, value: 0 },
      { at: 100, value: 1 },
      { at: 300, value: 100 },
    ];
    const [row] = plot(chart({ statistic: 'Sum', unit: 'count', points }), window, 6, 1);
    expect(row).toBe('▁▂ █  ');
  });

  it('what is measured all the time is an area down to zero: a line of dots is hardly seen', () => {
    const points = [0, 100, 200].map((at) => ({ at, value: 100 }));
    const rows = plot(chart({ points }), window, 12, 3);
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row.slice(0, 4)).toBe('⣿'.repeat(4));
  });

  it('many points in few columns keep their largest', () => {
    const points = Array.from({ length: 60 }, (_, at) => ({ at: at * 10, value: at === 31 ? 10 : 1 }));
    const drawn = plot(chart({ statistic: 'Sum', unit: 'count', points }), { ...window, period: 10 }, 6, 1);
    expect(drawn[0]?.[3]).toBe('█');
  });

  it('the axis ends at a round figure, percent at 100', () => {
    const top = (unit: Chart['unit'], value: number) => topOf({ unit, points: [{ at: 0, value }] });
    expect(top('percent', 71)).toBe(100);
    expect(top('percent', 39)).toBe(50);
    expect(top('count', 7)).toBe(10);
    expect(top('count', 0)).toBe(1);
    expect(top('bytes', 3 * 1024 ** 2)).toBe(5 * 1024 ** 2);
    expect(top('ms', 240)).toBe(500);
  });

  it('says unit, newest, smallest, largest, and the times below', () => {
    const points = [20, 60, 40].map((value, turn) => ({ at: turn * 100, value }));
    const order = { width: 60, height: 5, selected: false };
    const lines = chartLines(plain, chart({ points }), window, order);
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^ Web CPU +last 40 % {2}min 20 % {2}max 60 %$/);
    expect(lines[1]).toMatch(/^ {2}100 % ┤/);
    expect(lines[4]).toMatch(/^ {6}0 ┤/);
    expect(timeAxis({ from: 0, to: 3_600_000, period: 1 }, 60)).toMatch(
      /^ {9}\d\d:\d\d +\d\d:\d\d +\d\d:\d\d$/,
    );
    expect(chartLines(plain, chart({}), window, order)[0]).toContain('no data');
    // One figure is enough where all are the same.
    const flat = points.map(({ at }) => ({ at, value: 71 }));
    expect(chartLines(plain, chart({ points: flat }), window, order)[0]).toMatch(/^ Web CPU +71 %$/);
  });
});

describe('heights of panels', () => {
  it('never add up to more than there is, and waste nothing that is wanted', () => {
    for (const room of [0, 1, 5, 12, 21, 40]) {
      const wanted = [6, 3, 12, 3, 6];
      const heights = heightsOf(wanted, room);
      const sum = heights.reduce((a, b) => a + b, 0);
      expect(sum).toBe(Math.min(room, 30));
      for (const [at, height] of heights.entries()) expect(height).toBeLessThanOrEqual(wanted[at] ?? 0);
    }
  });
});

describe('keys', () => {
  const size = { columns: 200, rows: 59 };
  const key = (name: NonNullable<Press['name']>): Press => ({ input: '', name });
  const shown = () =>
    frameOf({ picture: picture(), state: FIRST_STATE, size, paint: plain, lead: asItIs }).shown;
  const pressed = (...keys: Press[]): ScreenState =>
    keys.reduce((state, one) => press(state, one, shown()).state, FIRST_STATE);

  it('arrows move among rows, over to the charts, and back', () => {
    expect(pressed(key('down')).row.index).toBe(1);
    expect(pressed(key('up')).row.index).toBe(0);
    expect(pressed(key('right')).side).toBe('charts');
    expect(pressed(key('right'), key('right')).chart.index).toBe(1);
    expect(pressed(key('right'), key('down')).chart.index).toBe(shown().chartColumns);
    expect(pressed(key('right'), key('left')).side).toBe('rows');
    expect(pressed(key('end')).row.index).toBe(shown().rows.length - 1);
    // As in less and vi.
    expect(pressed({ input: 'j' }, { input: 'j' }, { input: 'k' }).row.index).toBe(1);
    expect(pressed({ input: 'G' }).row.index).toBe(shown().rows.length - 1);
  });

  it('Tab goes from panel to panel, round', () => {
    const panels = new Set(shown().rows.map(({ panel }) => panel)).size;
    const turns = Array.from({ length: panels + 1 }, () => key('tab'));
    expect(pressed(...turns.slice(0, panels)).side).toBe('charts');
    expect(pressed(...turns)).toMatchObject({ side: 'rows', row: { index: 0 } });
    expect(pressed(key('backtab')).side).toBe('charts');
  });

  it('the selection stays on its thing when lines come and go', () => {
    const { model: screen } = model(() => now);
    let now = picture();
    screen.press(key('down'), size);
    screen.press({ input: 'd' }, size);
    const before = screen.frame(size).left[0];
    now = picture({ alarms: 3 });
    expect(screen.frame(size).left[0]).toBe(before);
  });

  it('/ filters rows and charts while it is typed; Escape ends it; letters are then no commands', () => {
    const { model: screen, said } = model(picture);
    for (const input of ['/', 'q', 'u', 'i']) screen.press({ input }, size);
    expect(said).toEqual([]);
    expect(screen.frame(size).footer).toContain('/qui');
    for (let turn = 0; turn < 3; turn++) screen.press(key('backspace'), size);
    for (const input of 'errors') screen.press({ input }, size);
    screen.press(key('enter'), size);
    const { shown: left } = screen.frame(size);
    expect(left.rows.map(({ row }) => row.name)).toEqual(['shop-errors']);
    expect(left.charts).toHaveLength(1);
    screen.press(key('escape'), size);
    expect(screen.frame(size).shown.rows.length).toBeGreaterThan(4);
  });

  it('d describes what is selected with what to type next; a chart in full size', () => {
    const { model: screen } = model(picture);
    screen.press({ input: 'd' }, size);
    const text = screen.frame(size).left.join('\n');
    expect(text).toContain('infractl monitoring alarms shop-errors');
    expect(text).toMatch(/why +2 datapoints: 12, 17, the limit is 10/);
    screen.press(key('escape'), size);
    screen.press(key('right'), size);
    screen.press({ input: 'd' }, size);
    const page = screen.frame(size).left;
    expect(page[0]).toContain('Api errors');
    expect(page.length).toBeGreaterThan(30);
  });

  it('l reads logs; a late answer to an older question is not shown', async () => {
    const { model: screen } = model(picture);
    screen.press({ input: 'l' }, size);
    expect(screen.frame(size).left.join('\n')).toContain('reading…');
    await new Promise((resolve) => setImmediate(resolve));
    expect(screen.frame(size).left.join('\n')).toContain('of /aws/lambda/shop-api-dev');
    screen.press(key('escape'), size);
    screen.press({ input: 'l' }, size);
    screen.press(key('escape'), size);
    await new Promise((resolve) => setImmediate(resolve));
    expect(screen.frame(size).left.join('\n')).toContain('Alarms');
  });

  it('a log whose end is looked at is read anew, not while it is read, nor where it takes long', async () => {
    let now = picture();
    let asked = 0;
    let long = 0;
    const later = (ms: number) => {
      now = { ...now, at: now.at + ms };
    };
    const logs = async (name: string) => {
      asked++;
      later(long);
      return [{ text: `${asked} of ${name}` }];
    };
    const { model: screen } = model(() => now, false, logs);
    const answered = () => new Promise((resolve) => setImmediate(resolve));
    screen.press({ input: 'l' }, size);
    await answered();
    screen.tick();
    expect(asked).toBe(1);
    later(10_000);
    screen.tick();
    screen.tick();
    expect(asked).toBe(2);
    await answered();
    expect(screen.frame(size).left.join('\n')).toContain('2 of /aws/lambda/shop-api-dev');
    long = 2_000;
    later(10_000);
    screen.tick();
    await answered();
    later(60_000);
    screen.tick();
    expect(asked).toBe(3);
    screen.press(key('escape'), size);
    later(60_000);
    screen.tick();
    expect(asked).toBe(3);
  });

  it('r, q, Ctrl-C, Ctrl-Z and Ctrl-L are told to whoever owns the screen', () => {
    const { model: screen, said } = model(picture);
    screen.press({ input: 'r' }, size);
    for (const input of ['l', 'z', 'c']) screen.press({ input, ctrl: true }, size);
    screen.press({ input: 'q' }, size);
    expect(said).toEqual(['range 12h', 'refresh', 'suspend', 'interrupt', 'quit']);
  });

  it('nothing selected, nothing there: no key breaks it', () => {
    const { model: screen } = model(() => picture({ asked: false }));
    const names = [
      'up',
      'down',
      'left',
      'right',
      'pageUp',
      'pageDown',
      'home',
      'end',
      'tab',
      'enter',
    ] as const;
    for (const name of names) screen.press(key(name), size);
    for (const input of ['d', 'l', '?', 'r', '/', 'x']) screen.press({ input }, size);
    expect(screen.frame(size).left.length).toBeGreaterThan(0);
  });
});
