import { type InfractlError, isInfractlError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import { type ActResult, type InstanceDeps, labelOf, nameOf, type StageTime, type Target } from './types.ts';

/** More targets than that are told of together: nobody reads a thousand lines that move. */
const EACH = 20;

/** Tells of many targets on their way, and keeps what became of each. */
export class Track {
  readonly #deps: InstanceDeps;
  readonly #since: number;
  readonly #results = new Map<string, ActResult>();
  readonly #count: number;
  readonly #together: boolean;
  readonly #statuses = new Map<string, string>();

  constructor(deps: InstanceDeps, targets: readonly Target[], doing: string) {
    this.#deps = deps;
    this.#since = deps.clock.now();
    this.#count = targets.length;
    this.#together = targets.length > EACH;
    const parts = this.#together ? [this.#all] : targets.map(labelOf);
    for (const part of parts) deps.reporter.emit({ type: 'part.started', part, doing });
  }

  get #all(): string {
    return plural(this.#count, 'target');
  }

  status(target: Target, words: string): void {
    if (!this.#together) {
      this.#deps.reporter.emit({ type: 'part.status', part: labelOf(target), status: words });
      return;
    }
    this.#statuses.set(target.id, words);
    this.#tellAll();
  }

  done(
    target: Target,
    outcome: Exclude<ActResult['outcome'], 'failed'>,
    stages: readonly StageTime[] = [],
    detail?: string,
  ): void {
    if (this.#results.has(target.id)) return;
    this.#keep(target, { outcome, detail: detail ?? null, stages, error: null });
    if (this.#together) {
      this.#tellAll();
      return;
    }
    const ms = this.#deps.clock.now() - this.#since;
    const part = labelOf(target);
    this.#deps.reporter.emit({ type: 'part.done', part, outcome, ms, ...(detail ? { detail } : {}) });
  }

  failed(target: Target, error: InfractlError, stages: readonly StageTime[] = []): void {
    if (this.#results.has(target.id)) return;
    const { code, message, why, suggestions, exit } = error;
    this.#keep(target, {
      outcome: 'failed',
      detail: null,
      stages,
      error: { code, message, why: why ?? null, suggestions, exit },
    });
    const ms = this.#deps.clock.now() - this.#since;
    this.#deps.reporter.emit({ type: 'part.failed', part: labelOf(target), error, ms });
    if (this.#together) this.#tellAll();
  }

  /** Runs one target's work; what it throws is the target's failure, but for an interruption. */
  async one(target: Target, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isInfractlError(error) || error.code === 'Interrupted') throw error;
      this.failed(target, error);
    }
  }

  isSettled(target: Target): boolean {
    return this.#results.has(target.id);
  }

  /** In the order of the targets. */
  results(targets: readonly Target[]): ActResult[] {
    return targets.flatMap(({ id }) => this.#results.get(id) ?? []);
  }

  #keep(target: Target, rest: Pick<ActResult, 'outcome' | 'detail' | 'stages' | 'error'>): void {
    this.#results.set(target.id, { kind: target.kind, id: target.id, name: nameOf(target), ...rest });
    this.#statuses.delete(target.id);
  }

  #tellAll(): void {
    const { reporter, clock } = this.#deps;
    const settled = this.#results.size;
    if (settled === this.#count) {
      const failed = [...this.#results.values()].filter(({ outcome }) => outcome === 'failed').length;
      const detail = `${settled - failed} done${failed > 0 ? `, ${failed} failed` : ''}`;
      const outcome = [...this.#results.values()].find((one) => one.outcome !== 'failed')?.outcome;
      const words = outcome && outcome !== 'failed' ? outcome : 'unchanged';
      reporter.emit({
        type: 'part.done',
        part: this.#all,
        outcome: words,
        detail,
        ms: clock.now() - this.#since,
      });
      return;
    }
    const counts = new Map<string, number>();
    for (const words of this.#statuses.values()) {
      const short = words.replace(/:.*/, '');
      counts.set(short, (counts.get(short) ?? 0) + 1);
    }
    const status = [`${settled} done`, ...[...counts].map(([words, count]) => `${count} ${words}`)].join(
      ', ',
    );
    reporter.emit({ type: 'part.status', part: this.#all, status });
  }
}
