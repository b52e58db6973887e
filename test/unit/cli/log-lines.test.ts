import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { harmless } from '../../../src/lib/cli/views/harmless.ts';
import { grepOf, type LogChoice, LogPrinter } from '../../../src/lib/cli/views/log-lines.ts';
import { chosenBy } from '../../../src/lib/cli/views/log-view.ts';
import type { LogEvent } from '../../../src/lib/logs/index.ts';

const AT = new Date().setHours(9, 30, 15, 42);
const API = '/aws/lambda/api';
const WEB = '/aws/lambda/web';

function event(message: string, more: Partial<LogEvent> = {}): LogEvent {
  return { id: '1', at: AT, group: API, stream: 's', message, ...more };
}

function printerOf(choice: Partial<LogChoice>, names: readonly string[], write: LogChoice['write']) {
  return new LogPrinter(
    {
      json: false,
      raw: false,
      pretty: false,
      colour: false,
      terminal: false,
      columns: Number.POSITIVE_INFINITY,
      write,
      ...choice,
    },
    names.map((name) => ({ name, group: `/aws/lambda/${name}` })),
  );
}

function printed(
  events: readonly LogEvent[],
  choice: Partial<LogChoice> = {},
  names = ['api', 'web'],
  late = false,
) {
  let out = '';
  const printer = printerOf(choice, names, (text) => {
    out += text;
  });
  printer.print(events, late);
  return { out, shown: printer.shown };
}

describe('log lines', () => {
  it('time, source, message; a source alone is not named', () => {
    expect(printed([event('hello\n'), event('world', { group: WEB })]).out).toBe(
      '09:30:15.042 api  hello\n09:30:15.042 web  world\n',
    );
    expect(printed([event('hello')], {}, ['api']).out).toBe('09:30:15.042 hello\n');
  });

  it('leaves out the marks of the platform, and tells a report in words', () => {
    const report =
      'REPORT RequestId: r\tDuration: 3.51 ms\tBilled Duration: 204 ms\tMemory Size: 128 MB\tMax Memory Used: 65 MB\tInit Duration: 199.80 ms\t\n';
    const events = [event('START RequestId: r Version: 1\n'), event(report), event('END RequestId: r\n')];
    const { out, shown } = printed(events, {}, ['api']);
    expect(out).toBe('09:30:15.042 took 3.51 ms · 65 of 128 MB · cold start 199.8 ms\n');
    expect(shown).toBe(1);
    expect(printed(events, { raw: true }).shown).toBe(3);
  });

  it('says a level that stands beside a message: colours are not seen in a pipe', () => {
    const node = (level: string, text: string) => event(`2026-01-05T09:00:00.000Z\tr\t${level}\t${text}\n`);
    expect(printed([node('WARN', 'slow query')], {}, ['api']).out).toBe('09:30:15.042 WARN slow query\n');
    const journal = [event('Failed to start shop.service.', { level: 'error' })];
    expect(printed(journal, {}, ['api']).out).toBe('09:30:15.042 ERROR Failed to start shop.service.\n');
    // Not twice, and not in the midst of a stack.
    const said = [event('error: no disk', { level: 'error' }), event('    at a.js:1', { level: 'error' })];
    expect(printed(said, {}, ['api']).out).toBe('09:30:15.042 error: no disk\n        at a.js:1\n');
    // What was looked for is seen where it is.
    const marked = printed([node('ERROR', 'no table')], { grep: grepOf('error'), colour: true }, ['api']).out;
    expect(marked).toContain('\u001B[7mERROR\u001B[27m');
  });

  it('leaves out the colours that a logger gave its text, and finds what they are in', () => {
    const painted = [
      event('\u001B[31mERROR\u001B[39m: no table\u001B[K'),
      event('{"level":"\\u001b[33mwarn\\u001b[39m","message":"\\u001b[1mslow\\u001b[0m"}'),
    ];
    expect(printed(painted, {}, ['api']).out).toBe('09:30:15.042 ERROR: no table\n09:30:15.042 WARN slow\n');
    expect(printed(painted, { colour: true }, ['api']).out).toContain('\u001B[31mERROR: no table');
    expect(chosenBy(grepOf('error: no'))(painted)).toEqual([painted[0]]);
    expect(printed(painted, { raw: true }, ['api']).out).toContain('\\x1b[31mERROR');
    expect(JSON.parse(printed([painted[0] as LogEvent], { json: true }, ['api']).out).message).toBe(
      painted[0]?.message,
    );
  });

  it('knows which events it shows: the newest are counted by it', () => {
    const mark = event('START RequestId: r Version: 1\n');
    const other = event('{"a":1}');
    const shows = (choice: Partial<LogChoice>) => {
      const printer = printerOf(choice, ['api'], () => {});
      return [mark, other].map((one) => printer.shows(one));
    };
    expect(shows({})).toEqual([false, true]);
    expect(shows({ fields: ['b'] })).toEqual([false, false]);
    for (const whole of [{ raw: true }, { json: true }]) expect(shows(whole)).toEqual([true, true]);
  });

  it('keeps the lines of a stack together, where each is an event of its own', () => {
    const line = (message: string, ms: number, more: Partial<LogEvent> = {}) =>
      event(message, { at: AT + ms, ...more });
    const events = [
      line('TypeError: x is not a function', 0),
      line('GET /', 1, { group: WEB }),
      line('    at a (index.js:1)', 1),
      line('    at b (index.js:2)', 2),
      line('Caused by: no database', 3),
      line('next', 4),
    ];
    expect(printed(events).out).toBe(
      '09:30:15.042 api  TypeError: x is not a function\n        at a (index.js:1)\n        at b (index.js:2)\n' +
        '    Caused by: no database\n09:30:15.043 web  GET /\n09:30:15.046 api  next\n',
    );
    // What is read by programs stays in its order.
    const raw = printed(events, { raw: true }).out.split('\n');
    expect(raw[1]).toBe('09:30:15.043 web  GET /');
    // Another stream's, or one much later, has nothing to do with it.
    expect(printed([line('a', 0), line('  b', 1, { stream: 't' })]).out).toContain('09:30:15.043 api    b');
    expect(printed([line('a', 0), line('  b', 900)]).out).toContain('09:30:15.942 api    b');
  });

  it('has room for the message on a terminal of twenty columns', () => {
    const out = printed([event('hello'), event('world', { group: WEB })], { columns: 20 }, [
      'orders-api',
      'web',
    ]).out;
    expect(out.split('\n')[1]).toBe('09:30:15 web  world');
  });

  it('names the day where it is not today, and where it changes', () => {
    const { out } = printed(
      [event('a', { at: AT - 2 * 86_400_000 }), event('b', { at: AT - 86_400_000 })],
      {},
      ['api'],
    );
    expect(out.match(/── \d{4}-\d\d-\d\d ──/g)).toHaveLength(2);
  });

  it('puts further lines under the first', () => {
    expect(printed([event('Error: no\n  at a.js:1\n')], {}, ['api']).out).toBe(
      '09:30:15.042 Error: no\n      at a.js:1\n',
    );
  });

  it('puts the stack of a JSON message under it', () => {
    const message =
      '{"level":"error","msg":"failed","order":7,"stack":"Error: no stock\\n    at take (stock.js:7)"}';
    expect(printed([event(message)], {}, ['api']).out).toBe(
      '09:30:15.042 ERROR failed order=7\n    Error: no stock\n        at take (stock.js:7)\n',
    );
    expect(printed([event(message)], { fields: ['order'] }, ['api']).out).toBe(
      '09:30:15.042 ERROR order=7\n',
    );
  });

  it('says what came late', () => {
    expect(printed([event('old')], {}, ['api'], true).out).toBe('09:30:15.042 late old\n');
    expect(JSON.parse(printed([event('old')], { json: true }, ['api'], true).out)).toMatchObject({
      late: true,
    });
  });

  it('--grep: without capitals in any case; matches are marked', () => {
    const events = [event('An Error here'), event('fine')];
    expect(chosenBy(grepOf('error'))(events)).toEqual([events[0]]);
    expect(chosenBy(grepOf('ERROR'))(events)).toEqual([]);
    expect(chosenBy(undefined)(events)).toBe(events);
    expect(printed(events, { grep: grepOf('error'), colour: true }).out).toContain(
      '\u001B[7mError\u001B[27m',
    );
    expect(() => grepOf('(')).toThrow(expect.objectContaining({ code: 'BadPattern', exit: 2 }));
  });

  it('--fields and --pretty', () => {
    const message = '{"level":"info","user":{"id":7},"msg":"in"}';
    expect(printed([event(message), event('text')], { fields: ['user.id'] }, ['api']).out).toBe(
      '09:30:15.042 INFO user.id=7\n09:30:15.042 text\n',
    );
    expect(printed([event(message)], { pretty: true }, ['api']).out).toContain('\n        "id": 7\n');
  });

  it('as JSON: one object a line, with the message as it was', () => {
    const message = 'two\nlines \u001B[31m';
    const { out } = printed([event(message), event('{"a":{"b":1}}')], { json: true, fields: ['a.b'] });
    const [first, second] = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toEqual({
      type: 'log',
      at: new Date(AT).toISOString(),
      name: 'api',
      group: API,
      stream: 's',
      id: '1',
      message,
      fields: {},
    });
    expect(second.fields).toEqual({ 'a.b': 1 });
  });

  it('nothing that was logged drives the terminal', () => {
    expect(harmless('a\u001B[2Jb\u009Bc\td\ne\rf')).toBe('a\\x1b[2Jb\\x9bc\td\ne\\x0df');
    expect(JSON.parse(printed([event('\u007F\u009B')], { json: true }).out).message).toBe('\u007F\u009B');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.boolean(), (message, json) => {
        const { out } = printed([event(message)], { json });
        expect(out).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/);
        if (json && out) expect(JSON.parse(out).message).toBe(message);
      }),
    );
  });

  it('a terminal gets the beginning of a long message, a pipe all of it', () => {
    const long = 'x'.repeat(256 * 1024);
    expect(printed([event(long)], { terminal: true }).out.length).toBeLessThan(9000);
    expect(printed([event(long)]).out).toContain(long);
  });
});
