import { UsageError } from '../base/errors.ts';

/** A filter pattern that CloudWatch Logs refused, with what it said. */
export function badFilter(pattern: string, why: string): UsageError {
  return new UsageError({
    code: 'BadFilter',
    message: `--filter ${JSON.stringify(pattern)} is no filter pattern of CloudWatch Logs.`,
    why,
    suggestions: [
      'Words that must all be there: ERROR timeout. A field of JSON messages: { $.status = 500 }.',
      'For a regular expression, use --grep.',
    ],
  });
}
