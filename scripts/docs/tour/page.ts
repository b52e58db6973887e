import { blockIn, namesIn, normalised } from '../blocks.ts';
import type { Typist } from '../stage.ts';
import type { Container } from './container.ts';

/** One thing that a reader of the page does. */
export type Step =
  /** Types the lines of a block, which must print what it shows. */
  | Shown
  /** Does what the page says in words, which must stand there: by a line of shell, or by more than that. */
  | { readonly words: string; readonly does: string; readonly exit?: number }
  | { readonly words: string; readonly by: (who: Container) => Promise<void> }
  /** Makes a file that the page gives. */
  | { readonly file: string };

export interface Shown {
  readonly block: string;
  /** The exit codes of its lines: 0 unless told. */
  readonly exits?: readonly number[];
  /** It counts what was done so far, which is the reader's own: how many is not compared. */
  readonly counts?: boolean;
  /** A line as it is typed here: ids and addresses are the reader's own. */
  readonly own?: (line: string, who: Typist) => Promise<string>;
  /** Where it takes a terminal or two; what it printed. */
  readonly play?: (who: Typist) => Promise<string>;
}

/** The lines that a block says to type. */
export function typedIn(page: string, block: string): string[] {
  return [...blockIn(page, block).matchAll(/^\$ (.+)$/gm)].map(([, line = '']) => line);
}

/** Ids of AWS's own, accounts and identities are the reader's. */
const plain = (text: string) =>
  normalised(
    text
      .replace(/ · sandbox$/gm, '')
      .replace(/\b(i|vol|snap)-[0-9a-f]{8,17}\b/g, '$1-1')
      .replace(/\barn:aws:iam::\d{12}:\S+/g, 'ARN')
      .replace(/\b\d{12}\b/g, 'ACCOUNT'),
  );
const lines = (text: string) =>
  plain(text)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('$ '));

const uncounted = (line: string) => line.replace(/\b\d+( [a-z]+?)s?\b/g, 'N$1').replace(/\b\d+\b/g, 'N');

/** The lines of a block that were not printed, as they are after all that differs from run to run is made the same. */
export function missingIn(page: string, { block, counts }: Shown, printed: string): string[] {
  const compared = (text: string) => lines(text).map(counts ? uncounted : String);
  const got = new Set(compared(printed));
  return compared(blockIn(page, block)).filter((line) => !got.has(line));
}

/** What is wrong with a tour of a page: blocks that it leaves out or takes in another order, words that are not there. */
export function faultsOf(page: string, steps: readonly Step[]): string[] {
  const faults: string[] = [];
  const order = namesIn(page);
  const typed = steps.flatMap((step) => ('block' in step ? [step.block] : []));
  for (const [at, name] of order.entries())
    if (typed[at] !== name) {
      faults.push(`the page has ${name} where the tour has ${typed[at] ?? 'its end'}`);
      break;
    }
  if (typed.length > order.length) faults.push(`the tour goes on with ${typed[order.length]}`);
  return [...faults, ...wordsMissing(page, steps)];
}

/** Words that do not stand where a reader who goes from block to block comes by. */
function wordsMissing(page: string, steps: readonly Step[]): string[] {
  const faults: string[] = [];
  const flat = page.replace(/\s+/g, ' ');
  let at = 0;
  for (const step of steps) {
    const wanted =
      'block' in step
        ? `<!-- shown: ${step.block} -->`
        : 'file' in step
          ? `<!-- file: ${step.file} -->`
          : step.words;
    const found = flat.indexOf(wanted, 'words' in step ? 0 : at);
    if (found < 0) faults.push(`the page does not say, or not here: ${wanted}`);
    else if (!('words' in step)) at = found;
  }
  return faults;
}
