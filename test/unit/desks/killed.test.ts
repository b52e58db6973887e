import { afterEach, describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../../src/lib/artifacts/index.ts';
import { parseMoment } from '../../../src/lib/backups/schedule/entry.ts';
import { thisMachine } from '../../../src/lib/cron/index.ts';
import type { BackupDeskDeps } from '../../../src/lib/desks/backup-desk.ts';
import { installDlm, uninstallDlm } from '../../../src/lib/desks/backup-dlm.ts';
import { CronScheduleDesk } from '../../../src/lib/desks/cron-schedule-desk.ts';
import { underLock } from '../../../src/lib/desks/recording.ts';
import { ScheduleDesk } from '../../../src/lib/desks/schedule-desk.ts';
import { ScheduleEngines } from '../../../src/lib/desks/schedule-engines.ts';
import type { Schedule } from '../../../src/lib/schedules/index.ts';
import { planOf } from '../backups/scene.ts';
import { Deploys } from '../deploy/setup.ts';

/**
 * Stacks beside a deploy (schedules, policies of Data Lifecycle Manager): killed at each request that changes
 * something, before and after AWS carries it out, and what the next run makes of it.
 */

const HOWS = ['reset', 'lost'] as const;
/** Every cut is a run and two or three more. */
const LONG = { timeout: 240_000 };
const opened: Deploys[] = [];
afterEach(async () => {
  for (const deploys of opened.splice(0)) await deploys.close();
});

/** A project that has been deployed once: it has a bucket, so a lock and a journal. */
async function open(): Promise<Deploys> {
  const deploys = await Deploys.open({ 'infractl.yaml': 'project: shop\nregion: eu-west-3\n' });
  opened.push(deploys);
  await openArtifactStore((await deploys.deps()).session, 'shop', { create: true });
  return deploys;
}

async function deskDeps(deploys: Deploys): Promise<BackupDeskDeps> {
  const deps = await deploys.deps();
  return { ...deps, session: async () => deps.session, where: '' };
}

/** Does to a fresh place what `run` does, cut at each of its changes in turn; `after` looks at what became of it. */
async function cutEverywhere(
  how: (typeof HOWS)[number],
  prepared: () => Promise<Deploys>,
  run: (deploys: Deploys) => Promise<unknown>,
  after: (deploys: Deploys, at: number) => Promise<void>,
): Promise<void> {
  const measured = await prepared();
  const from = measured.fake.requests.length;
  await run(measured);
  const changes = measured.changesSince(from);
  // The lock is taken and given back, the stack is changed.
  expect(changes.length).toBeGreaterThan(2);
  let takenOver = 0;
  for (const at of changes) {
    const deploys = await prepared();
    deploys.killAt(at, how);
    await run(deploys).catch(() => {});
    await deploys.comeBack();
    await after(deploys, at);
    await expectFree(deploys);
    if (tookOver(deploys)) takenOver++;
  }
  expect(takenOver).toBeGreaterThan(0);
}

/** The stacks that there are. */
const stacks = (deploys: Deploys) =>
  deploys.fake.state.cloudFormation.stacks
    .filter(({ status }) => status !== 'DELETE_COMPLETE')
    .map(({ name, status }) => `${name} ${status}`);

/** Whoever comes gets the lock; what was killed is in nobody's way. */
async function expectFree(deploys: Deploys): Promise<void> {
  await underLock(await deskDeps(deploys), await deploys.project(), async () => {});
}

const tookOver = ({ events }: Deploys) =>
  events.some((event) => event.type === 'note' && event.message.includes('that died was taken over'));

describe('manage schedule by EventBridge Scheduler, killed', () => {
  const night: Schedule = {
    name: 'night',
    stop: '20:00 Mon-Fri',
    start: '07:30',
    timezone: 'Europe/Paris',
    targets: [{ kind: 'instance', id: 'i-0a1b2c3d4e5f60718' }],
    skipUntil: null,
  };
  const weekend: Schedule = { ...night, name: 'weekend', stop: '20:00 Sat', start: null };
  const skipping: Schedule = { ...night, skipUntil: '2099-01-04T23:00:00Z' };

  const owner = {
    project: 'shop',
    environment: 'dev',
    folder: '/shop',
    program: ['infractl'],
    place: [],
    log: '/dev/null',
  };
  const withoutCron = { ...thisMachine({}, new AbortController().signal), run: async () => undefined };

  const desk = async (deploys: Deploys) => new ScheduleDesk(await deskDeps(deploys), await deploys.project());
  const set = async (deploys: Deploys, schedule: Schedule) => (await desk(deploys)).put([schedule]);
  const list = async (deploys: Deploys) => (await desk(deploys)).list();
  const remove = async (deploys: Deploys) => (await engines(deploys)).remove('night');
  const engines = async (deploys: Deploys) => {
    const { clock } = deploys.fake;
    return new ScheduleEngines(await desk(deploys), new CronScheduleDesk(withoutCron, owner, clock), clock);
  };
  /** How many schedules EventBridge would run. */
  const running = (deploys: Deploys) =>
    [...(deploys.fake.state.cloudFormation.find('shop-schedules-dev')?.resources.values() ?? [])].filter(
      ({ type, status }) => type === 'AWS::Scheduler::Schedule' && !status.startsWith('DELETE'),
    ).length;

  const scheduled = async (...schedules: Schedule[]) => {
    const deploys = await open();
    for (const schedule of schedules) await set(deploys, schedule);
    return deploys;
  };
  const WHOLE = /^shop-schedules-dev (CREATE|UPDATE)_COMPLETE$/;

  it.each(HOWS)('at any change of the first set (%s): set again, it is there once', LONG, async (how) => {
    await cutEverywhere(
      how,
      open,
      (one) => set(one, night),
      async (deploys) => {
        await set(deploys, night);
        expect(await list(deploys)).toEqual([night]);
        expect(stacks(deploys)).toEqual([expect.stringMatching(WHOLE)]);
        expect(running(deploys)).toBe(2);
        expect(await set(deploys, night)).toBe('unchanged');
      },
    );
  });

  it.each(HOWS)('at any change of the first set (%s): removed, nothing is left', LONG, async (how) => {
    await cutEverywhere(
      how,
      open,
      (one) => set(one, night),
      async (deploys) => {
        const none = stacks(deploys).length === 0;
        const removed = await remove(deploys).catch((error: { code: string }) => error.code);
        expect(removed).toBe(none ? 'NoSuchSchedule' : undefined);
        expect(stacks(deploys)).toEqual([]);
        expect(await list(deploys)).toEqual([]);
      },
    );
  });

  it.each(HOWS)('at any change of a further set (%s): the ones before stay', LONG, async (how) => {
    const prepared = () => scheduled(night);
    await cutEverywhere(
      how,
      prepared,
      (one) => set(one, weekend),
      async (deploys) => {
        expect(await list(deploys)).toContainEqual(night);
        await set(deploys, weekend);
        expect(await list(deploys)).toEqual([night, weekend]);
        expect(running(deploys)).toBe(3);
      },
    );
  });

  it.each(HOWS)(
    'at any change of skip-until (%s): it rests or it runs, and then it rests',
    LONG,
    async (how) => {
      const prepared = () => scheduled(night);
      const skip = async (one: Deploys) => (await engines(one)).skipUntil('2099-01-05', undefined);
      await cutEverywhere(how, prepared, skip, async (deploys) => {
        expect([[night], [skipping]]).toContainEqual(await list(deploys));
        await skip(deploys);
        expect(await list(deploys)).toEqual([skipping]);
        expect(running(deploys)).toBe(2);
      });
    },
  );

  it.each(HOWS)('at any change of remove (%s): the one goes, the other stays', LONG, async (how) => {
    const prepared = () => scheduled(night, weekend);
    await cutEverywhere(how, prepared, remove, async (deploys) => {
      if ((await list(deploys)).length > 1) await remove(deploys);
      expect(await list(deploys)).toEqual([weekend]);
      expect(running(deploys)).toBe(1);
    });
  });

  it.each(HOWS)('at any change of the last remove (%s): the stack goes', LONG, async (how) => {
    await cutEverywhere(
      how,
      () => scheduled(night),
      remove,
      async (deploys) => {
        if ((await list(deploys)).length > 0) await remove(deploys);
        expect(stacks(deploys)).toEqual([]);
      },
    );
  });

  it('a first set that AWS rolled back has set nothing: it is not listed, and comes with no other', async () => {
    const deploys = await open();
    deploys.fake.state.cloudFormation.script.set('Role', { fail: 'no role for you', times: 1 });
    await expect(set(deploys, night)).rejects.toMatchObject({ code: 'StackFailed' });
    expect(stacks(deploys)).toEqual(['shop-schedules-dev ROLLBACK_COMPLETE']);
    expect(await list(deploys)).toEqual([]);
    await set(deploys, weekend);
    expect(await list(deploys)).toEqual([weekend]);
  });
});

describe('backup schedule by Data Lifecycle Manager, killed', () => {
  const plan = planOf([{ kind: 'instance', tags: { Role: 'web' } }]);
  const moment = parseMoment('02:05');
  const install = async (deploys: Deploys) =>
    installDlm(await deskDeps(deploys), await deploys.project(), plan, moment);
  const uninstall = async (deploys: Deploys) =>
    uninstallDlm(await deskDeps(deploys), await deploys.project(), plan.name);
  const installed = async () => {
    const deploys = await open();
    await install(deploys);
    return deploys;
  };

  it.each(HOWS)('at any change of install (%s): installed again, there is one policy', LONG, async (how) => {
    await cutEverywhere(how, open, install, async (deploys) => {
      await install(deploys);
      expect(stacks(deploys)).toEqual(['shop-backup-nightly-dev CREATE_COMPLETE']);
      expect((await install(deploys)).changed).toBe(false);
    });
  });

  it.each(HOWS)('at any change of install (%s): uninstalled, nothing is left', LONG, async (how) => {
    await cutEverywhere(how, open, install, async (deploys) => {
      const some = stacks(deploys).length > 0;
      expect(await uninstall(deploys)).toBe(some);
      expect(stacks(deploys)).toEqual([]);
    });
  });

  it.each(HOWS)('at any change of uninstall (%s): the policy goes, once', LONG, async (how) => {
    await cutEverywhere(how, installed, uninstall, async (deploys) => {
      await uninstall(deploys);
      expect(stacks(deploys)).toEqual([]);
      expect(await uninstall(deploys)).toBe(false);
    });
  });
});
