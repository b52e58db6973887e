import { Exit } from '../../base/errors.ts';
import { listed } from '../../base/text.ts';
import { type Finding, healthOf, healthWords } from '../../monitoring/index.ts';
import { advised, type Ui } from '../terminal.ts';
import { harmless } from './harmless.ts';
import { table } from './table.ts';
import type { View } from './view.ts';

const ORDER = ['bad', 'unknown', 'no-data', 'good'] as const;
const STYLE = { bad: 'red', unknown: 'yellow', 'no-data': 'yellow', good: 'green' } as const;
const HEALTH = { healthy: 'green', unhealthy: 'red', unknown: 'yellow' } as const;

/** Exit 8 where something is bad, else 3 where something could not be looked at. */
export function healthView(findings: readonly Finding[]): View {
  const health = healthOf(findings);
  const sorted = ORDER.flatMap((verdict) => findings.filter((one) => one.verdict === verdict));
  return {
    json: { health, findings: sorted.map((one) => ({ ...one, mend: one.mend ?? null })) },
    ...(health === 'unhealthy' ? { exit: Exit.unhealthy } : {}),
    ...(health === 'unknown' ? { exit: Exit.partial } : {}),
    text: (ui) => {
      if (findings.length === 0) return 'There is nothing to look at: no alarms, checks, instances or hosts.';
      const rows = sorted.map(({ kind, name, verdict, why }) => [
        ui.paint(STYLE[verdict], verdict.replace('-', ' ')),
        kind,
        name,
        harmless(why),
      ]);
      const columns = ['', 'what', { title: 'name', min: 16 }, { title: 'why', min: 20, wrap: true }];
      const verdict = ui.paint(HEALTH[health], healthWords(findings));
      return [table(ui, columns, rows), mendText(sorted, ui), verdict].filter(Boolean).join('\n\n');
    },
  };
}

/** What to do, each once, with what it is for. */
function mendText(findings: readonly Finding[], ui: Ui): string {
  const mends = new Map<string, string[]>();
  for (const { name, mend } of findings) if (mend) mends.set(mend, [...(mends.get(mend) ?? []), name]);
  return [...mends].map(([mend, names]) => `→ ${listed(names)}: ${advised(ui, mend)}`).join('\n');
}
