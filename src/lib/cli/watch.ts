import { systemClock } from '../base/clock.ts';
import { isInfractlError } from '../base/errors.ts';
import { localTime } from '../base/times.ts';
import { painter, type Terminal } from './terminal.ts';
import { harmlessJson, tamed } from './views/harmless.ts';
import type { View } from './views/view.ts';

/** Milliseconds between two looks. */
const PAUSE = 5_000;

export interface Watching {
  /** A line of JSON for each look. */
  readonly json: boolean;
  readonly terminal: Terminal;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
  readonly signal: AbortSignal;
}

/**
 * Shows a view again and again until Ctrl-C: redrawn on a terminal, elsewhere once for each change, with
 * `--json` a line a look. What fails on the way is shown and tried again; the first look's failure ends it.
 */
export async function watchView(
  look: () => Promise<View>,
  { json, terminal, redact, signal }: Watching,
): Promise<View> {
  const screen = json || !process.stdout.isTTY || !terminal.animated ? undefined : await openScreen();
  const paint = painter(terminal.colourOut);
  let last: string | undefined;
  let trouble = '';
  let shown: string | undefined;
  try {
    for (;;) {
      try {
        const view = await look();
        const at = new Date().toISOString();
        trouble = '';
        if (json)
          process.stdout.write(`${redact(harmlessJson(JSON.stringify({ at, targets: view.json })))}\n`);
        else {
          const columns = process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
          last = tamed(redact(view.text({ paint, columns })), terminal.colourOut);
        }
      } catch (error) {
        if (last === undefined || !isInfractlError(error) || error.code === 'Interrupted') throw error;
        trouble = `${error.message} Trying again.`;
      }
      if (!json) show(last ?? '', trouble);
      await systemClock.sleep(PAUSE, signal);
    }
  } finally {
    screen?.done();
  }

  function show(text: string, warning: string): void {
    if (screen) {
      const now = paint(
        'dim',
        `${localTime(new Date().toISOString())}, every ${PAUSE / 1000} s, Ctrl-C ends it`,
      );
      screen([text, ...(warning ? [paint('yellow', warning)] : []), now].join('\n'));
    } else if (shown !== text) {
      shown = text;
      process.stdout.write(`${localTime(new Date().toISOString())}\n${text}\n`);
    }
  }
}

async function openScreen() {
  const { createLogUpdate } = await import('log-update');
  return createLogUpdate(process.stdout);
}
