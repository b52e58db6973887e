import { GetRoleCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { PermissionsPort } from '../doctor/types.ts';
import { call } from './call.ts';
import { paced, pacingOf } from './pacing.ts';
import type { AwsSession } from './session.ts';
import { traced } from './trace.ts';

/** IAM, which is the same in every region of a partition. */
export function permissionsPort(session: AwsSession, signal: AbortSignal): PermissionsPort {
  const client = traced(paced(new IAMClient(session.config), pacingOf(session, 'iam')), session);
  return {
    async simulate(PolicySourceArn, actions) {
      const decisions = new Map<string, 'allowed' | 'implicitDeny' | 'explicitDeny'>();
      let Marker: string | undefined;
      do {
        const page = await call(session, 'iam:SimulatePrincipalPolicy', () =>
          client.send(
            new SimulatePrincipalPolicyCommand({
              PolicySourceArn,
              ActionNames: [...actions],
              ...(Marker ? { Marker } : {}),
            }),
            { abortSignal: signal },
          ),
        );
        for (const { EvalActionName, EvalDecision } of page.EvaluationResults ?? [])
          if (EvalActionName && EvalDecision) decisions.set(EvalActionName, EvalDecision);
        Marker = page.IsTruncated ? page.Marker : undefined;
      } while (Marker);
      return decisions;
    },
    async roleArn(RoleName) {
      const { Role } = await call(session, 'iam:GetRole', () =>
        client.send(new GetRoleCommand({ RoleName }), { abortSignal: signal }),
      );
      return Role?.Arn ?? '';
    },
  };
}
