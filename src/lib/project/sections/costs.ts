import * as z from 'zod/mini';
import { isTree } from '../merge.ts';
import type { Range, Usage, UsagePart } from '../model.ts';
import { USAGE } from '../usage.ts';
import { issue, map, named, noted } from './fields.ts';
import type { Section } from './section.ts';

type RawRange = number | readonly number[];

/** `1000000`, or `[10000, 100000, 1000000]`: low, typical, high. */
const range = (description: string) =>
  noted(
    z.custom<RawRange>().check((context) => {
      const input: unknown = context.value;
      const numbers: readonly unknown[] = Array.isArray(input) ? input : [input];
      const good = numbers.every((one) => typeof one === 'number' && Number.isFinite(one) && one >= 0);
      const rising = (numbers as number[]).every((one, at) => at === 0 || one >= (numbers[at - 1] as number));
      if (good && rising && (!Array.isArray(input) || input.length === 3)) return;
      context.issues.push(
        issue(input, [], 'is neither a number of 0 or more nor three that do not fall.', {
          expected: 'Write 100000, or low, typical and high: [10000, 100000, 1000000].',
        }),
      );
    }),
    {
      description,
      anyOf: [
        { type: 'number', minimum: 0 },
        { type: 'array', minItems: 3, maxItems: 3, items: { type: 'number', minimum: 0 } },
      ],
    },
  );

const usage = () =>
  Object.fromEntries(
    Object.entries(USAGE).map(([name, { low, typical, high, what }]) => [
      name,
      z.optional(range(`${what} Default: ${low === high ? low : `[${low}, ${typical}, ${high}]`}.`)),
    ]),
  );

const schema = map(
  {
    ...usage(),
    resources: z.optional(
      named(
        map(usage(), 'How much one resource is used a month, where that differs.'),
        'Single resources by their logical ids; of a nested stack: Storage/Table.',
        /^[A-Za-z0-9]+(?:\/[A-Za-z0-9]+)*$/,
        'the logical id of a resource of the template',
      ),
    ),
  },
  'How much a stack is used a month, for what it costs: one number, or low, typical and high.',
);

type RawUsage = Readonly<Record<string, unknown>>;

export const costs: Section<RawUsage, UsagePart> = {
  kind: 'usage',
  schema: schema as unknown as z.ZodMiniType<RawUsage>,
  description: 'How much each stack is used a month, by its name: what `infractl costs` counts with.',
  merge: { wholes: [] },
  build(name, { resources, ...own }) {
    const each = isTree(resources) ? Object.entries(resources) : [];
    return {
      name,
      usage: usageOf(own),
      resources: Object.fromEntries(each.map(([id, raw]) => [id, usageOf(raw as RawUsage)])),
    };
  },
  show: ({ usage: own, resources }) => ({
    ...written(own),
    ...(Object.keys(resources).length > 0
      ? { resources: Object.fromEntries(Object.entries(resources).map(([id, one]) => [id, written(one)])) }
      : {}),
  }),
};

function usageOf(raw: RawUsage): Usage {
  return Object.fromEntries(Object.entries(raw).map(([name, value]) => [name, rangeOf(value as RawRange)]));
}

function rangeOf(raw: RawRange): Range {
  if (typeof raw === 'number') return { low: raw, typical: raw, high: raw };
  const [low = 0, typical = low, high = typical] = raw;
  return { low, typical, high };
}

function written(usage: Usage): Record<string, RawRange> {
  return Object.fromEntries(
    Object.entries(usage).map(([name, { low, typical, high }]) => [
      name,
      low === high ? low : [low, typical, high],
    ]),
  );
}
