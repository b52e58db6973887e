import { Exit } from '../../base/errors.ts';
import { age, duration } from '../../base/text.ts';
import type { ReadResult } from '../../desks/index.ts';
import type { FollowNews, LogEvent, Source } from '../../logs/index.ts';
import { localTime } from './times.ts';
import type { View } from './view.ts';

/** What became of a reading; the events themselves were printed as they came. */
export function readView(shown: number, sources: readonly Source[], { missing, lost }: ReadResult): View {
  const there = sources.length - missing.length;
  return {
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
        ...lost.map(({ group, error }) => `${ui.paint('red', '✗')} ${group}: ${error.message}`),
      ].join('\n'),
  };
}

/** What happens beside the events while they are followed, in a line. */
export function newsWords(news: Exclude<FollowNews, { type: 'events' }>, now: number): string {
  switch (news.type) {
    case 'silent':
      return `No answer from CloudWatch Logs for ${age(now - news.since)}; trying on. Nothing is lost: what was logged meanwhile is read then.`;
    case 'back':
      return `CloudWatch Logs answers again. What was logged since ${localTime(new Date(news.since).toISOString())} is read.`;
    case 'slow':
      return `AWS limits how often logs are read: each group is now asked every ${duration(news.round)}.`;
    case 'lost':
      return `${news.group} cannot be read any more: ${news.error.message}`;
    case 'missing':
      return `${news.group} is not there yet; waiting for it.`;
    case 'found':
      return `${news.group} is there now.`;
  }
}

/** Keeps the newest events of many. */
export class Newest {
  readonly #count: number;
  readonly #matching: RegExp | undefined;
  #kept: LogEvent[] = [];

  constructor(count: number, matching: RegExp | undefined) {
    this.#count = count;
    this.#matching = matching;
  }

  add(events: readonly LogEvent[]): void {
    const wanted = this.#matching ? events.filter(({ message }) => this.#matching?.test(message)) : events;
    this.#kept.push(...wanted.slice(-this.#count));
    // Cut now and then: a slice for every batch would copy all of it each time.
    if (this.#kept.length > this.#count * 2 + 1000) this.#kept = this.#kept.slice(-this.#count);
  }

  /** Oldest first. */
  events(): readonly LogEvent[] {
    return this.#kept.slice(-this.#count);
  }
}
