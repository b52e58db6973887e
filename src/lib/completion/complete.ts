import type { Catalog, CatalogCommand, CatalogFlag } from './catalog.ts';
import { argumentKind, flagKind, type Kind } from './kinds.ts';

/** One word that may stand at the cursor. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** What may stand at the cursor: words that are known, and names of a kind that are looked up. */
export interface Wanted {
  readonly candidates: readonly Candidate[];
  readonly kind: Kind;
  /** What every name begins with: `--env=`. */
  readonly prefix: string;
  /** The command that is being typed, and the values of its flags so far. */
  readonly command: string | undefined;
  readonly given: ReadonlyMap<string, string>;
}

/**
 * What may stand at the cursor of a command line.
 *
 * @param words all words behind `infractl` up to the cursor; the last one is being typed, and may be empty
 */
export function wantedAt(words: readonly string[], catalog: Catalog): Wanted {
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const path = pathOf(typed[0] === 'help' ? typed.slice(1) : typed, catalog);
  const rest = typed.slice(path.length + (typed[0] === 'help' ? 1 : 0));
  const below = rest.length === 0 ? wordsBelow(path, catalog) : [];
  const command = catalog.commands[path.join(':')];
  const nothing = { kind: 'free', prefix: '', command: command?.id, given: new Map() } as const;
  if (typed[0] === 'help' || !command) return { ...nothing, candidates: startingWith(current, below) };
  const read = readWords(command, rest);
  const base = { command: command.id, given: read.given, prefix: '' };
  if (read.awaiting) return { ...base, ...valuesOf(command, read.awaiting, current, '') };
  if (current.startsWith('-') && !read.onlyWords) {
    const equals = current.indexOf('=');
    const flag = equals > 0 ? flagNamed(command, current.slice(0, equals)) : undefined;
    if (flag) return { ...base, ...valuesOf(command, flag, current, current.slice(0, equals + 1)) };
    return { ...base, kind: 'free', candidates: startingWith(current, flagWords(command, read.seen)) };
  }
  const names = Object.keys(command.args);
  const name = names[read.count] ?? (command.strict === false ? names.at(-1) : undefined);
  const argument = name === undefined ? undefined : command.args[name];
  const options = (argument?.options ?? []).map((value) => ({ value }));
  return {
    ...base,
    kind: name === undefined ? 'free' : argumentKind(command.id, name),
    candidates: startingWith(current, [...below, ...options]),
  };
}

/** The candidates that go on where the cursor is. */
export function startingWith(current: string, candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(current));
}

/** The longest run of leading words that names a topic or a command. */
function pathOf(words: readonly string[], catalog: Catalog): string[] {
  const ids = [...Object.keys(catalog.commands), ...Object.keys(catalog.topics)];
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    if (ids.some((other) => other === id || other.startsWith(`${id}:`))) return words.slice(0, count);
  }
  return [];
}

/** The topics and commands that may follow a path, each once. */
function wordsBelow(path: readonly string[], { commands, topics }: Catalog): Candidate[] {
  const found = new Map<string, string | undefined>();
  for (const { id, hidden, summary } of Object.values(commands)) {
    const parts = id.split(':');
    if (hidden || parts.length <= path.length || path.some((word, at) => parts[at] !== word)) continue;
    const name = parts[path.length] as string;
    const topic = topics[[...path, name].join(':')]?.description;
    if (parts.length === path.length + 1) found.set(name, topic ?? summary);
    else if (!found.has(name)) found.set(name, topic);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([value, description]) => ({ value, ...(description ? { description } : {}) }));
}

interface ReadWords {
  /** How many arguments there are. */
  readonly count: number;
  readonly seen: ReadonlySet<string>;
  readonly given: ReadonlyMap<string, string>;
  /** The flag whose value comes next. */
  readonly awaiting: CatalogFlag | undefined;
  /** Behind `--`. */
  readonly onlyWords: boolean;
}

function readWords(command: CatalogCommand, words: readonly string[]): ReadWords {
  const seen = new Set<string>();
  const given = new Map<string, string>();
  let count = 0;
  let awaiting: CatalogFlag | undefined;
  let onlyWords = false;
  for (const word of words) {
    if (awaiting) {
      given.set(awaiting.name, word);
      awaiting = undefined;
    } else if (word === '--' && !onlyWords) onlyWords = true;
    else if (!word.startsWith('-') || onlyWords) count++;
    else {
      const [written = '', ...value] = word.split('=');
      const flag = flagNamed(command, written);
      if (!flag) continue;
      seen.add(flag.name);
      if (flag.type === 'boolean') given.set(flag.name, 'true');
      else if (value.length > 0) given.set(flag.name, value.join('='));
      else awaiting = flag;
    }
  }
  return { count, seen, given, awaiting, onlyWords };
}

function flagNamed(command: CatalogCommand, word: string): CatalogFlag | undefined {
  return Object.values(command.flags).find(
    ({ name, char }) => word === `--${name}` || word === `--no-${name}` || (char && word === `-${char}`),
  );
}

function flagWords(command: CatalogCommand, seen: ReadonlySet<string>): Candidate[] {
  return Object.values(command.flags)
    .filter(({ name, hidden, multiple }) => !hidden && (multiple || !seen.has(name)))
    .flatMap(({ name, allowNo, summary, description }) => {
      const words = firstSentence(summary ?? description);
      const about = words ? { description: words } : {};
      return [{ value: `--${name}`, ...about }, ...(allowNo ? [{ value: `--no-${name}`, ...about }] : [])];
    })
    .sort((a, b) => (a.value < b.value ? -1 : 1));
}

function valuesOf(
  command: CatalogCommand,
  flag: CatalogFlag,
  current: string,
  prefix: string,
): Pick<Wanted, 'candidates' | 'kind' | 'prefix'> {
  const options = (flag.options ?? []).map((value) => ({ value: `${prefix}${value}` }));
  return { prefix, kind: flagKind(command.id, flag.name), candidates: startingWith(current, options) };
}

function firstSentence(text: string | undefined): string | undefined {
  return text?.replace(/\.(?:\s.*)?$/s, '');
}
