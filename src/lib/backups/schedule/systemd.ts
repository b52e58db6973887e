import { join } from 'node:path';
import type { Machine } from '../../cron/index.ts';
import { calendarTime, type Entry } from './entry.ts';

export const unitName = (name: string) => `infractl-backup-${name}`;

/** A word of ExecStart: systemd expands percent and dollar signs before it splits. */
function unitWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** The service: one run of `backup auto`, that is not begun again while it runs. */
export function serviceUnit({ name, folder, argv }: Entry): string {
  return `[Unit]
Description=infractl backup of ${name}
After=network-online.target
Wants=network-online.target

[Service]
Type=oneshot
WorkingDirectory=${folder.replaceAll('%', '%%')}
ExecStart=${argv.map(unitWord).join(' ')}
`;
}

/** The timer. A machine that was off makes up for the run; some minutes of chance keep many from one moment. */
export function timerUnit({ name, at }: Entry): string {
  return `[Unit]
Description=infractl backup of ${name}, ${at.written}

[Timer]
OnCalendar=${calendarTime(at)}
Persistent=true
RandomizedDelaySec=5min

[Install]
WantedBy=timers.target
`;
}

/** Where units go: of the system for root, else of the user. */
export function unitFolder({ root, home }: Machine): string {
  return root ? '/etc/systemd/system' : join(home, '.config/systemd/user');
}

export const systemctl = (machine: Machine, args: readonly string[]) =>
  machine.run('systemctl', [...(machine.root ? [] : ['--user']), ...args]);
