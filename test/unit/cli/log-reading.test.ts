import { describe, expect, it } from 'vitest';
import { Reading } from '../../../src/lib/cli/views/log-reading.ts';
import type { LogEvent } from '../../../src/lib/logs/index.ts';

const AT = new Date(2026, 0, 5, 9, 30, 15).getTime();
const event = (at: number): LogEvent => ({ id: '1', at, group: 'g', stream: 's', message: 'm' });

describe('a long reading', () => {
  it('says how far it is where nothing is to be seen, and only there', () => {
    const reading = new Reading();
    expect(reading.news()).toBe('Still reading: no events so far.');
    reading.add([event(AT - 1000), event(AT)]);
    expect(reading.news()).toMatch(/^Still reading: 2 events so far, up to 2026-01-05 09:30:15/);
    reading.add([event(AT + 1000)], 1);
    expect(reading.news()).toBeUndefined();
    // What was printed before is not news.
    reading.add([], 1);
    expect(reading.news()).toMatch(/^Still reading: 3 events so far, up to 2026-01-05 09:30:16/);
  });
});
