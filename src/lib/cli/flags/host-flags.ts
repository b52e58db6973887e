import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../base/errors.ts';

/** Which hosts. Without a flag the only one there is. */
export const hostFlags = {
  host: Flags.string({
    char: 'H',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'A host of infractl.yaml; several with commas. Default: the only one.',
  }),
  all: Flags.boolean({ description: 'All hosts.', exclusive: ['host'] }),
};

/** A duration as people write it, in milliseconds. */
export const timeFlag = (description: string, fallback?: string) =>
  Flags.custom<number>({
    description,
    ...(fallback === undefined ? {} : { default: milliseconds(fallback), defaultHelp: async () => fallback }),
    parse: async (text) => milliseconds(text),
  })();

/** A number of hosts, or a share of them, as Systems Manager takes it. */
export const shareFlag = (description: string) =>
  Flags.custom<string>({
    description,
    parse: async (text) => {
      if (/^(\d{1,3}|(100|[1-9]?\d)%)$/.test(text)) return text;
      throw new UsageError({
        code: 'BadShare',
        message: `"${text}" is neither a number of hosts nor a share of them.`,
        suggestions: ['Write 10, or 25%.'],
      });
    },
  })();

function milliseconds(text: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] =
    /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text) ?? [];
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  if (ms > 0) return ms;
  throw new UsageError({
    code: 'BadDuration',
    message: `"${text}" is not a duration.`,
    suggestions: ['Write seconds (90) or a text such as 5m, 45s or 1h30m.'],
  });
}
