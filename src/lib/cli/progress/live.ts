import stringWidth from 'fast-string-width';
import { createLogUpdate } from 'log-update';
import type { ReportEvent } from '../../base/report.ts';
import { type Paint, painter, type Terminal } from '../terminal.ts';
import { wrapped } from '../views/wrap.ts';
import { Echo } from './echo.ts';
import { layOut } from './layout.ts';
import type { OpenReporter } from './reporter.ts';
import { failures, ProgressTree } from './tree.ts';
import { settledLine } from './words.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
/** Lines drawn before the terminal became narrower take several rows now; one up, cleared. */
const ROW_AWAY = '\u001B[1A\u001B[2K';

/** Progress on a terminal: what is done scrolls up, what runs is drawn below it as a tree, in place. */
export class LiveProgress implements OpenReporter {
  wrote = false;
  readonly #paint: Paint;
  readonly #redact: (text: string) => string;
  readonly #tree: ProgressTree;
  readonly #update = createLogUpdate(process.stderr, { showCursor: false });
  readonly #timer: NodeJS.Timeout;
  readonly #echo = new Echo();
  #frame = 0;
  #still = false;
  /** What stands on the screen, and how wide it was then. */
  #drawn: { readonly lines: readonly string[]; readonly columns: number } = { lines: [], columns: 80 };

  constructor(terminal: Terminal, redact: (text: string) => string) {
    this.#paint = painter(terminal.colourErr);
    this.#redact = redact;
    this.#tree = new ProgressTree(redact);
    this.#timer = setInterval(() => this.#nextFrame(), FRAME_MS);
    this.#timer.unref();
    process.stderr.on('resize', this.#draw);
  }

  emit(event: ReportEvent): void {
    const failed = event.type === 'part.failed' ? this.#failures(event.part) : [];
    this.#tree.track(event, Date.now());
    const line = settledLine(event, this.#paint, process.stderr.columns || 80);
    if (line) this.say([line, ...failed].join('\n'));
  }

  say(line: string): void {
    this.wrote = true;
    this.#clear();
    process.stderr.write(`${this.#redact(line)}\n`);
    this.#draw();
  }

  pause(): void {
    this.#still = true;
    this.#clear();
    this.#update.done();
    this.#echo.show();
  }

  resume(): void {
    this.#still = false;
    this.#draw();
  }

  close(): void {
    this.pause();
    clearInterval(this.#timer);
    process.stderr.off('resize', this.#draw);
  }

  /** What failed stays on the screen: it is what somebody will scroll back for. */
  #failures(part: string): string[] {
    const root = this.#tree.parts.get(part)?.root;
    const columns = process.stderr.columns || 80;
    return (root ? failures(root) : []).map(({ node, path }) => {
      const reason = wrapped(node.failure?.reason || node.failure?.status || '', columns - 6, 6);
      return `    ${this.#paint('red', path.join(' › '))} ${this.#paint('dim', node.type)}\n      ${reason}`;
    });
  }

  #nextFrame(): void {
    this.#frame = (this.#frame + 1) % FRAMES.length;
    this.#draw();
  }

  readonly #draw = (): void => {
    if (this.#still) return;
    const columns = process.stderr.columns || 80;
    if (columns < this.#drawn.columns) this.#clear();
    const lines = layOut(this.#tree, {
      // A line that fills the last column makes some terminals begin another.
      columns: columns - 1,
      lines: Math.max(1, (process.stderr.rows || 24) - 1),
      now: Date.now(),
      spinner: this.#paint('cyan', FRAMES[this.#frame] ?? ''),
      paint: this.#paint,
    });
    if (lines.length === 0) {
      // An empty drawing is a line too, and its clearing would take a prompt away.
      this.#clear();
      return;
    }
    this.#echo.hide();
    this.#update(lines.join('\n'));
    this.#drawn = { lines, columns };
  };

  #clear(): void {
    const { lines, columns } = this.#drawn;
    if (lines.length === 0) return;
    const now = process.stderr.columns || 80;
    const rows = (line: string) => Math.max(1, Math.ceil(stringWidth(line) / now));
    const more = now < columns ? lines.reduce((sum, line) => sum + rows(line) - 1, 0) : 0;
    this.#update.clear();
    if (more > 0) process.stderr.write(ROW_AWAY.repeat(more));
    this.#drawn = { lines: [], columns: now };
  }
}
