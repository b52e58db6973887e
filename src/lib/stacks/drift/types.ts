/** One property three ways. Values are as AWS writes them; a secret is `[secret]`. */
export interface PropertyDrift {
  /** `/Environment/Variables/STAGE` */
  readonly path: string;
  readonly change: 'changed' | 'added' | 'removed';
  /** What the deployed template says; null: nothing. */
  readonly deployed: string | null;
  /** What the template on this machine says: a value or an expression; null: nothing, or it is not known. */
  readonly local: string | null;
  /** Which of the other two that is. */
  readonly localIs: 'as-deployed' | 'as-actual' | 'different' | 'absent' | 'unknown';
  /** What is really there; null: nothing. */
  readonly actual: string | null;
  /** Why it does not count as drift: infractl itself moves it. */
  readonly managed: string | null;
}

export interface DriftedResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  /** `managed`: all that differs is what infractl itself moves. */
  readonly status: 'modified' | 'deleted' | 'unknown' | 'managed';
  /** Why it could not be checked. */
  readonly reason: string | null;
  /** Whether the template on this machine has it; null where there is no such template. */
  readonly inTemplate: boolean | null;
  readonly properties: readonly PropertyDrift[];
}

/** One stack, nested ones beside the stack that they are in. */
export interface StackDrift {
  /** The part's name; null for one that is not in infractl.yaml. */
  readonly stack: string | null;
  readonly stackName: string;
  /** The name of the stack that it is nested in. */
  readonly nestedIn: string | null;
  readonly status: 'in-sync' | 'drifted' | 'unknown' | 'not-deployed' | 'unchecked';
  /** Why it was not checked, or not wholly. */
  readonly because: string | null;
  /** ISO 8601 in UTC. */
  readonly checkedAt: string | null;
  /** How many resources: checked and as they should be, drifted, not checkable by AWS. */
  readonly inSync: number;
  readonly drifted: number;
  readonly unsupported: number;
  /** Those that are not as they should be, and those that could not be checked. */
  readonly resources: readonly DriftedResource[];
}

export interface DriftOrder {
  /** The part's name in messages: `stack app`. */
  readonly part: string;
  readonly stackName: string;
  /** Absolute path; undefined where the project has none for it. */
  readonly templateFile: string | undefined;
  /** Parameters as the configuration gives them; undefined: a secret, or known only when it is deployed. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly region: string;
  /** How long to wait, in milliseconds. */
  readonly timeout: number;
  /** Functions whose code and alias `infractl deploy` moves: name → alias. */
  readonly functions: ReadonlyMap<string, string>;
}
