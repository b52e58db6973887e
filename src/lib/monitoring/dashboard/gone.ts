import type { InstanceLine } from './picture.ts';

/** States of EC2 and of RDS from which nothing comes back. */
const ENDING = /^(?:shutting-down|terminated|deleting|deleted)$/;

/**
 * What was watched and is not told of any more is shown as gone, instead of being left out silently; a group that
 * replaces its members is not meant, they are told of as one.
 */
export function withGone(before: readonly InstanceLine[], now: readonly InstanceLine[]): InstanceLine[] {
  const there = new Set(now.map(({ kind, id }) => `${kind} ${id}`));
  const lost = before.filter(({ kind, id }) => !there.has(`${kind} ${id}`));
  return [
    ...now.map((line) => (ENDING.test(line.state) ? { ...line, mood: 'bad' as const } : line)),
    ...lost.map(gone),
  ];
}

function gone(line: InstanceLine): InstanceLine {
  return {
    ...line,
    state: 'gone',
    mood: 'bad',
    address: null,
    checks: null,
    health: null,
    upMs: null,
    costUsdMonth: 0,
    detail: 'it is not there any more',
  };
}
