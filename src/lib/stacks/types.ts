import type { ArtifactStore } from '../artifacts/store.ts';
import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/report.ts';
import type { Lookups } from './diagnosis/lookups.ts';
import type { Inventory } from './inventory.ts';
import type { Change, StacksPort } from './port.ts';
import type { Decision, Stuck } from './stuck-words.ts';

/** One stack as it should be. Every value is known: references are resolved before. */
export interface StackSpec {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  readonly stackName: string;
  /** Absolute path. */
  readonly templateFile: string;
  /** The template itself, as it was sent once, where no file has it: going back to what was. */
  readonly templateText?: string;
  /** Parameters that keep the value which the stack has now (`UsePreviousValue`): secrets known by name only. */
  readonly previous?: readonly string[];
  readonly parameters: Readonly<Record<string, { readonly value: string; readonly secret: boolean }>>;
  readonly tags: Readonly<Record<string, string>>;
  /** The environments of the project beside this one: a stack of theirs is refused. */
  readonly otherEnvironments?: readonly string[];
  /** Undefined: whatever the stack has. */
  readonly terminationProtection?: boolean | undefined;
  /** The stack policy, as JSON. Undefined: whatever the stack has. */
  readonly stackPolicy?: string | undefined;
  /** Resources with data that may be replaced or deleted: `Table`, `app/Table`, `Storage/Table`. */
  readonly allowReplacement?: readonly string[] | undefined;
  /** Refuses to replace or remove any resource: a protected environment, and nobody said yes. */
  readonly careful?: boolean | undefined;
  /** How long one operation on the stack may take, in milliseconds. */
  readonly timeout: number;
  /** AWS ends the operation as soon as configuration is applied: `DeploymentConfig.Mode` EXPRESS. */
  readonly express?: boolean | undefined;
  /** Begin the operation and do not follow it. */
  readonly detach?: boolean;
  /** Put back what was changed past the stack, by a drift-aware change set. */
  readonly revertDrift?: boolean;
}

/** What following a stack needs of the world. */
export interface WatchDeps {
  readonly port: StacksPort;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** The flags that lead a further command to the same place, each after a space: ` --env prod`. */
  readonly where?: string | undefined;
  /** What AWS keeps beside a stack's events is looked up with them when it fails; none: only the events are told. */
  readonly lookups?: Lookups | undefined;
}

/** What changing a stack needs of the world. */
export interface StackDeps extends WatchDeps {
  /** Opened on first need only: a template over 51,200 bytes, or local code. */
  readonly artifacts: () => Promise<ArtifactStore>;
  /** The same store if it is there; none is made. */
  readonly existingArtifacts?: () => Promise<ArtifactStore | undefined>;
  /** Makes sure that nobody else changes the environment; called right before AWS is told to begin. */
  readonly claim?: () => Promise<void>;
  /** Decides how a stack that is stuck gets on; undefined, or absent: nobody does, and it is refused in words. */
  readonly decide?: ((stuck: Stuck) => Promise<Decision | undefined>) | undefined;
  /** How long to wait for a stack on which AWS works already, in milliseconds; undefined: not at all. */
  readonly wait?: number | undefined;
  /** Told what a stack is made of now and would be, for what that costs. Never of one that stays as it is. */
  readonly weigh?: Weigh | undefined;
}

/** @param before undefined: there is no stack yet */
export type Weigh = (part: string, before: Inventory | undefined, after: Inventory) => Promise<void>;

export interface StackResult {
  /** `started`: AWS goes on with it alone, and its outputs are not known yet. */
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'started';
  readonly stackId: string;
  /** Of what was started: the client request token, by which its end is found among the stack's events. */
  readonly operation?: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** What the change set said that it would do. Empty when nothing was to do. */
  readonly changes: readonly Change[];
  /** SHA-256 of the template as it was sent, in hex. */
  readonly templateSha256: string;
  /** That template's text. */
  readonly template: string;
}

export interface StackPlan {
  /**
   * `unknown`: nothing that can be compared differs, but some values cannot be compared (`undecided`):
   * those of parameters that AWS never shows, or that another part gives when it is deployed.
   */
  readonly change: 'create' | 'update' | 'unchanged' | 'unknown';
  readonly resources: readonly PlannedChange[];
  /** Names of the parameters whose value differs. Never their values. */
  readonly parameters: readonly string[];
  /** Keys of the tags that differ. */
  readonly tags: readonly string[];
  /** Names of the parameters that cannot be compared now. */
  readonly undecided: readonly string[];
  /** What stands in the way, or is done first: the stack is busy, or must be deleted and made again. */
  readonly note?: string;
}

export interface PlannedChange {
  readonly action: 'add' | 'modify' | 'remove';
  readonly logicalId: string;
  readonly type: string;
}

/** The tag that says which project a stack belongs to. */
export const PROJECT_TAG = 'infractl:project';
/** The tags that say which environment and which part of the project it is. */
export const ENVIRONMENT_TAG = 'infractl:environment';
export const PART_TAG = 'infractl:part';
