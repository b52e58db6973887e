import { Exit, Interrupted } from '../base/errors.ts';

/**
 * Ctrl-C and SIGTERM. Until a command asks for the signal, the first one ends the process with 130.
 * After that the first one aborts the signal, so that the command can say what still runs, and the
 * second one leaves at once.
 */
export class Interrupts {
  readonly #controller = new AbortController();
  #watching = false;
  #asked = false;
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  install(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, this.#onSignal);
  }

  remove(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, this.#onSignal);
  }

  /** The signal to hand to long work. */
  watch(): AbortSignal {
    this.#watching = true;
    return this.#controller.signal;
  }

  readonly #onSignal = (): void => {
    if (!this.#watching || this.#asked) {
      if (!this.#asked) this.#say('Interrupted.');
      leave();
    }
    this.#asked = true;
    this.#say('Stopping; press Ctrl-C again to leave at once.');
    this.#controller.abort(new Interrupted());
  };
}

/** Gives the terminal its cursor back and ends the process. */
function leave(): never {
  if (process.stderr.isTTY) process.stderr.write('\u001B[?25h');
  process.exit(Exit.interrupted);
}
