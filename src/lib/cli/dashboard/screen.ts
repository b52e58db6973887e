import { Box, type Key, render, Text, useApp, useInput, useWindowSize } from 'ink';
import { createElement, type ReactElement, useSyncExternalStore } from 'react';
import type { Size } from './screen-lines.ts';
import type { Leave, ScreenModel } from './screen-model.ts';
import type { Press } from './screen-state.ts';

/** Milliseconds: ages and the clock of the header are this old at most. */
const TICK = 5_000;
/** Frames a second: more than a person reads, and little work where much arrives at once. */
const FRAMES = 10;

export interface ScreenOrder {
  /** Makes the model, given what it tells of leaving. */
  readonly open: (leave: (how: Leave) => void) => ScreenModel;
  /** Ends the screen from outside. */
  readonly signal: AbortSignal;
}

/** How a screen ended: by a key, by Ctrl-C, from outside, or because its terminal is gone. */
export type Ended = 'quit' | 'interrupt' | 'aborted' | 'gone';

const NAMES: readonly (readonly [keyof Key, NonNullable<Press['name']>])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageUp'],
  ['pageDown', 'pageDown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'backspace'],
];

function pressOf(input: string, key: Key): Press {
  if (key.tab) return { input, name: key.shift ? 'backtab' : 'tab' };
  const name = NAMES.find(([one]) => key[one])?.[1];
  return { input, ctrl: key.ctrl, ...(name ? { name } : {}) };
}

/** Keys that are characters, among others that were typed in the same moment. */
const CHARACTERS: Readonly<Record<string, NonNullable<Press['name']>>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u001B': 'escape',
  '\u007F': 'backspace',
};

function typed(one: string): Press {
  if (one === '\u0003') return { input: 'c', ctrl: true };
  const name = CHARACTERS[one];
  return { input: one, ...(name ? { name } : {}) };
}

interface AppProps {
  readonly model: ScreenModel;
  /** Given how the terminal is handed to the shell and back. */
  readonly onSuspender: (suspend: () => Promise<void>) => void;
}

/** The frame of the model in the size that the terminal has now. */
export function App({ model, onSuspender }: AppProps): ReactElement {
  useSyncExternalStore(model.subscribe, model.version);
  const { columns, rows } = useWindowSize();
  const size: Size = { columns, rows: rows - 1 };
  const { suspendTerminal } = useApp();
  onSuspender(() => suspendTerminal(stopped));
  // What is pasted or typed fast comes as one text; each of its characters is a key.
  useInput((input, key) => {
    if (input.length > 1 && !key.ctrl && !key.meta) for (const one of input) model.press(typed(one), size);
    else model.press(pressOf(input, key), size);
  });
  return createElement(FrameView, { model, size });
}

export function FrameView({ model, size }: { model: ScreenModel; size: Size }): ReactElement {
  const { header, left, right, leftWidth, rightWidth, footer } = model.frame(size);
  const column = (lines: readonly string[], width: number) =>
    createElement(
      Box,
      { width, flexShrink: 0 },
      createElement(Text, { wrap: 'truncate' }, lines.map((line) => (line === '' ? ' ' : line)).join('\n')),
    );
  return createElement(
    Box,
    { flexDirection: 'column', width: size.columns, height: Math.max(1, size.rows), overflow: 'hidden' },
    createElement(Box, { height: 1, flexShrink: 0 }, createElement(Text, { wrap: 'truncate' }, header)),
    createElement(
      Box,
      { flexGrow: 1, columnGap: 2, overflow: 'hidden' },
      column(left, leftWidth),
      ...(rightWidth > 0 ? [column(right, rightWidth)] : []),
    ),
    createElement(Box, { height: 1, flexShrink: 0 }, createElement(Text, { wrap: 'truncate' }, footer)),
  );
}

/** Stops the process group as Ctrl-Z does elsewhere; goes on here when the shell lets it. */
function stopped(): void {
  process.kill(0, 'SIGTSTP');
}

/** Draws on the alternate screen until a key, a signal or the end of the terminal. The screen is then as it was. */
export async function showScreen({ open, signal }: ScreenOrder): Promise<Ended> {
  let ended: Ended = 'aborted';
  let suspend = async () => {};
  const end = (how: Ended) => {
    ended = how;
    instance.unmount();
  };
  const suspended = () => {
    // The shell's own signal must stop the process, not come back here.
    process.off('SIGTSTP', suspended);
    suspend()
      .catch(() => {})
      .finally(() => process.on('SIGTSTP', suspended));
  };
  const model = open((how) => (how === 'suspend' ? suspended() : end(how)));
  const onSuspender = (given: () => Promise<void>) => {
    suspend = given;
  };
  const instance = render(createElement(App, { model, onSuspender }), {
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    patchConsole: false,
    interactive: true,
    maxFps: FRAMES,
  });
  const gone = () => end('gone');
  const aborted = () => end('aborted');
  const timer = setInterval(model.tick, TICK);
  process.on('SIGTSTP', suspended);
  process.once('SIGHUP', gone);
  process.stdin.once('end', gone);
  process.stdin.once('error', gone);
  process.stdout.once('error', gone);
  signal.addEventListener('abort', aborted, { once: true });
  if (signal.aborted) aborted();
  try {
    await instance.waitUntilExit();
  } finally {
    clearInterval(timer);
    process.off('SIGTSTP', suspended);
    process.off('SIGHUP', gone);
    process.stdin.off('end', gone);
    process.stdin.off('error', gone);
    process.stdout.off('error', gone);
    signal.removeEventListener('abort', aborted);
  }
  return ended;
}
