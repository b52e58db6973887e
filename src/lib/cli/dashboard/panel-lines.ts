import stringWidth from 'fast-string-width';
import type { Mood } from '../../monitoring/dashboard/index.ts';
import type { Paint } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { pieces, wrapped } from '../views/wrap.ts';
import { fitted } from './chart-lines.ts';
import { paintedMark } from './marks.ts';
import { panelTitle } from './panel-title.ts';
import type { Panel, Row } from './panels.ts';
import { placeOf, type ScreenState, type Shown } from './screen-state.ts';

/** What is bad is told in so many lines, where there is room for them. */
const MOST_LINES = 5;

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

/** What is drawn of a panel, but for the lines that its rows take. */
interface Block {
  readonly panel: Panel;
  readonly title: string;
  readonly rows: Shown['rows'];
  readonly nameWidth: number;
  /** Nothing fits the filter, or there is nothing. */
  readonly isEmpty: boolean;
}

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
  const heights = heightsOf(
    lists.map((list) => Math.max(1, list.length) + 1),
    room,
  );
  const blocks = panels.flatMap((panel, index): Block[] => {
    const list = lists[index] ?? [];
    const height = heights[index] ?? 0;
    if (height === 0) return [];
    const at = Math.max(
      0,
      list.findIndex(({ id }) => id === selected),
    );
    const most = Math.min(height - 1, list.length);
    // The selection is always in sight.
    const from = Math.max(0, Math.min(at - Math.floor(most / 2), list.length - most));
    const active = state.side === 'rows' && list.some(({ id }) => id === selected);
    return [
      {
        panel,
        title: panelTitle(paint, panel, { active, width, hidden: list.length - most }),
        rows: list.slice(from, from + most),
        nameWidth: Math.min(
          Math.floor(width * 0.45),
          Math.max(0, ...list.map(({ row }) => (row.words === '' ? 0 : stringWidth(row.name)))),
        ),
        isEmpty: list.length === 0 && height > 1,
      },
    ];
  });
  const spare = room - sum(heights);
  const wanted = blocks.flatMap(({ rows, nameWidth }) =>
    rows.map(({ row }) => ({ mood: row.mood, lines: cellsOf(row, nameWidth, width - 4).length })),
  );
  const given = allotted(wanted, spare);
  let gaps = spare - sum(given.map((lines) => lines - 1));
  return blocks.flatMap(({ panel, title, rows, nameWidth, isEmpty }) => {
    const lines = rows.flatMap(({ id, row }) => {
      const isSelected = id === selected && state.side === 'rows';
      const mark = paintedMark(paint, row.mood);
      return textsOf(row, nameWidth, width - 4, given.shift() ?? 1).map((text, line) => {
        const gutter = `${isSelected && line === 0 ? '▸' : ' '}${line === 0 ? mark : ' '}`;
        return `${gutter} ${isSelected ? paint('inverse', text) : text} `;
      });
    });
    const empty = isEmpty ? [paint('dim', `   ${emptyWords(panel, state.filter)}`)] : [];
    return [title, ...lines, ...empty, ...(gaps-- > 0 ? [''] : [])];
  });
}

/** How many lines each row has: one; where there is room, first what is bad has more, then what is cut. */
function allotted(
  wanted: readonly { readonly mood: Mood | undefined; readonly lines: number }[],
  spare: number,
): number[] {
  const given = wanted.map(() => 1);
  let left = spare;
  for (const { most, chosen } of [
    { most: MOST_LINES, chosen: (mood: Mood | undefined) => mood === 'bad' },
    { most: 2, chosen: () => true },
  ])
    for (const [at, { mood, lines }] of wanted.entries()) {
      const now = given[at] ?? 1;
      const more = chosen(mood) ? Math.max(0, Math.min(left, Math.min(lines, most) - now)) : 0;
      given[at] = now + more;
      left -= more;
    }
  return given;
}

/** All of a row, as name and words of each of its lines. */
function cellsOf({ name, words }: Row, nameWidth: number, width: number): (readonly [string, string])[] {
  if (words === '')
    return wrapped(name, width, 0)
      .split('\n')
      .map((text) => [text, ''] as const);
  const texts = wrapped(words, width - nameWidth - 2, 0).split('\n');
  // A name is one word: it goes on where the column ends.
  const names = pieces(name, nameWidth);
  return Array.from(
    { length: Math.max(texts.length, names.length) },
    (_, line) => [names[line] ?? '', texts[line] ?? ''] as const,
  );
}

/** A row in so many lines; the last one is cut where there is more. */
function textsOf(row: Row, nameWidth: number, width: number, most: number): string[] {
  const cells = cellsOf(row, nameWidth, width);
  const room = row.words === '' ? width : nameWidth;
  return cells.slice(0, most).map(([name, words], line) => {
    const rest = line === most - 1 ? cells.slice(line + 1) : [];
    const wholeName = name + rest.map(([more]) => (row.words === '' ? ` ${more}` : more)).join('');
    const wholeWords = [words, ...rest.map(([, more]) => more)].join(' ').trimEnd();
    const text = row.words === '' ? '' : `  ${cut(wholeWords, width - nameWidth - 2)}`;
    return fitted(`${fitted(wholeName, room)}${text}`, width);
  });
}

const emptyWords = ({ badge, rows }: Panel, filter: string) =>
  badge === 'asking…' ? '' : filter !== '' && rows.length > 0 ? 'nothing that fits the filter' : 'none';
