import { randomUUID } from 'node:crypto';
import type { SharedStore, Sight } from '../artifacts/index.ts';
import { isTransient } from '../aws/errors.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { type InfractlError, isInfractlError, messageOf } from '../base/errors.ts';
import type { Reporter } from '../base/report.ts';
import { BEAT_MS, EXPIRY_MS, holderWords, judge, type LeaseOwner, type LeaseRecord } from './record.ts';
import { keyOf, type LeaseScope, locked, lost } from './words.ts';

/** What the lock needs of the project's bucket. */
export type LeaseStore = Pick<SharedStore, 'look' | 'swap'>;

export interface LeaseDeps {
  /** Opened when the lock is first wanted: what changes nothing opens no bucket. */
  readonly store: () => Promise<LeaseStore>;
  readonly owner: () => Promise<LeaseOwner>;
  readonly reporter: Reporter;
  /** The machine's own time: the signs of life tell whether this process is alive, so no other will do. */
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface LeaseOptions {
  /** How long to wait for another owner, in milliseconds; undefined: not at all. */
  readonly wait?: number | undefined;
}

/** How often to look while another owner is waited for, in milliseconds. */
const LOOK_MS = 2_000;
/** S3 tells time in whole seconds. */
const GRAIN_MS = 1_000;
/** Races are won by one of several, so a few turns are enough for every one of them to see who. */
const TRIES = 5;

/**
 * The lock of one environment of a project: one deploy, destroy or rollback at a time, from all machines.
 *
 * One an environment, not one a stack: a deploy whose checks fail takes functions back to the versions
 * that it found, so what another one does to any of the parts meanwhile would be undone or redone wrongly;
 * and with one lock nobody can wait for somebody who waits for them.
 *
 * It is an object in the project's bucket, taken and given back by conditional writes (PutObject with
 * If-None-Match or If-Match), rewritten every 15 s as a sign of life, and free 60 s after the last one.
 */
export class Lease {
  readonly #deps: LeaseDeps;
  readonly #scope: LeaseScope;
  readonly #wait: number | undefined;
  readonly #opened: number;
  readonly #over = new AbortController();
  #taking: Promise<void> | undefined;
  #disturbed = false;
  #foundLeft = false;
  #store: LeaseStore | undefined;
  #mine: { record: LeaseRecord; etag: string; confirmedAt: number } | undefined;
  #renewing: Promise<void> | undefined;
  #lost: InfractlError | undefined;

  constructor(deps: LeaseDeps, scope: LeaseScope, options: LeaseOptions = {}) {
    this.#deps = deps;
    this.#scope = scope;
    this.#wait = options.wait;
    this.#opened = deps.clock.now();
  }

  /** Whether it was taken and not given back. */
  get held(): boolean {
    return this.#mine !== undefined;
  }

  /**
   * Whether somebody else worked between the making of this lease and its taking: what was read in that
   * time may not hold any more.
   */
  get disturbed(): boolean {
    return this.#disturbed;
  }

  /** Whether the one before, when it gave the lock back, left something to AWS. */
  get foundLeft(): boolean {
    return this.#foundLeft;
  }

  /**
   * Takes the lock at the first call; later ones make sure that it is still held, and cost nothing while
   * its last sign of life is fresh. To be called before everything that changes AWS.
   *
   * @throws InfractlError `Locked`, `LockLost` (6); Interrupted (130)
   */
  async hold(): Promise<void> {
    this.#taking ??= this.#take();
    await this.#taking;
    await this.#confirm();
  }

  /**
   * The error that names who holds the lock, for a command that met their work before it came to take it.
   * Undefined when nobody does, or it cannot be told.
   */
  async otherOwner(): Promise<InfractlError | undefined> {
    if (this.#mine) return undefined;
    try {
      const sight = await (await this.#deps.store()).look(keyOf(this.#scope));
      const verdict = judge(sight);
      return verdict.free ? undefined : locked(this.#scope, verdict.record, sight.now);
    } catch {
      return undefined;
    }
  }

  /**
   * Gives the lock back, if it is held. A release that fails is a warning: the lock ends by itself.
   *
   * @param stacks names of stacks on which AWS still works for this command
   */
  async release(stacks: readonly string[] = []): Promise<void> {
    this.#over.abort();
    await this.#renewing?.catch(() => {});
    const mine = this.#mine;
    this.#mine = undefined;
    if (!mine || !this.#store || this.#lost) return;
    const released =
      stacks.length > 0 ? { how: 'left' as const, stacks } : ({ how: 'done' } as { how: 'done' });
    try {
      await this.#rewrite(this.#store, { ...mine.record, released }, mine.etag);
    } catch (error) {
      this.#deps.reporter.emit({
        type: 'warning',
        message: `The lock could not be given back (${messageOf(error)}). It ends by itself within a minute.`,
      });
    }
  }

  async #take(): Promise<void> {
    const { clock, signal } = this.#deps;
    const [store, owner] = await Promise.all([this.#deps.store(), this.#deps.owner()]);
    this.#store = store;
    const id = randomUUID();
    const began = clock.now();
    const waiting = new Waiting(this.#deps.reporter, clock);
    for (let races = 0; ; ) {
      throwIfAborted(signal);
      const sight = await this.#look(store, waiting.began);
      if (!sight) {
        await clock.sleep(LOOK_MS, signal);
        continue;
      }
      const verdict = judge(sight);
      if (verdict.free) {
        const sentAt = clock.now();
        const { project, environment } = this.#scope;
        const record: LeaseRecord = {
          format: 1,
          id,
          project,
          environment,
          owner,
          since: new Date(sight.now ?? sentAt).toISOString(),
          beat: 1,
          expiresAfterSeconds: EXPIRY_MS / 1000,
        };
        const etag = await this.#write(store, record, verdict.etag);
        if (etag !== undefined) {
          this.#mine = { record, etag, confirmedAt: sentAt };
          this.#foundLeft = verdict.record?.released?.how === 'left';
          void this.#beat();
          if (verdict.why === 'dead') this.#sayDead(verdict.record, sight.now);
          waiting.end();
          // Given back, or last written, since this command began to look.
          const recent = sight.age !== undefined && sight.age < began - this.#opened + GRAIN_MS;
          this.#disturbed = waiting.began || verdict.why === 'dead' || recent;
          return;
        }
        if (++races < TRIES) continue;
        throw waiting.fail(locked(this.#scope, undefined, sight.now));
      }
      const waited = clock.now() - began;
      if (this.#wait === undefined || waited >= this.#wait)
        throw waiting.fail(
          locked(this.#scope, verdict.record, sight.now, this.#wait === undefined ? undefined : waited),
        );
      waiting.say(holderWords(verdict.record, undefined));
      await clock.sleep(Math.min(LOOK_MS, this.#wait - waited), signal);
    }
  }

  /** Undefined when it could not be looked at and that says nothing of the lock. */
  async #look(store: LeaseStore, patient: boolean): Promise<Sight | undefined> {
    try {
      return await store.look(keyOf(this.#scope));
    } catch (error) {
      if (patient && isTransient(error)) return undefined;
      throw error;
    }
  }

  /** Writes on condition; finds out whether a write whose answer was lost had come through. */
  async #write(
    store: LeaseStore,
    record: LeaseRecord,
    seen: string | undefined,
  ): Promise<string | undefined> {
    const key = keyOf(this.#scope);
    const etag = await store.swap(key, text(record), seen);
    if (etag !== undefined) return etag;
    const { object } = await store.look(key);
    return object && sameText(object.body, text(record)) ? object.etag : undefined;
  }

  #sayDead(record: LeaseRecord | undefined, now: number | undefined): void {
    this.#deps.reporter.emit({
      type: 'note',
      message: `The lock of a command that died was taken over: ${holderWords(record, now)}.`,
    });
  }

  async #confirm(): Promise<void> {
    if (this.#lost) throw this.#lost;
    if (!this.#mine) return;
    // A clock that was set back, or a machine that slept, makes the age negative or large.
    const age = this.#deps.clock.now() - this.#mine.confirmedAt;
    if (age < 0 || age >= 1.5 * BEAT_MS) await this.#renew();
    if (this.#lost) throw this.#lost;
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renewOnce(): Promise<void> {
    const { clock, reporter } = this.#deps;
    const mine = this.#mine;
    const store = this.#store;
    if (!mine || !store || this.#lost) return;
    const sentAt = clock.now();
    const record = { ...mine.record, beat: mine.record.beat + 1 };
    const written = await this.#rewrite(store, record, mine.etag);
    if (written === undefined) return;
    if (written.etag !== undefined) {
      this.#mine = { record, etag: written.etag, confirmedAt: sentAt };
      return;
    }
    this.#lost = lost(this.#scope, written.other);
    reporter.emit({ type: 'warning', message: `${this.#lost.message} ${this.#lost.why ?? ''}`.trim() });
  }

  /**
   * Writes the record of a lock that is held, over one of our own writes too whose answer was lost.
   *
   * @returns its new ETag; without one it is held no more, and `other` stands there; undefined: that cannot be told
   */
  async #rewrite(
    store: LeaseStore,
    record: LeaseRecord,
    seen: string,
  ): Promise<{ readonly etag?: string; readonly other?: LeaseRecord | undefined } | undefined> {
    const key = keyOf(this.#scope);
    for (let tries = 0, etag = seen; tries < TRIES; tries++) {
      const written = await store.swap(key, text(record), etag);
      if (written !== undefined) return { etag: written };
      const { object } = await store.look(key);
      if (object && sameText(object.body, text(record))) return { etag: object.etag };
      const there = object && judge({ object });
      if (!object || there?.record?.id !== record.id || there.free) return { other: there?.record };
      etag = object.etag;
    }
    return undefined;
  }

  async #beat(): Promise<void> {
    while (!this.#over.signal.aborted && !this.#lost) {
      try {
        await this.#deps.clock.sleep(BEAT_MS, this.#over.signal);
      } catch {
        return;
      }
      // A sign of life that fails is given again in time; whether the lock was lost, S3 tells then.
      await this.#renew().catch(() => {});
    }
  }
}

/** The line that says for whom somebody waits. */
class Waiting {
  readonly #reporter: Reporter;
  readonly #clock: Clock;
  #since: number | undefined;
  #said = '';

  constructor(reporter: Reporter, clock: Clock) {
    this.#reporter = reporter;
    this.#clock = clock;
  }

  get began(): boolean {
    return this.#since !== undefined;
  }

  say(holder: string): void {
    const status = `waiting: ${holder}`;
    if (this.#since === undefined) {
      this.#since = this.#clock.now();
      this.#reporter.emit({ type: 'part.started', part: 'lock', doing: status });
      this.#reporter.emit({ type: 'note', message: `Waiting for the lock: ${holder}.` });
    } else if (status !== this.#said) {
      this.#reporter.emit({ type: 'part.status', part: 'lock', status });
    }
    this.#said = status;
  }

  end(): void {
    if (this.#since === undefined) return;
    const ms = this.#clock.now() - this.#since;
    this.#reporter.emit({ type: 'part.done', part: 'lock', outcome: 'taken', ms });
  }

  fail(error: InfractlError): InfractlError {
    if (this.#since !== undefined && isInfractlError(error))
      this.#reporter.emit({ type: 'part.failed', part: 'lock', error, ms: this.#clock.now() - this.#since });
    return error;
  }
}

const text = (record: LeaseRecord) => `${JSON.stringify(record, undefined, 2)}\n`;

function sameText(body: Uint8Array, wanted: string): boolean {
  return new TextDecoder().decode(body) === wanted;
}
