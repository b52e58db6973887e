import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Redactor } from '../../../src/lib/base/redact.ts';
import { silentReporter } from '../../../src/lib/base/report.ts';
import { type HostDesk, openLogDesk } from '../../../src/lib/desks/index.ts';
import type { HostCommand, HostResult } from '../../../src/lib/hosts/index.ts';
import { loadProject } from '../../../src/lib/project/index.ts';
import { virtualClock } from '../../fake/clock.ts';

/** Journals of hosts beside log groups: what is asked of journalctl, and what becomes of its end. */

const NOW = Date.parse('2026-01-05T09:00:00Z');
const MINUTE = 60_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-journals-'));
  writeFileSync(
    path.join(folder, 'infractl.yaml'),
    'project: shop\nregion: eu-west-3\nhosts:\n  web: { address: 203.0.113.7, ssh: { user: ubuntu } }\n',
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A host whose journal has a line a minute. */
async function deskOf(run: (command: HostCommand, since: number, until: number) => Promise<HostResult>) {
  const { project } = await loadProject({ cwd: folder, env: {} });
  const hosts = {
    choose: () => [{ name: 'web', services: [] }],
    open: async () => ({
      run: (command: HostCommand) => {
        const time = (flag: string) =>
          Number(command.argv.find((word) => word.startsWith(`--${flag}=@`))?.slice(flag.length + 4)) * 1000;
        return run(command, time('since'), time('until'));
      },
    }),
  } as unknown as HostDesk;
  const over = new AbortController();
  const desk = await openLogDesk(
    {
      session: () => Promise.reject(new Error('AWS is not asked')),
      clock: virtualClock(NOW),
      signal: over.signal,
      redactor: new Redactor(),
      hosts: async () => hosts,
      variable: () => undefined,
    },
    project,
  );
  return { desk, over, sources: await desk.sources(['web']) };
}

const line = (at: number) =>
  JSON.stringify({ __REALTIME_TIMESTAMP: String(at * 1000), MESSAGE: new Date(at).toISOString() });
const said = (exitCode: number, stderr = ''): HostResult => ({ exitCode, stdout: '', stderr });

function write({ onLine }: HostCommand, since: number, until: number): void {
  for (let at = Math.ceil(since / MINUTE) * MINUTE; at <= until; at += MINUTE) onLine?.(line(at), 'stdout');
}

describe('the journal of a host', () => {
  it('is told once while it is followed, also what is older than following reads again', async () => {
    const { desk, over, sources } = await deskOf(async (command, since, until) => {
      write(command, since, Number.isNaN(until) ? NOW : until);
      if (Number.isNaN(until)) over.abort();
      return said(0);
    });
    const told: string[] = [];
    await desk
      .follow(sources, { from: NOW - 60 * MINUTE }, (news) => {
        if (news.type === 'events') told.push(...news.events.map(({ message }) => message));
      })
      .catch(() => {});
    expect(told.length).toBeGreaterThanOrEqual(50);
    expect(new Set(told).size).toBe(told.length);
  });

  it('that journalctl does not show is a failure, in its words', async () => {
    const { desk, sources } = await deskOf(async () => said(127, 'journalctl: command not found'));
    const window = { from: NOW - MINUTE, to: NOW };
    await expect(desk.read(sources, window, () => {})).rejects.toMatchObject({
      code: 'HostJournalEnded',
      why: 'journalctl: command not found',
    });
  });

  it('that is no longer followed is said, and is a failure where nothing else is', async () => {
    const { desk, sources } = await deskOf(async () => said(0));
    const news: string[] = [];
    const followed = desk.follow(sources, { from: NOW - MINUTE }, ({ type }) => void news.push(type));
    await expect(followed).rejects.toMatchObject({ code: 'HostJournalEnded' });
    expect(news).toEqual(['lost']);
  });

  it('is no log group: neither a filter of AWS nor Insights leave out what they cannot look through', async () => {
    const { desk, sources } = await deskOf(async () => said(0));
    const window = { from: NOW - MINUTE, to: NOW, pattern: 'ERROR' };
    const refused = { code: 'NotOfJournals', exit: 2 };
    await expect(desk.read(sources, window, () => {})).rejects.toMatchObject(refused);
    await expect(desk.follow(sources, window, () => {})).rejects.toMatchObject(refused);
    const query = { ...window, query: 'fields @message' };
    await expect(desk.query(sources, query, silentReporter)).rejects.toMatchObject(refused);
    const groups = Array.from({ length: 51 }, (_, at) => ({ name: `${at}`, group: `/app/${at}` }));
    await expect(desk.query(groups, query, silentReporter)).rejects.toMatchObject({
      code: 'TooManyGroups',
      exit: 2,
    });
  });
});
