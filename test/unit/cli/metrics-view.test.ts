import { describe, expect, it } from 'vitest';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import { painter } from '../../../src/lib/cli/terminal.ts';
import { metricsView } from '../../../src/lib/cli/views/metrics-view.ts';

const ui = { paint: painter(false), columns: 80 };
const READING = {
  uptimeSeconds: 3600,
  cores: 2,
  cpuPercent: 12,
  load: [0.1, 0.2, 0.3] as const,
  memory: { total: 1000, used: 100 },
  disks: [],
};

describe('metrics', () => {
  it('says what could not be asked, and what to do, beside what could: exit 3', () => {
    const lost = new InfractlError({
      code: 'Network',
      message: 'AWS could not be reached.',
      why: 'connect ECONNREFUSED',
      suggestions: ['Check the network connection.'],
    });
    const { exit, text, json } = metricsView({
      window: { from: 0, to: 60_000, period: 60_000 },
      subjects: [],
      hosts: [{ host: 'web', reading: READING }],
      troubles: [lost],
    });
    expect(exit).toBe(3);
    expect(text(ui)).toMatch(/^host web now/);
    expect(text(ui)).toContain(
      '\n\n✗ AWS could not be reached.\n  connect ECONNREFUSED\n  → Check the network connection.',
    );
    expect(json).toMatchObject({ failed: [{ code: 'Network' }] });
  });
});
