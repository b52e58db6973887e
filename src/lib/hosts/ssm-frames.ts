import { gunzipSync } from 'node:zlib';
import type { Seal } from './ssm-seal.ts';

/** What an answer of a host says of a run, apart from the words around it. */
export interface Frames {
  readonly pieces: readonly {
    readonly stream: 'out' | 'err';
    /** Where it begins in its stream, in bytes. */
    readonly at: number;
    readonly bytes: Uint8Array;
  }[];
  /** How the command ended, and how long its streams are. */
  readonly end?: { readonly exitCode: number; readonly out: number; readonly err: number };
  /** The run is being answered by the command itself. */
  readonly later: boolean;
  /** The command has run already, and its answer went to somebody else. */
  readonly over: boolean;
  /** There is nothing of the run on the host any more. */
  readonly gone: boolean;
}

/** Reads an answer; undefined where it is the output of the command as it is. */
export function readFrames(mark: string, text: string, seal: Seal | undefined): Frames | undefined {
  const head = `infractl ${mark} `;
  const lines = text.split('\n').filter((line) => line.startsWith(head));
  if (lines.length === 0) return undefined;
  const words = lines.map((line) => line.slice(head.length).split(' '));
  const pieces = words
    .filter(([kind]) => kind === 'out' || kind === 'err')
    .map(([kind, at, , packed = '']) => {
      const bytes = Buffer.from(packed, 'base64');
      return {
        stream: kind as 'out' | 'err',
        at: Number(at),
        bytes: gunzipSync(seal ? seal.open(bytes) : bytes),
      };
    });
  const end = words.find(([kind]) => kind === 'end');
  return {
    pieces,
    ...(end ? { end: { exitCode: Number(end[1]), out: Number(end[2]), err: Number(end[3]) } } : {}),
    later: words.some(([kind]) => kind === 'later'),
    over: words.some(([kind]) => kind === 'over'),
    gone: words.some(([kind]) => kind === 'gone'),
  };
}
