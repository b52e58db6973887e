import stringWidth from 'fast-string-width';
import type { Paint } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { MOOD_STYLE } from './marks.ts';
import type { Panel } from './panels.ts';

/** The line over a panel: `─ Alarms 1 of 3 in ALARM ─────`. */
export function panelTitle(
  paint: Paint,
  panel: Pick<Panel, 'title' | 'badge' | 'badgeMood'>,
  { active, width, hidden }: { readonly active: boolean; readonly width: number; readonly hidden: number },
): string {
  const more = hidden > 0 ? `${panel.badge === '' ? '' : ', '}${hidden} not shown` : '';
  const title = cut(panel.title, width - 8);
  const badge = cut(`${panel.badge}${more}`, width - stringWidth(title) - 6);
  const rest = Math.max(0, width - stringWidth(title) - stringWidth(badge) - (badge === '' ? 3 : 4));
  const style = panel.badgeMood ? MOOD_STYLE[panel.badgeMood] : 'dim';
  const shownTitle = paint('bold', active ? paint('cyan', title) : title);
  return `${paint('dim', '─')} ${shownTitle}${badge === '' ? '' : ` ${paint(style, badge)}`} ${paint('dim', '─'.repeat(rest))}`;
}
