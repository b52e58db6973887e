import {
  CancelUpdateStackCommand,
  CloudFormationClient,
  ContinueUpdateRollbackCommand,
  CreateChangeSetCommand,
  DeleteChangeSetCommand,
  DeleteStackCommand,
  DescribeChangeSetCommand,
  type DescribeChangeSetOutput,
  DescribeEventsCommand,
  type DescribeEventsCommandOutput,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
  GetStackPolicyCommand,
  GetTemplateCommand,
  GetTemplateSummaryCommand,
  ListChangeSetsCommand,
  ListImportsCommand,
  ListStackResourcesCommand,
  SetStackPolicyCommand,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import type { Revert } from '../stacks/drift/revert.ts';
import type {
  Change,
  ChangeSetState,
  StackResource,
  StackState,
  StacksPort,
  TemplateSource,
  ValidationFinding,
} from '../stacks/port.ts';
import { call } from './call.ts';
import { toChanges, toEvent, toFinding, toReverts, toState } from './cloudformation-words.ts';
import { underneath } from './errors.ts';
import { cloudFormationPacing, type Pacing, paced } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/**
 * CloudFormation for the stacks engine: every call paced, and what does not exist is undefined.
 *
 * @param pacing default: the one that all callers of the account and region share
 */
export function cloudFormation(
  session: AwsSession,
  pacing: Pacing = cloudFormationPacing(session),
): StacksPort {
  const client = traced(paced(new CloudFormationClient(session.config), pacing), session);

  async function deleteStack(stack: string, token: string, retain?: readonly string[]): Promise<void> {
    const RetainResources = retain && retain.length > 0 ? [...retain] : undefined;
    await call(session, 'cloudformation:DeleteStack', () =>
      client.send(new DeleteStackCommand({ StackName: stack, ClientRequestToken: token, RetainResources })),
    );
  }

  return {
    async stack(stack) {
      const answer = await absent(
        call(session, 'cloudformation:DescribeStacks', () =>
          client.send(new DescribeStacksCommand({ StackName: stack })),
        ),
      );
      const found = answer?.Stacks?.[0];
      return found && toState(found);
    },

    async stacks() {
      const found: StackState[] = [];
      let page: string | undefined;
      do {
        const token = page;
        const answer = await call(session, 'cloudformation:DescribeStacks', () =>
          client.send(new DescribeStacksCommand({ NextToken: token })),
        );
        found.push(...(answer.Stacks ?? []).map(toState));
        page = answer.NextToken;
      } while (page);
      return found;
    },

    async resources(stack) {
      const found: StackResource[] = [];
      let page: string | undefined;
      do {
        const token = page;
        const answer = await call(session, 'cloudformation:ListStackResources', () =>
          client.send(new ListStackResourcesCommand({ StackName: stack, NextToken: token })),
        );
        for (const one of answer.StackResourceSummaries ?? [])
          found.push({
            logicalId: one.LogicalResourceId ?? '',
            physicalId: one.PhysicalResourceId ?? '',
            type: one.ResourceType ?? '',
            status: one.ResourceStatus ?? '',
            ...(one.ResourceStatusReason ? { reason: one.ResourceStatusReason } : {}),
          });
        page = answer.NextToken;
      } while (page);
      return found.filter(({ status }) => status !== 'DELETE_COMPLETE');
    },

    async template(stack) {
      const answer = await absent(
        call(session, 'cloudformation:GetTemplate', () =>
          client.send(new GetTemplateCommand({ StackName: stack, TemplateStage: 'Original' })),
        ),
        // A stack that no change set was executed on has no template.
        /does not exist|REVIEW_IN_PROGRESS/,
      );
      return answer?.TemplateBody;
    },

    async summary(template) {
      const answer = await call(session, 'cloudformation:GetTemplateSummary', () =>
        client.send(new GetTemplateSummaryCommand(sourceOf(template))),
      );
      return { capabilities: answer.Capabilities ?? [], transforms: answer.DeclaredTransforms ?? [] };
    },

    async createChangeSet(request) {
      const DisableRollback = request.disableRollback ?? false;
      const answer = await call(session, 'cloudformation:CreateChangeSet', () =>
        client.send(
          new CreateChangeSetCommand({
            StackName: request.stackName,
            ChangeSetName: request.name,
            ChangeSetType: request.type,
            ClientToken: request.token,
            // AWS takes one or the other.
            ...(request.revertDrift
              ? { DeploymentMode: 'REVERT_DRIFT' as const }
              : { IncludeNestedStacks: true }),
            ...(request.express ? { DeploymentConfig: { Mode: 'EXPRESS' as const, DisableRollback } } : {}),
            Capabilities: [...request.capabilities] as never,
            Parameters: [
              ...Object.entries(request.parameters).map(([ParameterKey, ParameterValue]) => ({
                ParameterKey,
                ParameterValue,
              })),
              ...(request.keep ?? []).map((ParameterKey) => ({ ParameterKey, UsePreviousValue: true })),
            ],
            Tags: Object.entries(request.tags).map(([Key, Value]) => ({ Key, Value })),
            ...sourceOf(request.template),
          }),
        ),
      );
      return { id: answer.Id ?? request.name, stackId: answer.StackId ?? request.stackName };
    },

    async changeSet(id, { values = false } = {}) {
      const changes: Change[] = [];
      let page: string | undefined;
      let answer: DescribeChangeSetOutput | undefined;
      do {
        const token = page;
        answer = await absent(
          call(session, 'cloudformation:DescribeChangeSet', () =>
            client.send(
              new DescribeChangeSetCommand({
                ChangeSetName: id,
                NextToken: token,
                ...(values ? { IncludePropertyValues: true } : {}),
              }),
            ),
          ),
        );
        if (!answer) return undefined;
        changes.push(...toChanges(answer));
        page = answer.NextToken;
      } while (page);
      const state: ChangeSetState = {
        status: answer.Status ?? '',
        ...(answer.StatusReason ? { statusReason: answer.StatusReason } : {}),
        ...(answer.ExecutionStatus ? { executionStatus: answer.ExecutionStatus } : {}),
        changes,
      };
      return state;
    },

    async reverts(id) {
      const found: Revert[] = [];
      let page: string | undefined;
      do {
        const token = page;
        const answer = await call(session, 'cloudformation:DescribeChangeSet', () =>
          client.send(
            new DescribeChangeSetCommand({
              ChangeSetName: id,
              IncludePropertyValues: true,
              NextToken: token,
            }),
          ),
        );
        if (answer.DeploymentMode !== 'REVERT_DRIFT') return undefined;
        found.push(...toReverts(answer));
        page = answer.NextToken;
      } while (page);
      return found;
    },

    async importers(exportName) {
      const found: string[] = [];
      let page: string | undefined;
      try {
        do {
          const token = page;
          const answer = await call(session, 'cloudformation:ListImports', () =>
            client.send(new ListImportsCommand({ ExportName: exportName, NextToken: token })),
          );
          found.push(...(answer.Imports ?? []));
          page = answer.NextToken;
        } while (page);
      } catch (error) {
        const { name, message } = underneath(error);
        if (name !== 'ValidationError' || !/is not imported by any stack/.test(message)) throw error;
      }
      return found;
    },

    async validationFindings(changeSetId) {
      try {
        const found: ValidationFinding[] = [];
        let page: string | undefined;
        do {
          const order = { ChangeSetName: changeSetId, Filters: { FailedEvents: true }, NextToken: page };
          const answer: DescribeEventsCommandOutput = await client.send(new DescribeEventsCommand(order));
          found.push(...(answer.OperationEvents ?? []).flatMap(toFinding));
          page = answer.NextToken;
        } while (page);
        return found;
      } catch {
        // It only adds detail to a failure that is being told: a missing permission, a region or an
        // endpoint without this call must not hide that failure.
        return [];
      }
    },

    async executeChangeSet(id, token, { disableRollback = false } = {}) {
      await call(session, 'cloudformation:ExecuteChangeSet', () =>
        client.send(
          new ExecuteChangeSetCommand({
            ChangeSetName: id,
            ClientRequestToken: token,
            DisableRollback: disableRollback,
          }),
        ),
      );
    },

    async changeSets(stack) {
      const found: { id: string; name: string; createdAt?: Date }[] = [];
      let page: string | undefined;
      do {
        const token = page;
        const answer = await absent(
          call(session, 'cloudformation:ListChangeSets', () =>
            client.send(new ListChangeSetsCommand({ StackName: stack, NextToken: token })),
          ),
        );
        for (const one of answer?.Summaries ?? [])
          found.push({
            id: one.ChangeSetId ?? '',
            name: one.ChangeSetName ?? '',
            ...(one.CreationTime ? { createdAt: one.CreationTime } : {}),
          });
        page = answer?.NextToken;
      } while (page);
      return found;
    },

    async hasChangeSets(stack) {
      const answer = await call(session, 'cloudformation:ListChangeSets', () =>
        client.send(new ListChangeSetsCommand({ StackName: stack })),
      );
      return (answer.Summaries?.length ?? 0) > 0;
    },

    async deleteChangeSet(id) {
      await absent(
        call(session, 'cloudformation:DeleteChangeSet', () =>
          client.send(new DeleteChangeSetCommand({ ChangeSetName: id })),
        ),
      );
    },

    async events(stack, page) {
      const answer = await call(session, 'cloudformation:DescribeStackEvents', () =>
        client.send(new DescribeStackEventsCommand({ StackName: stack, NextToken: page })),
      );
      const events = (answer.StackEvents ?? []).map(toEvent);
      return answer.NextToken ? { events, next: answer.NextToken } : { events };
    },

    async stackPolicy(stack) {
      const answer = await call(session, 'cloudformation:GetStackPolicy', () =>
        client.send(new GetStackPolicyCommand({ StackName: stack })),
      );
      return answer.StackPolicyBody || undefined;
    },

    async setStackPolicy(stack, policy) {
      await call(session, 'cloudformation:SetStackPolicy', () =>
        client.send(new SetStackPolicyCommand({ StackName: stack, StackPolicyBody: policy })),
      );
    },

    async setTerminationProtection(stack, on) {
      await call(session, 'cloudformation:UpdateTerminationProtection', () =>
        client.send(
          new UpdateTerminationProtectionCommand({ StackName: stack, EnableTerminationProtection: on }),
        ),
      );
    },

    async cancelUpdate(stack, token) {
      await call(session, 'cloudformation:CancelUpdateStack', () =>
        client.send(new CancelUpdateStackCommand({ StackName: stack, ClientRequestToken: token })),
      );
    },

    async continueRollback(stack, skip, token) {
      const skipped = skip.length > 0 ? { ResourcesToSkip: [...skip] } : {};
      await call(session, 'cloudformation:ContinueUpdateRollback', () =>
        client.send(
          new ContinueUpdateRollbackCommand({ StackName: stack, ClientRequestToken: token, ...skipped }),
        ),
      );
    },

    deleteStack,
    discardStack: (stack, token) => deleteStack(stack, token),
  };
}

/** AWS says "does not exist" as a ValidationError for stacks, and by name for change sets. */
async function absent<T>(asked: Promise<T>, words = /does not exist/): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const { name, message } = underneath(error);
    const missing = /^ChangeSetNotFound/.test(name) || (name === 'ValidationError' && words.test(message));
    if (missing) return undefined;
    throw error;
  }
}

function sourceOf(template: TemplateSource): { TemplateBody: string } | { TemplateURL: string } {
  return 'body' in template ? { TemplateBody: template.body } : { TemplateURL: template.url };
}
