import type { Clock } from '../../base/clock.ts';
import { type InfractlError, isInfractlError } from '../../base/errors.ts';
import type { Answers, Panels, SourceName, Told, Trouble } from './picture.ts';
import { pauseAfter, troubleOf } from './trouble.ts';

/** An answer, and what of it could not be had while the rest could. */
export interface Answer<T> {
  readonly value: T;
  readonly lost?: readonly InfractlError[];
}

/** Where one panel's answers come from, and how often it is asked. */
export interface Source<T> {
  /** Milliseconds from one answer to the next look. */
  readonly every: number;
  readonly look: (before: T | undefined) => Promise<Answer<T>>;
}

export type Sources = { readonly [K in SourceName]?: Source<Answers[K]> };

export interface WatcherDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told after every change of the panels. */
  readonly onChange: () => void;
}

/**
 * Looks at several sources side by side, each again and again at its own pace. One that fails keeps its last answer,
 * says why, and leaves the others alone. Nothing grows with time: of each source there is the newest answer.
 */
export class Watcher {
  readonly #sources: Sources;
  readonly #deps: WatcherDeps;
  #panels: { [K in SourceName]?: Told<unknown> } = {};
  readonly #failures = new Map<SourceName, number>();
  /** Ends the pause of a source. */
  readonly #wakers = new Map<SourceName, AbortController>();
  /** Asked for while a look was under way, which may have begun too early for it. */
  readonly #again = new Set<SourceName>();

  constructor(sources: Sources, deps: WatcherDeps) {
    this.#sources = sources;
    this.#deps = deps;
    for (const name of this.names) this.#panels[name] = { busy: false };
  }

  get names(): SourceName[] {
    return Object.keys(this.#sources) as SourceName[];
  }

  /** What is known now. A new object after every change, so that two can be compared. */
  get panels(): Panels {
    return this.#panels as Panels;
  }

  /** One look at everything. */
  async once(): Promise<void> {
    await Promise.all(this.names.map((name) => this.#look(name)));
  }

  /** Looks until the signal is aborted; rejects with what is no trouble of AWS or a host, but a defect. */
  async run(): Promise<void> {
    const { signal } = this.#deps;
    const wakeAll = () => {
      for (const waker of this.#wakers.values()) waker.abort();
    };
    signal.addEventListener('abort', wakeAll, { once: true });
    try {
      await Promise.all(this.names.map((name) => this.#loop(name)));
    } finally {
      signal.removeEventListener('abort', wakeAll);
    }
  }

  /** Looks at once at what is named, or at everything. */
  refresh(names: readonly SourceName[] = this.names): void {
    for (const name of names) {
      this.#again.add(name);
      this.#wakers.get(name)?.abort();
    }
  }

  async #loop(name: SourceName): Promise<void> {
    const { signal } = this.#deps;
    while (!signal.aborted) {
      this.#again.delete(name);
      const pause = await this.#look(name);
      if (!this.#again.has(name)) await this.#pause(name, pause);
    }
  }

  async #pause(name: SourceName, ms: number): Promise<void> {
    const { clock, signal } = this.#deps;
    if (signal.aborted) return;
    const waker = new AbortController();
    this.#wakers.set(name, waker);
    // A pause that is cut short is no failure.
    await clock.sleep(ms, waker.signal).catch(() => {});
    this.#wakers.delete(name);
  }

  /** @returns how long to wait for the next look */
  async #look<K extends SourceName>(name: K): Promise<number> {
    const { clock, signal } = this.#deps;
    const source = this.#sources[name] as Source<Answers[K]>;
    const before = this.#panels[name] as Told<Answers[K]>;
    this.#set(name, { ...before, busy: true, asked: clock.now() });
    try {
      const { value, lost = [] } = await source.look(before.value);
      this.#failures.delete(name);
      this.#set(name, { value, at: clock.now(), busy: false, ...(lost.length > 0 ? { lost } : {}) });
      return source.every;
    } catch (error) {
      if (signal.aborted) return 0;
      if (!isInfractlError(error)) throw error;
      const failures = (this.#failures.get(name) ?? 0) + 1;
      this.#failures.set(name, failures);
      const trouble: Trouble = troubleOf(error, clock.now(), before.trouble);
      this.#set(name, { ...before, trouble, busy: false });
      return pauseAfter(error, source.every, failures);
    }
  }

  #set(name: SourceName, told: Told<unknown>): void {
    this.#panels = { ...this.#panels, [name]: told };
    this.#deps.onChange();
  }
}
