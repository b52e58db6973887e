import type { Sight } from '../artifacts/index.ts';
import { age } from '../base/text.ts';
import { localTime } from '../base/times.ts';

/** Who works. */
export interface LeaseOwner {
  /** The ARN of the credentials. */
  readonly who: string;
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  /** As it was typed: `deploy --create-stack`. */
  readonly command: string;
}

/** The lock object of an environment, as it stands in the project's bucket. */
export interface LeaseRecord {
  /** The layout of this record. Grows only; readers ignore what they do not know. */
  readonly format: 1;
  /** Of one holding: a further one of the same process has another. */
  readonly id: string;
  readonly project: string;
  readonly environment: string;
  readonly owner: LeaseOwner;
  /** When it was taken, by S3's clock, ISO 8601. */
  readonly since: string;
  /** Counts the times that it was written: each writing is a sign of life. */
  readonly beat: number;
  /** Without a sign of life for so long its owner counts as dead. */
  readonly expiresAfterSeconds: number;
  /** Set when it is nobody's any more. */
  readonly released?: {
    /** `left`: AWS is still at work for it. `broken`: by somebody else, by hand. */
    readonly how: 'done' | 'left' | 'broken';
    /** Stacks on which AWS still works. */
    readonly stacks?: readonly string[];
    /** Who broke it: an ARN. */
    readonly by?: string;
  };
}

/** A sign of life every so often, and the time after which one that gives none is dead; in milliseconds. */
export const BEAT_MS = 15_000;
export const EXPIRY_MS = 60_000;
/** A record that claims more is not believed: nobody must wait for days. */
const LONGEST_EXPIRY_MS = 3_600_000;

/** What the lock object says, read with S3's own clock. */
export type Verdict =
  | {
      readonly free: true;
      /** The ETag to replace; undefined where there is no object. */
      readonly etag: string | undefined;
      readonly why: 'nobody' | 'released' | 'dead';
      readonly record?: LeaseRecord;
    }
  | {
      readonly free: false;
      readonly record: LeaseRecord | undefined;
      /** Since its last sign of life, in milliseconds; undefined where S3 did not say. */
      readonly age: number | undefined;
    };

/**
 * Whether the lock may be taken. Its age is S3's `Date` less S3's `Last-Modified`: no clock of any
 * machine that takes part is asked, so one that is wrong by an hour neither robs nor waits for ever.
 */
export function judge(sight: Sight): Verdict {
  if (!sight.object) return { free: true, etag: undefined, why: 'nobody' };
  const record = parseRecord(sight.object.body);
  const { etag } = sight.object;
  if (record?.released) return { free: true, etag, why: 'released', record };
  const expiry = Math.min((record?.expiresAfterSeconds ?? 0) * 1000 || EXPIRY_MS, LONGEST_EXPIRY_MS);
  if (sight.age !== undefined && sight.age > expiry)
    return { free: true, etag, why: 'dead', ...(record ? { record } : {}) };
  return { free: false, record, age: sight.age };
}

/** Reads a lock object; undefined where it is none. */
export function parseRecord(body: Uint8Array): LeaseRecord | undefined {
  try {
    const record = JSON.parse(new TextDecoder().decode(body)) as Partial<LeaseRecord> | null;
    const whole =
      record?.format === 1 &&
      typeof record.id === 'string' &&
      typeof record.owner?.who === 'string' &&
      typeof record.since === 'string';
    return whole ? (record as LeaseRecord) : undefined;
  } catch {
    return undefined;
  }
}

/** `arn:… on laptop (user ann, process 42): "infractl deploy", since 2026-01-05 10:00:00 CET (3 min ago)`. */
export function holderWords(record: LeaseRecord | undefined, now: number | undefined): string {
  if (!record) return 'somebody whose record cannot be read';
  const { who, host, user, pid, command } = record.owner;
  const began = Date.parse(record.since);
  const ago = now === undefined || Number.isNaN(began) ? '' : ` (${age(now - began)} ago)`;
  return `${who} on ${host} (user ${user}, process ${pid}): "infractl ${command}", since ${localTime(record.since)}${ago}`;
}
