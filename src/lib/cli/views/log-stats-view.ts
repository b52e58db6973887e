import { Exit } from '../../base/errors.ts';
import { duration, plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { ReadResult } from '../../desks/index.ts';
import type { LogStats } from '../../logs/index.ts';
import type { Style } from '../terminal.ts';
import { harmless } from './harmless.ts';
import { pairs, table } from './table.ts';
import type { View } from './view.ts';

const STYLE: Readonly<Record<string, Style>> = { error: 'red', warn: 'yellow', other: 'dim' };

export function statsView(
  { stats, missing, lost }: ReadResult & { readonly stats: LogStats },
  window: { readonly from: number; readonly to: number },
): View {
  const from = new Date(window.from).toISOString();
  const to = new Date(window.to).toISOString();
  const failed = lost.map(({ group, error }) => ({ group, code: error.code, message: error.message }));
  return {
    json: { from, to, ...stats, missing, failed },
    ...(lost.length > 0 ? { exit: Exit.partial } : {}),
    text: (ui) => {
      const { events, errors, warnings, invocations, patterns } = stats;
      const head = `${localTime(from)} to ${localTime(to)}`;
      const counts = [
        plural(events, 'message'),
        ui.paint(errors > 0 ? 'red' : 'dim', plural(errors, 'error')),
        ui.paint(warnings > 0 ? 'yellow' : 'dim', plural(warnings, 'warning')),
      ].join(', ');
      const lambda = invocations
        ? pairs(ui, [
            [
              'invocations',
              `${invocations.count}${invocations.timeouts > 0 ? `, ${plural(invocations.timeouts, 'timeout')}` : ''}${invocations.failures > 0 ? `, ${invocations.failures} failed` : ''}`,
            ],
            [
              'duration',
              `p50 ${duration(invocations.p50)}, p95 ${duration(invocations.p95)}, p99 ${duration(invocations.p99)}, longest ${duration(invocations.max)}`,
            ],
            [
              'cold starts',
              invocations.initP95 === undefined
                ? 'none'
                : `${invocations.coldStarts}, p95 ${duration(invocations.initP95)}`,
            ],
            ['memory', `at most ${invocations.mostUsed} of ${invocations.memory} MB`],
          ])
        : '';
      const rows = patterns.map(({ count, level, pattern, last }) => [
        String(count),
        ui.paint(STYLE[level] ?? 'dim', level === 'other' ? '' : level),
        localTime(last, 'minutes'),
        harmless(pattern),
      ]);
      const frequent =
        rows.length > 0
          ? table(ui, ['count', 'level', 'last', { title: 'message', min: 20, wrap: true }], rows)
          : '';
      const troubles = lost.map(({ group, error }) => `${ui.paint('red', '✗')} ${group}: ${error.message}`);
      return [`${head}: ${counts}`, lambda, frequent, troubles.join('\n')].filter(Boolean).join('\n\n');
    },
  };
}
