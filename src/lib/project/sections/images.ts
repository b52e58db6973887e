import { join } from 'node:path';
import * as z from 'zod/mini';
import { isTree } from '../merge.ts';
import type { ImagePart, Value } from '../model.ts';
import { issue, map, named, noted, shaped, text } from './fields.ts';
import { relativePath } from './paths.ts';
import type { Section } from './section.ts';
import { unknownKey, value } from './value.ts';

const PLATFORM = /^[a-z0-9]+\/[a-z0-9_]+(?:\/v\d+)?$/;

/** A build secret comes from a variable or a file; its value never stands in the configuration. */
const buildSecret = noted(
  z.custom<{ env: string } | { file: string }>().check((context) => {
    const input: unknown = context.value;
    const forms = 'A build secret is { env: NAME } or { file: path }.';
    if (!isTree(input)) {
      context.issues.push(
        issue(input, [], 'must say where the secret comes from, not what it is.', { expected: forms }),
      );
      return;
    }
    const unknown = Object.keys(input).find((key) => key !== 'env' && key !== 'file');
    if (unknown !== undefined) {
      context.issues.push(
        issue(input, [unknown], unknownKey(unknown, ['env', 'file']), { at: 'key', expected: forms }),
      );
    } else if (Object.keys(input).length !== 1) {
      context.issues.push(issue(input, [], 'must have one source.', { expected: forms }));
    } else if (typeof (input.env ?? input.file) !== 'string' || (input.env ?? input.file) === '') {
      context.issues.push(issue(input, [], 'must name its source by a text.', { expected: forms }));
    }
  }),
  {
    description: 'Where the secret comes from.',
    oneOf: ['env', 'file'].map((key) => ({
      type: 'object',
      properties: {
        [key]: {
          type: 'string',
          description: key === 'env' ? 'An environment variable, or a line of .env.secrets.' : 'A file.',
        },
      },
      required: [key],
      additionalProperties: false,
    })),
  },
);

const schema = map(
  {
    context: text('The folder that is sent to the build, relative to this file.'),
    dockerfile: z.optional(text('The Dockerfile, relative to this file. Default: <context>/Dockerfile.')),
    repository: value<Value>({
      description: 'The URI of the ECR repository: literal, or the output of the stack that makes it.',
      kinds: ['output', 'ssm', 'env'],
      literals: ['string'],
      literal: { pattern: /^[\w.-]+(:\d+)?(\/[\w./-]+)$/, rule: 'the URI of a repository without a tag' },
    }),
    platform: z.optional(
      shaped(
        'The platform to build for. Default: linux/amd64.',
        PLATFORM,
        'such as linux/amd64 or linux/arm64',
      ),
    ),
    target: z.optional(text('The stage of the Dockerfile to build. Default: the last one.')),
    args: z.optional(
      named(
        value<ImagePart['args'][string]>({
          description: 'A literal or { env: NAME }. Never for secrets: they would stay in the image.',
          kinds: ['env'],
        }),
        'Build arguments.',
        /^[A-Za-z_][A-Za-z0-9_]*$/,
        'letters, digits and underscores',
      ),
    ),
    secrets: z.optional(
      named(
        buildSecret,
        'Build secrets, for RUN --mount=type=secret,id=…; never part of the image.',
        /^[\w.-]+$/,
        'letters, digits, dots, hyphens and underscores',
      ),
    ),
  },
  'A container image in an ECR repository.',
);

type RawImage = z.infer<typeof schema>;

export const images: Section<RawImage, ImagePart> = {
  kind: 'image',
  schema,
  description: 'Container images, built and pushed to ECR.',
  merge: {
    wholes: [
      ['*', 'repository'],
      ['*', 'args', '*'],
      ['*', 'secrets', '*'],
    ],
  },
  build(name, raw, context) {
    const folder = context.existing(['images', name, 'context'], raw.context, 'folder');
    const dockerfile = raw.dockerfile ?? join(raw.context, 'Dockerfile');
    return {
      name,
      context: folder,
      dockerfile: context.existing(['images', name, 'dockerfile'], dockerfile, 'file'),
      repository: raw.repository,
      platform: raw.platform ?? 'linux/amd64',
      ...(raw.target ? { target: raw.target } : {}),
      args: raw.args ?? {},
      secrets: Object.fromEntries(
        Object.entries(raw.secrets ?? {}).map(([id, secret]) => [
          id,
          'file' in secret
            ? { file: context.existing(['images', name, 'secrets', id], secret.file, 'file') }
            : secret,
        ]),
      ),
    };
  },
  show: (part, root) => ({
    context: relativePath(root, part.context),
    dockerfile: relativePath(root, part.dockerfile),
    repository: part.repository,
    platform: part.platform,
    target: part.target,
    args: part.args,
    secrets: Object.fromEntries(
      Object.entries(part.secrets).map(([id, secret]) => [
        id,
        'file' in secret ? { file: relativePath(root, secret.file) } : secret,
      ]),
    ),
  }),
};
