import stringWidth from 'fast-string-width';
import type { Paint, Style } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { counts, isRunning, type ProgressTree, type TreeNode, type TreePart } from './tree.ts';
import { elapsed, verbOf, waitingWords } from './words.ts';

export interface Screen {
  readonly columns: number;
  /** How many lines may be drawn. */
  readonly lines: number;
  /** Milliseconds. */
  readonly now: number;
  /** The sign in front of what runs. */
  readonly spinner: string;
  readonly paint: Paint;
}

/** A word or a few of a line. Where the line is too long, those of the highest `drop` go first. */
interface Piece {
  readonly text: string;
  readonly style?: Style;
  /** Undefined: it stays, and is cut. */
  readonly drop?: number;
  /** It is cut before anything is dropped, down to so many columns. */
  readonly min?: number;
}

/** A line that may be drawn. The lower the rank, the later it is left out. */
interface Draft {
  readonly rank: 0 | 1 | 2 | 3;
  readonly pieces: readonly Piece[];
  readonly parent: Draft | undefined;
  readonly children: Draft[];
}

const ALIGNED_FROM = 50;
const PART_WIDTH = 22;
const GAP = 2;

/**
 * Draws what runs so that it fits: no line is wider than the screen, no more lines than it has. What is
 * left out first is what runs, then what is waited for, then failures; every part keeps its own line as long
 * as there is room for one each. Pure.
 */
export function layOut(tree: ProgressTree, screen: Screen): string[] {
  const { columns, lines, paint } = screen;
  const parts = [...tree.parts.values()];
  const shown = parts.length > lines ? parts.slice(0, Math.max(0, lines - 1)) : parts;
  const heads = shown.map((part) => draftOf(part, screen));
  const kept = choose(heads, lines - (shown.length < parts.length ? 1 : 0));
  const drawn = heads.flatMap((head) => [
    fitted(head.pieces, columns, paint),
    ...below(head, kept, '  ', screen),
  ]);
  const more = parts.length - shown.length;
  if (more > 0) drawn.push(fitted([{ text: `… and ${more} more`, style: 'dim' }], columns, paint));
  return drawn.slice(0, lines);
}

/** The lines that there is room for: the important ones first, of each part in turn. */
function choose(heads: readonly Draft[], room: number): ReadonlySet<Draft> {
  const kept = new Set<Draft>(heads);
  const candidates = heads.flatMap((head) => {
    const turns = new Map<number, number>();
    return inside(head).map((draft) => {
      const turn = turns.get(draft.rank) ?? 0;
      turns.set(draft.rank, turn + 1);
      return { draft, turn };
    });
  });
  candidates.sort((a, b) => a.draft.rank - b.draft.rank || a.turn - b.turn);
  for (const { draft } of candidates) {
    const missing = withParents(draft).filter((one) => !kept.has(one));
    if (kept.size + missing.length > room) continue;
    for (const one of missing) kept.add(one);
  }
  return kept;
}

function inside(draft: Draft): Draft[] {
  return draft.children.flatMap((child) => [child, ...inside(child)]);
}

function withParents(draft: Draft | undefined): Draft[] {
  return draft ? [draft, ...withParents(draft.parent)] : [];
}

function below(draft: Draft, kept: ReadonlySet<Draft>, indent: string, screen: Screen): string[] {
  const children = draft.children.filter((child) => kept.has(child));
  return children.flatMap((child, index) => {
    const last = index === children.length - 1;
    // Deep below, the name matters more than the lines that lead to it.
    const most = Math.floor(screen.columns / 2);
    const lead = cutLead(`${indent}${last ? '└ ' : '├ '}`, most);
    const room = screen.columns - lead.length;
    return [
      screen.paint('dim', lead) + fitted(child.pieces, room, screen.paint),
      ...below(child, kept, `${indent}${last ? '  ' : '│ '}`, screen),
    ];
  });
}

function cutLead(lead: string, most: number): string {
  return lead.length > most ? lead.slice(lead.length - most) : lead;
}

function draftOf(part: TreePart, screen: Screen): Draft {
  const { running, done } = counts(part.root);
  const name = screen.columns >= ALIGNED_FROM ? part.part.padEnd(PART_WIDTH) : part.part;
  const work = [running > 0 ? `${running} in work` : '', done > 0 ? `${done} done` : ''].filter(Boolean);
  const head: Draft = {
    rank: 0,
    parent: undefined,
    children: [],
    pieces: [
      { text: `${screen.spinner} ${name}` },
      { text: part.status, drop: 2, min: 12 },
      { text: work.join(', '), style: 'dim', drop: 3 },
      { text: elapsed(screen.now - part.since), style: 'dim', drop: 1 },
    ],
  };
  for (const child of part.root.children.values()) addNode(head, child, screen);
  if (part.waiting) head.children.push(waitingLine(head, part.waiting, screen));
  if (part.output) head.children.push(leaf(head, 2, [{ text: part.output, style: 'dim' }]));
  return head;
}

const leaf = (parent: Draft, rank: Draft['rank'], pieces: readonly Piece[]): Draft => ({
  rank,
  pieces,
  parent,
  children: [],
});

function addNode(parent: Draft, node: TreeNode, screen: Screen): void {
  const running = isRunning(node.status);
  const holds = node.children.size > 0;
  // What is done is only counted.
  if (!running && !node.failure && !holds) return;
  const failed = node.failure !== undefined && !holds;
  const draft = leaf(parent, failed ? 1 : 3, failed ? failedPieces(node) : nodePieces(node, screen));
  for (const child of node.children.values()) addNode(draft, child, screen);
  if (running || draft.children.length > 0 || failed) parent.children.push(draft);
}

function nodePieces(node: TreeNode, { now }: Screen): Piece[] {
  const { done } = counts(node);
  return [
    { text: node.id },
    { text: node.type, style: 'dim', drop: 4 },
    { text: verbOf(node.status), drop: 2 },
    { text: done > 0 ? `${done} done` : '', style: 'dim', drop: 3 },
    { text: isRunning(node.status) ? elapsed(now - node.since) : '', style: 'dim', drop: 1 },
  ];
}

function failedPieces({ id, type, failure }: TreeNode): Piece[] {
  return [
    { text: `✗ ${id}`, style: 'red' },
    { text: type, style: 'dim', drop: 4 },
    { text: (failure?.reason || failure?.status || '').replace(/\s+/g, ' '), drop: 1, min: 10 },
  ];
}

function waitingLine(head: Draft, on: NonNullable<TreePart['waiting']>, { now, columns }: Screen): Draft {
  const time = elapsed(now - on.since);
  const name = on.path.join(' › ');
  const wordings = [
    waitingWords(on.path, on.type, now - on.since),
    `everything waits for ${name} (${time})`,
    `waits for ${on.path.at(-1)} ${time}`,
    `waits: ${on.path.at(-1)}`,
  ];
  const room = columns - 4;
  const text = wordings.find((one) => stringWidth(one) <= room) ?? wordings.at(-1) ?? '';
  return leaf(head, 2, [{ text, style: 'yellow' }]);
}

/** Pieces side by side in no more than a width: some cut, some dropped, the first cut at last. */
function fitted(all: readonly Piece[], width: number, paint: Paint): string {
  let pieces = all.filter(({ text }) => text !== '');
  const total = () =>
    pieces.reduce((sum, { text }) => sum + stringWidth(text), GAP * Math.max(0, pieces.length - 1));
  while (total() > width) {
    const over = total() - width;
    const soft = pieces.find(({ text, min }) => min !== undefined && stringWidth(text) - over >= min);
    // A type goes before a reason is cut: it is in the template, and the reason is nowhere else.
    const first = Math.max(...pieces.map(({ drop }) => drop ?? 0));
    if (soft && first <= 3) {
      pieces = pieces.map((one) =>
        one === soft ? { ...one, text: cut(one.text, stringWidth(one.text) - over) } : one,
      );
    } else if (first > 0) pieces = pieces.filter(({ drop }) => drop !== first);
    else pieces = pieces.slice(0, 1).map((one) => ({ ...one, text: cut(one.text.trimEnd(), width) }));
    if (pieces.length === 1 && width < 1) return '';
  }
  return pieces
    .map(({ text, style }) => (style ? paint(style, text) : text))
    .join(' '.repeat(GAP))
    .trimEnd();
}
