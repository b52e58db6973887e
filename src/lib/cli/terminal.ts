import { styleText } from 'node:util';
import type { Lead } from '../base/led.ts';

/** What the streams of this process can do, decided once, from the streams, the flags and the environment. */
export interface Terminal {
  /** A person can answer a prompt. */
  readonly interactive: boolean;
  /** Standard error can be animated: spinners and redrawn lines. */
  readonly animated: boolean;
  readonly colourOut: boolean;
  readonly colourErr: boolean;
  /** Columns of standard error; Infinity where it is not a terminal: a file has no width. */
  readonly columns: number;
}

export interface TerminalChoice {
  readonly noColor: boolean;
  readonly noInput: boolean;
}

interface Streams {
  readonly stdin: { readonly isTTY?: boolean };
  readonly stdout: { readonly isTTY?: boolean };
  readonly stderr: { readonly isTTY?: boolean; readonly columns?: number };
}

/** `NO_COLOR`, `TERM=dumb` and `--no-color` remove every escape; `FORCE_COLOR` keeps colours in a pipe. */
export function describeTerminal(
  choice: TerminalChoice,
  streams: Streams = process,
  env: NodeJS.ProcessEnv = process.env,
): Terminal {
  const ci = Boolean(env.CI) && env.CI !== 'false' && env.CI !== '0';
  const dumb = env.TERM === 'dumb';
  const never = choice.noColor || Boolean(env.NO_COLOR) || dumb || env.FORCE_COLOR === '0';
  const always = Boolean(env.FORCE_COLOR) && env.FORCE_COLOR !== '0';
  const colour = (stream: { readonly isTTY?: boolean }) => !never && (always || stream.isTTY === true);
  return {
    // A prompt moves the cursor, which a dumb terminal cannot. Standard input comes last: Node opens it to tell.
    interactive:
      !choice.noInput && !ci && !dumb && streams.stderr.isTTY === true && streams.stdin.isTTY === true,
    animated: streams.stderr.isTTY === true && !dumb && !ci,
    colourOut: colour(streams.stdout),
    colourErr: colour(streams.stderr),
    columns: streams.stderr.isTTY ? streams.stderr.columns || 80 : Number.POSITIVE_INFINITY,
  };
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta' | 'blue' | 'inverse';

/** Text in a style, or the text itself where there is no colour. */
export type Paint = (style: Style, text: string) => string;

/**
 * Of the 256 colours, one for each name that can be read on black, on white, and on what is usual between them: what a
 * terminal shows as its own yellow or cyan is hardly seen on a light one, and its own blue on a dark one.
 */
export const READABLE: Readonly<Partial<Record<Style, number>>> = {
  // Faint is half of what the text has: on Solarized light nothing is left of it.
  dim: 244,
  red: 196,
  green: 64,
  yellow: 166,
  cyan: 31,
  magenta: 133,
  blue: 63,
};
/** Bits of a colour. */
const OF_256 = 8;

/** Of 16 colours the light ones are lost on white, and the blue on black: what is in them is bold instead. */
export const OF_16: Readonly<Partial<Record<Style, Style>>> = { yellow: 'bold', cyan: 'bold', blue: 'bold' };

/** @param depth bits of a colour that the terminal has; one of 16 colours shows its own */
export function painter(enabled: boolean, depth = enabled ? colourDepth() : 1): Paint {
  if (!enabled) return (_style, text) => text;
  return (style, text) => {
    const colour = depth < OF_256 ? undefined : READABLE[style];
    if (colour === undefined) return styleText(OF_16[style] ?? style, text, { validateStream: false });
    return `\u001B[38;5;${colour}m${text}\u001B[39m`;
  };
}

/** As TERM, COLORTERM, FORCE_COLOR and the like tell. */
function colourDepth(): number {
  return process.getBuiltinModule('node:tty').WriteStream.prototype.getColorDepth(process.env);
}

/** What a view needs to know to write for people on standard output. */
export interface Ui {
  readonly paint: Paint;
  readonly columns: number;
  /** Leads what is advised to the place of this command; absent: it is there as it is. */
  readonly lead?: Lead;
}

/** What is advised, led to the place of the command that advises it. */
export function advised({ lead }: Pick<Ui, 'lead'>, advice: string): string {
  return lead ? lead(advice) : advice;
}
