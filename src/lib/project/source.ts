import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import type { ConfigurationFile } from './find.ts';
import { type ConfigPath, ConfigurationError, type Position, type Problem } from './problems.ts';

/** What aliases may unfold a file to, in nodes: far above any real project; the classic bombs need billions. */
const MOST_NODES = 1_000_000;

/** A parsed configuration file: the plain data, and where each piece of it stands. */
export interface Source {
  readonly file: ConfigurationFile;
  readonly document: Document;
  /** Plain data; call again after the document was changed. */
  data(): unknown;
  /** Whether the file itself has something at the path. */
  has(path: ConfigPath): boolean;
  /** Where the key or the value at the path stands; of the nearest parent where the file has no such path. */
  locate(path: ConfigPath, at?: 'key' | 'value'): Position;
  problem(position: Position, facts: Pick<Problem, 'message' | 'expected' | 'details'>): Problem;
}

/**
 * Parses the text as YAML 1.2 with merge keys.
 *
 * @throws ConfigurationError with every syntax error, duplicate key, tab and tag.
 */
export function parseSource(file: ConfigurationFile): Source {
  const lines = new LineCounter();
  const document = parse(file, lines);
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { file: file.shown, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const source: Source = {
    file,
    document,
    data: () => plainData(document, file.shown),
    has: (path) => resolvePath(document, path).complete,
    locate: (path, at = 'value') => {
      const found = resolvePath(document, path);
      const node = at === 'key' || !found.complete ? (found.key ?? found.value) : (found.value ?? found.key);
      return position(node?.range?.[0] ?? 0);
    },
    problem: (at, facts) => ({ ...at, ...facts, quote: lineOf(file.text, lines, at.line) }),
  };
  const problems = [
    ...document.errors.map((error) => syntaxProblem(error, source, position)),
    ...document.warnings.map((warning) =>
      source.problem(position(warning.pos[0]), {
        message: 'YAML tags such as !Ref have no meaning here.',
        expected: 'Refer to another part by a map: { output: stack.OutputKey }.',
      }),
    ),
    ...tidy(document, source, position),
  ];
  if (problems.length > 0) throw new ConfigurationError(file.shown, problems);
  return source;
}

function parse(file: ConfigurationFile, lineCounter: LineCounter): Document {
  try {
    // Duplicate keys are found below: the parser compares each key with all before it.
    return parseDocument(file.text, { lineCounter, prettyErrors: false, uniqueKeys: false, merge: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ConfigurationError(file.shown, [
      { file: file.shown, message: 'lists and maps are nested too deeply to be read.' },
    ]);
  }
}

function plainData(document: Document, file: string): unknown {
  try {
    const data: unknown = document.toJS({ maxAliasCount: MOST_NODES });
    if (countNodes(data, MOST_NODES) > MOST_NODES) throw new RangeError('too many nodes');
    return data;
  } catch (error) {
    if (!(error instanceof ReferenceError || error instanceof RangeError)) throw error;
    throw new ConfigurationError(file, [
      {
        file,
        message: 'its anchors and aliases (&name, *name) would unfold to far more than the file says.',
        expected: 'Write the repeated parts out, or use fewer aliases.',
      },
    ]);
  }
}

/** Counts an alias as often as it is used; stops soon after the limit. */
function countNodes(data: unknown, limit: number): number {
  if (typeof data !== 'object' || data === null) return 1;
  let count = 1;
  for (const inner of Object.values(data)) {
    count += countNodes(inner, limit - count);
    if (count > limit) break;
  }
  return count;
}

type Place = (offset: number) => Position;

function syntaxProblem(error: YAMLError, source: Source, position: Place): Problem {
  const at = position(error.pos[0]);
  const { quote = '' } = source.problem(at, { message: '' });
  if (error.code === 'TAB_AS_INDENT' || /^ *\t/.test(quote)) {
    return source.problem(at, {
      message: 'a tab is used for indentation.',
      expected: 'YAML takes spaces only: use two for each level.',
    });
  }
  if (error.code === 'MULTIPLE_DOCS') {
    return source.problem(at, {
      message: 'a second document begins here.',
      expected: 'Remove the line with "---": one file is one project.',
    });
  }
  const words = lowerFirst(error.message.split('\n')[0] ?? '');
  return source.problem(at, { message: `this is not YAML: ${words}`.replace(/\.?$/, '.') });
}

/**
 * Finds duplicate keys and aliases of nothing, and keeps numbers as they are written where a number
 * would lose something: an account 012345678901, a version 1.10.
 */
function tidy(document: Document, source: Source, position: Place): Problem[] {
  const problems: Problem[] = [];
  const anchors = new Set<string>();
  const note = ({ anchor }: { anchor?: string }) => {
    if (anchor) anchors.add(anchor);
  };
  visit(document, {
    Scalar(_, node) {
      note(node);
      if (typeof node.value === 'number' && node.source !== undefined && String(node.value) !== node.source) {
        node.value = node.source;
      }
    },
    Seq: (_, node) => note(node),
    Map(_, node) {
      note(node);
      problems.push(...duplicateKeys(node, source, position));
    },
    Alias(_, { source: name, range }) {
      if (anchors.has(name)) return;
      problems.push(
        source.problem(position(range?.[0] ?? 0), {
          message: `*${name} is used, but nothing before it is called &${name}.`,
          expected: 'To begin a text with *, put it in quotes.',
        }),
      );
    },
  });
  return problems;
}

function duplicateKeys(map: YAMLMap, source: Source, position: Place): Problem[] {
  const problems: Problem[] = [];
  const seen = new Map<string, Pair>();
  for (const pair of map.items) {
    const name = keyName(pair);
    const first = seen.get(name);
    if (first === undefined) seen.set(name, pair);
    else if (name !== '<<') {
      const { line } = position((first.key as Node).range?.[0] ?? 0);
      problems.push(
        source.problem(position((pair.key as Node).range?.[0] ?? 0), {
          message: `the key "${name}" is there twice (first in line ${line}).`,
          expected: 'Keep one of them.',
        }),
      );
    }
  }
  return problems;
}

export function keyName(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value ?? '') : String(pair.key);
}

interface Found {
  readonly complete: boolean;
  readonly key?: Node;
  readonly value?: Node;
}

/** Walks the nodes along the path, through aliases and merge keys; stops at the last node that is there. */
function resolvePath(document: Document, path: ConfigPath): Found {
  let found: Found = { complete: true, ...(document.contents ? { value: document.contents as Node } : {}) };
  for (const step of path) {
    const node = followAlias(found.value, document);
    const next = isMap(node)
      ? findPair(node, String(step), document)
      : isSeq(node) && typeof step === 'number'
        ? itemAt(node.items[step])
        : undefined;
    if (next === undefined) return { ...found, complete: false };
    found = { complete: true, ...next };
  }
  return found;
}

function itemAt(item: unknown): { value: Node } | undefined {
  return item === undefined ? undefined : { value: item as Node };
}

function findPair(map: YAMLMap, name: string, document: Document): { key: Node; value?: Node } | undefined {
  const pair = pairOf(map, name);
  if (pair) return { key: pair.key as Node, ...(pair.value ? { value: pair.value as Node } : {}) };
  for (const item of map.items) {
    if (keyName(item) !== '<<') continue;
    const merged = followAlias(item.value as Node, document);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const node = followAlias(source as Node, document);
      const inherited = isMap(node) ? findPair(node, name, document) : undefined;
      if (inherited) return inherited;
    }
  }
  return undefined;
}

const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** Large files have large maps, and an error for each line of them. */
function pairOf(map: YAMLMap, name: string): Pair | undefined {
  let index = pairs.get(map);
  if (index === undefined) {
    index = new Map(map.items.map((pair) => [keyName(pair), pair]));
    pairs.set(map, index);
  }
  return index.get(name);
}

function followAlias(node: Node | undefined, document: Document): Node | undefined {
  return isAlias(node) ? ((node as Alias).resolve(document) as Node | undefined) : node;
}

function lineOf(text: string, lines: LineCounter, line: number): string {
  const start = lines.lineStarts[line - 1] ?? 0;
  const end = lines.lineStarts[line] ?? text.length;
  return text.slice(start, end).replace(/\r?\n$/, '');
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
