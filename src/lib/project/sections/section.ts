import type * as z from 'zod/mini';
import type { MergeRules } from '../merge.ts';
import type { ConfiguredId } from '../model.ts';
import type { Origin } from '../origins.ts';
import type { SamSettings } from '../parameters/samconfig.ts';
import type { ConfigPath } from '../problems.ts';
import type { IssueNotes } from './fields.ts';

/** What a section needs to turn what the file says into a part: names, paths, and where to report. */
export interface BuildContext {
  readonly project: string;
  readonly environment: string;
  /** Absolute; every path of the configuration is relative to it. */
  readonly root: string;
  problem(path: ConfigPath, message: string, notes?: IssueNotes): void;
  /** Says where a value came from that the file itself does not have. */
  origin(path: ConfigPath, origin: Origin): void;
  /** The absolute path; reports when nothing, or the wrong thing, is there. */
  existing(path: ConfigPath, written: string, kind: 'file' | 'folder' | 'any'): string;
  /** The part of a `samconfig.toml` that is for this environment; undefined when it was reported as bad. */
  samconfig(path: ConfigPath, written: string): Promise<SamSettings | undefined>;
}

/**
 * One section of `infractl.yaml`. To add one: a file beside this one, a line in `sections/index.ts`, a
 * map in `Project`.
 */
export interface Section<Raw, Part> {
  readonly kind: ConfiguredId['kind'];
  /** Checks one part after the environment's overrides were merged in. */
  readonly schema: z.ZodMiniType<Raw>;
  readonly description: string;
  readonly merge: MergeRules;
  /** Fills the defaults and makes paths absolute. Problems are reported, not thrown. */
  build(name: string, raw: Raw, context: BuildContext): Part | Promise<Part>;
  /** The part in the words of the file, with all defaults, for `config show`. */
  show(part: Part, root: string): Readonly<Record<string, unknown>>;
}
