import { Exit, Interrupted } from '../../base/errors.ts';

/** What was chosen at the first Ctrl-C: AWS goes on by itself, or what it does is taken back. */
export type Interruption = 'leave' | 'cancel';

/** Asks what becomes of what runs; undefined where nothing runs or nobody can be asked. */
export type Offer = () => Promise<Interruption | 'stay'> | undefined;

/**
 * Ctrl-C and SIGTERM. Until a command asks for the signal, the first one ends the process with 130.
 * After that the first one offers a choice where AWS is at work and somebody can be asked, and aborts the
 * signal, so that the command can say what still runs or take it back; the second one leaves at once.
 */
export class Interrupts {
  readonly #controller = new AbortController();
  #watching = false;
  #asked = false;
  #ended = false;
  readonly #say: (line: string) => void;
  readonly #leaving: (error: Interrupted) => void;
  readonly #offer: Offer;
  #choice: Interruption = 'leave';

  /** @param leaving shows the error of a process that ends in this moment */
  constructor(say: (line: string) => void, leaving: (error: Interrupted) => void, offer: Offer) {
    this.#say = say;
    this.#leaving = leaving;
    this.#offer = offer;
  }

  /** What was chosen, once the signal is aborted. */
  get choice(): Interruption {
    return this.#choice;
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

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    if (this.#ended) leave();
    if (!this.#watching || this.#asked) this.#leave(this.#asked ? leftAtOnce() : new Interrupted());
    this.#asked = true;
    // Whoever ends a process by SIGTERM is a program.
    const offered = signal === 'SIGINT' ? this.#offer() : undefined;
    if (!offered) {
      this.#say('Stopping; press Ctrl-C again to leave at once.');
      this.#controller.abort(new Interrupted());
      return;
    }
    offered.then(
      (choice) => {
        if (choice === 'stay') {
          this.#asked = false;
          return;
        }
        this.#choice = choice;
        this.#controller.abort(new Interrupted());
      },
      // Ctrl-C at the question is the second one.
      () => this.#leave(leftAtOnce()),
    );
  };

  #leave(error: Interrupted): never {
    this.#leaving(error);
    leave();
  }
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
