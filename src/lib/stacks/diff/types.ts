import type { Replacement } from './facts.ts';

/** A value as it is shown: a text, never that of a secret. */
export type Shown = string;

/** What stands for a value that must not be seen. */
export const HIDDEN = '****';

/** One property, or another attribute of a resource, that differs. */
export interface PropertyDiff {
  /** As AWS writes it: `/Properties/Tags/0/Value`, `/DeletionPolicy`. */
  readonly path: string;
  /** Undefined: it was not there. */
  readonly before?: Shown;
  /** Undefined: it is taken away. */
  readonly after?: Shown;
  readonly replacement: Replacement;
  /** The value is known only after other parts are deployed, or other resources of the stack are made. */
  readonly unknown?: true;
  /** What makes it change, where that is something else: `Role.Arn`, `parameter Size`. */
  readonly because?: string;
}

/** What becomes of the data of a resource that is deleted or made anew. */
export type DataLoss =
  /** It goes with the resource. */
  | 'lost'
  /** As `lost`, if the resource is made anew, which shows only when it is its turn. */
  | 'may be lost'
  /** The policy keeps the resource: it stays, and belongs to no stack any more. */
  | 'retained'
  /** The policy makes a snapshot first. */
  | 'snapshot';

/** Rights or ways in that were not there before. */
export interface Widening {
  readonly kind: 'iam' | 'network';
  /** `allows s3:GetObject on arn:aws:s3:::x/*`, `lets 0.0.0.0/0 in on tcp 22`. */
  readonly text: string;
  /** Everybody, everything, or everywhere. */
  readonly wide: boolean;
}

export interface ResourceDiff {
  readonly action: 'add' | 'modify' | 'remove' | 'import';
  /** Where it is: `Bucket`, or inside of nested stacks `Storage/Bucket`. */
  readonly path: string;
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId?: string;
  /** What becomes of a resource that is modified. */
  readonly replacement: Replacement;
  /** Of a resource that keeps data, when it is deleted or made anew. */
  readonly dataLoss?: DataLoss;
  readonly properties: readonly PropertyDiff[];
  readonly widened: readonly Widening[];
}

/** A parameter, output, condition or tag that differs. */
export interface EntryDiff {
  readonly name: string;
  readonly before?: Shown;
  readonly after?: Shown;
  /** Whether it differs cannot be told, or its value is not known yet. */
  readonly unknown?: true;
}

export interface StackDiff {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  readonly stackName: string;
  /** `unknown`: nothing that can be compared differs, but some values cannot be compared. */
  readonly change: 'create' | 'update' | 'unchanged' | 'unknown';
  /** What it rests on: a change set of AWS's, or the templates and parameters alone. */
  readonly basis: 'change set' | 'templates';
  readonly resources: readonly ResourceDiff[];
  readonly parameters: readonly EntryDiff[];
  readonly outputs: readonly EntryDiff[];
  readonly conditions: readonly EntryDiff[];
  readonly tags: readonly EntryDiff[];
  /** Other settings and sections that differ: `terminationProtection`, `Mappings`. */
  readonly settings: readonly EntryDiff[];
  /** What a person should know about the comparison: what could not be asked, what stands in the way. */
  readonly notes: readonly string[];
}
