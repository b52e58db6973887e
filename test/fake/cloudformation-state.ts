import type { ByHand, FakeDetection } from './cloudformation-drift.ts';
import type { Template } from './cloudformation-template.ts';
import type { Duration } from './hold.ts';

/** How a resource behaves, by script: the fake has no real resources behind it. */
export interface Behaviour {
  /** How long one operation on it takes, in milliseconds of the fake's clock. */
  readonly ms?: Duration;
  /** It fails, and this is the reason that AWS gives. */
  readonly fail?: string;
  /** Which operations fail; default create and update. `rollback` is the way back of an update. */
  readonly on?: readonly Phase[];
  /** How many times it fails before it succeeds; default always. */
  readonly times?: number;
  /** What GetAtt answers. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export type Phase = 'create' | 'update' | 'delete' | 'rollback';

export interface FakeResource {
  readonly logicalId: string;
  readonly type: string;
  physicalId: string;
  status: string;
  reason: string | undefined;
  at: number;
  properties: Record<string, unknown>;
  attributes: Readonly<Record<string, string>>;
}

export interface FakeEvent {
  readonly EventId: string;
  readonly StackId: string;
  readonly StackName: string;
  readonly OperationId: string | undefined;
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string;
  readonly ResourceType: string;
  readonly Timestamp: Date;
  readonly ResourceStatus: string;
  readonly ResourceStatusReason: string | undefined;
  readonly ResourceProperties: string | undefined;
  readonly ClientRequestToken: string | undefined;
}

export interface FakeChange {
  readonly Action: 'Add' | 'Modify' | 'Remove' | 'SyncWithActual';
  readonly LogicalResourceId: string;
  readonly PhysicalResourceId: string | undefined;
  readonly ResourceType: string;
  readonly Replacement: 'True' | 'False' | 'Conditional' | undefined;
  readonly PolicyAction: string | undefined;
  readonly Scope: readonly string[];
  readonly Details: readonly object[];
  readonly BeforeContext: string | undefined;
  readonly AfterContext: string | undefined;
  /** Of a nested stack: the change set of its own. */
  readonly ChangeSetId?: string;
}

/** All that a stack is to become: what a change set holds, and what a rollback goes back to. */
export interface Desired {
  readonly body: string;
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, string>;
  readonly tags: readonly { Key: string; Value: string }[];
  readonly capabilities: readonly string[];
  readonly role: string | undefined;
}

export interface FakeChangeSet {
  readonly name: string;
  readonly id: string;
  readonly type: string;
  readonly created: number;
  readonly token: string | undefined;
  readonly description: string | undefined;
  readonly desired: Desired;
  readonly onFailure: string;
  /** The change set itself says what becomes of a failure: its execution may not. */
  readonly failureSaid: boolean;
  readonly deployment?: FakeStack['deployment'];
  /** `REVERT_DRIFT` for a drift-aware one. */
  readonly mode: string | undefined;
  status: string;
  execution: string;
  reason: string | undefined;
  changes: readonly FakeChange[];
  /** The change sets of nested stacks, by stack and name. */
  nested?: readonly (readonly [FakeStack, string])[];
  findings?: readonly FakeFinding[];
}

/** An early-validation event of DescribeEvents. */
export interface FakeFinding {
  readonly LogicalResourceId?: string;
  readonly ResourceType?: string;
  readonly ValidationPath?: string;
  readonly ValidationStatusReason: string;
  readonly ValidationFailureMode?: 'FAIL' | 'WARN';
  /** Default: the stack that is validated. */
  readonly StackId?: string;
}

export interface FakeStack {
  readonly name: string;
  readonly id: string;
  readonly created: number;
  readonly region: string;
  status: string;
  reason: string | undefined;
  updated: number | undefined;
  deleted: number | undefined;
  desired: Desired;
  /** What the stack was before the running or failed update. */
  previous: Desired | undefined;
  resources: Map<string, FakeResource>;
  /** Oldest first; the API answers newest first. */
  readonly events: FakeEvent[];
  readonly changeSets: Map<string, FakeChangeSet>;
  outputs: { OutputKey: string; OutputValue: string; Description?: string; ExportName?: string }[];
  protection: boolean;
  /** `DeploymentConfig` of the newest operation. */
  deployment?: { readonly Mode: string; readonly DisableRollback: boolean } | undefined;
  /** The stack policy. */
  policy?: string;
  disableRollback: boolean;
  /** What the last drift detection found. */
  drift?: { readonly status: string; readonly at: number };
  /** What it found of each resource. */
  drifts?: readonly {
    readonly logicalId: string;
    readonly status: string;
    readonly reason?: string;
    readonly expected?: object;
    readonly actual?: object;
    readonly differences: readonly object[];
  }[];
  parent: FakeStack | undefined;
  operation: { readonly id: string; readonly type: string; readonly token: string | undefined } | undefined;
  /** What the running or failed operation has done, for the way back and the cleanup. */
  undo: Undo;
  /** Set while an operation runs that CancelUpdateStack may end. */
  cancel: (() => void) | undefined;
  /** Called once when the running operation has ended. */
  ended: ((status: string) => void) | undefined;
}

export interface Undo {
  /** Resources as they were before they were touched. */
  readonly before: Map<
    string,
    { physicalId: string; properties: Record<string, unknown>; attributes: Readonly<Record<string, string>> }
  >;
  readonly created: Set<string>;
  /** Physical resources that a replacement left behind, deleted in the cleanup. */
  readonly replaced: { readonly logicalId: string; readonly physicalId: string; readonly type: string }[];
}

export const newUndo = (): Undo => ({ before: new Map(), created: new Set(), replaced: [] });

export class CloudFormationState {
  /** Every stack that ever was, the newest of a name last. */
  readonly stacks: FakeStack[] = [];
  /** `<stack>/<logical id>` or `<logical id>` → behaviour. A template can say it too: see README. */
  readonly script = new Map<string, Behaviour>();
  /** What early validation finds in a stack, by its name. */
  readonly findings = new Map<string, readonly FakeFinding[]>();
  /** How long a resource takes where nothing says so, in milliseconds. */
  resourceMs = 1000;
  /** How long a change set is in the making, in milliseconds. */
  changeSetMs: Duration = 500;
  /** How long the stack's own step between two phases takes, in milliseconds. */
  stepMs = 200;
  /** How many items one page of any list has. AWS: 100. */
  pageSize = 100;
  /** `<stack>/<logical id>` → what somebody did to a resource past its stack. */
  readonly byHand = new Map<string, ByHand>();
  /** What a drift-aware change set names by mistake: `<stack>/<logical id>` → a property and its supposed value. */
  readonly phantoms = new Map<string, { readonly property: string; readonly value: string }>();
  readonly detections = new Map<string, FakeDetection>();
  /** How long a drift detection takes, in milliseconds. */
  driftMs = 5000;
  /** How often each scripted failure has happened. */
  readonly failures = new Map<string, number>();
  /** What really happens with a resource of a type, for types that other services of the fake know. */
  readonly provisioners = new Map<string, Provisioner>();
  #serial = 0;

  /** The stack by name (deleted ones only by id). */
  find(nameOrId: string): FakeStack | undefined {
    return this.stacks.findLast((stack) =>
      nameOrId.startsWith('arn:')
        ? stack.id === nameOrId
        : stack.name === nameOrId && stack.status !== 'DELETE_COMPLETE',
    );
  }

  /** The stack by name, for tests that know it is there. */
  stack(name: string): FakeStack {
    const stack = this.find(name);
    if (!stack) throw new Error(`the fake has no stack ${name}`);
    return stack;
  }

  /** The same ids in every run of a test. */
  serial(): string {
    const n = (++this.#serial).toString(16).padStart(8, '0');
    return `${n}-1111-4222-8333-000000000000`;
  }

  exports(region: string): Map<string, { value: string; stack: FakeStack }> {
    return new Map(
      this.stacks
        .filter((stack) => stack.region === region && stack.status !== 'DELETE_COMPLETE')
        .flatMap((stack) =>
          stack.outputs.flatMap((output) =>
            output.ExportName ? [[output.ExportName, { value: output.OutputValue, stack }] as const] : [],
          ),
        ),
    );
  }
}

/** A resource type that exists in another service of the fake. Throwing is the resource's failure reason. */
export interface Provisioner {
  create(
    physicalId: string,
    properties: Record<string, unknown>,
  ): Readonly<Record<string, string>> | undefined;
  update?(
    physicalId: string,
    properties: Record<string, unknown>,
  ): Readonly<Record<string, string>> | undefined;
  delete?(physicalId: string, properties: Record<string, unknown>): void;
}
