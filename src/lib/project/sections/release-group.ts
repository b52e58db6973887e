import * as z from 'zod/mini';
import { parseDuration, writtenDuration } from '../duration.ts';
import type { ReleaseGroup, Value } from '../model.ts';
import { duration, map, noted } from './fields.ts';
import { buildReach, showReach, WAYS_IN } from './reach.ts';
import type { BuildContext } from './section.ts';
import { value } from './value.ts';

const TIMEOUT = 900_000;
const WRONG_BATCH = 'must be a number from 1 to 8, or a share such as 25%.';
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
        'How many members at a time: a number, or a share such as 25%; at most 8, and one stays in service. Default: 1.',
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
  const { connect = 'ssm', batch = 1 } = raw;
  const [, percent] = /^(\d+)%$/.exec(String(batch)) ?? [];
  return {
    name: raw.name,
    batch: percent === undefined ? { count: Number(batch) } : { percent: Number(percent) },
    timeout: parseDuration(raw.timeout) ?? TIMEOUT,
    reach: buildReach(['releases', name, 'group'], { ...raw, connect }, context),
  };
}

/** As it would be written. */
export function showGroup(group: ReleaseGroup, root: string): Readonly<Record<string, unknown>> {
  const { name, batch, timeout, reach } = group;
  return {
    name,
    batch: 'count' in batch ? batch.count : `${batch.percent}%`,
    timeout: writtenDuration(timeout),
    connect: reach.via,
    ...showReach({ reach }, root),
  };
}
