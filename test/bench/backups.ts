import { ebsPort } from '../../src/lib/aws/ec2-backups.ts';
import { planCleanup } from '../../src/lib/backups/cleanup.ts';
import { createBackups } from '../../src/lib/backups/create.ts';
import { lookUp } from '../../src/lib/backups/look.ts';
import { type Backup, type Snapshot, TAG } from '../../src/lib/backups/types.ts';
import { EC2_LIMITS } from '../fake/buckets.ts';
import { startFake } from '../fake/server.ts';
import { sessionFor } from '../fake/session.ts';

/**
 * How quick backups are, against the fake AWS: 1,000 volumes with the token buckets that AWS publishes, on the
 * fake's own clock; 10,000 snapshots judged, beyond what the calls take; what 100,000 take of memory. One line of
 * JSON, for `npm run bench`.
 *
 *   node --expose-gc test/bench/backups.ts
 */
const OWNER = { project: 'mbot', environment: 'prod' };
const MIB = 1024 ** 2;
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

/** What is held now, in MiB. */
function held(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / MIB;
}

type Scene = Awaited<ReturnType<typeof scene>>;

function addSnapshots({ fake }: Scene, count: number): void {
  for (let n = 0; n < count; n++)
    fake.state.ebs.addSnapshot({
      startedAt: fake.clock.now() - (n % 400) * 86_400_000 - n,
      tags: {
        Name: 'mbot-prod-nightly',
        [TAG.project]: OWNER.project,
        [TAG.environment]: OWNER.environment,
        [TAG.plan]: plan.name,
        [TAG.subject]: `i-${String(n % 25).padStart(17, '0')}`,
        [TAG.backup]: `nightly-${n}`,
        [TAG.taken]: new Date(fake.clock.now() - n).toISOString(),
        [TAG.volumes]: '1',
        [TAG.devices]: `vol-${String(n % 25).padStart(17, '0')}=/dev/sda1`,
      },
    });
}

/** AWS's time for 1,000 volumes, to the least that its limits allow: 100 at once, then 5 a second. */
async function thousandVolumes() {
  const { fake, deps } = await scene();
  fake.buckets.limit(EC2_LIMITS);
  for (let n = 0; n < 1000; n++) fake.state.ebs.addVolume({ tags: { Role: 'data' } });
  const started = fake.clock.now();
  const wanted = [{ kind: 'volume', tags: { Role: 'data' } }] as const;
  const before = held();
  const results = await createBackups(deps, { ...plan, wanted }, { force: false, dryRun: false });
  const seconds = (fake.clock.now() - started) / 1000;
  const failed = results.filter(({ outcome }) => outcome === 'failed').length;
  const grown = held() - before;
  await fake.close();
  return { toAllowed: seconds / ((1000 - 100) / 5), failed, grown };
}

/** Milliseconds of infractl's own for 10,000 snapshots. */
async function tenThousandSnapshots(): Promise<number> {
  const one = await scene();
  const { fake, deps } = one;
  addSnapshots(one, 10_000);
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
  const ms = performance.now() - started;
  await fake.close();
  return ms;
}

/** MiB that 100,000 snapshots of one project take once they are all known. */
async function hundredThousand(): Promise<number> {
  const one = await scene();
  addSnapshots(one, 100_000);
  const before = held();
  const backups: readonly Backup[] = await lookUp(one.deps, [one.deps.ebs.store()]);
  one.fake.requests.length = 0;
  const grown = held() - before;
  if (backups.length !== 100_000) throw new Error(`${backups.length} of 100,000 were found`);
  await one.fake.close();
  return grown;
}

const volumes = await thousandVolumes();
const judged = await tenThousandSnapshots();
process.stdout.write(`${JSON.stringify({ volumes, judged, memory: await hundredThousand() })}\n`);
