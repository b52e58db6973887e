import { harmless } from '../views/harmless.ts';

/** A text that may come from AWS or a host: in one line, and with nothing in it that would drive a terminal. */
export function oneLine(text: string): string {
  return harmless(text.replace(/\s*[\r\n\t]\s*/g, ' '));
}
