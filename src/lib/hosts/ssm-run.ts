import type { Writable } from 'node:stream';
import { isTransient } from '../aws/errors.ts';
import type { Clock } from '../base/clock.ts';
import { InfractlError, Interrupted, isInfractlError } from '../base/errors.ts';
import { KeptText } from '../base/process.ts';
import type { HostCommand, HostResult } from './port.ts';
import { hostTimeout } from './ssh-words.ts';
import { type Frames, readFrames } from './ssm-frames.ts';
import { type Crossing, hasEnded, type Invocation, type SsmPort } from './ssm-port.ts';
import { killScript, readScript, sendScript } from './ssm-scripts.ts';
import type { Seal } from './ssm-seal.ts';
import { brokenOff, keyLost, lost, notFetched, notManaged } from './ssm-words.ts';

/** Where a run is, and what it may use. */
export interface RunPlace {
  readonly name: string;
  readonly instance: string;
  /** The folder of the connection on the host. */
  readonly folder: string;
  readonly port: SsmPort;
  readonly clock: Clock;
  readonly crossing?: (() => Promise<Crossing>) | undefined;
}

export interface RunFacts {
  readonly mark: string;
  /** The command's id in Systems Manager. */
  readonly id: string;
  readonly seal?: Seal | undefined;
  readonly command: Pick<HostCommand, 'argv' | 'timeout' | 'grace' | 'signal' | 'onLine' | 'keep'>;
  readonly output?: Writable | undefined;
  /** A short script of our own, which answers by itself. */
  readonly bare?: boolean;
  /** What it prints is not asked for before its end. */
  readonly quiet?: boolean;
}

/** Milliseconds. */
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 1_500;
const QUIET_PAUSE = 5_000;
/** What ends sooner is answered by its own command; after that its output is fetched while it grows. */
const READ_AFTER = 3_000;
/** What is not delivered by then is asked after. */
const DELIVERY = 10_000;
const GRACE = 5_000;
/** Seconds that the host waits for something new before it answers that there is nothing. */
const LISTEN = 15;
/** Bytes of standard output that are left when a bucket becomes the shorter way. */
const BULK = 1_000_000;

/** Follows a command that was sent until it has ended and all that it printed is here. */
export async function followRun(place: RunPlace, facts: RunFacts): Promise<HostResult> {
  const run = new SsmRun(place, facts);
  try {
    return await run.follow();
  } catch (error) {
    if (isInfractlError(error) && isTransient(error))
      throw lost(place.name, `${error.message} What had begun there may go on.`);
    throw error;
  }
}

class SsmRun {
  readonly #place: RunPlace;
  readonly #facts: RunFacts;
  readonly #out: KeptText;
  readonly #err: KeptText;
  readonly #at = { out: 0, err: 0 };
  readonly #over = new AbortController();
  /** Who tells the output: the command's own answer, or those who read it. */
  #teller: 'command' | 'readers' | undefined;
  #end: Frames['end'];
  #delivered = false;
  #stopped: 'aborted' | 'timeout' | undefined;
  #killed = false;

  constructor(place: RunPlace, facts: RunFacts) {
    this.#place = place;
    this.#facts = facts;
    const { onLine, keep } = facts.command;
    this.#out = new KeptText((line) => onLine?.(line, 'stdout'), keep);
    this.#err = new KeptText((line) => onLine?.(line, 'stderr'), keep);
  }

  async follow(): Promise<HostResult> {
    const { signal, timeout } = this.#facts.command;
    const onAbort = () => void this.#stop('aborted');
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    if (timeout) this.#later(timeout, () => this.#stop('timeout'));
    try {
      const exitCode = await this.#toTheEnd();
      if (this.#stopped) throw this.#stopError();
      this.#out.end();
      this.#err.end();
      this.#facts.output?.end();
      return { exitCode, stdout: this.#out.kept, stderr: this.#err.kept };
    } catch (error) {
      this.#facts.output?.destroy();
      throw this.#stopped ? this.#stopError() : error;
    } finally {
      this.#over.abort();
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async #toTheEnd(): Promise<number> {
    const { clock, port, instance } = this.#place;
    const { id } = this.#facts;
    const began = clock.now();
    let asked = began;
    const longest = this.#facts.quiet ? QUIET_PAUSE : LONGEST_PAUSE;
    let pause = FIRST_PAUSE;
    for (;;) {
      await clock.sleep(pause);
      pause = Math.min(longest, pause * 1.4);
      const seen = await port.look(id, instance);
      if (seen && hasEnded(seen)) {
        const exitCode = await this.#answered(seen);
        if (exitCode !== undefined) return exitCode;
      }
      this.#delivered ||= seen !== undefined && !/^(Pending|Delayed)$/.test(seen.status);
      if (!this.#delivered && clock.now() - asked > DELIVERY) {
        asked = clock.now();
        await this.#askAfter();
      }
      const fetched = !this.#facts.bare && !this.#facts.quiet && this.#teller !== 'command';
      if (this.#delivered && fetched && clock.now() - began > READ_AFTER) {
        await this.#read(LISTEN);
        pause = FIRST_PAUSE;
        if (this.#end) return this.#rest(this.#end);
      }
    }
  }

  /** The command's own answer; undefined where its output is with those who read it. */
  async #answered(seen: Invocation): Promise<number | undefined> {
    const { name, instance } = this.#place;
    const { mark, seal } = this.#facts;
    if (this.#killed) return seen.exitCode;
    if (seen.stderr.includes(`infractl ${mark} unfetched`)) throw notFetched(name);
    if (seen.stderr.includes(`infractl ${mark} stranger`)) throw keyLost(name);
    const ended = /^(Success|Failed)$/.test(seen.status) && seen.exitCode >= 0;
    const frames = readFrames(mark, seen.stdout, seal);
    if (frames?.over) throw lost(name, 'The command has run there; what it printed was lost on the way.');
    if (frames?.later || this.#teller === 'readers') {
      this.#teller = 'readers';
      this.#delivered = true;
      await this.#read(ended ? LISTEN : 0);
      if (this.#end) return this.#rest(this.#end);
      if (!ended) throw brokenOff(name, instance, seen);
      return undefined;
    }
    if (frames) {
      this.#take(frames);
      if (this.#end) return this.#rest(this.#end);
    }
    if (!ended || frames) throw brokenOff(name, instance, seen);
    this.#out.add(Buffer.from(seen.stdout));
    this.#err.add(Buffer.from(seen.stderr));
    return seen.exitCode;
  }

  async #askAfter(): Promise<void> {
    const { port, instance, name, clock } = this.#place;
    const known = (await port.managed([instance])).get(instance);
    if (known?.ping === 'Online') return;
    await port.cancel(this.#facts.id, instance).catch(() => {});
    throw notManaged(name, instance, known, clock);
  }

  /** One more command, which brings what is new. */
  async #read(seconds: number): Promise<void> {
    const { mark, seal } = this.#facts;
    const frames = readFrames(
      mark,
      await this.#ask(readScript({ folder: this.#place.folder, mark }, this.#at, seconds), LISTEN + 60),
      seal,
    );
    if (!frames) return;
    if (frames.gone) throw lost(this.#place.name, 'What the command printed is not on the host any more.');
    this.#teller = frames.later ? 'command' : 'readers';
    this.#take(frames);
  }

  /** A short command to its end; what it printed. */
  async #ask(script: string, seconds: number): Promise<string> {
    const { port, clock, instance, name } = this.#place;
    const id = await port.send({ instances: [instance], script, comment: 'infractl: reading on', seconds });
    const until = clock.now() + (seconds + 60) * 1000;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(LONGEST_PAUSE, pause * 1.4)) {
      await clock.sleep(pause);
      const seen = await port.look(id, instance);
      if (seen?.status === 'Success') return seen.stdout;
      if (seen && hasEnded(seen)) throw brokenOff(name, instance, seen);
      if (this.#killed) return '';
      if (clock.now() > until)
        throw lost(name, 'It does not answer any more. What had begun there may go on.');
    }
  }

  #take({ pieces, end }: Frames): void {
    for (const { stream, at, bytes } of pieces) {
      // What was fetched already may come again.
      const fresh = bytes.subarray(this.#at[stream] - at);
      if (at > this.#at[stream] || fresh.length === 0) continue;
      this.#at[stream] += fresh.length;
      this.#put(stream, Buffer.from(fresh));
    }
    this.#end ??= end;
  }

  #put(stream: 'out' | 'err', bytes: Buffer): void {
    if (stream === 'err') this.#err.add(bytes);
    else if (this.#facts.output) this.#facts.output.write(bytes);
    else this.#out.add(bytes);
  }

  /** The command has ended: what it printed and is not here yet. */
  async #rest({ exitCode, out, err }: NonNullable<Frames['end']>): Promise<number> {
    while (this.#at.out < out || this.#at.err < err) {
      if (this.#killed) return exitCode;
      const before = this.#at.out + this.#at.err;
      if (out - this.#at.out > BULK && this.#facts.seal && this.#place.crossing) await this.#bulk();
      else await this.#read(0);
      if (this.#at.out + this.#at.err === before)
        throw lost(this.#place.name, 'What the command printed could not be read to its end.');
    }
    return exitCode;
  }

  async #bulk(): Promise<void> {
    const { crossing, folder } = this.#place;
    const { mark, seal } = this.#facts;
    const parcel = await (await crossing?.())?.expect();
    if (!parcel || !seal) return;
    await this.#ask(sendScript({ folder, mark }, this.#at.out, parcel.url), 600);
    const { gunzipSync } = await import('node:zlib');
    const bytes = gunzipSync(seal.open(await parcel.take()));
    this.#at.out += bytes.length;
    this.#put('out', bytes);
  }

  async #stop(why: 'aborted' | 'timeout'): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = why;
    this.#later(this.#facts.command.grace ?? GRACE, async () => {
      await this.#signal('KILL');
      await this.#cancel();
      this.#killed = true;
    });
    // One that has not begun has no process yet, and shall not get one.
    await (this.#delivered ? this.#signal('TERM') : this.#stopUnbegun());
  }

  async #stopUnbegun(): Promise<void> {
    const seen = await this.#place.port.look(this.#facts.id, this.#place.instance).catch(() => undefined);
    if (seen?.status === 'InProgress') {
      this.#delivered = true;
      return this.#signal('TERM');
    }
    await this.#cancel();
    this.#killed = true;
  }

  async #cancel(): Promise<void> {
    await this.#place.port.cancel(this.#facts.id, this.#place.instance).catch(() => {});
  }

  async #signal(signal: 'TERM' | 'KILL'): Promise<void> {
    const { port, instance, folder } = this.#place;
    const script = killScript({ folder, mark: this.#facts.mark }, signal);
    const order = { instances: [instance], script, comment: `infractl: ${signal}`, seconds: 60 };
    await port.send(order).catch(() => {});
  }

  #later(ms: number, work: () => Promise<void>): void {
    void this.#place.clock.sleep(ms, this.#over.signal).then(work, () => {});
  }

  #stopError(): Error {
    const { argv, timeout, signal } = this.#facts.command;
    if (this.#stopped === 'timeout') return hostTimeout(this.#place.name, argv[0] ?? '', timeout ?? 0);
    return signal?.reason instanceof InfractlError ? signal.reason : new Interrupted();
  }
}
