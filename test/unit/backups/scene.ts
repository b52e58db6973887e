import { blocksPort } from '../../../src/lib/aws/ebs-blocks.ts';
import { ebsPort } from '../../../src/lib/aws/ec2-backups.ts';
import { restorePort } from '../../../src/lib/aws/ec2-restore.ts';
import { rdsPort } from '../../../src/lib/aws/rds-backups.ts';
import type { BackupDeps, Plan, Wanted } from '../../../src/lib/backups/deps.ts';
import type { VerifyDeps } from '../../../src/lib/backups/drill.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { type Fake, type FakeOptions, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';
import { DAY, HOUR, OWNER } from './setup.ts';

/** A plan of one or several things, with the defaults of the configuration. */
export function planOf(wanted: readonly Wanted[], more: Partial<Plan> = {}): Plan {
  return {
    name: 'nightly',
    wanted,
    policy: { within: { ms: 7 * DAY, written: '7d' } },
    before: [],
    after: [],
    excludeBoot: false,
    encrypt: {},
    copies: [],
    window: 6 * HOUR,
    maxAge: 26 * HOUR,
    maxDelete: 50,
    ...more,
  };
}

export interface BackupScene {
  readonly fake: Fake;
  readonly deps: BackupDeps;
  readonly events: ReportEvent[];
  /** As another process would have it: nothing is remembered. */
  again(signal?: AbortSignal): Promise<BackupDeps>;
  /** The same for drills. */
  drills(signal?: AbortSignal): Promise<VerifyDeps>;
}

/** Work on backups against a fake AWS, on its clock. */
export async function backupScene(
  options: FakeOptions & { maxAttempts?: number } = {},
): Promise<BackupScene> {
  const fake = await startFake(options);
  const events: ReportEvent[] = [];
  const session = () => sessionFor(fake, options.maxAttempts ?? 1);
  const again = async (signal = new AbortController().signal): Promise<BackupDeps> => {
    const mine = await session();
    return {
      owner: OWNER,
      ebs: ebsPort(mine, fake.clock, signal),
      rds: async () => rdsPort(mine, signal),
      reporter: { emit: (event) => void events.push(event) },
      clock: fake.clock,
      signal,
      where: '',
    };
  };
  const drills = async (signal = new AbortController().signal): Promise<VerifyDeps> => {
    const mine = await session();
    return {
      ...(await again(signal)),
      restore: async () => restorePort(mine, fake.clock, signal),
      blocks: async () => blocksPort(mine, signal),
      unhurried: {
        ebs: ebsPort(mine, fake.clock),
        rds: async () => rdsPort(mine),
        restore: async () => restorePort(mine, fake.clock),
      },
    };
  };
  return { fake, deps: await again(), events, again, drills };
}
