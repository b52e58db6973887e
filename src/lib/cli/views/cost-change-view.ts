import { plural } from '../../base/text.ts';
import { type CostChange, changesCosts, changeWords, hasCosts } from '../../costs/index.ts';
import type { Ui } from '../terminal.ts';
import { pairs } from './table.ts';
import { wrapped } from './wrap.ts';

/** What a change does to the costs: one line a stack and a total. Nothing where a person would see no difference. */
export function costChangeText(costs: CostChange | undefined, ui: Ui): string[] {
  if (!hasCosts(costs)) return [];
  const stacks = costs.stacks.filter(changesCosts);
  const [only, ...more] = stacks;
  const added = stacks.flatMap(({ notCounted }) => notCounted);
  const lines =
    only && more.length === 0
      ? [wrapped(`A month on AWS: ${changeWords(only)}.`, ui.columns, 2)]
      : [
          'A month on AWS:',
          pairs(
            ui,
            [...stacks.map((one) => [one.part, changeWords(one)] as const), ['total', changeWords(costs)]],
            '  ',
          ),
        ];
  if (added.length > 0) {
    const named = added.slice(0, 3).map(({ resource, why }) => `${resource} (${why})`);
    const rest = added.length > 3 ? ` and ${plural(added.length - 3, 'other')}` : '';
    lines.push(ui.paint('yellow', wrapped(`Not in it: ${named.join(', ')}${rest}.`, ui.columns, 2)));
  }
  return [lines.join('\n')];
}
