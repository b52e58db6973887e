import { describe, expect, it } from 'vitest';
import type { Backup, Entry } from '../../../src/lib/backups/index.ts';
import { led } from '../../../src/lib/base/led.ts';
import { cleanupView } from '../../../src/lib/cli/views/backup-view.ts';
import { estimateView } from '../../../src/lib/cli/views/costs-view.ts';
import { healthView } from '../../../src/lib/cli/views/health-view.ts';
import { schedulesView } from '../../../src/lib/cli/views/manage-schedule-view.ts';
import { imageReleasedView } from '../../../src/lib/cli/views/redeploy-image-view.ts';
import { busyWords, releasedView } from '../../../src/lib/cli/views/redeploy-view.ts';
import {
  dlmView,
  doctorView,
  installedView,
  scheduleStateView,
} from '../../../src/lib/cli/views/schedule-view.ts';
import { leaksView, secretsView } from '../../../src/lib/cli/views/secrets-view.ts';
import { httpsView } from '../../../src/lib/cli/views/setup-view.ts';
import type { View } from '../../../src/lib/cli/views/view.ts';
import type { ReleasePlace } from '../../../src/lib/desks/index.ts';

/** What a view advises acts where the command did: on production it must not lead to the usual environment. */

const where = ' --env prod --profile shop';
const lead = (line: string) => led(line, where);
const ui = { paint: (_: string, text: string) => text, columns: Number.POSITIVE_INFINITY, lead };

const released = { release: 'app', host: 'web', changed: true, id: '2', commit: null, subject: null };
const place = {
  part: { name: 'app', nginx: { host: 'www.example.com' } },
  host: { name: 'web' },
} as unknown as ReleasePlace;
const entry: Entry = {
  name: 'shop-prod-nightly',
  folder: '/srv/shop',
  argv: [],
  at: { written: '02:00' } as Entry['at'],
  log: '/tmp/log',
};
const never = { engine: null, entry: null, next: null, last: null, result: null } as const;
const missing = { state: 'missing', changed: undefined, why: undefined, usedBy: [] } as const;
const estimate = (old: boolean) => ({
  project: 'shop',
  environment: 'prod',
  region: 'eu-west-3',
  currency: 'USD' as const,
  hours: 730,
  month: { low: 0, typical: 0, high: 0 },
  parts: [
    {
      part: 'stack app',
      stackName: 'shop-app-prod',
      month: { low: 0, typical: 0, high: 0 },
      lines: [],
      notCounted: [],
      free: 1,
      usage: {},
    },
  ],
  sources: old ? [{ source: 'a list', asOf: '2026-01-05', like: 'eu-west-3', ageDays: 200, old }] : [],
});

const VIEWS: readonly (readonly [string, View, readonly string[]])[] = [
  [
    'a release',
    releasedView([{ ...released, previous: '1', switchedAfter: null }], 'deploy'),
    [`infractl redeploy rollback --app app${where}`],
  ],
  [
    'an image',
    imageReleasedView({ changed: true, version: 7, previous: 6, group: 'shop', release: 'app' }),
    [`infractl redeploy rollback --app app${where}`],
  ],
  [
    'a site without a certificate',
    httpsView([{ place, state: { certificate: null, renewal: null } }]),
    [`infractl https enable${where}`],
  ],
  [
    'a certificate that nothing renews',
    httpsView([
      {
        place,
        state: {
          certificate: { domain: 'www.example.com', until: '2026-03-01T00:00:00Z', days: 9 },
          renewal: null,
        },
      },
    ]),
    [`infractl https renew${where}`],
  ],
  [
    'secrets that are missing',
    secretsView(
      [
        { ...missing, store: 'ssm', name: '/shop/token', key: undefined },
        { ...missing, store: 'secretsmanager', name: 'shop/db', key: 'password' },
      ],
      0,
    ),
    [
      `infractl secrets set /shop/token --store ssm${where}`,
      `infractl secrets set shop/db --key password${where}`,
    ],
  ],
  [
    'a secret in the history of git',
    leaksView({
      searched: ['A'],
      leaks: [{ secret: 'A', where: 'git history', path: 'x' }],
      unread: [],
      tooShort: [],
      notSearched: [],
    }),
    [`infractl secrets rotate NAME${where}`],
  ],
  [
    'no schedule',
    schedulesView([]),
    [`infractl manage schedule set --stop "20:00 Mon-Fri" --start "07:30 Mon-Fri"${where}`],
  ],
  [
    'a schedule of backups',
    installedView(entry, 'cron', { changed: true, plan: 'nightly' }),
    [`infractl backup schedule status nightly${where}`],
  ],
  [
    'no schedule of backups',
    scheduleStateView(entry, never, undefined),
    [`infractl backup schedule install${where}`],
  ],
  [
    'a schedule of backups by AWS',
    dlmView(entry, [{ stackName: 'x', changed: true }], 'nightly'),
    [`infractl backup schedule uninstall --dlm nightly${where}`],
  ],
  [
    'a schedule of backups that is looked at',
    doctorView([
      {
        check: 'installed',
        ok: false,
        detail: 'nothing is installed: infractl backup schedule install',
      },
    ]),
    [`infractl backup schedule install${where}`],
  ],
  [
    'a verdict',
    healthView([
      {
        kind: 'disk',
        name: 'web:/',
        verdict: 'bad',
        why: 'full',
        mend: 'infractl host run --host web --sudo -- du -xhd2 /',
      },
      {
        kind: 'target',
        name: 't',
        verdict: 'bad',
        why: 'no',
        mend: 'infractl manage status --id i-1; look at it',
      },
    ]),
    [
      `infractl host run --host web --sudo${where} -- du -xhd2 /`,
      `infractl manage status --id i-1${where}; look at it`,
    ],
  ],
  ['prices that are old', estimateView(estimate(true)), [`infractl costs --refresh${where}`]],
  ['prices that are not known', estimateView(estimate(false)), [`infractl costs --refresh${where}`]],
];

describe('what is advised leads to the place of the command', () => {
  it.each(VIEWS)('%s', (_, view, wanted) => {
    const text = view.text(ui);
    for (const line of wanted) expect(text).toContain(line);
    expect(text.match(/infractl [a-z]/g)).toHaveLength(wanted.length);
  });
});

it('who is at work on a host is told in local time with its zone', () => {
  const words = busyWords({ by: 'ann@laptop', action: 'deploy', since: '2026-01-05T09:00:00Z' });
  expect(words).toMatch(/^ann@laptop is at deploy since 2026-01-0\d \d\d:\d\d:\d\d \S+$/);
});

it('a backup whose snapshot could not be deleted is not said to be gone', () => {
  const backup = (id: string): Backup =>
    ({
      id,
      plan: 'nightly',
      subject: 'i-1',
      at: 0,
      state: 'good',
      progress: 100,
      region: 'eu-west-3',
      snapshots: [
        { id: `snap-${id}`, source: 'vol-1', state: 'completed', sizeGiB: 8, tags: {}, encrypted: true },
      ],
    }) as unknown as Backup;
  const [one, two] = [backup('a'), backup('b')];
  const verdicts = [one, two].map((each) => ({ backup: each, keep: false, reasons: ['not wanted'] }));
  const cleanup = { verdicts, warnings: [], going: [one, two], sizeGiB: 16 };
  const deleted = { snapshots: ['snap-a'], failures: [{ snapshot: 'snap-b', why: 'in use' }] };
  const text = cleanupView(cleanup, deleted, 'x').text(ui);
  expect(text).toMatch(/^gone +a /m);
  expect(text).toMatch(/^stays +b /m);
  expect(cleanupView(cleanup, undefined, 'x').text(ui)).toMatch(/^delete +b /m);
});
