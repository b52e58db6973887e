import type { StackStatus } from '../port.ts';

/** What a status means for whoever looks: all is well, something runs, it is whole but not what was wanted, somebody has to act. */
export type Mood = 'good' | 'busy' | 'reverted' | 'bad';

interface Words {
  readonly words: string;
  readonly mood: Mood;
  /** What a stack that AWS leaves in this status needs. `{deploy}` and `{destroy}` stand for the commands. */
  readonly wayOut?: readonly string[];
}

const good = (words: string): Words => ({ words, mood: 'good' });
const busy = (words: string): Words => ({ words, mood: 'busy' });
const bad = (words: string, ...wayOut: string[]): Words => ({ words, mood: 'bad', wayOut });

const ONLY_DELETED =
  'AWS lets such a stack only be deleted. {deploy} does that by itself, then creates it again.';
const CONTINUE = [
  'Mend what stood in the way, then finish taking it back: {deploy} --continue-rollback',
  'A resource that cannot be mended is left out by name: {deploy} --continue-rollback --skip-resource LOGICAL_ID',
];
const IMPORT_STUCK = [
  'AWS documents no call that finishes it: continue-update-rollback is for updates. AWS Support can; until then its resources go on as they are.',
  'Or give the stack up: {destroy} says first what would be deleted and what stays by its DeletionPolicy, then asks. {deploy} creates it anew.',
];

/** Every status that a stack can have, in words. The type makes the table complete. */
const STATUS: Readonly<Record<StackStatus, Words>> = {
  CREATE_COMPLETE: good('created'),
  UPDATE_COMPLETE: good('updated'),
  IMPORT_COMPLETE: good('imported'),
  UPDATE_ROLLBACK_COMPLETE: { words: 'last update taken back', mood: 'reverted' },
  IMPORT_ROLLBACK_COMPLETE: { words: 'last import taken back', mood: 'reverted' },
  DELETE_COMPLETE: good('deleted'),

  CREATE_IN_PROGRESS: busy('being created'),
  UPDATE_IN_PROGRESS: busy('being updated'),
  DELETE_IN_PROGRESS: busy('being deleted'),
  IMPORT_IN_PROGRESS: busy('importing resources'),
  UPDATE_COMPLETE_CLEANUP_IN_PROGRESS: busy('updated, removing what was replaced'),
  ROLLBACK_IN_PROGRESS: busy('creation failed, being taken back'),
  UPDATE_ROLLBACK_IN_PROGRESS: busy('update being taken back'),
  UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS: busy('update taken back, removing what it made'),
  IMPORT_ROLLBACK_IN_PROGRESS: busy('import being taken back'),

  REVIEW_IN_PROGRESS: bad(
    'empty, never deployed',
    'It holds nothing: a change set made it and was not executed. {deploy} goes on with it, {destroy} removes it.',
  ),
  CREATE_FAILED: bad('creation failed', ONLY_DELETED),
  ROLLBACK_COMPLETE: bad('creation failed, taken back', ONLY_DELETED),
  ROLLBACK_FAILED: bad('creation failed, and so did taking it back', ONLY_DELETED),
  UPDATE_FAILED: bad('update failed half way', 'AWS takes the next update from where it stands: {deploy}'),
  UPDATE_ROLLBACK_FAILED: bad('taking back an update failed', ...CONTINUE),
  IMPORT_ROLLBACK_FAILED: bad('taking back an import failed', ...IMPORT_STUCK),
  DELETE_FAILED: bad(
    'deletion failed half way',
    'AWS does not update such a stack. Mend what stands in the way, then finish the deletion: {destroy}',
    'Or finish it and create the stack anew: {deploy} --finish-deletion',
  ),
};

/** A status in words; one that is newer than this program as AWS writes it. */
export function statusWords(status: string): { readonly words: string; readonly mood: Mood } {
  const known = STATUS[status as StackStatus];
  if (known) return { words: known.words, mood: known.mood };
  return { words: status, mood: status.endsWith('_IN_PROGRESS') ? 'busy' : 'bad' };
}

/** What gets a stack out of a status in which AWS leaves it stuck; empty for all others. */
export function wayOutOf(status: string, stackName: string, where = ''): string[] {
  return (STATUS[status as StackStatus]?.wayOut ?? []).map((text) =>
    text
      .replaceAll('{deploy}', `infractl deploy --create-stack${where}`)
      .replaceAll('{destroy}', `infractl destroy${where}`)
      .replaceAll('{stack}', stackName),
  );
}
