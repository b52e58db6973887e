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
  #ended = false;
  readonly #say: (line: string) => void;
  readonly #leaving: (error: Interrupted) => void;

  /** @param leaving shows the error of a process that ends in this moment */
  constructor(say: (line: string) => void, leaving: (error: Interrupted) => void) {
    this.#say = say;
    this.#leaving = leaving;
  }

  install(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, this.#onSignal);
  }

  /** When the command has ended. One that was interrupted has said all: the second Ctrl-C only hurries it. */
  remove(): void {
    this.#ended = true;
    if (this.#asked) return;
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, this.#onSignal);
  }

  /** The signal to hand to long work. */
  watch(): AbortSignal {
    this.#watching = true;
    return this.#controller.signal;
  }

  readonly #onSignal = (): void => {
    if (this.#ended) leave();
    if (!this.#watching || this.#asked) {
      this.#leaving(this.#asked ? leftAtOnce() : new Interrupted());
      leave();
    }
    this.#asked = true;
    this.#say('Stopping; press Ctrl-C again to leave at once.');
    this.#controller.abort(new Interrupted());
  };
}

function leftAtOnce(): Interrupted {
  return new Interrupted('Left at once. What was begun goes on by itself, and was not looked at.', [
    'Run the same command again: it goes on where it stopped.',
  ]);
}

/** Gives the terminal its cursor back and ends the process. */
function leave(): never {
  if (process.stderr.isTTY) process.stderr.write('\u001B[?25h');
  process.exit(Exit.interrupted);
}
