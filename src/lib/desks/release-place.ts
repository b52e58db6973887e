import type { HostPart, ReleasePart } from '../project/model.ts';
import type { ReleaseOutcome } from '../releases/index.ts';

/** An application on one of its hosts. */
export interface ReleasePlace {
  readonly part: ReleasePart;
  readonly host: HostPart;
  /** A member of a group that was named: the others are left alone. */
  readonly named?: boolean;
}

/** As reports call it. */
export function partName({ part, host }: ReleasePlace): string {
  return `release ${part.name} on ${host.name}`;
}

/** What a host told of a deploy or a rollback. */
export function outcomeOf(
  { part, host }: ReleasePlace,
  result: unknown,
  switchedAfter: number | null,
): ReleaseOutcome {
  return { ...(result as ReleaseOutcome), release: part.name, host: host.name, switchedAfter };
}
