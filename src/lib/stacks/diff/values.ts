import { isDeepStrictEqual } from 'node:util';
import type { Plain } from '../template/yaml.ts';
import { callOf, isTree } from './evaluate.ts';

/** One place where two values differ. Undefined: there is nothing on that side. */
export interface ValueDiff {
  /** Names and places in lists from the top. */
  readonly path: readonly string[];
  readonly before: Plain | undefined;
  readonly after: Plain | undefined;
}

/** Where two values differ, as deep as that can be told. Empty exactly when they are equal. */
export function differences(
  before: Plain | undefined,
  after: Plain | undefined,
  path: readonly string[] = [],
): ValueDiff[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (isTree(before) && isTree(after) && !callOf(before) && !callOf(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(own(before, key), own(after, key), [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after)) return listDifferences(before, after, path);
  return [{ path, before, after }];
}

function own(tree: { readonly [key: string]: Plain }, key: string): Plain | undefined {
  return Object.hasOwn(tree, key) ? tree[key] : undefined;
}

/**
 * Items that are in both lists are left out wherever they stand, so that one put in front does not make all
 * that follow differ. What is left over is compared pair by pair where that is one for one.
 */
function listDifferences(
  before: readonly Plain[],
  after: readonly Plain[],
  path: readonly string[],
): ValueDiff[] {
  const kept = new Set<number>();
  const gone: number[] = [];
  before.forEach((item, at) => {
    const match = after.findIndex((other, index) => !kept.has(index) && isDeepStrictEqual(item, other));
    if (match < 0) gone.push(at);
    else kept.add(match);
  });
  const come = after.map((_, at) => at).filter((at) => !kept.has(at));
  if (gone.length === 0 && come.length === 0) return [{ path, before, after }];
  if (gone.length === come.length)
    return gone.flatMap((from, at) => {
      const to = come[at] ?? 0;
      return differences(before[from], after[to], [...path, String(to)]);
    });
  return [
    ...gone.map((at): ValueDiff => ({ path: [...path, String(at)], before: before[at], after: undefined })),
    ...come.map((at): ValueDiff => ({ path: [...path, String(at)], before: undefined, after: after[at] })),
  ];
}

/** A value in one line, calls in their short form: `!Ref Bucket`, `{"Key":"a"}`. */
export function inline(value: Plain): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? nested(value) : String(value);
}

function nested(value: Plain): string {
  const called = callOf(value);
  if (called && called[0] !== 'Condition') {
    const [name, argument] = called;
    const short = name === 'Ref' ? '!Ref' : `!${name.slice('Fn::'.length)}`;
    if (name === 'Fn::GetAtt' && Array.isArray(argument)) return `${short} ${argument.join('.')}`;
    return typeof argument === 'string' ? `${short} ${argument}` : `${short} ${nested(argument)}`;
  }
  if (Array.isArray(value)) return `[${value.map(nested).join(', ')}]`;
  if (isTree(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${nested(item)}`)
      .join(', ')}}`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
