import { ebsPort } from '../../src/lib/aws/ec2-backups.ts';
import { planCleanup } from '../../src/lib/backups/cleanup.ts';
import { createBackups } from '../../src/lib/backups/create.ts';
import { type Snapshot, TAG } from '../../src/lib/backups/types.ts';
import { EC2_LIMITS } from '../fake/buckets.ts';
import { startFake } from '../fake/server.ts';
import { sessionFor } from '../fake/session.ts';

/**
 * How quick backups are, against the fake AWS: 1,000 volumes with the token buckets that AWS publishes, on the
 * fake's own clock; and 10,000 snapshots listed and judged, beyond what the calls alone take.
 *
 *   node test/bench/backups.ts
 */
const OWNER = { project: 'mbot', environment: 'prod' };
const plan = {
  name: 'nightly',
  policy: { daily: 7, weekly: 4 },
  before: [],
  after: [],
  excludeBoot: false,
  encrypt: {},
  copies: [],
  window: 6 * 3_600_000,
  maxAge: 26 * 3_600_000,
  maxDelete: 50,
};

async function scene() {
  const fake = await startFake();
  const session = await sessionFor(fake, 5);
  const deps = {
    owner: OWNER,
    ebs: ebsPort(session, fake.clock),
    rds: () => Promise.reject(new Error('no databases here')),
    reporter: { emit: () => {} },
    clock: fake.clock,
    signal: new AbortController().signal,
    where: '',
  };
  return { fake, deps };
}

async function thousandVolumes(): Promise<void> {
  const { fake, deps } = await scene();
  fake.buckets.limit(EC2_LIMITS);
  for (let n = 0; n < 1000; n++) fake.state.ebs.addVolume({ tags: { Role: 'data' } });
  const started = fake.clock.now();
  const before = process.memoryUsage().heapUsed;
  const wanted = [{ kind: 'volume', tags: { Role: 'data' } }] as const;
  const results = await createBackups(deps, { ...plan, wanted }, { force: false, dryRun: false });
  const seconds = (fake.clock.now() - started) / 1000;
  const allowed = (1000 - 100) / 5;
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  const throttled = fake.requests.filter(({ status }) => status === 503).length;
  const grown = (process.memoryUsage().heapUsed - before) / 1024 ** 2;
  console.log(
    `1,000 volumes: ${seconds.toFixed(1)} s of AWS's time, ${(seconds / allowed).toFixed(3)} × what it allows (${allowed} s)`,
  );
  console.log(
    `  ${failed} failed, ${throttled} calls refused, heap grown by ${grown.toFixed(0)} MiB, the fake's included`,
  );
  await fake.close();
}

async function tenThousandSnapshots(): Promise<void> {
  const { fake, deps } = await scene();
  for (let n = 0; n < 10_000; n++)
    fake.state.ebs.addSnapshot({
      startedAt: fake.clock.now() - (n % 400) * 86_400_000 - n,
      tags: {
        [TAG.project]: OWNER.project,
        [TAG.environment]: OWNER.environment,
        [TAG.plan]: plan.name,
        [TAG.subject]: `i-${String(n % 25).padStart(17, '0')}`,
        [TAG.backup]: `nightly-${n}`,
      },
    });
  const store = deps.ebs.store();
  const pages: (readonly Snapshot[])[] = [];
  for await (const page of store.list({ [TAG.project]: OWNER.project })) pages.push(page);
  // The answers are there already: what is measured is all that infractl does with them.
  const listed = {
    ...store,
    list: async function* () {
      yield* pages;
    },
  };
  const ebs = { ...deps.ebs, store: () => listed };
  const wanted = [{ kind: 'instance', id: 'i-0' }] as const;
  const started = performance.now();
  await planCleanup({ ...deps, ebs }, [{ ...plan, wanted }], 0);
  console.log(`10,000 snapshots: judged in ${(performance.now() - started).toFixed(0)} ms beyond the calls`);
  await fake.close();
}

await thousandVolumes();
await tenThousandSnapshots();
