import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseDuration, writtenDuration } from '../duration.ts';
import type { SitePart, Value } from '../model.ts';
import { parseSpan, SPAN } from '../span.ts';
import { duration, issue, list, map, named, noted, shaped, text } from './fields.ts';
import { relativePath } from './paths.ts';
import type { Section } from './section.ts';
import { value } from './value.ts';

const DEFAULTS = { keep: 3, wait: 120_000, global: 'CONFIG' } as const;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const DISTRIBUTION = /^E[A-Z0-9]{7,}$/;
/** A path inside of a folder: not absolute, without `..`. */
const INSIDE = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))(?!.*\/\/)[^\0\n]+$/;
const CACHE =
  /^(immutable|no-cache|no-store|(?=\d)(\d+h)?(\d+m)?(\d+s)?|[a-z-]+(=\d+)?(\s*,\s*[a-z-]+(=\d+)?)+|[a-z-]+=\d+)$/;
const MOST_KEPT = 100;
/** What S3 keeps with an object and gives out with it. */
const OBJECT_HEADERS = ['content-disposition', 'content-encoding', 'content-language'] as const;
const PATTERN = /^\S(.*\S)?$/;
const patterns = <T extends z.ZodMiniType>(what: T, description: string) =>
  named(what, description, PATTERN, 'a pattern as in .gitignore');

const keep = noted(
  z.custom<number | string>().check((context) => {
    const input: unknown = context.value;
    const count = Number.isInteger(input) && (input as number) >= 0 && (input as number) <= MOST_KEPT;
    if (count || (typeof input === 'string' && parseSpan(input) !== undefined)) return;
    context.issues.push(
      issue(input, [], 'is neither a number of releases nor a span of time.', {
        expected: `Write how many earlier releases keep their assets, from 0 to ${MOST_KEPT}, or for how long: 7d.`,
      }),
    );
  }),
  {
    description:
      'How long assets of earlier releases stay for pages that are open: so many releases (3), or a time (7d). Default: 3.',
    anyOf: [
      { type: 'integer', minimum: 0, maximum: MOST_KEPT },
      { type: 'string', pattern: SPAN.source },
    ],
  },
);

const wait = noted(
  z.union([z.literal(false), duration('How long.')], 'must be a duration such as 2m, or false.'),
  {
    description: 'How long a deploy waits until the CDN has let go of what changed, or false. Default: 2m.',
  },
);

const publicValue = (description: string) => value<Value>({ description, kinds: ['output', 'ssm', 'env'] });

const headers = map(
  Object.fromEntries(OBJECT_HEADERS.map((name) => [name, z.optional(text(`The header ${name}.`))])) as Record<
    (typeof OBJECT_HEADERS)[number],
    z.ZodMiniOptional<ReturnType<typeof text>>
  >,
  'Headers that S3 keeps with a file. Those for security belong to the distribution: a response headers policy.',
);

const schema = map(
  {
    folder: text('The folder that is published, relative to this file. A build may make it.'),
    bucket: value<Value>({
      description: 'The bucket: its name, or the output of the stack that makes it.',
      kinds: ['output', 'ssm', 'env'],
      literals: ['string'],
      literal: { pattern: BUCKET, rule: 'the name of a bucket' },
    }),
    prefix: z.optional(
      shaped(
        'The folder of the bucket that is the site. Default: all of the bucket.',
        INSIDE,
        'a path inside the bucket',
      ),
    ),
    distribution: z.optional(
      value<Value>({
        description:
          'The CloudFront distribution in front of the bucket: its id, or the output that gives it.',
        kinds: ['output', 'ssm', 'env'],
        literals: ['string'],
        literal: { pattern: DISTRIBUTION, rule: 'the id of a distribution, such as E2EXAMPLE12345' },
      }),
    ),
    build: z.optional(
      list(
        text('A word of the command.'),
        'The command that makes the folder, run where this file is: [npm, run, build].',
      ).check(z.minLength(1, 'must name a command.')),
    ),
    environment: z.optional(
      named(
        publicValue('A literal or a reference. Whatever the build puts into the site is public.'),
        'Environment variables of the build.',
        /^[A-Za-z_][A-Za-z0-9_]*$/,
        'letters, digits and underscores',
      ),
    ),
    config: z.optional(
      map(
        {
          file: shaped(
            'Its path in the site: config.json, or config.js.',
            /^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+\.js(on)?$/,
            'a path in the site that ends with .json or .js',
          ),
          values: named(
            publicValue('A literal or a reference. It is public.'),
            'What is in it.',
            PATTERN,
            'not empty',
          ),
          global: z.optional(
            shaped(
              'The global variable that a .js file sets. Default: CONFIG.',
              /^[A-Za-z_$][\w$]*$/,
              'the name of a variable',
            ),
          ),
        },
        'A file that is put into the site at each deploy, with values that only a deploy knows.',
      ),
    ),
    cache: z.optional(
      patterns(
        shaped(
          'immutable, no-cache, no-store, a time such as 1h, or a whole Cache-Control.',
          CACHE,
          'immutable, no-cache, no-store, a time such as 1h, or a Cache-Control such as "public, max-age=600"',
        ),
        'How long browsers and the CDN keep files, by pattern; the last that fits counts. Default: files whose name carries a hash for a year, all others no-cache.',
      ),
    ),
    headers: z.optional(patterns(headers, 'Further headers, by pattern; the last that fits counts.')),
    types: z.optional(
      patterns(
        shaped(
          'A content type.',
          /^[\w.+-]+\/[\w.+-]+(\s*;.*)?$/,
          'a content type such as model/gltf-binary',
        ),
        'Content types, by pattern, where the name does not tell.',
      ),
    ),
    exclude: z.optional(list(text('A pattern as in .gitignore.'), 'What of the folder is not published.')),
    allow: z.optional(
      list(text('A pattern as in .gitignore.'), 'Files that are published although they look like secrets.'),
    ),
    keep: z.optional(keep),
    invalidate: z.optional(
      noted(z.enum(['changed', 'all', 'none']), {
        description:
          'What the CDN is told to let go of: the paths that changed, everything, or nothing. Default: changed.',
      }),
    ),
    wait: z.optional(wait),
  },
  'A folder of files that a bucket holds and a CDN serves.',
);

type RawSite = z.infer<typeof schema>;

export const sites: Section<RawSite, SitePart> = {
  kind: 'site',
  schema,
  description: 'Static sites: the files of a folder in a bucket, behind CloudFront.',
  merge: {
    wholes: [
      ['*', 'bucket'],
      ['*', 'distribution'],
      ['*', 'environment', '*'],
      ['*', 'config', 'values', '*'],
    ],
  },
  build(name, raw, context) {
    return {
      name,
      // A build makes it, perhaps in an earlier step of a pipeline: whether it is there is looked at by a deploy.
      folder: join(context.root, raw.folder),
      bucket: raw.bucket,
      prefix: raw.prefix ? `${raw.prefix.replace(/\/+$/, '')}/` : '',
      ...(raw.distribution === undefined ? {} : { distribution: raw.distribution }),
      build: raw.build ?? [],
      environment: raw.environment ?? {},
      ...(raw.config ? { config: { ...raw.config, global: raw.config.global ?? DEFAULTS.global } } : {}),
      cache: raw.cache ?? {},
      headers: raw.headers ?? {},
      types: raw.types ?? {},
      exclude: raw.exclude ?? [],
      allow: raw.allow ?? [],
      keep: keepOf(raw.keep ?? DEFAULTS.keep),
      invalidate: raw.invalidate ?? 'changed',
      wait: raw.wait === false ? 0 : (parseDuration(raw.wait) ?? DEFAULTS.wait),
    };
  },
  show: (part, root) => ({
    folder: relativePath(root, part.folder),
    bucket: part.bucket,
    prefix: part.prefix || undefined,
    distribution: part.distribution,
    build: part.build,
    environment: part.environment,
    config: part.config,
    cache: part.cache,
    headers: part.headers,
    types: part.types,
    exclude: part.exclude,
    allow: part.allow,
    keep: 'releases' in part.keep ? part.keep.releases : part.keep.written,
    invalidate: part.invalidate,
    wait: part.wait === 0 ? false : writtenDuration(part.wait),
  }),
};

function keepOf(written: number | string): SitePart['keep'] {
  return typeof written === 'number' ? { releases: written } : { ms: parseSpan(written) ?? 0, written };
}
