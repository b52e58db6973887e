import { Exit } from '../../base/errors.ts';
import { age, duration, listed, plural } from '../../base/text.ts';
import { localTime } from '../../base/times.ts';
import type { ReadResult } from '../../desks/index.ts';
import { type FollowNews, type LogEvent, Matches, type Source } from '../../logs/index.ts';
import type { Quote } from '../../prices/index.ts';
import { advised } from '../terminal.ts';
import type { LogPrinter } from './log-lines.ts';
import type { View } from './view.ts';

/**
 * What became of a reading; the events themselves were printed as they came.
 *
 * @param unread hosts whose journals are read only when they are named: it takes a connection
 */
export function readView(
  shown: number,
  sources: readonly Source[],
  { missing, lost }: ReadResult,
  unread: readonly string[] = [],
): View {
  const there = sources.length - missing.length;
  const next = shown === 0 && unread.length > 0 ? [`infractl logs ${unread.join(' ')}`] : [];
  return {
    next,
    json: {
      events: shown,
      groups: sources.map(({ group }) => group),
      missing,
      failed: lost.map(({ group, error }) => ({ group, code: error.code, message: error.message })),
    },
    ...(lost.length > 0 ? { exit: Exit.partial } : {}),
    text: (ui) =>
      [
        ...(shown === 0
          ? [
              there === 0
                ? `Nothing was logged yet: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there.`
                : 'No events in this time. --since goes further back.',
            ]
          : []),
        ...next.map((line) => `The journals of hosts are read by name: ${advised(ui, line)}`),
        ...lost.map(({ group, error }) => `${ui.paint('red', '✗')} ${group}: ${error.message}`),
      ].join('\n'),
  };
}

/**
 * Where following tells of what comes: events are chosen and printed, all else is said.
 *
 * @param price of a minute of Live Tail, where it is known
 */
export function told(
  printer: LogPrinter,
  choose: Choose,
  say: (line: string) => void,
  price?: Quote,
): (news: FollowNews) => void {
  return (news) => {
    if (news.type === 'events') printer.print(choose(news.events), news.late);
    else say(newsWords(news, Date.now(), price));
  };
}

/** What happens beside the events while they are followed, in a line. */
function newsWords(
  news: Exclude<FollowNews, { type: 'events' }>,
  now: number,
  price: Quote | undefined,
): string {
  switch (news.type) {
    case 'silent':
      return `No answer from CloudWatch Logs for ${age(now - news.since)}; trying on. Nothing is lost: what was logged meanwhile is read then.`;
    case 'back':
      return `CloudWatch Logs answers again. What was logged since ${localTime(new Date(news.since).toISOString())} is read.`;
    case 'slow':
      return `AWS limits how often logs are read: each group is now looked at every ${duration(news.round)}, and what it logs is shown later than usual.${FASTER[news.why]}${news.live ? '' : ' --live shows it within about a second; AWS bills it by the minute.'}`;
    case 'prompt':
      return 'Each group is looked at every two or three seconds again.';
    case 'lost':
      return `${news.group} cannot be read any more: ${news.error.message}`;
    case 'missing':
      return `${news.group} is not there yet; waiting for it.`;
    case 'found':
      return `${news.group} is there now.`;
    case 'live':
      return `Live Tail of ${plural(news.groups, 'group')}: ${costWords(news.sessions, price)}`;
    case 'sampled':
      return 'Live Tail leaves some out: more is logged than the 500 events a second that it sends. They are read and shown in their places, a little later.';
    case 'whole':
      return 'Live Tail sends all again.';
    case 'renewed':
      return 'AWS ends a Live Tail after 3 hours; the next one goes on.';
    case 'unlive':
      return `No Live Tail of ${listed(news.groups)}: ${news.error.message}${news.error.why ? ` ${news.error.why}` : ''} Read as with --follow${news.again ? ', until there is one' : ''}.`;
  }
}

/** What lets groups be looked at more often, by what keeps them from it. */
const FASTER: Readonly<Record<Extract<FollowNews, { type: 'slow' }>['why'], string>> = {
  rate: '',
  streams: ' Some write to more streams at a time than can be looked at one by one.',
  pattern: ' With --grep in place of --filter it would be more often.',
  denied: ' With logs:GetLogEvents and logs:DescribeLogStreams it would be more often.',
};

/** What sessions of Live Tail cost. @param price of a minute of one, where it is known */
function costWords(sessions: number, price: Quote | undefined): string {
  const count = plural(sessions, 'session');
  const free = 'after the 1,800 free ones of a month';
  if (!price) return `${count}, paid by the minute ${free}.`;
  const { usd, source, asOf } = price;
  return `${count}, $${(sessions * usd).toFixed(usd < 0.01 ? 4 : 2)} a minute ${free} (${source} of ${asOf}).`;
}

/** Which of some events are wanted. */
export type Choose = (events: readonly LogEvent[]) => readonly LogEvent[];

/** Those that match, an error and its stack as one; all where there is nothing to match. */
export function chosenBy(grep: RegExp | undefined): Choose {
  if (!grep) return (events) => events;
  const matches = new Matches(grep);
  return (events) => matches.of(events);
}

/** Keeps the newest events of many. */
export class Newest {
  readonly #count: number;
  #kept: LogEvent[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  add(events: readonly LogEvent[]): void {
    this.#kept.push(...events.slice(-this.#count));
    // Cut now and then: a slice for every batch would copy all of it each time.
    if (this.#kept.length > this.#count * 2 + 1000) this.#kept = this.#kept.slice(-this.#count);
  }

  /** Oldest first. */
  events(): readonly LogEvent[] {
    return this.#kept.slice(-this.#count);
  }
}
