import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../../src/lib/artifacts/index.ts';
import type { AwsSession } from '../../../src/lib/aws/session.ts';
import { Interrupted, UsageError } from '../../../src/lib/base/errors.ts';
import { Redactor } from '../../../src/lib/base/redact.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { type RecordDeps, recorded, underLock } from '../../../src/lib/desks/recording.ts';
import { listJournal, makesState } from '../../../src/lib/journal/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

const PROJECT = { name: 'mbot', environment: 'prod', root: '/' };
const PART = { part: 'instance web', outcome: 'stopped', ms: 10 };
const told = () => ({ parts: [PART], failed: false, undo: 'infractl manage start' });

let fake: Fake;
let session: AwsSession;
let events: ReportEvent[];
let deps: RecordDeps;
beforeEach(async () => {
  fake = await startFake();
  session = await sessionFor(fake);
  events = [];
  deps = {
    session: async () => session,
    reporter: { emit: (event) => void events.push(event) },
    clock: fake.clock,
    env: process.env,
    signal: new AbortController().signal,
    redactor: new Redactor(),
    commandLine: 'manage stop --yes',
    version: '0.0.0',
    where: ' --env prod',
  };
});
afterEach(() => fake.close());

const withBucket = () => openArtifactStore(session, PROJECT.name, { create: true });
const history = async () => {
  const store = await withBucket();
  return store ? listJournal(store, PROJECT.environment, 10) : [];
};
const warnings = () => events.filter(({ type }) => type === 'warning');

describe('what was done beside a deploy', () => {
  it('is in the history: by whom, what, and how it is undone; a rollback does not go back to it', async () => {
    await withBucket();
    expect(await recorded(deps, PROJECT, 'stop', async () => 7, told)).toBe(7);
    const [entry] = await history();
    expect(entry).toMatchObject({
      act: 'stop',
      command: 'manage stop --yes',
      who: 'arn:aws:iam::123456789012:user/dev',
      result: 'succeeded',
      undo: 'infractl manage start --env prod',
      parts: [PART],
    });
    expect(entry && makesState(entry)).toBe(false);
  });

  it('is undone by lines that are whole, whenever and wherever they are typed', async () => {
    await withBucket();
    const undo = 'aws ec2 detach-volume --volume-id vol-1 && aws ec2 delete-volume --volume-id vol-1';
    await recorded(
      deps,
      PROJECT,
      'restore',
      async () => 0,
      () => ({ parts: [PART], failed: false, undo }),
    );
    const place = `--region eu-west-3 --endpoint-url ${fake.url}`;
    expect((await history())[0]?.undo).toBe(undo.replaceAll('vol-1', `vol-1 ${place}`));
  });

  it('without a bucket is done without a journal, and no bucket is made', async () => {
    expect(await recorded(deps, PROJECT, 'stop', async () => 7, told)).toBe(7);
    expect(fake.mutations()).toEqual([]);
    expect(warnings()).toEqual([]);
  });

  it('that failed or was interrupted says so', async () => {
    await withBucket();
    const fails = (error: Error) =>
      recorded(deps, PROJECT, 'start', () => Promise.reject(error), told).catch(() => {});
    await fails(new UsageError({ code: 'NoWay', message: 'It did not go.' }));
    await fake.clock.sleep(1000);
    await fails(new Interrupted());
    await fake.clock.sleep(1000);
    await recorded(
      deps,
      PROJECT,
      'start',
      async () => 0,
      () => ({ parts: [PART], failed: true }),
    );
    expect((await history()).map(({ result }) => result)).toEqual(['failed', 'interrupted', 'failed']);
  });

  it('is done where the journal may not be written: that is a word', async () => {
    await withBucket();
    fake.faults.deny('s3:PutObject');
    expect(await recorded(deps, PROJECT, 'stop', async () => 7, told)).toBe(7);
    expect(warnings()).toMatchObject([{ message: expect.stringContaining('journal could not be written') }]);
  });
});

describe('under the lock of the environment', () => {
  it('one works at a time; the other is refused, or waits', async () => {
    await withBucket();
    let inside = 0;
    const work = async () => {
      inside++;
      await expect(underLock(deps, PROJECT, async () => {})).rejects.toMatchObject({
        code: 'Locked',
        exit: 6,
      });
      expect(await underLock({ ...deps, withoutLock: true }, PROJECT, async () => 'free')).toBe('free');
    };
    await underLock(deps, PROJECT, work);
    expect(await underLock(deps, PROJECT, async () => 'free again')).toBe('free again');
    expect(inside).toBe(1);
  });

  it('without a bucket nobody holds it, and none is made; without rights on it that is a word', async () => {
    expect(await underLock(deps, PROJECT, async () => 1)).toBe(1);
    expect(fake.mutations()).toEqual([]);
    await withBucket();
    fake.faults.deny('s3:*');
    expect(await underLock(deps, PROJECT, async () => 2)).toBe(2);
    expect(warnings()).toHaveLength(1);
  });
});
