import stringWidth from 'fast-string-width';
import type { Paint } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { wrapped } from '../views/wrap.ts';
import { fitted } from './chart-lines.ts';
import { paintedMark } from './marks.ts';
import { panelTitle } from './panel-title.ts';
import type { Panel, Row } from './panels.ts';
import { placeOf, type ScreenState, type Shown } from './screen-state.ts';

/** What is bad is told in so many lines, where there is room for them. */
const MOST_LINES = 3;

/** Panels below each other, each at least with its title and a row; what is left goes to those that want more. */
export function heightsOf(wanted: readonly number[], room: number): number[] {
  const heights = wanted.map((want) => Math.min(want, 2));
  // Where not even that fits, the last ones have a title alone, then nothing.
  for (const least of [1, 0]) {
    for (let at = heights.length - 1; at >= 0 && sum(heights) > room; at--)
      heights[at] = Math.min(heights[at] ?? 0, least);
  }
  for (let grown = true; grown && sum(heights) < room; ) {
    grown = false;
    for (const [at, want] of wanted.entries()) {
      if (sum(heights) >= room || (heights[at] ?? 0) >= want) continue;
      heights[at] = (heights[at] ?? 0) + 1;
      grown = true;
    }
  }
  return heights;
}

const sum = (all: readonly number[]) => all.reduce((total, one) => total + one, 0);

/** The panels below each other in so much room. */
export function panelLines(
  paint: Paint,
  panels: readonly Panel[],
  state: ScreenState,
  shown: Shown['rows'],
  { width, room }: { readonly width: number; readonly room: number },
): string[] {
  const selected = shown[placeOf(shown, state.row)]?.id;
  const lists = panels.map((panel) => shown.filter((one) => one.panel === panel.id));
  // A line between two panels, where there is room for it.
  const heights = heightsOf(
    lists.map((list) => Math.max(1, list.length) + 2),
    room,
  );
  let spare = room - sum(heights);
  return panels.flatMap((panel, index) => {
    const list = lists[index] ?? [];
    const height = heights[index] ?? 0;
    if (height === 0) return [];
    const active = state.side === 'rows' && list.some(({ id }) => id === selected);
    const most = Math.min(height - 1, Math.max(1, list.length));
    const at = Math.max(
      0,
      list.findIndex(({ id }) => id === selected),
    );
    // The selection is always in sight.
    const from = Math.max(0, Math.min(at - Math.floor(most / 2), list.length - most));
    const hidden = list.length - most;
    const nameWidth = Math.min(
      Math.floor(width * 0.45),
      Math.max(0, ...list.map(({ row }) => (row.words === '' ? 0 : stringWidth(row.name)))),
    );
    const lines = list.slice(from, from + most).flatMap(({ id, row }) => {
      const texts = textsOf(row, nameWidth, width - 4, spare);
      spare -= texts.length - 1;
      const isSelected = id === selected && state.side === 'rows';
      const mark = paintedMark(paint, row.mood);
      return texts.map((text, line) => {
        const gutter = `${isSelected && line === 0 ? '▸' : ' '}${line === 0 ? mark : ' '}`;
        return `${gutter} ${isSelected ? paint('inverse', text) : text} `;
      });
    });
    const empty = lines.length === 0 ? [paint('dim', `   ${emptyWords(panel, state.filter)}`)] : [];
    const whole = [
      panelTitle(paint, panel, { active, width, hidden }),
      ...(most > 0 ? [...lines, ...empty] : []),
    ];
    const further = Math.max(0, lines.length - most);
    return [...whole, ...new Array<string>(Math.max(0, height + further - whole.length)).fill('')];
  });
}

/** A row in one line, or one that is bad in up to `spare` more. */
function textsOf({ name, words, mood }: Row, nameWidth: number, width: number, spare: number): string[] {
  if (words === '') return [fitted(name, width)];
  const room = width - nameWidth - 2;
  const lines = mood === 'bad' && spare > 0 ? wrapped(words, room, 0).split('\n') : [words];
  const most = Math.min(lines.length, MOST_LINES, 1 + spare);
  return Array.from({ length: most }, (_, line) => {
    const isLast = line === most - 1;
    const text = isLast ? cut(lines.slice(line).join(' '), room) : (lines[line] as string);
    return fitted(`${fitted(line === 0 ? name : '', nameWidth)}  ${text}`, width);
  });
}

const emptyWords = ({ badge, rows }: Panel, filter: string) =>
  badge === 'asking…' ? '' : filter !== '' && rows.length > 0 ? 'nothing that fits the filter' : 'none';
