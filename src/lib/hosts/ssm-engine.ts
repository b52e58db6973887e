import { underneath } from '../aws/errors.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { type InfractlError, Interrupted, isInfractlError } from '../base/errors.ts';
import type { FleetOutcome, HostResult } from './port.ts';
import type { SsmTarget } from './ssm.ts';
import { hasEnded, type Invocation, type SsmPort } from './ssm-port.ts';
import { brokenOff, notBegun, notManaged, notTaken } from './ssm-words.ts';

export interface EngineOrder {
  readonly script: string;
  /** What the history of commands calls it. */
  readonly comment: string;
  /** Seconds that the script may take on one of them. */
  readonly seconds: number;
  /** MaxConcurrency and MaxErrors, as Systems Manager takes them: `10`, `25%`. */
  readonly concurrency?: string | undefined;
  readonly errors?: string | undefined;
  /**
   * More hosts than that which AWS could not deliver to end it too: it counts failures alone. Without it the others
   * get the command all the same.
   */
  readonly mostUndelivered?: number;
  readonly signal: AbortSignal;
  /** The command's id, as soon as it is known. */
  readonly sent?: (id: string) => void;
  /** Follows one on which it has begun to its end; an aborted signal is its to obey. */
  readonly follow: (target: SsmTarget, id: string, signal: AbortSignal) => Promise<HostResult>;
}

export interface EngineDeps {
  readonly port: SsmPort;
  readonly clock: Clock;
}

/** SendCommand names at most so many instances. */
export const MOST_TOGETHER = 50;
/** Milliseconds. */
const FIRST_PAUSE = 300;
const LONGEST_PAUSE = 1_500;
/** So often those that wait are asked after: an agent that has gone takes nothing up. */
const ASK_AFTER = 30_000;

/**
 * Runs a script on up to 50 instances as one command of Systems Manager, whose own engine begins it on so many at
 * a time and on no further one after so many failures. Each has an outcome; one that was not begun says so.
 *
 * @throws InfractlError what AWS refuses for all of them: SendCommand
 */
export async function runTogether(
  targets: readonly SsmTarget[],
  order: EngineOrder,
  deps: EngineDeps,
): Promise<FleetOutcome[]> {
  throwIfAborted(order.signal);
  return new Together(targets, order, deps).run();
}

class Together {
  readonly #order: EngineOrder;
  readonly #deps: EngineDeps;
  readonly #targets: readonly SsmTarget[];
  readonly #outcomes = new Map<string, FleetOutcome>();
  readonly #following: Promise<void>[] = [];
  /** One each: so many listeners of one signal would look like a leak. */
  readonly #stops = new Set<AbortController>();
  #waiting = new Map<string, SsmTarget>();
  #undelivered = 0;

  constructor(targets: readonly SsmTarget[], order: EngineOrder, deps: EngineDeps) {
    this.#targets = targets;
    this.#order = order;
    this.#deps = deps;
  }

  async run(): Promise<FleetOutcome[]> {
    const id = await this.#send(await this.#answering());
    if (id !== undefined) {
      this.#order.sent?.(id);
      const { signal } = this.#order;
      const onAbort = () => {
        for (const stop of this.#stops) stop.abort(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      try {
        await this.#watch(id);
        await Promise.all(this.#following);
      } finally {
        signal.removeEventListener('abort', onAbort);
      }
    }
    return this.#targets.flatMap(({ name }) => this.#outcomes.get(name) ?? []);
  }

  async #answering(): Promise<SsmTarget[]> {
    const { port, clock } = this.#deps;
    const known = await port.managed(this.#targets.map(({ instance }) => instance));
    return this.#targets.filter((target) => {
      const { name, instance } = target;
      if (known.get(instance)?.ping === 'Online') return true;
      this.#fails(target, notManaged(name, instance, known.get(instance), clock));
      return false;
    });
  }

  /** AWS refuses the whole command for one instance that was ended; then it goes to the others. */
  async #send(targets: readonly SsmTarget[]): Promise<string | undefined> {
    const { script, comment, seconds, concurrency, errors } = this.#order;
    let open = targets;
    while (open.length > 0) {
      const instances = open.map(({ instance }) => instance);
      try {
        const id = await this.#deps.port.send({ instances, script, comment, seconds, concurrency, errors });
        this.#waiting = new Map(open.map((target) => [target.instance, target]));
        return id;
      } catch (error) {
        const { name, message } = underneath(error);
        if (name !== 'InvalidInstanceId') throw error;
        const named = open.filter(({ instance }) => message.includes(instance));
        const refused = named.length > 0 ? named : open;
        for (const target of refused) this.#fails(target, notTaken(target.name, target.instance));
        open = open.filter((target) => !refused.includes(target));
      }
    }
    return undefined;
  }

  /** Until each has begun, or never will. */
  async #watch(id: string): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#order;
    let asked = clock.now();
    let pause = FIRST_PAUSE;
    try {
      while (this.#waiting.size > 0) {
        await clock.sleep(pause, signal);
        pause = Math.min(LONGEST_PAUSE, pause * 1.4);
        await this.#look(id);
        if (clock.now() - asked > ASK_AFTER) {
          asked = clock.now();
          await this.#askAfter(id);
        }
        if (this.#undelivered > (this.#order.mostUndelivered ?? Number.POSITIVE_INFINITY))
          await this.#leave(id, notBegun);
      }
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      // Those that have begun since it was looked at end in order; the others are not begun any more.
      if (signal.aborted) await this.#look(id).catch(() => {});
      await this.#leave(id, () => (signal.aborted ? new Interrupted() : error));
    }
  }

  async #look(id: string): Promise<void> {
    for (const [instance, seen] of await this.#deps.port.statuses(id)) {
      const target = this.#waiting.get(instance);
      if (!target || /^(Pending|Delayed)$/.test(seen.status)) continue;
      this.#waiting.delete(instance);
      const error = endedUnbegun(target, seen);
      if (error) this.#fails(target, error);
      else this.#following.push(this.#follow(target, id));
    }
  }

  async #askAfter(id: string): Promise<void> {
    const { port, clock } = this.#deps;
    const known = await port.managed([...this.#waiting.keys()]);
    for (const [instance, target] of this.#waiting) {
      if (known.get(instance)?.ping === 'Online') continue;
      await this.#cancel(id, instance);
      this.#fails(target, notManaged(target.name, instance, known.get(instance), clock));
    }
  }

  async #follow(target: SsmTarget, id: string): Promise<void> {
    const stop = new AbortController();
    this.#stops.add(stop);
    const { signal, follow } = this.#order;
    if (signal.aborted) stop.abort(signal.reason);
    try {
      const result = await follow(target, id, stop.signal);
      this.#outcomes.set(target.name, { host: target.name, result });
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      this.#outcomes.set(target.name, { host: target.name, error });
    }
  }

  async #leave(id: string, why: (name: string, instance: string) => InfractlError): Promise<void> {
    for (const [instance, target] of this.#waiting) {
      await this.#cancel(id, instance);
      this.#outcomes.set(target.name, { host: target.name, error: why(target.name, instance) });
    }
    this.#waiting.clear();
  }

  async #cancel(id: string, instance: string): Promise<void> {
    this.#waiting.delete(instance);
    await this.#deps.port.cancel(id, instance).catch(() => {});
  }

  #fails(target: SsmTarget, error: InfractlError): void {
    if (error.code !== 'HostNotBegun') this.#undelivered++;
    this.#outcomes.set(target.name, { host: target.name, error });
  }
}

/** Of a command that nobody follows any more: it is begun on no further instance. What runs goes on. */
export async function cancelWaiting(port: SsmPort, id: string): Promise<void> {
  for (const [instance, { status }] of await port.statuses(id))
    if (/^(Pending|Delayed)$/.test(status)) await port.cancel(id, instance);
}

function endedUnbegun(
  { name, instance }: SsmTarget,
  seen: Pick<Invocation, 'status' | 'detail'>,
): InfractlError | undefined {
  if (seen.detail === 'Terminated') return notBegun(name, instance);
  if (!hasEnded(seen) || /^(Success|Failed)$/.test(seen.status)) return undefined;
  return brokenOff(name, instance, { ...seen, exitCode: -1, stdout: '', stderr: '' });
}
