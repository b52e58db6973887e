/** A line of a file of secrets that is not what it seems to be. Never with any of what it holds. */
export interface OddLine {
  /** From 1. */
  readonly line: number;
  readonly why: string;
}

const PAIR = /^\s*(?:export\s+)?([\w.-]+)\s*=/;

/**
 * The lines that hold no value, and the names that come twice: whoever moves secrets must not lose one without a word.
 *
 * @param values what was read of the text: their own lines are no pairs
 */
export function oddLines(text: string, values: Iterable<string>): OddLine[] {
  const inside = new Set(
    [...values].flatMap((value) => (value.includes('\n') ? value.split('\n').slice(1) : [])),
  );
  const seen = new Set<string>();
  return text.split(/\r?\n/).flatMap((content, at): OddLine[] => {
    const line = at + 1;
    if (/^\s*(?:#|$)/.test(content) || inside.has(content.replace(/["'`]\s*$/, ''))) return [];
    const [, name] = PAIR.exec(content) ?? [];
    if (name === undefined) return [{ line, why: 'is not NAME=value, and left out' }];
    if (seen.has(name)) return [{ line, why: `gives ${name} once more; the last value is taken` }];
    seen.add(name);
    return [];
  });
}
