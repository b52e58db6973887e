import type { ExitCode } from '../../base/errors.ts';
import type { Ui } from '../terminal.ts';

/** One result, two views: `json` is what `--json` prints, `text` is what people read. */
export interface View {
  readonly json: unknown;
  /** An empty string prints nothing. */
  text(ui: Ui): string;
  /** The exit code when it is not 0 although nothing was thrown: differences found, some items failed. */
  readonly exit?: ExitCode;
}
