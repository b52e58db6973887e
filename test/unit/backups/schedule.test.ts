import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  calendarTime,
  cronMark,
  cronTime,
  type Entry,
  entryLine,
  parseMoment,
} from '../../../src/lib/backups/schedule/entry.ts';
import { serviceUnit, timerUnit } from '../../../src/lib/backups/schedule/systemd.ts';
import { shellWord } from '../../../src/lib/base/shell-words.ts';
import { cronLine, withLine, withoutLine } from '../../../src/lib/cron/index.ts';

const withEntry = (crontab: string, one: Entry) => withLine(crontab, entryLine(one));
const withoutEntry = (crontab: string, name: string) => withoutLine(crontab, cronMark(name));

const entry: Entry = {
  name: 'mbot-prod',
  folder: '/srv/my project 100%',
  argv: ['/usr/bin/node', '/opt/infractl/bin/run.js', 'backup', 'auto', '--env', 'prod'],
  at: parseMoment('02:00'),
  log: '/root/.local/state/infractl/backup-mbot-prod.log',
};

describe('a time', () => {
  it.each([
    ['02:00', '0 2 * * *', '*-*-* 02:00:00'],
    ['2:05 Mon-Fri', '5 2 * * 1,2,3,4,5', 'Mon,Tue,Wed,Thu,Fri *-*-* 02:05:00'],
    ['14:30 Sun,Sat', '30 14 * * 6,7', 'Sat,Sun *-*-* 14:30:00'],
    ['23:59 Sat-Mon', '59 23 * * 1,6,7', 'Mon,Sat,Sun *-*-* 23:59:00'],
  ])('%s', (written, cron, calendar) => {
    expect(cronTime(parseMoment(written))).toBe(cron);
    expect(calendarTime(parseMoment(written))).toBe(calendar);
  });

  it.each(['', '24:00', '2', '02:60', '02:00 Xyz', '02:00 Mon-', '02:00 Mon-Tue-Wed', '02:00; rm'])(
    'is not "%s"',
    (written) => expect(() => parseMoment(written)).toThrow(expect.objectContaining({ code: 'BadMoment' })),
  );
});

describe('a crontab', () => {
  const others = fc.string({ unit: fc.constantFrom('a', '#', '\n', ' ', '*', '%'), maxLength: 60 });

  it('keeps every other line to the byte, with and without ours', () => {
    fc.assert(
      fc.property(others, (crontab) => {
        const full = withEntry(crontab, entry);
        expect(full.startsWith(crontab)).toBe(true);
        expect(withEntry(full, entry)).toBe(full);
        const rest = withoutEntry(full, entry.name);
        expect(rest === crontab || rest === `${crontab}\n`).toBe(true);
      }),
    );
  });

  it('has our line replaced where it stands', () => {
    const two = withEntry(`${withEntry('1 1 * * * a\n', entry)}2 2 * * * b\n`, {
      ...entry,
      at: parseMoment('03:30'),
    });
    expect(two.split('\n')).toHaveLength(5);
    expect(cronLine(two, cronMark('mbot-prod'))).toMatch(/^30 3 \* \* \* cd '\/srv\/my project 100\\%' &&/);
    expect(two.split('\n')[3]).toBe('2 2 * * * b');
  });

  it('out of which somebody took our line, but not what is written above it, loses no other line', () => {
    const left = `# ${cronMark('mbot-prod')}\n5 5 * * * other\n`;
    expect(cronLine(left, cronMark('mbot-prod'))).toBeUndefined();
    expect(withoutEntry(left, 'mbot-prod')).toBe('5 5 * * * other\n');
    expect(withEntry(left, entry)).toBe(`${withEntry('', entry)}5 5 * * * other\n`);
    const two = `# ${cronMark('mbot-prod')}\n${withEntry('', { ...entry, name: 'mbot-dev' })}`;
    expect(cronLine(withoutEntry(two, 'mbot-prod'), cronMark('mbot-dev'))).toBeDefined();
  });

  it('of another project is not ours', () => {
    const other = withEntry('', { ...entry, name: 'mbot-prod-weekly' });
    expect(withoutEntry(other, 'mbot-prod')).toBe(other);
  });
});

describe('units', () => {
  it('make up for a missed run, with jitter, and expand nothing', () => {
    expect(timerUnit(entry)).toMatch(
      /OnCalendar=\*-\*-\* 02:00:00\nPersistent=true\nRandomizedDelaySec=5min/,
    );
    const service = serviceUnit({ ...entry, argv: ['/usr/bin/node', '/opt/a b/$x%y"'] });
    expect(service).toContain('WorkingDirectory=/srv/my project 100%%');
    expect(service).toContain('ExecStart=/usr/bin/node "/opt/a b/$$x%%y\\""');
  });
});

describe('a word for sh', () => {
  it('is that word', async () => {
    const { execFileSync } = await import('node:child_process');
    const words = ['a b', "it's", '$HOME', '`id`', '%', 'a\nb', '', '--x=y'];
    const line = `printf '%s\\0' ${words.map(shellWord).join(' ')}`;
    expect(execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(
      words,
    );
  });
});
