import type { Range } from './model.ts';

/** Without a word in the file: from hardly used to busy, for what a small team runs. */
export const USAGE = {
  hours: {
    low: 730,
    typical: 730,
    high: 730,
    what: 'Hours a month that instances, databases and tasks run.',
  },
  requests: {
    low: 10_000,
    typical: 100_000,
    high: 1_000_000,
    what: 'Calls a month of each function, API and CDN.',
  },
  seconds: { low: 0.05, typical: 0.2, high: 1, what: 'Seconds that one call of a function takes.' },
  transfer: {
    low: 1,
    typical: 10,
    high: 100,
    what: 'GB a month that pass each CDN, NAT gateway, VPC endpoint, or leave a load balancer or public instance.',
  },
  storage: { low: 0.1, typical: 1, high: 10, what: 'GB in each bucket, table and file system.' },
  reads: { low: 10_000, typical: 100_000, high: 1_000_000, what: 'Reads a month of each table and bucket.' },
  writes: { low: 1_000, typical: 10_000, high: 100_000, what: 'Writes a month to each table and bucket.' },
  logs: { low: 0.01, typical: 0.1, high: 1, what: 'GB a month that go into each log group.' },
  messages: {
    low: 1_000,
    typical: 10_000,
    high: 1_000_000,
    what: 'Messages a month of each queue, topic and bus.',
  },
  emails: { low: 0, typical: 10, high: 1_000, what: 'E-mails a month to each subscriber of a topic.' },
  transitions: { low: 1_000, typical: 10_000, high: 100_000, what: 'Steps a month of each state machine.' },
  images: { low: 0.5, typical: 2, high: 10, what: 'GB of images in each repository.' },
  backups: {
    low: 0,
    typical: 0,
    high: 20,
    what: 'GB of backups of each database beyond its own size, which is free.',
  },
  capacity: {
    low: 0.05,
    typical: 0.2,
    high: 2,
    what: 'Capacity units that each load balancer uses on average.',
  },
  queries: {
    low: 10_000,
    typical: 100_000,
    high: 1_000_000,
    what: 'DNS queries a month of each hosted zone.',
  },
  lookups: {
    low: 0,
    typical: 1_000,
    high: 10_000,
    what: 'Reads a month of each secret, and uses of each key.',
  },
} as const satisfies Readonly<Record<string, Range & { readonly what: string }>>;
