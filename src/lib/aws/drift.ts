import {
  CloudFormationClient,
  DescribeStackDriftDetectionStatusCommand,
  DescribeStackResourceDriftsCommand,
  DetectStackDriftCommand,
  GetTemplateCommand,
  type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import type { DriftPort, PropertyDifference, ResourceDrift } from '../stacks/drift/port.ts';
import { call } from './call.ts';
import { underneath } from './errors.ts';
import { cloudFormationPacing, type Pacing, paced } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/**
 * Drift detection, paced together with all other calls of CloudFormation.
 *
 * @param pacing default: the one that all callers of the account and region share
 */
export function driftPort(session: AwsSession, pacing: Pacing = cloudFormationPacing(session)): DriftPort {
  const client = traced(paced(new CloudFormationClient(session.config), pacing), session);
  return {
    async detectDrift(stack) {
      try {
        const answer = await call(session, 'cloudformation:DetectStackDrift', () =>
          client.send(new DetectStackDriftCommand({ StackName: stack })),
        );
        return answer.StackDriftDetectionId;
      } catch (error) {
        const { name, message } = underneath(error);
        if (name === 'ValidationError' && /already in progress|in progress for stack/i.test(message))
          return undefined;
        throw error;
      }
    },

    async detection(id) {
      const answer = await call(session, 'cloudformation:DescribeStackDriftDetectionStatus', () =>
        client.send(new DescribeStackDriftDetectionStatusCommand({ StackDriftDetectionId: id })),
      );
      const reason = answer.DetectionStatusReason;
      return {
        status: DETECTION[answer.DetectionStatus as keyof typeof DETECTION] ?? 'running',
        ...(reason ? { reason } : {}),
      };
    },

    async resourceDrifts(stack) {
      const found: ResourceDrift[] = [];
      let page: string | undefined;
      do {
        const token = page;
        const answer = await call(session, 'cloudformation:DescribeStackResourceDrifts', () =>
          client.send(new DescribeStackResourceDriftsCommand({ StackName: stack, NextToken: token })),
        );
        found.push(...(answer.StackResourceDrifts ?? []).map(toDrift));
        page = answer.NextToken;
      } while (page);
      return found;
    },

    async processedTemplate(stack) {
      const answer = await call(session, 'cloudformation:GetTemplate', () =>
        client.send(new GetTemplateCommand({ StackName: stack, TemplateStage: 'Processed' })),
      );
      return answer.TemplateBody;
    },
  };
}

const DETECTION = {
  DETECTION_IN_PROGRESS: 'running',
  DETECTION_COMPLETE: 'complete',
  DETECTION_FAILED: 'failed',
} as const;

const KIND = { ADD: 'added', REMOVE: 'removed', NOT_EQUAL: 'changed' } as const;

function toDrift(drift: StackResourceDrift): ResourceDrift {
  return {
    logicalId: drift.LogicalResourceId ?? '',
    physicalId: drift.PhysicalResourceId ?? '',
    type: drift.ResourceType ?? '',
    status: drift.StackResourceDriftStatus ?? 'UNKNOWN',
    ...(drift.DriftStatusReason ? { reason: drift.DriftStatusReason } : {}),
    differences: (drift.PropertyDifferences ?? []).map(
      (one): PropertyDifference => ({
        path: one.PropertyPath ?? '',
        kind: KIND[one.DifferenceType as keyof typeof KIND] ?? 'changed',
        expected: one.ExpectedValue ?? 'null',
        actual: one.ActualValue ?? 'null',
      }),
    ),
  };
}
