import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pick, shapeOf } from '../../../src/lib/logs/index.ts';

const REPORT =
  'REPORT RequestId: 5d9f1a2b-0000-4000-8000-000000000001\tDuration: 3.51 ms\tBilled Duration: 204 ms\tMemory Size: 128 MB\tMax Memory Used: 65 MB\tInit Duration: 199.80 ms\t\n';

describe('the shape of a message', () => {
  it.each([
    'START RequestId: 1 Version: $LATEST\n',
    'END RequestId: 1\n',
    'INIT_START Runtime Version: nodejs:22.v1\n',
  ])('a mark of the platform: %j', (message) => expect(shapeOf(message)).toEqual({ kind: 'mark' }));

  it('a report, with and without a cold start', () => {
    expect(shapeOf(REPORT)).toEqual({
      kind: 'report',
      report: {
        requestId: '5d9f1a2b-0000-4000-8000-000000000001',
        duration: 3.51,
        billed: 204,
        memory: 128,
        used: 65,
        init: 199.8,
      },
    });
    const warm = shapeOf(REPORT.replace('Init Duration: 199.80 ms\t', ''));
    expect(warm.kind === 'report' && warm.report.init).toBe(undefined);
    const timedOut = shapeOf(REPORT.replace('\t\n', '\tStatus: timeout\n'));
    expect(timedOut.kind === 'report' && timedOut.report.status).toBe('timeout');
  });

  it('the same of a function that logs as JSON', () => {
    const record = {
      requestId: 'r',
      status: 'success',
      metrics: {
        durationMs: 8.2,
        billedDurationMs: 9,
        memorySizeMB: 256,
        maxMemoryUsedMB: 70,
        initDurationMs: 120,
      },
    };
    const message = JSON.stringify({ time: '2026-01-05T09:00:00Z', type: 'platform.report', record });
    expect(shapeOf(message)).toEqual({
      kind: 'report',
      report: { requestId: 'r', duration: 8.2, billed: 9, memory: 256, used: 70, init: 120 },
    });
    expect(shapeOf(JSON.stringify({ type: 'platform.start', record: {} }))).toEqual({ kind: 'mark' });
    // A program may have a field of that name for itself.
    expect(shapeOf(JSON.stringify({ type: 'platform.mine', record: {} })).kind).toBe('json');
  });

  it('JSON: level and message in front, the time left out, the rest as fields', () => {
    const message = JSON.stringify({
      timestamp: '2026-01-05T09:00:00Z',
      level: 'WARN',
      message: 'slow answer',
      ms: 812,
      path: '/a b',
      user: { id: 7 },
    });
    expect(shapeOf(message)).toEqual({
      kind: 'json',
      level: 'warn',
      text: 'slow answer',
      fields: [
        ['ms', '812'],
        ['path', '"/a b"'],
        ['user', '{"id":7}'],
      ],
    });
    expect(shapeOf('{"level":50,"msg":"gone"}')).toMatchObject({ level: 'error', text: 'gone', fields: [] });
    // A number that is no level of a logger is a field like others.
    expect(shapeOf('{"status":200,"msg":"ok"}')).toMatchObject({ text: 'ok', fields: [['status', '200']] });
  });

  it('JSON with the stack of an error: its lines, wherever a logger puts them', () => {
    const stack = 'Error: no stock\n    at take (stock.js:7)';
    const shape = (fields: object) => shapeOf(JSON.stringify({ level: 'error', msg: 'failed', ...fields }));
    const failed = { kind: 'json', level: 'error', text: 'failed' };
    expect(shape({ stack, order: 7 })).toEqual({ ...failed, fields: [['order', '7']], stack });
    expect(shape({ stackTrace: stack.split('\n') })).toEqual({ ...failed, fields: [], stack });
    expect(shape({ err: { type: 'Error', stack } })).toEqual({
      ...failed,
      fields: [['err', '{"type":"Error"}']],
      stack,
    });
    // What is one line, or no text, is a field like others.
    expect(shape({ stack: 'prod' })).toEqual({ ...failed, fields: [['stack', 'prod']] });
    expect(shape({ stack: [1, 2] })).toEqual({ ...failed, fields: [['stack', '[1,2]']] });
    const caught = { errorType: 'Error', errorMessage: 'no stock', stack: stack.split('\n') };
    const node = '2026-01-05T09:00:00.000Z\t5d9f\tERROR\tInvoke Error \t';
    expect(shapeOf(node + JSON.stringify(caught))).toEqual({
      kind: 'text',
      level: 'error',
      beside: true,
      text: `Invoke Error: ${stack}\n`,
    });
    expect(shapeOf(`${node}{ broken`)).toMatchObject({ text: 'Invoke Error \t{ broken' });
  });

  it('chosen fields, by their path', () => {
    const message = '{"user":{"id":7,"tags":["a"]},"a.b":1,"level":"info"}';
    const shape = shapeOf(message, ['user.id', 'user.tags.0', 'a.b', 'nothing']);
    expect(shape.kind === 'json' && shape.fields).toEqual([
      ['user.id', '7'],
      ['user.tags.0', 'a'],
      ['a.b', '1'],
    ]);
    expect(pick(message, ['user', 'no.such'])).toEqual({ user: { id: 7, tags: ['a'] } });
    expect(pick('no json', ['user'])).toEqual({});
  });

  it('text, with the level that it names', () => {
    const node = '2026-01-05T09:00:00.000Z\t5d9f1a2b\tERROR\tno table\n';
    expect(shapeOf(node)).toEqual({ kind: 'text', text: 'no table\n', level: 'error', beside: true });
    expect(shapeOf('[WARN] disk')).toMatchObject({ level: 'warn' });
    expect(shapeOf('2026-01-05T09:00:00Z 5d9f Task timed out after 3.00 seconds')).toMatchObject({
      level: 'error',
    });
    expect(shapeOf('Traceback (most recent call last):')).toMatchObject({ level: 'error' });
    expect(shapeOf('hello')).toEqual({ kind: 'text', text: 'hello' });
    expect(shapeOf('{ not json')).toMatchObject({ kind: 'text', text: '{ not json' });
    expect(shapeOf('[1, 2]')).toMatchObject({ kind: 'text' });
  });

  it('never fails, whatever was logged', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.string({ unit: 'binary' })),
        (text) => void shapeOf(text),
      ),
    );
  });
});
