import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AutoResult, autoRun, autoRuns } from '../../../src/lib/backups/auto.ts';
import { grouped } from '../../../src/lib/backups/catalogue.ts';
import type { Plan } from '../../../src/lib/backups/deps.ts';
import { withBackupLock } from '../../../src/lib/backups/lock.ts';
import { TAG } from '../../../src/lib/backups/types.ts';
import { type BackupScene, backupScene, planOf } from './scene.ts';
import { DAY, HOUR } from './setup.ts';

let scene: BackupScene;
let watcher: Server;
let told: { path: string; body: string }[];
let published: { topic: string; subject: string; message: string }[];
beforeEach(async () => {
  scene = await backupScene();
  told = [];
  published = [];
  watcher = createServer(async (request, answer) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    told.push({ path: request.url ?? '', body });
    answer.end('OK');
  });
  await new Promise<void>((resolve) => watcher.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await scene.fake.close();
  await new Promise((resolve) => watcher.close(resolve));
});

const pingUrl = () => `http://127.0.0.1:${(watcher.address() as AddressInfo).port}/uuid`;
const options = {
  wait: 3 * HOUR,
  dryRun: false,
  notify: async () => ({
    publish: async (topic: string, subject: string, message: string) =>
      void published.push({ topic, subject, message }),
  }),
};
const held = () => [...scene.fake.state.ebs.snapshots.values()];

function nightly(more: Partial<Plan> = {}): Plan {
  const volume = scene.fake.state.ebs.addVolume();
  return planOf([{ kind: 'volume', id: volume.id }], { policy: { daily: 3 }, ...more });
}

describe('a night', () => {
  it('backs up, cleans up, checks the age, says so in one line', async () => {
    const plan = nightly();
    const result = await autoRun(scene.deps, plan, options);
    expect(result).toMatchObject({ created: 1, deleted: 0, problems: [], exit: 0 });
    expect(result.summary).toBe(
      'backup mbot-prod nightly: 1 backed up, 0 snapshots deleted, newest good 1 min old',
    );
  });

  it('tells the watcher of start and success, with the log', async () => {
    await autoRun(scene.deps, nightly({ ping: pingUrl() }), options);
    expect(told.map(({ path }) => path)).toEqual(['/uuid/start', '/uuid']);
    expect(told[1]?.body).toMatch(/1 backed up[\s\S]*snap-/);
  });

  it('that fails deletes nothing, tells of the failure, and exits 1', async () => {
    const plan = nightly({ ping: pingUrl(), topic: 'arn:aws:sns:eu-west-3:123456789012:ops' });
    for (let n = 0; n < 6; n++) {
      await autoRun(await scene.again(), plan, options);
      await scene.fake.clock.sleep(DAY);
    }
    const before = held().length;
    told.length = 0;
    published.length = 0;
    scene.fake.faults.deny('ec2:CreateSnapshot');
    const result = await autoRun(await scene.again(), plan, options);
    expect(result).toMatchObject({ failed: 1, deleted: 0, exit: 1 });
    expect(held()).toHaveLength(before);
    expect(told.map(({ path }) => path)).toEqual(['/uuid/start', '/uuid/fail']);
    expect(published).toMatchObject([{ subject: 'FAILED: backup mbot-prod nightly' }]);
  });

  it('with a watcher that is down is a good night, and a warning', async () => {
    const result = await autoRun(scene.deps, nightly({ ping: 'http://127.0.0.1:9/secret-uuid' }), options);
    expect(result.exit).toBe(0);
    const warnings = scene.events.filter(({ type }) => type === 'warning');
    expect(JSON.stringify(warnings)).toContain('127.0.0.1:9 could not be told');
    expect(JSON.stringify(warnings)).not.toContain('secret-uuid');
  });

  it('whose newest good backup is too old says so', async () => {
    const plan = nightly({ window: 10 * DAY, maxAge: 26 * HOUR });
    await autoRun(scene.deps, plan, options);
    await scene.fake.clock.sleep(3 * DAY);
    const result = await autoRun(await scene.again(), plan, options);
    expect(result).toMatchObject({ recent: 1, exit: 1, problems: [expect.stringContaining('3 d old')] });
  });

  it('in a dry run changes nothing and tells nobody', async () => {
    const result = await autoRun(scene.deps, nightly({ ping: pingUrl() }), { ...options, dryRun: true });
    expect(result).toMatchObject({ exit: 0, created: 0 });
    expect(scene.fake.mutations()).toEqual([]);
    expect(told).toEqual([]);
  });
});

describe('several plans', () => {
  const plans = () => [
    { ...planOf([{ kind: 'database', id: 'shop' }]), name: 'databases' },
    { ...nightly(), name: 'disks' },
  ];

  const night = (plan: Plan) => autoRun(scene.deps, plan, options);

  it('one that may not be made keeps no other from its night', async () => {
    scene.fake.faults.deny('rds:*');
    const [first, second] = await autoRuns(scene.deps, plans(), night);
    expect(first).toMatchObject({ plan: 'databases', exit: 4, problems: [expect.stringContaining('rds:')] });
    expect(second).toMatchObject({ plan: 'disks', created: 1, exit: 0 });
  });

  it('that all fail end with the first failure', async () => {
    scene.fake.faults.expired();
    await expect(autoRuns(scene.deps, plans(), night)).rejects.toMatchObject({ exit: 4 });
  });
});

describe('a week of nights, with failures thrown in', () => {
  it('ends with the right snapshots, each whole and readable', async () => {
    const { ec2, ebs } = scene.fake.state;
    const { id } = ec2.addInstance({
      volumes: [
        { id: 'vol-00000000000000a01', device: '/dev/sda1', deleteOnTermination: true },
        { id: 'vol-00000000000000a02', device: '/dev/sdf', deleteOnTermination: false },
      ],
    });
    const plan = planOf([{ kind: 'instance', id }], { policy: { daily: 4 } });
    const failures: Record<number, () => void> = {
      // One snapshot of the set ends in error.
      2: () => {
        ebs.failing = 1;
      },
      // The answer to the creation is lost.
      3: () => void scene.fake.faults.lost('ec2:CreateSnapshots'),
      // AWS cannot be reached at all.
      4: () => void scene.fake.faults.reset('*', { times: Number.POSITIVE_INFINITY }),
      // Killed between creation and cleaning up.
      5: () => void scene.fake.faults.reset('ec2:DescribeImages', { times: 9 }),
      // Half of all calls are refused.
      6: () => void scene.fake.faults.throttle('ec2:*', { every: 2, times: 12 }),
    };
    const results: (AutoResult | undefined)[] = [];
    for (let night = 0; night < 10; night++) {
      failures[night]?.();
      const deps = night === 6 ? await again(10) : await scene.again();
      results.push(await autoRun(deps, plan, options).catch(() => undefined));
      scene.fake.faults.clear();
      ebs.failing = 0;
      await scene.fake.clock.sleep(DAY);
    }
    // Nights 2 and 4 have no good backup; the lost answer's is there and is good.
    expect(results.map((one) => one?.exit === 0)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
    const sets = grouped(held(), ({ tags }) => tags.get(TAG.backup) ?? '');
    expect(sets.map((set) => set.length)).toEqual([2, 2, 2, 2]);
    expect(held().every(({ failed }) => !failed)).toBe(true);
    const days = [
      ...new Set(held().map(({ startedAt }) => Math.round((scene.fake.clock.now() - startedAt) / DAY))),
    ];
    expect(days).toEqual([4, 3, 2, 1]);
  }, 60_000);

  async function again(maxAttempts: number) {
    const { sessionFor } = await import('../../fake/session.ts');
    const { ebsPort } = await import('../../../src/lib/aws/ec2-backups.ts');
    const session = await sessionFor(scene.fake, maxAttempts);
    return { ...scene.deps, ebs: ebsPort(session, scene.fake.clock) };
  }
});

describe('two runs at once on one machine', () => {
  it('the second is told at once: exit 6', async () => {
    await withBackupLock('backup auto mbot prod', async () => {
      const second = withBackupLock('backup auto mbot prod', async () => {});
      await expect(second).rejects.toMatchObject({ code: 'BackupBusy', exit: 6 });
      await withBackupLock('backup auto mbot dev', async () => {});
    });
    await withBackupLock('backup auto mbot prod', async () => {});
  });

  it('a holder that is killed leaves nothing: the system frees the lock', async () => {
    const { spawn } = await import('node:child_process');
    const lock = new URL('../../../src/lib/backups/lock.ts', import.meta.url).pathname;
    const code = `import { withBackupLock } from ${JSON.stringify(lock)}; await withBackupLock('killed', () => { console.log('held'); return new Promise(() => setInterval(() => {}, 1000)); });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    await expect(withBackupLock('killed', async () => {})).rejects.toMatchObject({ code: 'BackupBusy' });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    await withBackupLock('killed', async () => {});
  });
});
