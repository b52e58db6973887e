import * as z from 'zod/mini';
import { parseDuration, writtenDuration } from '../duration.ts';
import { isTree } from '../merge.ts';
import type { CheckPart, Reference, Value } from '../model.ts';
import { duration, issue, map, noted, text } from './fields.ts';
import type { Section } from './section.ts';
import { type RawValue, value } from './value.ts';

const DEFAULT_TIMEOUT = 120_000;

/** One status code or a list of them. */
const expectedStatus = noted(
  z.custom<number | readonly number[]>().check((context) => {
    const input: unknown = context.value;
    const codes = Array.isArray(input) ? input : [input];
    const bad = codes.findIndex((code) => !(Number.isInteger(code) && code >= 100 && code <= 599));
    if (codes.length > 0 && bad < 0) return;
    context.issues.push(
      issue(input, Array.isArray(input) && bad >= 0 ? [bad] : [], 'is not an HTTP status code.', {
        expected: 'Write one, such as 200, or a list of them: [200, 204].',
      }),
    );
  }),
  {
    description: 'The HTTP status codes that pass. Default: 200.',
    anyOf: [
      { type: 'integer', minimum: 100, maximum: 599 },
      { type: 'array', minItems: 1, items: { type: 'integer', minimum: 100, maximum: 599 } },
    ],
  },
);

const schema = map(
  {
    url: value<RawValue>({
      description: 'What to ask: a URL, or { output: app.ApiUrl, path: /health }.',
      kinds: ['output', 'ssm', 'env'],
      literals: ['string'],
      literal: { pattern: /^https?:\/\/\S+$/, rule: 'a URL that begins with https:// or http://' },
      options: { path: 'Appended to the URL, such as /health.' },
    }),
    expect: z.optional(expectedStatus),
    contains: z.optional(text('Text that the body of the answer must contain.')),
    timeout: z.optional(duration('How long to keep trying. Default: 2m.')),
  },
  'An HTTP request that must be answered well after a deploy.',
);

type RawCheck = z.infer<typeof schema>;

export const checks: Section<RawCheck, CheckPart> = {
  kind: 'check',
  schema,
  description: 'HTTP requests that must be answered well after a deploy.',
  merge: { wholes: [['*', 'url']] },
  build(name, raw) {
    const [url, path] = splitPath(raw.url);
    return {
      name,
      url,
      path,
      expect: raw.expect === undefined ? [200] : [raw.expect].flat(),
      ...(raw.contains ? { contains: raw.contains } : {}),
      timeout: parseDuration(raw.timeout) ?? DEFAULT_TIMEOUT,
    };
  },
  show: (part) => ({
    url: isTree(part.url) && part.path ? { ...part.url, path: part.path } : part.url,
    expect: part.expect,
    contains: part.contains,
    timeout: writtenDuration(part.timeout),
  }),
};

function splitPath(url: RawValue): readonly [Value, string] {
  if (!isTree(url)) return [url, ''];
  const { path = '', ...reference } = url as Readonly<Record<string, string>>;
  return [reference as unknown as Reference, path];
}
