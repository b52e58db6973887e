import ora, { type Ora } from 'ora';
import type { ReportEvent } from '../../base/report.ts';
import { type Paint, painter, type Terminal } from '../terminal.ts';
import { cut } from '../views/table.ts';
import { Echo } from './echo.ts';
import type { OpenReporter } from './reporter.ts';
import { elapsed, settledLine } from './words.ts';

const TICK_MS = 1_000;
/** The spinner itself, and the column that is left free. */
const MARGIN = 3;

/** Progress of a command that waits for one thing: a spinner with what is done now, and for how long. */
export class SpinnerProgress implements OpenReporter {
  wrote = false;
  readonly #paint: Paint;
  readonly #redact: (text: string) => string;
  readonly #spinner: Ora;
  readonly #timer: NodeJS.Timeout;
  readonly #echo = new Echo();
  #doing = '';
  #since = 0;

  constructor(terminal: Terminal, redact: (text: string) => string) {
    this.#paint = painter(terminal.colourErr);
    this.#redact = redact;
    this.#spinner = ora({
      stream: process.stderr,
      spinner: 'dots',
      ...(terminal.colourErr ? {} : { color: false }),
      // Ctrl-C is the command's own, and standard input stays as it is.
      discardStdin: false,
      isEnabled: true,
    });
    this.#timer = setInterval(() => this.#show(), TICK_MS);
    this.#timer.unref();
  }

  emit(event: ReportEvent): void {
    if (event.type === 'part.started') {
      this.#since = Date.now();
      this.#doing = `${event.part}: ${event.doing}`;
      this.#show();
      this.#start();
    } else if (event.type === 'part.status') {
      this.#doing = `${event.part}: ${event.status}`;
      this.#show();
    } else if (event.type === 'part.done' || event.type === 'part.failed') this.#doing = '';
    const line = settledLine(event, this.#paint, process.stderr.columns || 80);
    if (line) this.say(line);
  }

  say(line: string): void {
    this.wrote = true;
    this.#spinner.stop();
    process.stderr.write(`${this.#redact(line)}\n`);
    if (this.#doing !== '') this.#start();
    else this.#echo.show();
  }

  pause(): void {
    this.#spinner.stop();
    this.#echo.show();
  }

  resume(): void {
    if (this.#doing !== '') this.#start();
  }

  close(): void {
    clearInterval(this.#timer);
    this.pause();
  }

  #start(): void {
    this.#echo.hide();
    this.#spinner.start();
  }

  #show(): void {
    const time = elapsed(Date.now() - this.#since);
    const room = (process.stderr.columns || 80) - MARGIN - time.length - 1;
    this.#spinner.text = [cut(this.#redact(this.#doing), Math.max(1, room)), this.#paint('dim', time)].join(
      ' ',
    );
  }
}
