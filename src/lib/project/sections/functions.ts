import * as z from 'zod/mini';
import { parseDuration, writtenDuration } from '../duration.ts';
import type { FunctionPart, Value } from '../model.ts';
import { duration, issue, list, map, noted, shaped, text } from './fields.ts';
import { relativePath } from './paths.ts';
import type { Section } from './section.ts';
import { value } from './value.ts';

const FUNCTION_NAME = /^(?:[A-Za-z0-9_-]{1,64}|arn:aws[a-z-]*:lambda:\S+)$/;
const DEFAULT_TIMEOUT = 300_000;

const fields = map(
  {
    name: z.optional(
      value<Value>({
        description:
          'The name of the Lambda function: literal, or the output of the stack that makes it. Default: <project>-<part>-<environment>.',
        kinds: ['output', 'ssm', 'env'],
        literals: ['string'],
        literal: {
          pattern: FUNCTION_NAME,
          rule: 'at most 64 letters, digits, hyphens and underscores, or an ARN',
        },
      }),
    ),
    image: z.optional(text('The image that the function runs: a name of the section images.')),
    zip: z.optional(zip()),
    alias: z.optional(
      shaped(
        'The alias that traffic goes through. Default: live.',
        /^(?!\d+$)[A-Za-z0-9_-]{1,128}$/,
        'letters, digits, hyphens and underscores, and not a number alone',
      ),
    ),
    timeout: z.optional(duration('How long to wait until the new code is active. Default: 5m.')),
  },
  'A Lambda function that runs an image or a zip of a folder.',
);

type RawFunction = z.infer<typeof fields>;

const schema = fields.check((context) => {
  const { image, zip } = context.value;
  if ((image === undefined) !== (zip === undefined)) return;
  context.issues.push(
    image === undefined
      ? issue(context.value, [], 'does not say what it runs.', {
          at: 'key',
          expected: 'Give it "image: <name of an image>" or "zip: <folder>".',
        })
      : issue(context.value, ['zip'], 'has both "image" and "zip"; a function runs one of them.', {
          at: 'key',
          aboutHolder: true,
          expected: 'Remove one of them.',
        }),
  );
});

function zip() {
  const description = 'The folder (or finished .zip file) that the function runs, relative to this file.';
  const long = map(
    {
      path: text(description),
      exclude: z.optional(
        list(text('A pattern as in .gitignore.'), 'What stays out of the zip, as in .gitignore.'),
      ),
    },
    description,
  );
  return noted(
    z.union([text(description), long], 'must be a folder, or { path: …, exclude: [ … ] }.'),
    description,
  );
}

export const functions: Section<RawFunction, FunctionPart> = {
  kind: 'function',
  schema,
  description: 'Lambda functions whose code is deployed apart from their stack.',
  merge: { wholes: [['*', 'name']], exclusive: ['image', 'zip'] },
  build(name, raw, context) {
    const functionName = raw.name ?? `${context.project}-${name}-${context.environment}`;
    if (!raw.name && !FUNCTION_NAME.test(String(functionName))) {
      context.problem(['functions', name], `would be called ${functionName}, which AWS does not accept.`, {
        at: 'key',
        expected: 'A function has at most 64 characters in its name. Give it a "name:".',
      });
    }
    return {
      name,
      functionName,
      code: buildCode(name, raw, (path, written) => context.existing(path, written, 'any')),
      alias: raw.alias ?? 'live',
      timeout: parseDuration(raw.timeout) ?? DEFAULT_TIMEOUT,
    };
  },
  show: (part, root) => ({
    name: part.functionName,
    ...('image' in part.code
      ? { image: part.code.image }
      : { zip: { path: relativePath(root, part.code.zip), exclude: part.code.exclude } }),
    alias: part.alias,
    timeout: writtenDuration(part.timeout),
  }),
};

function buildCode(
  name: string,
  raw: RawFunction,
  existing: (path: string[], written: string) => string,
): FunctionPart['code'] {
  if (raw.image !== undefined) return { image: raw.image };
  if (typeof raw.zip === 'object') {
    return {
      zip: existing(['functions', name, 'zip', 'path'], raw.zip.path),
      exclude: raw.zip.exclude ?? [],
    };
  }
  return { zip: existing(['functions', name, 'zip'], raw.zip ?? ''), exclude: [] };
}
