import * as z from 'zod/mini';
import { parseShare, writtenShare } from '../../base/share.ts';
import { parseDuration, writtenDuration } from '../duration.ts';
import type { ReleaseGroup, Value } from '../model.ts';
import { duration, map, noted } from './fields.ts';
import { buildReach, showReach, WAYS_IN } from './reach.ts';
import type { BuildContext } from './section.ts';
import { value } from './value.ts';

const TIMEOUT = 900_000;
const WRONG_BATCH = 'must be a number from 1 to 8, or a share such as 25%.';
const WRONG_ERRORS = 'must be a number from 0 to 999, or a share such as 10%.';
const ERRORS = /^(?:\d{1,3}|(?:100|[1-9]?\d)%)$/;
const BATCH = /^(?:[1-8]|(?:100|[1-9]?\d)%)$/;

export const group = map(
  {
    name: value<Value>({
      description: 'The auto scaling group: its name, or the output of the stack that makes it.',
      kinds: ['output', 'ssm', 'env'],
      literals: ['string'],
    }),
    batch: z.optional(
      noted(
        z
          .union([z.number(), z.string()], WRONG_BATCH)
          .check(z.refine((batch) => BATCH.test(String(batch)), WRONG_BATCH)),
        'How many members at a time: a number, or a share such as 25%; at most 8 out of a load balancer, and one stays in service. Default: 1.',
      ),
    ),
    maxErrors: z.optional(
      noted(
        z
          .union([z.number(), z.string()], WRONG_ERRORS)
          .check(z.refine((errors) => ERRORS.test(String(errors)), WRONG_ERRORS)),
        'On how many members a release may fail before it is begun on no further one: a number, or a share such as 10%. Default: 0, the first failure stops it.',
      ),
    ),
    timeout: z.optional(
      duration(
        'How long a member may take to leave the load balancer, and to be healthy in it again. Default: 15m.',
      ),
    ),
    connect: z.optional(
      noted(z.enum(['ssh', 'ssm'], 'must be ssh or ssm.'), 'The way in to its members. Default: ssm.'),
    ),
    ...WAYS_IN,
  },
  'An auto scaling group: its members get the release a few at a time, out of the load balancer.',
);

export function buildGroup(name: string, raw: z.infer<typeof group>, context: BuildContext): ReleaseGroup {
  const { connect = 'ssm', batch = 1, maxErrors = 0 } = raw;
  return {
    name: raw.name,
    batch: parseShare(batch),
    maxErrors: parseShare(maxErrors),
    timeout: parseDuration(raw.timeout) ?? TIMEOUT,
    reach: buildReach(['releases', name, 'group'], { ...raw, connect }, context),
  };
}

/** As it would be written. */
export function showGroup(group: ReleaseGroup, root: string): Readonly<Record<string, unknown>> {
  const { name, batch, maxErrors, timeout, reach } = group;
  return {
    name,
    batch: writtenShare(batch),
    maxErrors: writtenShare(maxErrors),
    timeout: writtenDuration(timeout),
    connect: reach.via,
    ...showReach({ reach }, root),
  };
}
