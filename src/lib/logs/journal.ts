import type { LogEvent } from './port.ts';

export interface JournalQuery {
  /** systemd units; all of the journal when there are none. */
  readonly units: readonly string[];
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to?: number | undefined;
  readonly follow: boolean;
}

/** journalctl for a window of time: one JSON object a line, oldest first. */
export function journalCommand({ units, from, to, follow }: JournalQuery): [string, ...string[]] {
  return [
    'journalctl',
    '--no-pager',
    '--quiet',
    '--output=json',
    `--since=@${(from / 1000).toFixed(3)}`,
    ...(to === undefined ? [] : [`--until=@${(to / 1000).toFixed(3)}`]),
    ...(follow ? ['--follow', '--no-tail'] : []),
    ...units.map((unit) => `--unit=${unit}`),
  ];
}

/** syslog's priorities from 0 to 7, as far as they are worth a word. */
const LEVELS = ['fatal', 'fatal', 'critical', 'error', 'warn', undefined, undefined, 'debug'];

/** A line of journalctl as an event of `group`; undefined where it is none. */
export function journalEvent(line: string, group: string): LogEvent | undefined {
  let entry: Readonly<Record<string, unknown>>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const micros = Number(entry.__REALTIME_TIMESTAMP);
  if (!Number.isFinite(micros) || entry.MESSAGE === undefined) return undefined;
  const level = LEVELS[Number(entry.PRIORITY ?? 6)];
  return {
    id: String(entry.__CURSOR ?? micros),
    at: Math.floor(micros / 1000),
    group,
    stream: String(entry._SYSTEMD_UNIT ?? entry.SYSLOG_IDENTIFIER ?? ''),
    message: messageOf(entry.MESSAGE),
    ...(level ? { level } : {}),
  };
}

/** What is no UTF-8 comes as a list of bytes, and what is too long as null. */
function messageOf(message: unknown): string {
  if (typeof message === 'string') return message;
  if (Array.isArray(message)) return Buffer.from(message as number[]).toString('utf8');
  return '';
}
