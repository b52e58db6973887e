/** Where something stands in a text: both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * Where the tables and keys of a TOML text stand, by their path: the parser that reads the values does not say. The
 * text must be right: what the parser refused is not looked at.
 */
export function tomlPlaces(text: string): (path: readonly string[]) => Place | undefined {
  const places = new Map<string, number>();
  const note = (path: readonly string[], at: number) => {
    const key = JSON.stringify(path);
    if (!places.has(key)) places.set(key, at);
  };
  let at = 0;
  let table: readonly string[] = [];
  while (at < text.length) {
    at = skip(text, at, /[\s]*/y);
    if (text[at] === '#') at = skip(text, at, /[^\n]*/y);
    else if (text[at] === '[') {
      const begun = at;
      const read = keys(text, skip(text, at, /\[+/y));
      table = read.path;
      note(table, begun);
      at = skip(text, read.end, /\s*\]+/y);
    } else if (at < text.length) {
      const read = keys(text, at);
      note([...table, ...read.path], at);
      const end = skipValue(text, skip(text, read.end, /\s*=\s*/y));
      // Never stand still, whatever this is.
      at = Math.max(end, at + 1);
    }
  }
  return (path) => {
    const found = places.get(JSON.stringify(path));
    if (found === undefined) return undefined;
    const before = text.slice(0, found);
    return { line: before.split('\n').length, column: found - before.lastIndexOf('\n') };
  };
}

function skip(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** `a.b."c d"` */
function keys(text: string, from: number): { readonly path: string[]; readonly end: number } {
  const path: string[] = [];
  const one = /[ \t]*(?:"((?:\\.|[^"\\\n])*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*(\.?)/y;
  let end = from;
  for (;;) {
    one.lastIndex = end;
    const found = one.exec(text);
    if (!found) return { path, end };
    path.push(found[1] === undefined ? (found[2] ?? found[3] ?? '') : unescaped(found[1]));
    end = one.lastIndex;
    if (found[4] !== '.') return { path, end };
  }
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}

const STRING = /"""(?:\\[\s\S]|[^\\])*?"{3,5}(?!")|'''[\s\S]*?'{3,5}(?!')|"(?:\\.|[^"\\\n])*"|'[^'\n]*'/y;

/** Behind a value: a string, a list or table over any number of lines, or what stands on the rest of the line. */
function skipValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const string = skip(text, at, STRING);
    if (string > at) at = string;
    else if (text[at] === '#') at = skip(text, at, /[^\n]*/y);
    else if (text[at] === '\n' && depth === 0) return at;
    else {
      if (text[at] === '[' || text[at] === '{') depth++;
      if (text[at] === ']' || text[at] === '}') depth--;
      at++;
    }
  }
  return at;
}
