import { partOf, type Share } from '../base/share.ts';

/**
 * What stands in a tag of the group while somebody releases to it: who, a sign of life, and what must be put back
 * when they are gone. A value holds 256 characters, so at most `MOST_OUT` members are out at a time.
 */
export interface RollMark {
  readonly by: string;
  /** Tells two runs of the same person apart. */
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly beat: number;
  /** The least number of members that the group was configured for. */
  readonly min: number;
  /** Members that were taken out of service. */
  readonly out: readonly string[];
  /** The command of Systems Manager that goes through the members; nobody is out then. */
  readonly command?: string | undefined;
}

export const MOST_OUT = 8;

/** Without a sign for so long, in milliseconds, nobody is at work any more. */
export const SILENT = 300_000;

export function markText({ by, run, beat, min, out, command }: RollMark): string {
  // Spaces part the words, and a tag takes few signs.
  const who = by.replace(/[^\w@.-]/g, '-').slice(0, 32);
  const short = out.map((id) => id.replace(/^i-/, '')).join('/');
  const walk = command === undefined || short ? '' : ` command=${command}`;
  return `by=${who} run=${run} beat=${Math.floor(beat / 1000)} min=${min} out=${short}${walk}`;
}

/** What a tag says; undefined where infractl did not write it. */
export function readMark(text: string | undefined): RollMark | undefined {
  const found = /^by=(\S+) run=(\S+) beat=(\d+) min=(\d+) out=([\w/]*)(?: command=(\S+))?$/.exec(text ?? '');
  if (!found) return undefined;
  const [, by = '', run = '', beat, min, out = '', command] = found;
  return {
    by,
    run,
    beat: Number(beat) * 1000,
    min: Number(min),
    out: out
      .split('/')
      .filter(Boolean)
      .map((id) => `i-${id}`),
    ...(command === undefined ? {} : { command }),
  };
}

/**
 * How many members are released to at the same time. At least one stays in service, wherever there are two.
 *
 * @param most at a time; those that are taken out must stand in a tag
 */
export function batchSize(batch: Share, members: number, most = MOST_OUT): number {
  return Math.max(1, Math.min(partOf(batch, members), most, members - 1));
}

/** How many members may fail before no further one is begun: of a share, as MaxErrors of SendCommand counts. */
export function mostFailures(errors: Share, members: number): number {
  return Math.min(partOf(errors, members), members);
}
