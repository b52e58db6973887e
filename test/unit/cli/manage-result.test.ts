import { expect, it } from 'vitest';
import { advisedLines } from '../../../src/lib/cli/menu/advice.ts';
import { actView } from '../../../src/lib/cli/views/manage-result-view.ts';
import type { ActResult } from '../../../src/lib/instances/index.ts';

const web: ActResult = {
  kind: 'instance',
  id: 'i-0a1b2c3d4e5f60718',
  name: 'web',
  outcome: 'stopped',
  detail: null,
  stages: [],
  error: null,
};
const AGAIN = 'infractl manage start --host web --env prod';
/** What the menu offers next. */
const next = (results: readonly ActResult[], doing: 'stop' | 'start' = 'stop') =>
  advisedLines(actView(doing, results, AGAIN).next ?? []);

it('after a stop the start comes next, where something was stopped', () => {
  expect(next([web])).toEqual(['manage start --host web --env prod']);
  expect(next([{ ...web, outcome: 'unchanged' }])).toEqual([]);
  expect(next([{ ...web, outcome: 'started' }], 'start')).toEqual([]);
});

it('what nobody waited for is looked at next, and what failed is mended', () => {
  expect(next([{ ...web, outcome: 'asked' }])).toEqual([
    'manage status',
    'manage start --host web --env prod',
  ]);
  const error = {
    code: 'X',
    message: 'No.',
    why: null,
    suggestions: ['See: infractl drift'],
    exit: 1,
  } as const;
  expect(next([web, { ...web, id: 'i-2', outcome: 'failed', error }])).toEqual([
    'manage start --host web --env prod',
    'drift',
  ]);
});
