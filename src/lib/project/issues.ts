import type * as z from 'zod/mini';
import type { ConfigPath } from './problems.ts';
import { type IssueNotes, KNOWN_KEYS } from './sections/fields.ts';
import { unknownKey } from './sections/value.ts';

type Issue = z.core.$ZodIssue;

/** A finding with its place in the configuration, before it is known where that stands in a file. */
export interface Finding {
  readonly path: ConfigPath;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly expected?: string;
}

/** What zod found, in sentences. `data` is what was checked; it is only asked for the kind of value. */
export function findingsOf(issues: readonly Issue[], data: unknown, prefix: ConfigPath = []): Finding[] {
  return issues.flatMap((issue) => findings(issue, data, prefix));
}

function findings(issue: Issue, data: unknown, prefix: ConfigPath): Finding[] {
  const inner = issue.path as (string | number)[];
  const path = [...prefix, ...inner];
  const where = placeName(path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKeyFinding(issue.message, key, path));
    case 'invalid_key':
      return [
        {
          path,
          at: 'key',
          message: `the name "${path.at(-1)}" ${issue.issues[0]?.message ?? 'is not allowed.'}`,
        },
      ];
    case 'custom': {
      const notes = (issue.params ?? {}) as IssueNotes;
      const holder = path.slice(0, -1);
      const sentence = issue.message.startsWith(UNKNOWN)
        ? unknownIn(issue.message, holder)
        : `${notes.aboutHolder ? placeName(holder) : where} ${issue.message}`;
      return [
        {
          path,
          at: notes.at ?? 'value',
          message: sentence,
          ...(notes.expected ? { expected: notes.expected } : {}),
        },
      ];
    }
    case 'invalid_type':
      return [wrongType(issue.expected, valueAt(data, inner), path, where)];
    default:
      return [{ path, at: 'value', message: `${where} ${issue.message}` }];
  }
}

const UNKNOWN = 'unknown key ';

/** `unknown key "ouput" in stacks.app; did you mean "output"?` */
function unknownIn(message: string, holder: ConfigPath): string {
  if (holder.length === 0) return message;
  return message.replace(/(?=; did you mean|\.$)/, ` in ${placeName(holder)}`);
}

function unknownKeyFinding(message: string, key: string, path: ConfigPath): Finding {
  const known = message.startsWith(KNOWN_KEYS) ? message.slice(KNOWN_KEYS.length).split(',') : [];
  return {
    path: [...path, key],
    at: 'key',
    message: unknownIn(unknownKey(key, known), path),
    expected: `Known keys: ${known.join(', ')}.`,
  };
}

function wrongType(expected: string, found: unknown, path: ConfigPath, where: string): Finding {
  if (found === undefined) {
    const key = path.at(-1);
    return {
      path,
      at: 'key',
      message: `"${key}" is missing in ${placeName(path.slice(0, -1))}.`,
      expected: `Add "${key}:" to it.`,
    };
  }
  const hint = typeMend(expected, found);
  return {
    path,
    at: 'value',
    message: `${where} must be ${typeName(expected)}, but is ${kindOf(found)}.`,
    ...(hint ? { expected: hint } : {}),
  };
}

function typeMend(expected: string, found: unknown): string | undefined {
  if (expected === 'string' && typeof found !== 'object') return 'Put it in quotes.';
  if (expected === 'boolean' && /^(yes|no|on|off)$/i.test(String(found))) return 'Write true or false.';
  return undefined;
}

function typeName(expected: string): string {
  const names: Readonly<Record<string, string>> = {
    string: 'a text',
    object: 'a map (keys with values)',
    record: 'a map (names with values)',
    array: 'a list',
    boolean: 'true or false',
    number: 'a number',
    int: 'a whole number',
  };
  return names[expected] ?? `a ${expected}`;
}

/** What a person would call the value. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? 'a text' : typeof value === 'number' ? 'a number' : `${value}`;
}

/** `stacks.app.parameters.ImageUri` */
export function placeName(path: ConfigPath): string {
  if (path.length === 0) return 'the file';
  return path
    .map((step, i) => (typeof step === 'number' ? `[${step}]` : i === 0 ? step : `.${step}`))
    .join('');
}

function valueAt(data: unknown, path: ConfigPath): unknown {
  let value = data;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Readonly<Record<string | number, unknown>>)[step];
  }
  return value;
}
