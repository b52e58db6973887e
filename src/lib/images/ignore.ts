import { posix } from 'node:path';
import { messageOf, UsageError } from '../base/errors.ts';

/**
 * What a `.dockerignore` keeps out of a build context, with the semantics of Docker's own matcher
 * (moby/patternmatcher): Go's filepath.Match plus `**`, patterns anchored at the root of the context,
 * `!` for exceptions, the last match wins, and what holds for a folder holds for all that is in it.
 */
export interface IgnoreRules {
  /** Where a walk begins: what is known of the context's root. */
  readonly root: FolderState;
  /** Whether `path` (relative, with slashes) is kept out, and what its children need to know. */
  enter(parent: FolderState, path: string): PathState;
  /** Whether something in the ignored folder `path` could be an exception. */
  mayHoldException(path: string): boolean;
}

/** Per pattern: whether a folder, or one above it, matched. */
export interface FolderState {
  readonly strict: readonly boolean[];
  readonly lazy: readonly boolean[];
}

export interface PathState extends FolderState {
  readonly ignored: boolean;
}

interface Pattern {
  readonly exception: boolean;
  readonly test: (path: string) => boolean;
  /** What every match begins with. */
  readonly prefix: string;
}

/**
 * @param file the name of the file, for messages
 * @throws UsageError `BadIgnorePattern` with the line of a pattern that Docker refuses too
 */
export function parseIgnore(text: string, file: string): IgnoreRules {
  const patterns: Pattern[] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const trimmed = line.trim();
    if (line.startsWith('#') || trimmed === '') continue;
    try {
      patterns.push(parsePattern(trimmed));
    } catch (cause) {
      throw new UsageError({
        code: 'BadIgnorePattern',
        message: `${file}, line ${index + 1}: ${JSON.stringify(trimmed)} is not a pattern.`,
        why: messageOf(cause),
        suggestions: ['A backslash before [ takes its meaning away.'],
        cause,
      });
    }
  }
  const none = patterns.map(() => false);
  return {
    root: { strict: none, lazy: none },
    enter: (parent, path) => enter(patterns, parent, path),
    mayHoldException: (path) =>
      patterns.some(
        ({ exception, prefix }) =>
          exception && (prefix.startsWith(`${path}/`) || `${path}/`.startsWith(prefix)),
      ),
  };
}

/**
 * Docker has two ways to look at folders above a path, and its versions and builders differ in which
 * they use. They disagree only on lists in which patterns and exceptions overlap in odd orders; a path
 * counts as ignored when both say so, for hashing a file too many is harmless and one too few is not.
 */
function enter(patterns: readonly Pattern[], parent: FolderState, path: string): PathState {
  const strict: boolean[] = [];
  const lazy: boolean[] = [];
  let ignoredStrict = false;
  let ignoredLazy = false;
  for (const [i, pattern] of patterns.entries()) {
    const own = parent.strict[i] === true && parent.lazy[i] === true ? true : pattern.test(path);
    strict[i] = parent.strict[i] || own;
    if (strict[i]) ignoredStrict = !pattern.exception;
    // The lazy way does not look at a pattern that could change nothing, and forgets it for the children.
    lazy[i] = parent.lazy[i] || (pattern.exception === ignoredLazy && own);
    if (lazy[i]) ignoredLazy = !pattern.exception;
  }
  return { ignored: ignoredStrict && ignoredLazy, strict, lazy };
}

function bad(message: string): UsageError {
  return new UsageError({ code: 'BadIgnorePattern', message });
}

function parsePattern(line: string): Pattern {
  const exception = line.startsWith('!');
  const written = exception ? line.slice(1).trim() : line;
  if (written === '') throw bad('An exception needs a pattern after the exclamation mark.');
  let clean = posix.normalize(written);
  if (clean.length > 1) clean = clean.replace(/\/$/, '').replace(/^\//, '');
  return { exception, ...compile(clean) };
}

function compile(pattern: string): Omit<Pattern, 'exception'> {
  const prefix = /^[^*?[\\]*/.exec(pattern)?.[0] ?? '';
  if (prefix === pattern) return { test: (path) => path === pattern, prefix };
  // `**` at the end takes everything that begins so, at the start everything that ends so.
  const head = pattern.replace(/\*\*\/?$/, '');
  if (head === prefix) return { test: (path) => path.startsWith(prefix), prefix };
  const tail = pattern.startsWith('**') ? pattern.slice(2) : undefined;
  if (tail !== undefined && !/[*?[\]\\]/.test(tail)) {
    return {
      test: (path) => path.endsWith(tail) || (path === tail.slice(1) && tail.startsWith('/')),
      prefix,
    };
  }
  const regex = new RegExp(`^${toRegex(pattern)}$`, 'u');
  return { test: (path) => regex.test(path), prefix };
}

function toRegex(pattern: string): string {
  const token = /\*\*\/?|\*|\?|\[\^?(?:\\.|[^\]\\])+\]|\\(.)|([\s\S])/gu;
  return pattern.replace(token, (all: string, escaped?: string, plain?: string, at = 0) => {
    if (all.startsWith('**')) return at + all.length === pattern.length ? '.*' : '(?:.*/)?';
    if (all === '*') return '[^/]*';
    if (all === '?') return '[^/]';
    if (all.startsWith('[') && all.length > 1) return characterClass(all);
    if (plain === '[') throw bad('A bracket is not closed.');
    // To Docker's matcher `\d` is a digit and `\a` a bell: nobody means that.
    if (plain === '\\' || /[A-Za-z0-9]/.test(escaped ?? ''))
      throw bad('A backslash stands before a letter, a digit or nothing.');
    return literal(escaped ?? plain ?? all);
  });
}

function characterClass(written: string): string {
  const negated = written.startsWith('[^');
  const inner = written.slice(negated ? 2 : 1, -1);
  // In a class only these have a meaning of their own to a regular expression; a range keeps its hyphen.
  const safe = inner.replace(
    /\\([\s\S])|([[\]{}()/|&!#$%*+,.:;<=>?@^`~])/gu,
    (_, escaped?: string, plain?: string) =>
      /[\w\s]/.test(escaped ?? plain ?? '') ? (escaped ?? '') : escapeInClass(escaped ?? plain ?? ''),
  );
  return `[${negated ? '^' : ''}${safe}]`;
}

function escapeInClass(character: string): string {
  return /[\^$\\.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
