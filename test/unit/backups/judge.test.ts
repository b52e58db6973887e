import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backupsOf } from '../../../src/lib/backups/catalogue.ts';
import { type Guard, judge, restrict } from '../../../src/lib/backups/judge.ts';
import { type Backup, TAG } from '../../../src/lib/backups/types.ts';
import type { BackupPolicy } from '../../../src/lib/project/model.ts';
import { backups, DAY, HOUR, type Made, NIGHT, OWNER, snapshot } from './setup.ts';

const DAILY: BackupPolicy = { daily: 3 };
const nights = (count: number) => Array.from({ length: count }, (_, i) => NIGHT - i * DAY);
const now = { aws: NIGHT + HOUR, here: NIGHT + HOUR };
const decide = (all: readonly Backup[], policy = DAILY, clocks = now) =>
  judge(all, [{ name: 'nightly', policy }], clocks);
const gone = (verdicts: readonly { backup: Backup; keep: boolean }[]) =>
  verdicts.filter(({ keep }) => !keep).map(({ backup }) => backup.at);
const FREE: Guard = { images: [], locked: false, sharedWith: [], sharedByUs: [] };
const free = (all: readonly Backup[], more: Record<string, Partial<Guard>> = {}) =>
  new Map(all.flatMap((one) => one.snapshots.map(({ id }) => [id, { ...FREE, ...more[id] }] as const)));

describe('what is a backup', () => {
  it('is what infractl made for this project and environment, and nothing else', () => {
    const made = snapshot({ at: NIGHT });
    const other = (tags: Record<string, string>) => ({ ...made, tags: { ...made.tags, ...tags } });
    const { [TAG.backup]: _, ...half } = made.tags;
    const all = [
      other({ [TAG.project]: 'another' }),
      other({ [TAG.environment]: 'dev' }),
      { ...made, tags: half },
      { ...made, tags: {} },
    ];
    expect(backupsOf(all, OWNER)).toEqual([]);
    expect(backupsOf([made, ...all], OWNER)).toHaveLength(1);
  });

  it('is good when every volume has a completed snapshot', () => {
    const set = (...states: ('completed' | 'pending' | 'error')[]) =>
      backupsOf(
        states.map((state, i) =>
          snapshot({ at: NIGHT, backup: 'b', volumes: 2, source: `vol-${i}`, state } as Made),
        ),
        OWNER,
      )[0];
    expect(set('completed', 'completed')?.state).toBe('good');
    expect(set('completed', 'pending')).toMatchObject({ state: 'pending', progress: 70 });
    expect(set('completed', 'error')?.state).toBe('failed');
    expect(set('completed')?.state).toBe('failed');
  });

  it('is not good by an unencrypted original that awaits its copy', () => {
    const tags = { [TAG.encrypt]: 'default' };
    const original = { ...snapshot({ at: NIGHT, backup: 'b', tags }), encrypted: false };
    expect(backupsOf([original], OWNER)[0]?.state).toBe('pending');
    const copy = { ...snapshot({ at: NIGHT + HOUR, backup: 'b' }), source: original.source };
    expect(backupsOf([original, copy], OWNER)[0]).toMatchObject({ state: 'good', at: NIGHT });
  });

  it('with a count of volumes that is no number can never be good', () => {
    const [odd] = backupsOf([snapshot({ at: NIGHT, tags: { [TAG.volumes]: 'x' } })], OWNER);
    expect(odd?.state).toBe('failed');
  });
});

describe('never deletes', () => {
  it('the newest good one, although many newer ones failed', () => {
    const failed = nights(3).flatMap((at) => backups([at], { state: 'error' }));
    const good = backups([NIGHT - 400 * DAY, NIGHT - 500 * DAY]);
    const pending = backups([NIGHT + 1], { state: 'pending' });
    const { verdicts } = decide([...pending, ...failed, ...good], { last: 1 });
    expect(gone(verdicts)).not.toContain(NIGHT - 400 * DAY);
    expect(gone(verdicts)).toContain(NIGHT - 500 * DAY);
  });

  it('anything of a subject whose newest backup failed', () => {
    const all = [...backups([NIGHT + 1], { state: 'error' }), ...backups(nights(9))];
    const { verdicts, warnings } = decide(all);
    expect(gone(verdicts)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('i-0000000000000001')]);
    const other = backups(nights(9), { subject: 'vol-0000000000000009' });
    expect(gone(decide([...all, ...other]).verdicts)).toEqual(nights(9).slice(3));
  });

  it('counts a failed or unfinished one as if it were good', () => {
    const pending = backups([NIGHT + 1], { state: 'pending' });
    const failed = backups([NIGHT - HOUR, NIGHT - 2 * HOUR], { state: 'error' });
    const { verdicts } = decide([...pending, ...failed, ...backups(nights(5))], { last: 3 });
    expect(gone(verdicts)).toEqual(nights(5).slice(3));
  });

  it('a failed one on the day it failed, or while none newer is good', () => {
    const today = backups([NIGHT - HOUR], { state: 'error' });
    const old = backups([NIGHT - 2 * DAY], { state: 'error' });
    expect(gone(decide([...backups([NIGHT]), ...today, ...old]).verdicts)).toEqual([NIGHT - 2 * DAY]);
    const only = [...backups([NIGHT], { state: 'pending' }), ...old];
    expect(gone(decide(only).verdicts)).toEqual([]);
  });

  it.each(['infractl:hold', 'legal-hold', 'LegalHold', 'acme:legal_hold'])('under the tag %s', (key) => {
    const old = backups([NIGHT - 90 * DAY], { tags: { [key]: 'case 17' } });
    const off = backups([NIGHT - 91 * DAY], { tags: { [key]: 'false' } });
    const { verdicts } = decide([...backups([NIGHT]), ...old, ...off], { last: 1 });
    expect(gone(verdicts)).toEqual([NIGHT - 91 * DAY]);
    expect(verdicts[1]?.reasons[0]).toBe(`held by the tag ${key}`);
  });

  it('of a plan that is not configured here', () => {
    const { verdicts } = decide(backups(nights(9), { plan: 'weekly' }));
    expect(gone(verdicts)).toEqual([]);
    expect(verdicts[0]?.reasons).toEqual(['no plan "weekly" here']);
  });

  it.each([[{}], [{ daily: 0 }], [{ daily: -1 }], [{ daily: 1.5 }], [{ within: { ms: 0, written: '0d' } }]])(
    'on the policy %j',
    (policy) => {
      expect(() => decide(backups(nights(3)), policy as BackupPolicy)).toThrow(
        expect.objectContaining({ code: 'PolicyKeepsNothing', exit: 5 }),
      );
    },
  );

  it.each([
    ['an hour ahead of AWS', { aws: NIGHT + HOUR, here: NIGHT + 2 * HOUR }],
    ['an hour behind it', { aws: NIGHT + HOUR, here: NIGHT }],
    ['before the newest backup', { aws: NIGHT - HOUR, here: NIGHT - HOUR }],
  ])('with a clock that is %s', (_, clocks) => {
    expect(() => decide(backups(nights(3)), DAILY, clocks)).toThrow(
      expect.objectContaining({ code: 'ClockJumped', exit: 5 }),
    );
  });

  it.each([
    ['an image is made of it', { images: ['ami-1'] }, 'the image ami-1 is made of it'],
    ['it is locked', { locked: true }, 'locked'],
    ['it is shared', { sharedWith: ['999999999999'] }, 'shared with 999999999999'],
    ['it is public', { sharedWith: ['all'] }, 'shared with everybody'],
  ])('where %s', (_, guard, reason) => {
    const all = backups(nights(5));
    const oldest = all.at(-1) as Backup;
    const guards = free(all, { [oldest.snapshots[0]?.id ?? '']: guard });
    const verdicts = restrict(decide(all).verdicts, guards, 50);
    expect(gone(verdicts)).toEqual([NIGHT - 3 * DAY]);
    expect(verdicts.find(({ backup }) => backup === oldest)?.reasons).toEqual([reason]);
  });

  it('where AWS did not answer', () => {
    expect(gone(restrict(decide(backups(nights(5))).verdicts, new Map(), 50))).toEqual([]);
  });

  it('more than the cap; the oldest go first, a backup of several volumes whole', () => {
    const all = backupsOf(
      nights(9).flatMap((at) =>
        [1, 2].map((n) => snapshot({ at, backup: `b${at}`, volumes: 2, source: `vol-${n}` })),
      ),
      OWNER,
    );
    const verdicts = restrict(decide(all).verdicts, free(all), 5);
    expect(gone(verdicts)).toEqual([NIGHT - 7 * DAY, NIGHT - 8 * DAY]);
    expect(gone(restrict(decide(all).verdicts, free(all), 0))).toEqual([]);
  });

  it('what our own plan shared goes all the same', () => {
    const all = backups(nights(4));
    const id = all.at(-1)?.snapshots[0]?.id ?? '';
    const guards = free(all, { [id]: { sharedWith: ['999999999999'], sharedByUs: ['999999999999'] } });
    expect(gone(restrict(decide(all).verdicts, guards, 50))).toEqual([NIGHT - 3 * DAY]);
  });
});

describe('whatever is there', () => {
  const states = fc.constantFrom('completed', 'pending', 'error') as fc.Arbitrary<Made['state']>;
  const some = fc.array(
    fc.record({
      at: fc.integer({ min: NIGHT - 60 * DAY, max: NIGHT }),
      state: states,
      subject: fc.constantFrom('i-00000001', 'i-00000002', 'db'),
    }),
    { maxLength: 40 },
  );

  it('each subject keeps its newest good one, and each backup has a verdict with a reason', () => {
    fc.assert(
      fc.property(some, fc.nat(4), fc.nat(6), (made, daily, most) => {
        const all = backupsOf(
          made.map((one) => snapshot(one as Made)),
          OWNER,
        );
        const verdicts = restrict(decide(all, { daily, last: 1 }).verdicts, free(all), most);
        expect(verdicts.map(({ backup }) => backup.id).sort()).toEqual(all.map(({ id }) => id).sort());
        expect(gone(verdicts).length).toBeLessThanOrEqual(most);
        for (const { reasons } of verdicts) expect(reasons.length).toBeGreaterThan(0);
        for (const subject of new Set(all.map((one) => one.subject))) {
          const good = all.filter((one) => one.subject === subject && one.state === 'good');
          const newest = good.sort((a, b) => b.at - a.at)[0];
          if (newest) expect(verdicts.find(({ backup }) => backup === newest)?.keep).toBe(true);
        }
      }),
    );
  });
});
