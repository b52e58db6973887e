import { createHash } from 'node:crypto';
import { InfractlError, UsageError } from '../base/errors.ts';
import { duration } from '../base/text.ts';
import type { BackupDeps } from './deps.ts';
import type { RestoreOrder } from './restore-plan.ts';
import { type Backup, TAG } from './types.ts';

const POLL = 3_000;

/**
 * Looks until it is done.
 *
 * @throws InfractlError `RestoreTimeout` (exit 7)
 */
export async function waitUntil(
  deps: BackupDeps,
  until: number,
  what: string,
  done: () => Promise<boolean>,
): Promise<void> {
  const started = deps.clock.now();
  while (!(await done())) {
    if (deps.clock.now() >= until) {
      throw new InfractlError({
        code: 'RestoreTimeout',
        message: `${what} did not come in ${duration(deps.clock.now() - started)}. AWS goes on.`,
        suggestions: ['Run the same command again: it goes on with what was made.'],
        exit: 7,
      });
    }
    deps.reporter.emit({ type: 'part.status', part: 'restore', status: `waiting for ${what}` });
    await deps.clock.sleep(POLL, deps.signal);
  }
}

/** The same order gives the same token, so that a second run goes on with the first. */
export function tokenFor(order: RestoreOrder, what: string): string {
  const text = `${order.backup.id} ${order.backup.subject} ${order.to} ${order.instance ?? ''} ${order.name ?? ''} ${what}`;
  return `infractl-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;
}

export function tagsFor({ owner }: BackupDeps, backup: Backup): Record<string, string> {
  // Not the tag of a plan: a restored thing is no backup.
  return {
    [TAG.project]: owner.project,
    [TAG.environment]: owner.environment,
    [TAG.purpose]: 'restore',
    // One run of a plan gives the backups of all its subjects the same id.
    [TAG.backup]: backup.id,
    [TAG.subject]: backup.subject,
  };
}

/** What AWS has begun and will not bring to its end. */
export function cameToNothing(what: string, state: string, why: string): InfractlError {
  return new InfractlError({
    code: 'RestoreFailed',
    message: `AWS could not make ${what}: it is ${state}.`,
    why,
    suggestions: ['Take away what was made of it, then run the same command again.'],
  });
}

export function noSource(backup: Backup, source: string): InfractlError {
  return new UsageError({
    code: 'NoSuchSource',
    message: `The backup ${backup.id} has no snapshot of ${source}.`,
    suggestions: [`It has: ${backup.snapshots.map((one) => one.source).join(', ')}`],
  });
}
