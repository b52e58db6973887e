import * as Flags from '@oclif/core/flags';
import { readDuration } from '../../base/duration.ts';
import { UsageError } from '../../base/errors.ts';

/** Milliseconds of `30d`, `12h`, `1h30m`, `0s`. A number alone is none: of seconds and days it could mean either. */
const parseSpan = (text: string) => (/\d$/.test(text) ? undefined : readDuration(text));

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
