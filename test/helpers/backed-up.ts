import { TAG } from '../../src/lib/backups/types.ts';
import type { Fake } from '../fake/server.ts';

/** Backups of one instance, in the fake AWS. */

/** The instance that is backed up. */
export const INSTANCE = 'i-0a1b2c3d4e5f60718';
const DAY = 86_400_000;

/** The backups of the nights before, by the plan `nightly`, newest first; each was ready after a minute. */
export function oldBackups(fake: Fake, project: string, count: number): void {
  for (let night = 1; night <= count; night++) {
    const at = Date.now() - night * DAY;
    const stamp = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '');
    const tags = {
      [TAG.project]: project,
      [TAG.environment]: 'dev',
      [TAG.plan]: 'nightly',
      [TAG.subject]: INSTANCE,
      [TAG.backup]: `nightly-${stamp}-n${String(night).padStart(3, '0')}`,
    };
    fake.state.ebs.addSnapshot({ startedAt: at, readyAt: at + 60_000, tags });
  }
}

/** Gives the root volume of the instance blocks to read. */
export function fillRoot(fake: Fake, blocks: readonly number[] = [0]): void {
  const id = fake.state.ec2.instances.get(INSTANCE)?.volumes[0]?.id ?? '';
  const filled = new Map(blocks.map((n) => [n, Buffer.alloc(524_288, n + 1)]));
  fake.state.ebs.addVolume({ id, state: 'in-use', blocks: filled });
}
