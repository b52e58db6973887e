import { InfractlError } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import type { Snapshot } from './types.ts';

/** @throws InfractlError `SnapshotArchived`: AWS neither reads nor restores what is in the archive tier */
export function checkTier(snapshots: readonly Snapshot[]): void {
  const archived = snapshots.filter(({ tier }) => tier === 'archive');
  if (archived.length === 0) return;
  throw new InfractlError({
    code: 'SnapshotArchived',
    message: `${listed(archived.map(({ id }) => id))} ${archived.length === 1 ? 'is' : 'are'} archived: nothing can be made of what is in the archive tier.`,
    suggestions: [
      ...archived.map(
        ({ id }) =>
          `Bring it back for a week: aws ec2 restore-snapshot-tier --snapshot-id ${id} --temporary-restore-days 7`,
      ),
      'That takes up to three days. Then run the same command again.',
    ],
  });
}
