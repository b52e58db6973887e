import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../base/errors.ts';
import { parseShare } from '../../base/share.ts';
import { timeFlag } from './duration-flag.ts';
import { shareFlag } from './host-flags.ts';

/** Which application, and on which of its hosts. */
export const appFlags = {
  app: Flags.string({ char: 'a', description: 'An application of "releases". Default: the only one.' }),
  host: Flags.string({
    char: 'H',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'Only these of its hosts, with commas between them.',
  }),
};

/** Of a group, and of several hosts of Systems Manager. */
export const limitFlags = {
  batch: shareFlag(
    'So many members of a group at a time, 2 or 25%; also hosts of Systems Manager. Default: as configured, or 1.',
    1,
  ),
  'max-errors': shareFlag(
    'Begin no further one after more failures, 2 or 10%. Default: as configured, or 0.',
  ),
};

export function limitsOf(flags: { batch?: string | undefined; 'max-errors'?: string | undefined }) {
  const { batch, 'max-errors': errors } = flags;
  return {
    batch: batch === undefined ? undefined : parseShare(batch),
    errors: errors === undefined ? undefined : parseShare(errors),
  };
}

export const waitFlag = timeFlag('Wait so long for somebody else who is at work: 10m.');

/**
 * AWS replaces the members of an application that is an image: no host is chosen, nothing is fetched or watched there.
 *
 * @param given flags that speak of hosts, as they were typed
 * @throws UsageError `FlagUnused`: none is overlooked
 */
export function checkImageFlags(given: Readonly<Record<string, unknown>>): void {
  const unused = Object.entries(given).find(([, value]) => value !== undefined && value !== false)?.[0];
  if (unused === undefined) return;
  throw new UsageError({
    code: 'FlagUnused',
    message: `--${unused} means nothing to an application that is released as an image.`,
    why: 'AWS replaces the members of its group by the newest version of the launch template.',
    suggestions: ['Leave it out.'],
  });
}
