import { readFileSync } from 'node:fs';
import { userText } from '../../base/user-text.ts';
import { isTree } from '../merge.ts';

/** A problem ends the sentence "names <file>, but …"; no problem: the file is not there, which is told elsewhere. */
export type ParameterFile =
  | { readonly parameters: Readonly<Record<string, string>> }
  | { readonly problem?: string; readonly expected?: string };

const FORMS =
  'Known are [{"ParameterKey": "A", "ParameterValue": "x"}], ["A=x"] and {"Parameters": {"A": "x"}}.';

/**
 * Parameter values from a JSON file: the two formats of `aws cloudformation` (create-stack's list of
 * objects, deploy's list of `Key=Value`) and CodePipeline's template configuration. Messages never hold
 * what the file says: it may be a secret.
 */
export function readParameterFile(file: string): ParameterFile {
  let text: string;
  try {
    text = userText(readFileSync(file));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'EISDIR' ? {} : { problem: `it cannot be read (${code}).` };
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    const place = /\(line \d+ column \d+\)/.exec((error as Error).message)?.[0];
    return { problem: `it is not JSON${place ? ` ${place}` : ''}.`, expected: FORMS };
  }
  return parametersOf(data);
}

export function parametersOf(data: unknown): ParameterFile {
  const entries = Array.isArray(data)
    ? data.map((entry: unknown) => (typeof entry === 'string' ? splitPair(entry) : keyAndValue(entry)))
    : isTree(data) && isTree(data.Parameters)
      ? Object.entries(data.Parameters).map(([key, value]) => pair(key, value))
      : [undefined];
  const bad = entries.indexOf(undefined);
  if (bad < 0) return { parameters: Object.fromEntries(entries as [string, string][]) };
  const which = Array.isArray(data) ? `its entry ${bad + 1} is no parameter.` : 'its form is not known.';
  return { problem: which, expected: FORMS };
}

type Pair = readonly [string, string] | undefined;

function keyAndValue(entry: unknown): Pair {
  return isTree(entry) && typeof entry.ParameterKey === 'string'
    ? pair(entry.ParameterKey, entry.ParameterValue)
    : undefined;
}

function splitPair(entry: string): Pair {
  const at = entry.indexOf('=');
  return at > 0 ? [entry.slice(0, at), entry.slice(at + 1)] : undefined;
}

function pair(key: string, value: unknown): Pair {
  return ['string', 'number', 'boolean'].includes(typeof value) ? [key, String(value)] : undefined;
}
