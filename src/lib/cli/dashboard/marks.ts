import type { Mood } from '../../monitoring/dashboard/index.ts';
import type { Paint, Style } from '../terminal.ts';

/** A sign that says the same without colour. */
const MARK: Readonly<Record<Mood, string>> = { good: '✓', bad: '✗', busy: '~', off: '·', unknown: '?' };
export const MOOD_STYLE: Readonly<Record<Mood, Style>> = {
  good: 'green',
  bad: 'red',
  busy: 'yellow',
  off: 'dim',
  unknown: 'yellow',
};

export const markOf = (mood: Mood | undefined): string => (mood === undefined ? ' ' : MARK[mood]);

export function paintedMark(paint: Paint, mood: Mood | undefined): string {
  return mood === undefined ? ' ' : paint(MOOD_STYLE[mood], MARK[mood]);
}
