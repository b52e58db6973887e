import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../base/errors.ts';

const UNITS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000 };

/** Milliseconds of `30d`, `12h`, `1h30m`, `0s`; undefined when it is no span. */
export function parseSpan(text: string): number | undefined {
  if (!/^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/.test(text)) return undefined;
  let ms = 0;
  for (const [, count, unit = ''] of text.matchAll(/(\d+)([dhms])/g))
    ms += Number(count) * (UNITS[unit] ?? 0);
  return ms;
}

/** A flag that takes a span of time, given on as milliseconds. */
export function span(facts: { readonly description: string; readonly default: string }) {
  return Flags.custom<number>({
    helpValue: 'TIME',
    parse: async (text) => {
      const ms = parseSpan(text);
      if (ms !== undefined) return ms;
      throw new UsageError({
        code: 'Usage',
        message: `${JSON.stringify(text)} is no span of time.`,
        suggestions: ['Write it as 30d, 12h or 1h30m.'],
      });
    },
  })({
    description: facts.description,
    default: async () => parseSpan(facts.default) ?? 0,
    defaultHelp: async () => facts.default,
  });
}
