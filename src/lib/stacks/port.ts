import type { StackStatus } from '@aws-sdk/client-cloudformation';

import type { Revert } from './drift/revert.ts';

export type { StackStatus };

/** A stack as DescribeStacks shows it. */
export interface StackState {
  readonly stackId: string;
  readonly stackName: string;
  readonly status: StackStatus;
  readonly statusReason?: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Output → the name under which other stacks can import it. */
  readonly exports?: Readonly<Record<string, string>>;
  /** Parameters as AWS gives them: `****` for one with NoEcho. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly terminationProtection: boolean;
  /** Its newest operation ran in express mode. */
  readonly express?: boolean;
  /** The role that CloudFormation changes it with, in place of the caller's own rights. */
  readonly roleArn?: string;
  /** Topics that are told of its events. */
  readonly notifications?: readonly string[];
  /** The stack that this one is nested in. */
  readonly parentId?: string;
  readonly createdAt?: Date;
  /** When the newest operation on it began, where AWS says so. */
  readonly updatedAt?: Date;
  /** What the last drift detection found, if there ever was one. */
  readonly drift?: { readonly status: string; readonly checkedAt?: Date };
}

/** A resource of a stack as ListStackResources shows it. */
export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  /** Why it is in that status, where AWS says so. */
  readonly reason?: string;
}

/** One event of DescribeStackEvents. */
export interface StackEvent {
  readonly eventId: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly resourceType: string;
  readonly status: string;
  readonly reason?: string;
  readonly at: Date;
  /** The ClientRequestToken of the operation that the event belongs to. */
  readonly token?: string;
  /** Of a custom resource: the ARN of the function or topic that makes it. */
  readonly serviceToken?: string;
}

/** A template in the request itself, or in an S3 bucket. */
export type TemplateSource = { readonly body: string } | { readonly url: string };

export interface TemplateSummary {
  readonly capabilities: readonly string[];
  readonly transforms: readonly string[];
}

export interface ChangeSetRequest {
  readonly stackName: string;
  readonly name: string;
  readonly type: 'CREATE' | 'UPDATE';
  readonly template: TemplateSource;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly capabilities: readonly string[];
  readonly token: string;
  /** In express mode, with rollback on failure, which AWS switches off there by default. */
  readonly express?: boolean;
  /** What is to be executed without rollback: in express mode the change set says so too. */
  readonly disableRollback?: boolean;
  /** Parameters that keep the value that the stack has. */
  readonly keep?: readonly string[];
  /** Drift-aware: what was changed past the stack is put back too. For updates only. */
  readonly revertDrift?: boolean;
}

/** One property, or another attribute, that a change touches. */
export interface ChangeDetail {
  /** As AWS writes it: `/Properties/BucketName`, `/Tags`. */
  readonly path: string;
  readonly replacement: 'always' | 'conditional' | 'never';
  /** Only where values were asked for. */
  readonly before?: string;
  readonly after?: string;
  /** What makes it change: `Role.Arn`, the name of a parameter. */
  readonly because?: string;
  /** Whether it changes, or to what, shows only when the change set is executed. */
  readonly dynamic: boolean;
}

/** What one change of a change set does. */
export interface Change {
  /** `sync`: the resource stays as it is, only CloudFormation's record of it changes. */
  readonly action: 'add' | 'modify' | 'remove' | 'import' | 'dynamic' | 'sync';
  readonly logicalId: string;
  readonly physicalId?: string;
  readonly type: string;
  readonly replacement?: 'always' | 'conditional' | 'never';
  /** What its policies do with what goes: `Delete`, `Retain`, `ReplaceAndSnapshot` … */
  readonly policyAction?: string;
  /** Of a nested stack: the change set of its own. */
  readonly changeSetId?: string;
  readonly details?: readonly ChangeDetail[];
}

export interface ChangeSetState {
  readonly status: string;
  readonly statusReason?: string;
  readonly executionStatus?: string;
  /** All of them: every page was read. */
  readonly changes: readonly Change[];
}

/** What early validation found (DescribeEvents): a reason, and where in the template. */
export interface ValidationFinding {
  readonly logicalId?: string;
  readonly resourceType?: string;
  readonly reason: string;
  /** AWS's path in the template: `/Resources/Bucket/Properties/BucketName`. */
  readonly path?: string;
  /** The stack that it is about, which may be a nested one. */
  readonly stackId?: string;
  /** A finding that does not keep the change set from being executed. */
  readonly warning?: boolean;
}

/**
 * The calls that the stacks engine makes of CloudFormation. `stack` is a name or an ID; a deleted stack
 * is found by its ID only. Errors are `InfractlError`s; what does not exist is undefined.
 */
export interface StacksPort {
  /** DescribeStacks. */
  stack(stack: string): Promise<StackState | undefined>;
  /** DescribeStacks without a name, all pages: every stack of the account and region that is not deleted. */
  stacks(): Promise<readonly StackState[]>;
  /** ListStackResources, all pages, without those that are deleted. */
  resources(stack: string): Promise<readonly StackResource[]>;
  /** GetTemplate, as it was sent (stage `Original`). */
  template(stack: string): Promise<string | undefined>;
  /** GetTemplateSummary. */
  summary(template: TemplateSource): Promise<TemplateSummary>;
  /** CreateChangeSet. */
  createChangeSet(request: ChangeSetRequest): Promise<{ readonly id: string; readonly stackId: string }>;
  /** DescribeChangeSet, all pages; with the values of properties where asked. Undefined when there is none. */
  changeSet(id: string, options?: { readonly values?: boolean }): Promise<ChangeSetState | undefined>;
  /**
   * DescribeChangeSet with property values, all pages: what of a drift-aware change set is drift. Undefined
   * where the endpoint made an ordinary one.
   */
  reverts(id: string): Promise<readonly Revert[] | undefined>;
  /** ListImports, all pages: names of the stacks that import an export. */
  importers(exportName: string): Promise<readonly string[]>;
  /** DescribeEvents with the failures of a change set; empty where AWS does not offer it. */
  validationFindings(changeSetId: string): Promise<readonly ValidationFinding[]>;
  /** ExecuteChangeSet, with rollback on failure unless it is switched off. */
  executeChangeSet(
    id: string,
    token: string,
    options?: { readonly disableRollback?: boolean },
  ): Promise<void>;
  /** DeleteChangeSet. Succeeds when there is none. */
  deleteChangeSet(id: string): Promise<void>;
  /** The change sets of a stack, all pages: ListChangeSets. Empty where there is no stack. */
  changeSets(
    stack: string,
  ): Promise<readonly { readonly id: string; readonly name: string; readonly createdAt?: Date }[]>;
  /** Whether the stack has any change set: ListChangeSets. */
  hasChangeSets(stack: string): Promise<boolean>;
  /** One page of DescribeStackEvents, newest first. */
  events(
    stack: string,
    page?: string,
  ): Promise<{ readonly events: readonly StackEvent[]; readonly next?: string }>;
  /** GetStackPolicy. Undefined when it has none. */
  stackPolicy(stack: string): Promise<string | undefined>;
  /** SetStackPolicy. */
  setStackPolicy(stack: string, policy: string): Promise<void>;
  /** UpdateTerminationProtection. */
  setTerminationProtection(stack: string, on: boolean): Promise<void>;
  /** CancelUpdateStack: takes a running update back. */
  cancelUpdate(stack: string, token: string): Promise<void>;
  /** ContinueUpdateRollback, without the resources that are named. */
  continueRollback(stack: string, skip: readonly string[], token: string): Promise<void>;
  /** DeleteStack. `retain`: logical ids that stay, taken in DELETE_FAILED only. */
  deleteStack(stack: string, token: string, retain?: readonly string[]): Promise<void>;
  /** DeleteStack of a stack that holds nothing: a change set made it and was never executed. */
  discardStack(stack: string, token: string): Promise<void>;
}
