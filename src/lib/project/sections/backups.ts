import * as z from 'zod/mini';
import { listed } from '../../base/text.ts';
import { parseDuration, writtenDuration } from '../duration.ts';
import { isTree } from '../merge.ts';
import type { BackupCopy, BackupPart, BackupPolicy, BackupTarget, Value } from '../model.ts';
import { parseSpan, SPAN } from '../span.ts';
import { duration, flag, issue, list, map, named, noted, shaped, text } from './fields.ts';
import type { Section } from './section.ts';
import { value } from './value.ts';

const HOUR = 3_600_000;
const DEFAULT_WINDOW = 6 * HOUR;
const DEFAULT_MAX_AGE = 26 * HOUR;
const DEFAULT_MAX_DELETE = 50;
/** What the scripts that infractl replaces kept. */
const DEFAULT_POLICY: BackupPolicy = { within: { ms: 7 * 24 * HOUR, written: '7d' } };

const RULES = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;

const count = (description: string) =>
  noted(
    z
      .int('must be a whole number.')
      .check(
        z.minimum(0, 'must not be negative.'),
        z.maximum(10_000, 'must be at most 10000: nobody restores from the rest.'),
      ),
    description,
  );

const keep = map(
  {
    last: z.optional(count('So many of the newest.')),
    hourly: z.optional(count('The newest of each of the last n hours that have one.')),
    daily: z.optional(count('The newest of each of the last n days that have one.')),
    weekly: z.optional(count('The newest of each of the last n weeks that have one.')),
    monthly: z.optional(count('The newest of each of the last n months that have one.')),
    yearly: z.optional(count('The newest of each of the last n years that have one.')),
    within: z.optional(
      shaped(
        'All that is so much younger than the newest, such as 7d, 36h, 2w or 1y6mo.',
        SPAN,
        'a span such as 7d, 36h, 2w, 3mo or 1y',
      ),
    ),
    timeZone: z.optional(
      noted(
        z.string().check((context) => {
          if (isTimeZone(context.value)) return;
          context.issues.push(
            issue(context.value, [], 'must be a time zone such as Europe/Paris or UTC.') as never,
          );
        }),
        'The calendar of days, weeks and months, such as Europe/Paris. Default: UTC.',
      ),
    ),
  },
  'What is kept, by the rules of restic. Default: within 7d.',
).check((context) => {
  const raw = context.value;
  if ((raw.within !== undefined && parseSpan(raw.within)) || RULES.some((rule) => (raw[rule] ?? 0) > 0))
    return;
  context.issues.push(
    issue(raw, [], 'would keep nothing.', {
      expected: 'Give it at least one rule above zero, such as { daily: 7 } or { within: 7d }.',
    }),
  );
});

const idOf = (description: string, pattern: RegExp, rule: string) =>
  z.optional(
    value<Value>({
      description,
      kinds: ['output', 'ssm', 'env'],
      literals: ['string'],
      literal: { pattern, rule },
    }),
  );

const target = map(
  {
    host: z.optional(text('A host of this file: the instance behind it, with all of its volumes.')),
    instance: idOf(
      'An EC2 instance, with all of its volumes.',
      /^i-[0-9a-f]{8,17}$/,
      'the id of an instance',
    ),
    volume: idOf('An EBS volume.', /^vol-[0-9a-f]{8,17}$/, 'the id of a volume'),
    database: idOf(
      'An RDS instance, by its name.',
      /^[A-Za-z][A-Za-z0-9-]{0,62}$/,
      'the name of an RDS instance',
    ),
    tags: z.optional(
      named(
        noted(z.string(), 'The value of the tag.'),
        'All that have all of these tags.',
        /^(?!aws:).{1,128}$/,
        'the key of a tag',
      ),
    ),
    of: z.optional(
      noted(
        z.enum(['instances', 'volumes', 'databases'], 'must be instances, volumes or databases.'),
        'What the tags find. Default: instances.',
      ),
    ),
  },
  'What is backed up.',
).check((context) => {
  const raw = context.value as Readonly<Record<string, unknown>>;
  const ways = ['host', 'instance', 'volume', 'database', 'tags'].filter((key) => raw[key] !== undefined);
  if (ways.length === 1 && (raw.of === undefined || raw.tags !== undefined)) {
    if (!isTree(raw.tags) || Object.keys(raw.tags).length > 0) return;
    context.issues.push(issue(raw, ['tags'], 'has no tag: it would find everything.'));
    return;
  }
  context.issues.push(
    issue(
      raw,
      [],
      ways.length === 0
        ? 'does not say what to back up.'
        : ways.length > 1
          ? `has ${listed(ways.map((way) => `"${way}"`))}; one target is found one way.`
          : 'has "of" without "tags".',
      { expected: 'A target is one of host, instance, volume, database or tags.' },
    ),
  );
});

const copy = map(
  {
    region: z.optional(
      shaped('Another region.', /^[a-z]{2,3}(?:-[a-z]+)+-\d+$/, 'an AWS region, such as eu-west-1'),
    ),
    key: z.optional(text('The KMS key that encrypts the copy there. Default: the one for EBS.')),
    account: z.optional(
      noted(z.union([z.string().check(z.regex(/^\d{12}$/)), z.int()], 'must be 12 digits.'), {
        description: 'Another account, which may then copy it.',
        type: ['string', 'integer'],
        pattern: '^\\d{12}$',
      }),
    ),
  },
  'Where a second copy goes.',
).check((context) => {
  const raw = context.value;
  if ((raw.region === undefined) !== (raw.account === undefined) && !(raw.account && raw.key)) return;
  context.issues.push(issue(raw, [], 'must be { region: …, key: … } or { account: … }.'));
});

const encrypt = noted(
  z.custom<boolean | { key: string }>().check((context) => {
    const input: unknown = context.value;
    if (typeof input === 'boolean') return;
    if (isTree(input) && Object.keys(input).join() === 'key' && typeof input.key === 'string' && input.key)
      return;
    context.issues.push(issue(input, [], 'must be true, false or { key: alias/… }.'));
  }),
  {
    description: 'Encrypt what is not, by a copy: true, or with a KMS key of yours. Default: true.',
    anyOf: [
      { type: 'boolean' },
      {
        type: 'object',
        properties: { key: { type: 'string', description: 'The KMS key, such as alias/backup.' } },
        required: ['key'],
        additionalProperties: false,
      },
    ],
  },
);

const command = (when: string) =>
  list(text('A line for sh.'), `Commands on the host ${when}, such as sync or fsfreeze.`);

const schema = map(
  {
    targets: noted(z.array(target).check(z.minLength(1, 'must name at least one target.')), {
      description: 'What is backed up.',
    }),
    keep: z.optional(keep),
    before: z.optional(command('just before the snapshots are begun')),
    after: z.optional(command('as soon as they are begun, also when that failed')),
    excludeBoot: z.optional(flag('Leave out the volume that the instance starts from. Default: false.')),
    encrypt: z.optional(encrypt),
    copies: z.optional(list(copy, 'Where second copies go.')),
    window: z.optional(
      duration('So soon after a good backup there is no second one, whoever asks. Default: 6h.'),
    ),
    maxAge: z.optional(duration('How old the newest good one may be. Default: 26h.')),
    maxDelete: z.optional(count('How many snapshots one run may delete. Default: 50.')),
    ping: z.optional(
      value<Value>({
        description: 'A URL that is told of start, success and failure, as healthchecks.io has it.',
        literals: ['string'],
        literal: { pattern: /^https?:\/\/\S+$/, rule: 'a URL that begins with https:// or http://' },
      }),
    ),
    topic: z.optional(
      value<Value>({
        description: 'An SNS topic that is told how it ended: its ARN.',
        kinds: ['output', 'ssm', 'env'],
        literals: ['string'],
        literal: { pattern: /^arn:aws[\w-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$/, rule: 'the ARN of an SNS topic' },
      }),
    ),
  },
  'A plan of backups: what, how often at the most, how long.',
).check((context) => {
  const { targets, before = [], after = [] } = context.value;
  const at = targets.findIndex((one) => one.host === undefined);
  if (before.length + after.length === 0 || at < 0) return;
  context.issues.push(
    issue(context.value, ['targets', at], 'is no host, so "before" and "after" could not be run on it.', {
      expected: 'Name it in hosts and use { host: NAME }, or give it a plan of its own.',
    }),
  );
});

type RawBackup = z.infer<typeof schema>;

export const backups: Section<RawBackup, BackupPart> = {
  kind: 'backup',
  schema,
  description: 'Backups of EBS volumes and RDS instances.',
  merge: {
    wholes: [
      ['*', 'ping'],
      ['*', 'topic'],
      ['*', 'keep'],
      ['*', 'encrypt'],
    ],
  },
  build(name, raw) {
    return {
      name,
      targets: raw.targets.map(buildTarget),
      policy: buildPolicy(raw.keep),
      before: raw.before ?? [],
      after: raw.after ?? [],
      excludeBoot: raw.excludeBoot ?? false,
      encrypt: raw.encrypt === false ? false : typeof raw.encrypt === 'object' ? raw.encrypt : {},
      copies: (raw.copies ?? []).map(
        (one): BackupCopy =>
          one.account === undefined
            ? { region: one.region as string, ...(one.key ? { key: one.key } : {}) }
            : { account: String(one.account).padStart(12, '0') },
      ),
      window: parseDuration(raw.window) ?? DEFAULT_WINDOW,
      maxAge: parseDuration(raw.maxAge) ?? DEFAULT_MAX_AGE,
      maxDelete: raw.maxDelete ?? DEFAULT_MAX_DELETE,
      ...(raw.ping === undefined ? {} : { ping: raw.ping }),
      ...(raw.topic === undefined ? {} : { topic: raw.topic }),
    };
  },
  show: (part) => ({
    targets: part.targets,
    keep: showPolicy(part.policy),
    before: part.before,
    after: part.after,
    excludeBoot: part.excludeBoot,
    encrypt: part.encrypt && !part.encrypt.key ? true : part.encrypt,
    copies: part.copies,
    window: writtenDuration(part.window),
    maxAge: writtenDuration(part.maxAge),
    maxDelete: part.maxDelete,
    ping: part.ping,
    topic: part.topic,
  }),
};

function buildTarget(raw: RawBackup['targets'][number]): BackupTarget {
  if (raw.tags !== undefined) return { tags: raw.tags, of: raw.of ?? 'instances' };
  return raw as BackupTarget;
}

function buildPolicy(raw: RawBackup['keep']): BackupPolicy {
  if (raw === undefined) return DEFAULT_POLICY;
  const { within, timeZone, ...counts } = raw;
  return {
    ...(counts as BackupPolicy),
    ...(within ? { within: { written: within, ms: parseSpan(within) ?? 0 } } : {}),
    ...(timeZone ? { timeZone } : {}),
  };
}

function showPolicy({ within, ...rest }: BackupPolicy): Readonly<Record<string, unknown>> {
  return { ...rest, ...(within ? { within: within.written } : {}) };
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
