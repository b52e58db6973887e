import type { Project, ReleasePart, Value } from '../project/model.ts';
import type { Resolved } from '../project/references.ts';

/** What runs at a place of an application, and whether a deploy would change it. A place is a host, a member of a group, or a group whose members AWS replaces. */
export interface ReleaseLook {
  readonly place: string;
  readonly changed: boolean;
  /** The release that runs there; null where there is none. */
  readonly id: string | null;
  readonly commit: string | null;
  /** What would run, in a few words. */
  readonly subject: string | null;
  /** How many commits it would bring; null where that is not known. */
  readonly brings: number | null;
}

/** What was released to a place. */
export interface Released {
  readonly place: string;
  readonly changed: boolean;
  readonly id: string;
  readonly commit: string | null;
  /** The release that served before; null where there was none. */
  readonly previous: string | null;
}

/** What a place can go back to. */
export interface ReleasesKept {
  readonly place: string;
  readonly running: string | null;
  /** Ids of good releases whose files are there, the one that runs included. */
  readonly kept: readonly string[];
}

/** Applications on their hosts, as far as a deploy works on them. The desk of releases does the work. */
export interface ReleasePort {
  /**
   * Looks at all places of an application, over one connection each. Nothing that runs is touched.
   *
   * @param patience milliseconds to wait for a machine that is just being made
   */
  look(part: ReleasePart, patience: number): Promise<readonly ReleaseLook[]>;
  /** Makes a bare machine ready: packages, user, unit, site. What is so already is left alone. */
  prepare(part: ReleasePart, place: string): Promise<void>;
  /** Releases, verifies, and goes back by itself where it is not healthy (exit 8). Places are of one `look`. */
  deploy(part: ReleasePart, places: readonly string[]): Promise<readonly Released[]>;
  /** @param patience as for `look` */
  kept(part: ReleasePart, patience: number): Promise<readonly ReleasesKept[]>;
  /**
   * Goes back to a release by its id, or by its commit. Of a group all members are named, which AWS or a roll takes
   * in their own order.
   *
   * @param settle milliseconds that it must stay healthy
   */
  back(
    part: ReleasePart,
    places: readonly string[],
    id: string,
    settle: number,
  ): Promise<readonly Released[]>;
}

/** Opens the way to the hosts of a project. Nothing is asked of a host yet. */
export type OpenReleases = (given: {
  readonly project: Project;
  /** The text of a value as the deploy that goes on knows it. */
  readonly resolve: (value: Value) => Promise<Resolved>;
}) => Promise<ReleasePort>;
