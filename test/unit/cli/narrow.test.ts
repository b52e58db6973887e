import { expect, it } from 'vitest';
import { statusView } from '../../../src/lib/cli/views/manage-status-view.ts';
import type { StatusRow } from '../../../src/lib/instances/index.ts';

/** What is left out on a narrow terminal, and what never is. */

const ui = { paint: (_: string, text: string) => text, columns: 30 };
const row = (id: string, name: string | null): StatusRow => ({
  kind: 'instance',
  id,
  name,
  state: 'running',
  mood: 'good',
  upMs: 3_600_000,
  type: 't3.micro',
  zone: 'eu-west-3a',
  publicAddress: '203.0.113.10',
  privateAddress: null,
  elastic: false,
  checks: 'ok',
  health: { ok: true, words: '200 in 20 ms' },
  costUsdMonth: 9,
  detail: null,
});
const shown = (...rows: StatusRow[]) => statusView(rows, 'Prices of today').text(ui).split('\n');
const [ONE, TWO] = ['i-0a1b2c3d4e5f60711', 'i-0a1b2c3d4e5f60712'];

it('manage status keeps name, state and health', () => {
  expect(shown(row(ONE, 'web'), row(TWO, 'db')).slice(0, 3)).toEqual([
    'name  state    health',
    'web   running  200 in 20 ms',
    'db    running  200 in 20 ms',
  ]);
});

it.each([
  ['web', 'web'],
  ['web', null],
])('manage status keeps the ids where names do not tell them apart: %s, %s', (one, two) => {
  const lines = shown(row(ONE, one), row(TWO, two)).join('\n');
  expect(lines).toContain(ONE);
  expect(lines).toContain(TWO);
});
