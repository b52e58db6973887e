import type {
  DescribeChangeSetOutput,
  OperationEvent,
  ResourceChangeDetail,
  StackEvent as SdkEvent,
  Stack,
} from '@aws-sdk/client-cloudformation';
import type { Revert } from '../stacks/drift/revert.ts';
import type { Change, ChangeDetail, StackEvent, StackState, ValidationFinding } from '../stacks/port.ts';

/** CloudFormation's answers in the words of the stacks engine. */

/** A stack of DescribeStacks. */
export function toState(stack: Stack): StackState {
  const drift = stack.DriftInformation;
  const updated = stack.DeletionTime ?? stack.LastUpdatedTime;
  const exported = (stack.Outputs ?? []).filter(({ ExportName }) => ExportName);
  return {
    stackId: stack.StackId ?? '',
    stackName: stack.StackName ?? '',
    status: stack.StackStatus ?? 'CREATE_COMPLETE',
    ...(stack.StackStatusReason ? { statusReason: stack.StackStatusReason } : {}),
    outputs: record(stack.Outputs, (output) => [output.OutputKey, output.OutputValue]),
    ...(exported.length > 0
      ? { exports: record(exported, (output) => [output.OutputKey, output.ExportName]) }
      : {}),
    parameters: record(stack.Parameters, (parameter) => [parameter.ParameterKey, parameter.ParameterValue]),
    tags: record(stack.Tags, (tag) => [tag.Key, tag.Value]),
    terminationProtection: stack.EnableTerminationProtection ?? false,
    ...(stack.DeploymentConfig?.Mode === 'EXPRESS' ? { express: true } : {}),
    ...(stack.RoleARN ? { roleArn: stack.RoleARN } : {}),
    ...(stack.NotificationARNs?.length ? { notifications: stack.NotificationARNs } : {}),
    ...(stack.ParentId ? { parentId: stack.ParentId } : {}),
    ...(stack.CreationTime ? { createdAt: stack.CreationTime } : {}),
    ...(updated ? { updatedAt: updated } : {}),
    ...(drift?.StackDriftStatus
      ? {
          drift: {
            status: drift.StackDriftStatus,
            ...(drift.LastCheckTimestamp ? { checkedAt: drift.LastCheckTimestamp } : {}),
          },
        }
      : {}),
  };
}

function record<T>(
  items: readonly T[] | undefined,
  entry: (item: T) => readonly [string | undefined, string | undefined],
): Record<string, string> {
  const made: Record<string, string> = {};
  for (const item of items ?? []) {
    const [key, value] = entry(item);
    if (key !== undefined) made[key] = value ?? '';
  }
  return made;
}

/** An event of DescribeStackEvents. */
export function toEvent(event: SdkEvent): StackEvent {
  const serviceToken = serviceTokenOf(event);
  return {
    eventId: event.EventId ?? '',
    stackId: event.StackId ?? '',
    stackName: event.StackName ?? '',
    logicalId: event.LogicalResourceId ?? '',
    physicalId: event.PhysicalResourceId ?? '',
    resourceType: event.ResourceType ?? '',
    status: event.ResourceStatus ?? '',
    at: event.Timestamp ?? new Date(0),
    ...(event.ResourceStatusReason ? { reason: event.ResourceStatusReason } : {}),
    ...(event.ClientRequestToken ? { token: event.ClientRequestToken } : {}),
    ...(serviceToken ? { serviceToken } : {}),
  };
}

/** The only property that is read: the others may hold secrets. */
function serviceTokenOf({ ResourceType, ResourceProperties }: SdkEvent): string | undefined {
  if (!ResourceProperties || !/^(?:Custom::|AWS::CloudFormation::CustomResource$)/.test(ResourceType ?? ''))
    return undefined;
  try {
    const { ServiceToken } = JSON.parse(ResourceProperties) as { ServiceToken?: unknown };
    return typeof ServiceToken === 'string' ? ServiceToken : undefined;
  } catch {
    return undefined;
  }
}

const REPLACEMENT = { True: 'always', Conditional: 'conditional', False: 'never' } as const;

/** One page of DescribeChangeSet. */
export function toChanges(answer: DescribeChangeSetOutput): Change[] {
  return (answer.Changes ?? []).flatMap(({ ResourceChange: change }): Change[] => {
    if (!change) return [];
    const replacement = REPLACEMENT[change.Replacement as keyof typeof REPLACEMENT];
    return [
      {
        action: actionOf(change.Action),
        logicalId: change.LogicalResourceId ?? '',
        type: change.ResourceType ?? '',
        ...(change.PhysicalResourceId ? { physicalId: change.PhysicalResourceId } : {}),
        ...(replacement ? { replacement } : {}),
        ...(change.PolicyAction ? { policyAction: change.PolicyAction } : {}),
        ...(change.ChangeSetId ? { changeSetId: change.ChangeSetId } : {}),
        ...(change.Details?.length ? { details: change.Details.flatMap(toDetail) } : {}),
      },
    ];
  });
}

const RECREATION = { Always: 'always', Conditionally: 'conditional', Never: 'never' } as const;
/** What AWS writes for a value that shows only when the change set is executed. */
const LATER = '{{changeSet:KNOWN_AFTER_APPLY}}';

function toDetail({ Target, Evaluation, CausingEntity, ChangeSource }: ResourceChangeDetail): ChangeDetail[] {
  if (!Target) return [];
  const { Attribute, Name, Path, BeforeValue, AfterValue } = Target;
  const attribute = Attribute ?? 'Properties';
  const named = Name ? `/${attribute}/${Name}` : `/${attribute}`;
  const because = CausingEntity ?? (ChangeSource === 'Automatic' ? 'AWS itself' : undefined);
  return [
    {
      path: Path ?? named,
      replacement: RECREATION[Target.RequiresRecreation as keyof typeof RECREATION] ?? 'never',
      dynamic: Evaluation === 'Dynamic' || AfterValue === LATER,
      ...(BeforeValue === undefined ? {} : { before: BeforeValue }),
      ...(AfterValue === undefined || AfterValue === LATER ? {} : { after: AfterValue }),
      ...(because === undefined ? {} : { because }),
    },
  ];
}

/** A failure or a warning of DescribeEvents. */
export function toFinding(event: OperationEvent): ValidationFinding[] {
  const reason = event.ValidationStatusReason ?? event.ResourceStatusReason;
  if (!reason) return [];
  return [
    {
      reason,
      ...(event.LogicalResourceId ? { logicalId: event.LogicalResourceId } : {}),
      ...(event.ResourceType ? { resourceType: event.ResourceType } : {}),
      ...(event.ValidationPath ? { path: event.ValidationPath } : {}),
      ...(event.StackId ? { stackId: event.StackId } : {}),
      ...(event.ValidationFailureMode === 'WARN' ? { warning: true } : {}),
    },
  ];
}

function actionOf(action: string | undefined): Change['action'] {
  if (action === 'SyncWithActual') return 'sync';
  return (action?.toLowerCase() ?? 'modify') as Change['action'];
}

/** What of one page of a drift-aware change set comes from changes past the stack. */
export function toReverts(answer: DescribeChangeSetOutput): Revert[] {
  return (answer.Changes ?? []).flatMap(({ ResourceChange: change }): Revert[] => {
    if (!change) return [];
    const one = { logicalId: change.LogicalResourceId ?? '', type: change.ResourceType ?? '' };
    if (change.Action === 'SyncWithActual') return [{ ...one, act: 'sync', properties: [] }];
    // A resource that is added although the stack has one: that one is gone.
    if (change.Action === 'Add')
      return change.PhysicalResourceId || change.ResourceDriftStatus === 'DELETED'
        ? [{ ...one, act: 'recreate', properties: [] }]
        : [];
    const properties = (change.Details ?? []).flatMap(({ Target: target }) =>
      target?.Drift
        ? [
            {
              path: target.Path ?? `/Properties/${target.Name ?? ''}`,
              actual: target.Drift.ActualValue ?? target.BeforeValue ?? 'null',
              wanted: target.AfterValue ?? 'null',
              replacement: RECREATION[target.RequiresRecreation as keyof typeof RECREATION] ?? 'never',
            },
          ]
        : [],
    );
    return properties.length > 0 ? [{ ...one, act: 'modify', properties }] : [];
  });
}
