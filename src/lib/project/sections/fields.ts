import * as z from 'zod/mini';
import { DURATION } from '../../base/duration.ts';
import { parseDuration } from '../duration.ts';
import type { ConfigPath } from '../problems.ts';

/** What JSON Schema says about a field beyond its type: editors show the description. */
export interface FieldNotes {
  readonly description: string;
  readonly [jsonSchemaKeyword: string]: unknown;
}

export const fieldNotes = z.registry<FieldNotes>();

/** Marks a message that lists the known keys of a map; see `issues.ts`. */
export const KNOWN_KEYS = 'known keys:';

/** What a part's own check reports beside its sentence. */
export interface IssueNotes {
  readonly at?: 'key' | 'value';
  readonly expected?: string;
  /** The sentence is about the map that holds the key at the path. */
  readonly aboutHolder?: boolean;
}

export function noted<T extends z.ZodMiniType>(schema: T, notes: string | FieldNotes): T {
  fieldNotes.add(schema, typeof notes === 'string' ? { description: notes } : notes);
  return schema;
}

/** A map with these keys and no others. */
export function map<T extends Record<string, z.ZodMiniType>>(shape: T, description: string) {
  const known = `${KNOWN_KEYS}${Object.keys(shape).join(',')}`;
  const schema = z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? known : undefined),
  });
  return noted(schema, description);
}

export function text(description: string) {
  return noted(z.string().check(z.minLength(1, 'must not be empty.')), description);
}

/** A text of a certain shape; `rule` ends the sentence "… must be". */
export function shaped(description: string, pattern: RegExp, rule: string) {
  return noted(z.string().check(z.regex(pattern, `must be ${rule}.`)), description);
}

export function flag(description: string) {
  return noted(z.boolean(), description);
}

export function list<T extends z.ZodMiniType>(item: T, description: string) {
  return noted(z.array(item), description);
}

/** A map of names that the user chooses; `rule` ends the sentence "a name must be". */
export function named<T extends z.ZodMiniType>(value: T, description: string, pattern: RegExp, rule: string) {
  return noted(z.record(z.string().check(z.regex(pattern, `must be ${rule}.`)), value), description);
}

export const NAME = /^[a-z](?:[a-z0-9-]{0,62}[a-z0-9])?$/;
export const NAME_RULE =
  'lower-case letters, digits and hyphens, begin with a letter, end with a letter or digit, and have at most 64 characters';

export function duration(description: string) {
  const schema = z.custom<number | string>().check((context) => {
    if (parseDuration(context.value) !== undefined) return;
    context.issues.push(
      issue(context.value, [], 'is not a duration.', {
        expected: 'Write seconds (90) or a text such as 5m, 45s or 1h30m.',
      }),
    );
  });
  return noted(schema, {
    description,
    type: ['integer', 'string'],
    minimum: 1,
    pattern: DURATION.source,
    examples: ['5m', '1h30m', 90],
  });
}

/** An issue for a check of ours: a sentence that goes on after the name of the place, and where it stands. */
export function issue(input: unknown, path: ConfigPath, message: string, notes: IssueNotes = {}) {
  return { code: 'custom' as const, input, path: [...path], message, params: { ...notes } };
}
