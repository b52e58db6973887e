import type { Lead } from '../base/led.ts';
import type { ReportEvent, Reporter } from '../base/report.ts';
import type { OpenReporter } from './progress/reporter.ts';

/** An operation of AWS that is being followed. */
export interface RunningOperation {
  /** `stack app` */
  readonly part: string;
  readonly stack: string;
  /** Its newest status: `UPDATE_IN_PROGRESS`. */
  readonly status: string;
}

/** Progress, and the questions that come in its midst: while one is asked, what happens waits to be told. */
export class Stage implements Reporter {
  readonly #view: OpenReporter;
  readonly #lead: Lead;
  readonly #running = new Map<string, RunningOperation>();
  #held: ReportEvent[] | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param lead leads what is advised in notes and warnings */
  constructor(view: OpenReporter, lead: Lead) {
    this.#view = view;
    this.#lead = lead;
  }

  /** What AWS works on now and this command watches. */
  get running(): RunningOperation[] {
    return [...this.#running.values()];
  }

  emit(told: ReportEvent): void {
    const event =
      told.type === 'note' || told.type === 'warning' ? { ...told, message: this.#lead(told.message) } : told;
    this.#track(event);
    if (this.#held) this.#held.push(event);
    else this.#view.emit(event);
  }

  /** Asks with the progress out of the way; one question after another. */
  aside<T>(ask: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(async () => {
      this.#view.pause();
      this.#held = [];
      try {
        return await ask();
      } finally {
        const held = this.#held;
        this.#held = undefined;
        this.#view.resume();
        for (const event of held) this.#view.emit(event);
      }
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #track(event: ReportEvent): void {
    if (event.type === 'stack.event') {
      if (event.logicalId !== event.stack || event.resourceType !== 'AWS::CloudFormation::Stack') return;
      const { part, stack, status } = event;
      const known = this.#running.get(part);
      // A nested stack says the same of itself.
      if (known && known.stack !== stack) return;
      if (status.endsWith('_IN_PROGRESS')) this.#running.set(part, { part, stack, status });
      else this.#running.delete(part);
    } else if (event.type === 'part.done' || event.type === 'part.failed') this.#running.delete(event.part);
  }
}
