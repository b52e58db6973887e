import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Redactor } from '../../../src/lib/base/redact.ts';
import { billStore, periodOf } from '../../../src/lib/costs/billing.ts';
import { billedToday } from '../../../src/lib/desks/dashboard-bill.ts';
import { DashboardDesk } from '../../../src/lib/desks/dashboard-desk.ts';
import { chartsOf, Ledger, thingsOf, verdictOf } from '../../../src/lib/monitoring/dashboard/index.ts';
import { loadProject } from '../../../src/lib/project/index.ts';
import type { Project } from '../../../src/lib/project/model.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';
import { physicalId, putShop, setOff, shopOnAws } from '../../helpers/watched.ts';

/** The dashboard of a project on the fake AWS, on its virtual clock. */

let fake: Fake;
let folder: string;
let project: Project;
let end: AbortController;
let desk: DashboardDesk;

/** A host that nobody can reach, and that says so at once. */
const REFUSED = 'web: { address: 127.0.0.1, ssh: { port: 9 } }';

beforeEach(async () => {
  fake = await startFake();
  await shopOnAws(fake);
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-dashboard-'));
  await open((text) => text.replace(/^ {2}web: .*$/m, `  ${REFUSED}`));
});
afterEach(async () => {
  end.abort();
  await desk.close();
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(change: (text: string) => string): Promise<void> {
  putShop(folder, undefined, change);
  project = (await loadProject({ cwd: folder })).project;
  end = new AbortController();
  const ledger = new Ledger(fake.clock.now());
  const session = {
    ...(await sessionFor(fake)),
    onCall: ({ action }: { action: string }) => ledger.call(action),
  };
  desk = new DashboardDesk(
    {
      session: async () => session,
      redactor: new Redactor(),
      variable: () => undefined,
      env: process.env,
      signal: end.signal,
      clock: fake.clock,
      where: '',
      commandLine: 'monitoring dashboard',
      version: '0.0.0',
      ledger,
      onChange: () => {},
    },
    project,
    { range: '3h', every: 30_000 },
  );
}

const withoutHosts = (text: string) => text.replace(/^hosts:\n.*\n/m, '');

describe('one look', () => {
  it('has the whole project before any answer: the place, and panels that wait', () => {
    const { place, panels } = desk.picture;
    expect(place).toMatchObject({ project: 'shop', environment: 'dev', region: 'eu-west-3' });
    expect(Object.keys(panels).sort()).toEqual(
      ['alarms', 'backups', 'deploy', 'hosts', 'instances', 'metrics', 'services'].sort(),
    );
    for (const told of Object.values(panels)) expect(told).toEqual({ busy: false });
    expect(fake.requests.filter(({ service }) => service !== 'cloudformation')).toEqual([]);
  });

  it('tells what should be there and is not: an alarm that was deleted, a volume without a backup', async () => {
    await desk.close();
    await open((text) =>
      text
        .replace(/^ {2}web: .*$/m, `  ${REFUSED}`)
        .replace(/(\{ volume: vol-)0123456789abcdef0 \}/, '$&, $10fedcba987654321 }'),
    );
    fake.state.cloudWatch.alarms.delete('shop-disk');
    const picture = await desk.once();
    expect(picture.panels.alarms?.lost).toMatchObject([{ code: 'AlarmGone' }]);
    expect(picture.panels.backups?.value).toMatchObject([
      { subject: 'vol-0123456789abcdef0', id: expect.any(String) },
      { subject: 'vol-0fedcba987654321', id: null },
    ]);
  });

  it('tells alarms, charts with their gaps, the backup, the deploy, and what the looking cost', async () => {
    setOff(fake, 'shop-errors');
    fake.requests.length = 0;
    const picture = await desk.once();
    const { alarms, metrics, backups, deploy, hosts } = picture.panels;
    expect(alarms?.value?.find(({ alarm }) => alarm.name === 'shop-errors')).toMatchObject({
      stack: 'app',
      logicalId: 'Errors',
      alarm: { state: 'ALARM' },
    });
    const { charts } = chartsOf(picture);
    const [first] = charts;
    expect(first).toMatchObject({ name: 'Api', label: 'errors', topic: 'errors', resource: 'shop-api-dev' });
    expect(charts.map(({ name, label }) => `${name} ${label}`)).toEqual(
      expect.arrayContaining(['Web CPU', 'Web memory', 'Web disk /']),
    );
    const duration = charts.find(({ name, topic }) => name === 'Api' && topic === 'duration');
    const steps = duration?.points.map(({ at }, index, all) => at - (all[index - 1]?.at ?? at)) ?? [];
    expect(Math.max(...steps)).toBe(6 * 300_000);
    expect(duration?.cadence).toBe(300_000);
    expect(backups?.value).toMatchObject([{ plan: 'nightly', subject: 'vol-0123456789abcdef0' }]);
    expect(deploy).toMatchObject({ value: null });
    expect(hosts?.value).toMatchObject([{ host: 'web', error: { code: 'HostUnreachable' } }]);
    expect(verdictOf(thingsOf(picture))).toBe('unhealthy');
    // Who asks is told by a session that was opened before the counting.
    const asked = fake.requests.filter(({ service }) => service !== 'sts');
    expect(picture.spent.calls).toBe(asked.length);
    expect(picture.spent.metrics).toBe(metrics?.value?.charts.length);
    expect(fake.mutations()).toEqual([]);
  });

  it('tells the bill where somebody asked for it today, and never asks', async () => {
    const cache = path.join(folder, 'cache');
    const now = fake.clock.now();
    const tags = { 'infractl:project': 'shop', 'infractl:environment': 'dev' };
    const amount = (month: string, usd: number) => ({
      month,
      amount: usd,
      usd,
      service: 'AWS Lambda',
      part: '',
    });
    const bill = {
      ...periodOf(3, now),
      tags,
      amounts: [amount('2025-12', 40), amount('2026-01', 3.2), amount('2026-01', 0.8)],
      askedAt: new Date(now).toISOString(),
      questions: 1,
      currency: 'USD',
    };
    const env = { XDG_CACHE_HOME: cache };
    const store = billStore(env);
    const billed = () => billedToday({ session: () => sessionFor(fake), env, clock: fake.clock }, project);
    store.write(JSON.stringify(['123456789012', { from: bill.from, to: bill.to, tags }]), bill);
    expect(await billed()).toBeUndefined();
    store.agree(now);
    expect(await billed()).toEqual({ month: '2026-01', usd: 4, askedAt: now });
    await fake.clock.sleep(86_400_000);
    expect(await billed()).toBeUndefined();
    expect(new Set(fake.actions().filter((action) => !/^cloudformation:/.test(action)))).toEqual(
      new Set(['sts:GetCallerIdentity']),
    );
  });

  it('asks for what the stacks are made of once, whoever wants it', async () => {
    await desk.once();
    // The instances have a desk of their own.
    expect(
      fake.actions().filter((action) => action === 'cloudformation:ListStackResources').length,
    ).toBeLessThan(3);
  });

  it.each([
    ['cloudwatch:GetMetricData', 'metrics', 'no permission'],
    ['cloudwatch:DescribeAlarms', 'alarms', 'no permission'],
    ['ec2:DescribeSnapshots', 'backups', 'no permission'],
  ] as const)('a missing right to %s is a word in one panel', async (action, panel, word) => {
    fake.faults.deny(action);
    const { panels } = await desk.once();
    expect(panels[panel]?.trouble).toMatchObject({ word, error: { code: 'AccessDenied' } });
    const others = Object.entries(panels).filter(([name]) => name !== panel);
    for (const [name, told] of others) expect(`${name} ${told.trouble?.word ?? 'seen'}`).toBe(`${name} seen`);
  });

  it('without credentials it is one error, where nothing else can be seen', async () => {
    await desk.close();
    await open(withoutHosts);
    fake.faults.expired();
    await expect(desk.once()).rejects.toMatchObject({ code: 'ExpiredToken', exit: 4 });
    expect(desk.hopeless).toMatchObject({ code: 'ExpiredToken' });
  });
});

describe('a watch', () => {
  it('says that an instance is gone, and shows the others', async () => {
    await desk.close();
    await open((text) =>
      text.replace(/^ {2}web: .*$/m, `  web: { tags: { Name: shop-web }, ssh: { port: 9 } }`),
    );
    const web = [...fake.state.ec2.instances.values()].find(({ tags }) => tags.get('Name') === 'shop-web');
    if (!web) throw new Error('no instance');
    web.publicIp = '127.0.0.1';
    const first = await desk.once();
    expect(first.panels.instances?.value).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'web', id: web.id, state: 'running' })]),
    );
    fake.state.ec2.instances.delete(web.id);
    const { panels } = await desk.once();
    expect(panels.instances?.trouble).toBeUndefined();
    expect(panels.instances?.value).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'web', state: 'not there', mood: 'bad' }),
        expect.objectContaining({ id: web.id, state: 'gone', mood: 'bad' }),
      ]),
    );
  });

  it('says of an instance that a stack made and somebody terminated that it is gone, at the first look', async () => {
    await desk.close();
    await open(withoutHosts);
    const id = physicalId(fake, 'Web');
    fake.state.ec2.instances.delete(id);
    const { panels } = await desk.once();
    expect(panels.instances?.value).toEqual([
      expect.objectContaining({ id, name: 'Web', state: 'gone', mood: 'bad' }),
    ]);
  });

  it('goes on at its own pace, and asks for a new range at once', async () => {
    await desk.close();
    await open(withoutHosts);
    fake.requests.length = 0;
    const running = desk.run();
    await fake.clock.sleep(15 * 60_000);
    const asked = (action: string) => fake.actions().filter((one) => one === action).length;
    expect(desk.picture.panels.alarms?.trouble).toBeUndefined();
    const alarms = fake.requests.filter(({ action }) => action === 'DescribeAlarms').length;
    expect(alarms).toBeGreaterThan(27);
    expect(alarms).toBeLessThan(33);
    expect(fake.requests.filter(({ action }) => action === 'DescribeSnapshots').length).toBeLessThan(5);
    expect(desk.picture.spent.usdADay).toBeGreaterThan(0);
    expect(asked('cloudwatch:GetMetricData')).toBeGreaterThan(27);
    desk.choose('7d');
    await fake.clock.sleep(1_000);
    expect(desk.picture.range).toBe('7d');
    expect(desk.picture.panels.metrics?.value?.window.period).toBe(3_600_000);
    end.abort();
    await running;
  }, 120_000);

  it('a function logs are shown by its group', async () => {
    expect(physicalId(fake, 'Api')).toBe('shop-api-dev');
    // Before the first answer the time of the logs is this machine's.
    const at = Date.now() - 60_000;
    fake.state.logs.groups.set('/aws/lambda/shop-api-dev', [{ at, message: 'Error: no database' }]);
    const events = await desk.logs('/aws/lambda/shop-api-dev', end.signal);
    expect(events.map(({ message }) => message)).toEqual(['Error: no database']);
  });
});
