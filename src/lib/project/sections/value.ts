import * as z from 'zod/mini';
import { listed, nearest } from '../../base/text.ts';
import { isTree } from '../merge.ts';
import type { Reference, Scalar, Value } from '../model.ts';
import { type IssueNotes, issue, noted } from './fields.ts';

export type ReferenceKind = 'output' | 'image' | 'secret' | 'ssm' | 'env';

interface ReferenceForm {
  readonly description: string;
  readonly pattern: RegExp;
  /** Ends the sentence "must be …". */
  readonly rule: string;
  readonly options: Readonly<Record<string, string>>;
}

/** The reference forms: one table for the check, its messages and the JSON Schema. */
export const REFERENCES: Readonly<Record<ReferenceKind, ReferenceForm>> = {
  output: {
    description: 'An output of a stack of this project.',
    pattern: /^[a-z][a-z0-9-]*\.[A-Za-z0-9]+$/,
    rule: '<stack>.<OutputKey>, such as app.ApiUrl',
    options: {},
  },
  image: {
    description: 'The URI by digest of an image of this project.',
    pattern: /^[a-z][a-z0-9-]*$/,
    rule: 'the name of an image',
    options: {},
  },
  secret: {
    description: 'A secret of AWS Secrets Manager, by name or ARN.',
    pattern: /^\S+$/,
    rule: 'the name or ARN of a secret',
    options: { key: 'The field to take from a secret that is JSON.' },
  },
  ssm: {
    description: 'A parameter of AWS Systems Manager Parameter Store.',
    pattern: /^\S+$/,
    rule: 'the name of a parameter, such as /app/dev/url',
    options: {},
  },
  env: {
    description: 'An environment variable, or a line of .env.secrets. Treated as a secret.',
    pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
    rule: 'the name of an environment variable: letters, digits and underscores',
    options: { default: 'Used where the variable is not set.' },
  },
};

const ALL_KINDS = Object.keys(REFERENCES) as ReferenceKind[];

export interface ValueRules {
  readonly description: string;
  /** Which references make sense here; all unless given. */
  readonly kinds?: readonly ReferenceKind[];
  /** Which literals make sense here. */
  readonly literals?: readonly ('string' | 'number' | 'boolean')[];
  /** The shape of a literal text, and the end of the sentence "must be …". */
  readonly literal?: { readonly pattern: RegExp; readonly rule: string };
  /** A list of values may stand here: it becomes one text joined by commas. */
  readonly list?: boolean;
  /** Keys that this place allows beside any reference, with their descriptions. */
  readonly options?: Readonly<Record<string, string>>;
}

/** A value as the file has it: a reference may carry the options of its place. */
export type RawValue = Scalar | (Reference & Readonly<Record<string, string>>);

/** A literal or a reference, at a place of the configuration with these rules. */
export function value<T = Value>(rules: ValueRules) {
  const schema = z.custom<T>().check((context) => {
    checkValue(context.value, rules, [], (path, message, notes) =>
      context.issues.push(issue(context.value, path, message, notes)),
    );
  });
  return noted(schema, { description: rules.description, ...jsonSchemaOf(rules) });
}

type Report = (path: readonly (string | number)[], message: string, notes?: IssueNotes) => void;

function checkValue(input: unknown, rules: ValueRules, path: readonly number[], report: Report): void {
  if (Array.isArray(input)) {
    if (rules.list) {
      input.forEach((item, i) => {
        checkValue(item, { ...rules, list: false }, [...path, i], report);
      });
    } else report(path, 'must be one value, but is a list.', { expected: expectedValue(rules) });
  } else if (isTree(input)) {
    checkReference(input, rules, path, report);
  } else if (!literalTypes(rules).includes(typeof input as 'string')) {
    report(path, `must be a ${listed(literalWords(rules))} or a reference.`, {
      expected: expectedValue(rules),
    });
  } else if (typeof input === 'string' && rules.literal && !rules.literal.pattern.test(input)) {
    report(path, `must be ${rules.literal.rule}.`, { expected: expectedValue(rules) });
  }
}

function checkReference(
  input: Readonly<Record<string, unknown>>,
  rules: ValueRules,
  path: readonly number[],
  report: Report,
): void {
  const kinds = rules.kinds ?? ALL_KINDS;
  const keys = Object.keys(input);
  const present = keys.filter((key): key is ReferenceKind => Object.hasOwn(REFERENCES, key));
  const [kind, second] = present;
  if (kind === undefined) {
    const options = Object.keys(rules.options ?? {});
    const unknown = keys.find((key) => !options.includes(key));
    if (unknown === undefined) {
      report(path, 'does not say where the value comes from.', { expected: expectedReference(kinds) });
      return;
    }
    report([...path, unknown], unknownKey(unknown, kinds), { at: 'key', expected: expectedReference(kinds) });
    return;
  }
  if (second !== undefined) {
    report(
      [...path, second],
      `has two sources, ${listed(present.map((k) => `"${k}"`))}; a reference has one.`,
      {
        at: 'key',
        aboutHolder: true,
        expected: 'Remove one of them.',
      },
    );
    return;
  }
  if (!kinds.includes(kind)) {
    report([...path, kind], `cannot be taken from "${kind}" here.`, {
      at: 'key',
      aboutHolder: true,
      expected: expectedReference(kinds),
    });
    return;
  }
  const form = REFERENCES[kind];
  const target = input[kind];
  if (typeof target !== 'string' || !form.pattern.test(target)) {
    report([...path, kind], `must be ${form.rule}.`);
  }
  checkOptions(input, kind, { ...form.options, ...rules.options }, path, report);
}

function checkOptions(
  input: Readonly<Record<string, unknown>>,
  kind: ReferenceKind,
  options: Readonly<Record<string, string>>,
  path: readonly number[],
  report: Report,
): void {
  for (const [key, option] of Object.entries(input)) {
    if (key === kind) continue;
    if (!Object.hasOwn(options, key)) {
      const allowed = Object.keys(options);
      report([...path, key], unknownKey(key, allowed), {
        at: 'key',
        expected: allowed.length
          ? `Beside "${kind}" there can be ${listed(allowed.map((o) => `"${o}"`))}.`
          : `"${kind}" stands alone.`,
      });
    } else if (typeof option !== 'string') {
      report([...path, key], 'must be a text: put it in quotes.');
    }
  }
}

export function unknownKey(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  return `unknown key "${key}"${near ? `; did you mean "${near}"?` : '.'}`;
}

function literalTypes(rules: ValueRules): readonly string[] {
  return rules.literals ?? ['string', 'number', 'boolean'];
}

function literalWords(rules: ValueRules): string[] {
  return literalTypes(rules).map((type) =>
    type === 'string' ? 'text' : type === 'number' ? 'number' : 'true or false',
  );
}

function expectedReference(kinds: readonly ReferenceKind[]): string {
  return `A reference is one of ${kinds.map((kind) => `{ ${kind}: … }`).join(', ')}.`;
}

function expectedValue(rules: ValueRules): string {
  return expectedReference(rules.kinds ?? ALL_KINDS);
}

function jsonSchemaOf(rules: ValueRules): Record<string, unknown> {
  const literals = literalTypes(rules).map((type) => ({
    type,
    ...(type === 'string' && rules.literal ? { pattern: rules.literal.pattern.source } : {}),
  }));
  const references = (rules.kinds ?? ALL_KINDS).map((kind) => {
    const { description, pattern, options } = REFERENCES[kind];
    const extra = Object.entries({ ...options, ...rules.options });
    return {
      type: 'object',
      description,
      properties: {
        [kind]: { type: 'string', description, pattern: pattern.source },
        ...Object.fromEntries(extra.map(([key, says]) => [key, { type: 'string', description: says }])),
      },
      required: [kind],
      additionalProperties: false,
    };
  });
  const one = [...literals, ...references];
  return { anyOf: rules.list ? [...one, { type: 'array', items: { anyOf: one } }] : one };
}
