import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit, type YAMLMap } from 'yaml';
import { UsageError } from '../../base/errors.ts';
import { shownPath } from './shown-path.ts';

/** A plain value of a template, short tags written out: `!Ref X` is `{Ref: 'X'}`. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** A template's text with its nodes, whose `range`s are offsets in `text`. */
export interface TemplateTree {
  readonly file: string;
  readonly text: string;
  readonly root: YAMLMap;
  position(offset: number): Position;
}

interface Yaml {
  readonly document: ReturnType<typeof parseDocument>;
  position(offset: number): Position;
  /** The error of a problem at an offset. */
  wrong(offset: number, problem: string): UsageError;
}

/**
 * Parses YAML, or JSON, which YAML contains.
 *
 * @param what what the text is, for the error
 * @throws UsageError `TemplateSyntax` with file, line and column, and the line quoted.
 */
export function parseYaml(file: string, text: string, what: 'template' | 'snippet'): Yaml {
  const lines = new LineCounter();
  // CloudFormation's short tags are read from the nodes by `intrinsic`; the parser's warnings that it does
  // not know them say nothing, and a Date or a merge key is not what CloudFormation would see.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'silent',
    schema: 'core',
    merge: false,
  });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const wrong = (offset: number, problem: string): UsageError => {
    const at = position(offset);
    return new UsageError({
      code: 'TemplateSyntax',
      message: `The ${what} is not valid: ${shownPath(file)}:${at.line}:${at.column}: ${problem}.`,
      why: quoted(text, at),
    });
  };
  const error = document.errors[0];
  if (error) throw wrong(error.pos[0], wordsOf(error.code, error.message));
  return { document, position, wrong };
}

/**
 * Parses a template, YAML or JSON.
 *
 * @throws UsageError `TemplateSyntax` with file, line and column, and the line quoted.
 */
export function parseTemplate(file: string, text: string): TemplateTree {
  const { document, position, wrong } = parseYaml(file, text, 'template');
  if (document.contents === null)
    throw new UsageError({
      code: 'TemplateSyntax',
      message: `The template ${shownPath(file)} is empty.`,
      suggestions: ['A template needs at least one resource under `Resources:`.'],
    });
  if (!isMap(document.contents))
    throw wrong(document.contents.range?.[0] ?? 0, 'a template is a mapping with `Resources:` in it');
  visit(document, {
    Alias(_, node) {
      throw wrong(node.range?.[0] ?? 0, 'CloudFormation does not accept YAML aliases (*name)');
    },
  });
  return { file, text, root: document.contents as YAMLMap, position };
}

function wordsOf(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'a tab is used for indentation; YAML takes spaces only';
  if (code === 'DUPLICATE_KEY') return 'the same key is there twice';
  if (code === 'BLOCK_AS_IMPLICIT_KEY')
    return 'a second `: ` on the line; put quotes around a value that holds a colon';
  return message.charAt(0).toLowerCase() + message.slice(1);
}

/** The line of a position with a mark under the column. */
export function quoted(text: string, { line, column }: Position): string {
  const whole = (text.split('\n')[line - 1] ?? '').replace(/\r$/, '').replaceAll('\t', ' ');
  // A minified JSON template is one line: only the neighbourhood helps.
  const from = Math.max(0, Math.min(column - 1, whole.length) - 60);
  const shown = whole.slice(from, from + 120);
  return `${line} | ${shown}\n${' '.repeat(String(line).length)} | ${' '.repeat(Math.max(0, column - 1 - from))}^`;
}

/** A function call in a template: `!Sub x`, `{Fn::Sub: x}`; `argument` is the node of x. */
export interface Intrinsic {
  /** `Ref`, `Condition`, or with its prefix: `Fn::Sub`. */
  readonly name: string;
  readonly argument: unknown;
}

/** The call that a node is, in its short or long form. */
export function intrinsic(node: unknown): Intrinsic | undefined {
  const tag = (node as Node | null)?.tag;
  if (typeof tag === 'string' && /^![A-Za-z]/.test(tag))
    return { name: longName(tag.slice(1)), argument: node };
  if (!isMap(node) || node.items.length !== 1) return undefined;
  const pair = node.items[0];
  const name = keyOf(pair);
  if (name !== 'Ref' && !name.startsWith('Fn::')) return undefined;
  return { name, argument: pair?.value };
}

function longName(short: string): string {
  return short === 'Ref' || short === 'Condition' ? short : `Fn::${short}`;
}

export function keyOf(pair: { readonly key: unknown } | undefined): string {
  const key = pair?.key;
  return isScalar(key) ? String(key.value) : '';
}

/** The value under a key of a mapping node. */
export function child(node: unknown, key: string): unknown {
  if (!isMap(node)) return undefined;
  return node.items.find((pair) => keyOf(pair) === key)?.value ?? undefined;
}

/** Key, value and the key's offset of each entry of a mapping node. */
export function entries(node: unknown): { key: string; value: unknown; offset: number }[] {
  if (!isMap(node)) return [];
  return node.items.map((pair) => ({ key: keyOf(pair), value: pair.value, offset: offsetOf(pair.key) }));
}

export function offsetOf(node: unknown): number {
  return (node as Node | null)?.range?.[0] ?? 0;
}

/** A scalar as it is written: `1.0` stays `1.0`, as CloudFormation keeps it for a parameter. */
export function scalarText(node: unknown): string | undefined {
  if (!isScalar(node) || node.value === null) return undefined;
  if (typeof node.value === 'string') return node.value;
  return node.source ?? String(node.value);
}

/** A node as plain data, calls in their long form, so that two templates can be compared. */
export function plain(node: unknown): Plain {
  const tag = (node as Node | null)?.tag;
  if (typeof tag === 'string' && /^![A-Za-z]/.test(tag)) {
    const name = longName(tag.slice(1));
    const value = untagged(node);
    if (name === 'Fn::GetAtt' && typeof value === 'string') return { [name]: splitAttribute(value) };
    return { [name]: value };
  }
  return untagged(node);
}

function untagged(node: unknown): Plain {
  if (isMap(node)) {
    const made: Record<string, Plain> = {};
    for (const pair of node.items) made[keyOf(pair)] = plain(pair.value);
    return made;
  }
  if (isSeq(node)) return node.items.map(plain);
  return scalarText(node) ?? null;
}

/** `A.B.C` → `['A', 'B.C']`. */
export function splitAttribute(text: string): [string, string] {
  const dot = text.indexOf('.');
  return dot < 0 ? [text, ''] : [text.slice(0, dot), text.slice(dot + 1)];
}
