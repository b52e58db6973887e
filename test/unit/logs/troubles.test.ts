import { describe, expect, it } from 'vitest';
import { type LogEvent, Troubles } from '../../../src/lib/logs/index.ts';

let count = 0;
const event = (message: string, more: Partial<LogEvent> = {}): LogEvent => ({
  id: `${count}`,
  at: Date.UTC(2026, 0, 5, 9, 0, count++),
  group: 'g',
  stream: 's',
  message,
  ...more,
});

describe('the last errors', () => {
  it('are counted by what they say, the newest first, each with its newest message', () => {
    const troubles = new Troubles();
    troubles.add([
      event('ERROR order 17 failed'),
      event('all is well'),
      event('{"level":"error","message":"no stock for 3","sku":"a"}'),
      event('ERROR order 18 failed'),
      event('WARN slow'),
    ]);
    const { messages, errors, troubles: found } = troubles.of('g', 5);
    expect({ messages, errors }).toEqual({ messages: 5, errors: 3 });
    expect(found).toMatchObject([
      { pattern: 'ERROR order <n> failed', count: 2, message: 'ERROR order 18 failed' },
      {
        pattern: 'no stock for <n>',
        count: 1,
        message: '{"level":"error","message":"no stock for 3","sku":"a"}',
      },
    ]);
    expect(troubles.of('g', 1).troubles).toHaveLength(1);
    expect(troubles.of('other', 1)).toEqual({ messages: 0, errors: 0, troubles: [] });
  });

  it('takes the level of a journal, timeouts and crashes of functions', () => {
    const troubles = new Troubles();
    const report =
      'REPORT RequestId: r\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 65 MB';
    troubles.add([
      event('disk is full', { level: 'critical' }),
      event(`${report}\tStatus: timeout\n`),
      event(`${report}\tStatus: error\tError Type: Runtime.ExitError\n`),
      event(`${report}\n`),
    ]);
    expect(troubles.of('g', 5)).toMatchObject({ errors: 3, messages: 3 });
  });

  it('keeps those met last where there are more kinds than anybody reads', () => {
    const troubles = new Troubles();
    const word = (n: number) => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    for (let n = 0; n < 3000; n++) troubles.add([event(`ERROR ${word(n)}`)]);
    const { errors, troubles: found } = troubles.of('g', 5000);
    expect(errors).toBe(3000);
    expect(found).toHaveLength(1000);
    expect(found[0]?.message).toBe(`ERROR ${word(2999)}`);
  });
});
