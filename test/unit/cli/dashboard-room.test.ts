import stringWidth from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { logRows } from '../../../src/lib/cli/dashboard/log-rows.ts';
import { panelsOf } from '../../../src/lib/cli/dashboard/panels.ts';
import { frameOf } from '../../../src/lib/cli/dashboard/screen-lines.ts';
import { FIRST_STATE, type ScreenState } from '../../../src/lib/cli/dashboard/screen-state.ts';
import { painter } from '../../../src/lib/cli/terminal.ts';
import { pieces } from '../../../src/lib/cli/views/wrap.ts';
import { chartsOf, type Picture, serviceThing } from '../../../src/lib/monitoring/dashboard/index.ts';
import { picture } from '../../helpers/picture.ts';

/** What is shown where there is little room, and what is done with much. */

const asItIs = (line: string) => line;
const paint = painter(false);
const frame = (of: Picture, columns: number, rows: number, state: ScreenState = FIRST_STATE) =>
  frameOf({ picture: of, state, size: { columns, rows: rows - 1 }, paint, lead: asItIs });

/** The picture with so many services, the last of which has failed. */
function withServices(count: number): Picture {
  const of = picture();
  const [line] = of.panels.services?.value ?? [];
  const [failed] = line?.services ?? [];
  if (!line || !failed) throw new Error('no service');
  const well = { ...failed, state: 'active', substate: 'running', lines: [], restarts: 0 };
  const services = Array.from({ length: count - 1 }, (_, at) => ({ ...well, unit: `unit-${at}` }));
  const value = [{ ...line, services: [...services, failed] }];
  return { ...of, panels: { ...of.panels, services: { value, at: of.at, busy: false } } };
}

describe('panels', () => {
  it('what is bad comes first: it is not among those that have no room', () => {
    const of = withServices(12);
    const services = panelsOf(of).find(({ id }) => id === 'services');
    expect(services?.rows[0]).toMatchObject({ name: 'web/app.service', mood: 'bad' });
    const text = frame(of, 80, 24).left.join('\n');
    expect(text).toMatch(/─ Services 1 of 12 bad, \d+ not shown/);
    expect(text).toContain('✗ web/app.service');
  });

  it('no line is empty as long as a row is not shown', () => {
    const { left } = frame(withServices(12), 80, 24);
    expect(left.join('\n')).toContain('not shown');
    expect(left.filter((line) => line.trim() === '')).toEqual([]);
  });

  it('where there is room a long name and long words are whole, and no row is wider than its panel', () => {
    const of = picture();
    const name = `shop-${'very-'.repeat(20)}long`;
    const lines = (of.panels.alarms?.value ?? []).map((line, at) =>
      at === 0 ? { ...line, alarm: { ...line.alarm, name } } : line,
    );
    const long = { ...of, panels: { ...of.panels, alarms: { value: lines, at: of.at, busy: false } } };
    const { left, leftWidth } = frame(long, 200, 60);
    for (const line of left) expect(stringWidth(line)).toBeLessThanOrEqual(leftWidth);
    const end = left.findIndex((line) => line.startsWith('─ Instances'));
    const column = left.slice(1, end).map((line) => line.slice(3, 3 + Math.floor(leftWidth * 0.45)).trim());
    expect(column.join('')).toContain(name);
  });

  it('what journalctl writes before a message takes no room from it', () => {
    const [line] = picture().panels.services?.value ?? [];
    const [failed] = line?.services ?? [];
    if (!failed) throw new Error('no service');
    const lines = ['2026-11-21T23:06:20+0000 ip-10-0-0-1 sh[133]: cannot connect: refused'];
    const { words, state } = serviceThing('web', { ...failed, lines });
    expect(words).toMatch(/: cannot connect: refused$/);
    expect(words).not.toContain('sh[133]');
    expect(state).toBe('failed (exit-code), restarted 3 times');
  });

  it('what cannot be looked at is told across the panel, from when it is, and without the ARN of who looks', () => {
    const of = picture();
    const { alarms, backups } = of.panels;
    const [first] = alarms?.value ?? [];
    if (!first || !backups?.trouble) throw new Error('no alarms');
    const old = { value: [first], at: of.at - 60_000, busy: false, trouble: backups.trouble };
    const text = frame({ ...of, panels: { ...of.panels, alarms: old } }, 120, 40).left.join('\n');
    expect(text).toMatch(/\? from 1 min ago: user\/dev may not do/);
    // It is no name: the column of names is as wide as they are.
    expect(text).toMatch(/✗ shop-errors {2}12, 17 \(limit 10\)/);
  });

  it('a price that could not be asked for is not waited for', () => {
    const of = picture({ asked: false });
    const { trouble } = picture().panels.backups ?? {};
    if (!trouble) throw new Error('no trouble');
    const text = frame({ ...of, panels: { ...of.panels, instances: { busy: false, trouble } } }, 200, 60);
    expect(text.left.join('\n')).toMatch(/cost +the list price is not known: no permission/);
  });

  it('nothing at all is not called good', () => {
    const of = picture({ asked: false });
    const none = { value: [], at: of.at, busy: false };
    const empty = { ...of, panels: { alarms: none, instances: none } };
    expect(frame(empty, 120, 40).header).toContain('· nothing to watch');
    expect(frame({ ...of, panels: { alarms: none, instances: { busy: true } } }, 120, 40).header).toContain(
      'asking…',
    );
    expect(
      frame({ ...empty, panels: { ...empty.panels, alarms: of.panels.alarms ?? none } }, 120, 40).header,
    ).not.toContain('good');
  });

  it('too small a window says how it is first, in whole words', () => {
    const text = frame(picture(), 20, 20).left;
    expect(text.slice(0, 2).join(' ')).toContain('shop dev: 1 alarm');
    for (const line of text) expect(stringWidth(line)).toBeLessThanOrEqual(20);
    expect(text.join(' ')).toContain('The dashboard needs 80 columns and 24 rows.');
  });
});

describe('charts', () => {
  it('errors that are none come behind what says something, and before what has no data', () => {
    const of = picture();
    const { metrics } = of.panels;
    const [first] = metrics?.value?.charts ?? [];
    if (!metrics?.value || !first) throw new Error('no charts');
    const points = first.points.map(({ at }) => ({ at, value: 0 }));
    const quiet = { ...first, id: 'quiet', name: 'Quiet', points };
    const value = { ...metrics.value, charts: [quiet, ...metrics.value.charts] };
    const { charts } = chartsOf({ ...of, panels: { ...of.panels, metrics: { ...metrics, value } } });
    expect(charts.slice(-2).map(({ name }) => name)).toEqual(['Quiet', 'Worker']);
    expect(charts[0]?.name).toBe('Api');
  });

  it('a list of what has no data says where it is cut', () => {
    const of = picture();
    const { metrics } = of.panels;
    const [first] = metrics?.value?.charts ?? [];
    if (!metrics?.value || !first) throw new Error('no charts');
    const none = Array.from({ length: 40 }, (_, at) => ({
      ...first,
      id: `none ${at}`,
      name: `none-${at}`,
      points: [],
    }));
    const value = { ...metrics.value, charts: [...metrics.value.charts, ...none] };
    const { right } = frame({ ...of, panels: { ...of.panels, metrics: { ...metrics, value } } }, 80, 24);
    expect(right.length).toBeLessThanOrEqual(21);
    expect(right.join('\n')).toContain('no data: ');
    expect(right.at(-1)).toMatch(/…$/);
  });
});

describe('the log of what is selected', () => {
  const at = Date.UTC(2026, 0, 5, 12);
  const event = (message: string, more = 0) => ({
    id: `${more}`,
    at: at + more,
    group: '/aws/lambda/shop-api-dev',
    stream: 's',
    message,
  });
  const messages = [
    event('START RequestId: 1 Version: $LATEST\n'),
    event(
      '{"level":"error","message":"payment failed","stack":"Error: no\\n    at pay (/var/task/pay.js:17)"}',
      1,
    ),
    event('tab\there, database', 2),
  ];

  it('is told as `logs` tells it: folded, with the stack, in colour by how grave it is, without secrets', () => {
    const rows = logRows(messages, (text) => text.replaceAll('database', '[secret]'));
    expect(rows.filter(({ text }) => !text.startsWith('──')).map(({ text }) => text)).toEqual([
      expect.stringMatching(/^[\d:.]+ ERROR payment failed$/),
      '    Error: no',
      '        at pay (/var/task/pay.js:17)',
      expect.stringMatching(/ tab {2}here, \[secret\]$/),
    ]);
    expect(rows.at(-2)?.style).toBe('red');
    expect(rows.at(-1)?.style).toBeUndefined();
  });

  it('is broken where the window ends, so that all of it can be read', () => {
    const text = `begin ${'x'.repeat(300)} end`;
    const overlay = { kind: 'logs', name: 'a', lines: [{ text }], trouble: undefined, scroll: 0 } as const;
    const { left } = frame(picture(), 80, 24, { ...FIRST_STATE, overlay });
    for (const line of left) expect(stringWidth(line)).toBeLessThanOrEqual(80);
    expect(left.map((line) => line.trim()).join('')).toContain('x'.repeat(300));
    expect(pieces('ab日本', 3)).toEqual(['ab', '日', '本']);
  });
});
