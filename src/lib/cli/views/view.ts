import type { ExitCode } from '../../base/errors.ts';
import type { Ui } from '../terminal.ts';

/** One result, two views: `json` is what `--json` prints, `text` is what people read. */
export interface View {
  readonly json: unknown;
  /** An empty string prints nothing. */
  text(ui: Ui): string;
  /** The exit code when it is not 0 although nothing was thrown: differences found, some items failed. */
  readonly exit?: ExitCode;
  /** The folder of a project that was made: where whoever goes on is at home. */
  readonly folder?: string;
  /** The command lines that are said to come next. */
  readonly next?: readonly string[];
}

/** What a command leaves to whoever goes on after it. */
export interface Outcome {
  readonly folder?: string | undefined;
  /** What it advised, in lines; those that end in a command line can be run. */
  readonly advice: readonly string[];
}
