import type { Finding } from './health.ts';
import type { Target } from './port.ts';

/** What AWS's reasons mean: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetHealth.html */
const REASONS: Readonly<Record<string, string>> = {
  'Elb.RegistrationInProgress': 'it is being registered',
  'Elb.InitialHealthChecking': 'its first health checks run',
  'Elb.InternalError': 'the load balancer had an error of its own',
  'Target.ResponseCodeMismatch': 'it answers the health check with another status',
  'Target.Timeout': 'it does not answer the health check in time',
  'Target.FailedHealthChecks': 'nothing answers the health check, or not as it should',
  'Target.NotRegistered': 'it is not registered',
  'Target.NotInUse': 'no listener sends anything here, or its zone is not enabled',
  'Target.InvalidState': 'it is stopped or terminated',
  'Target.DeregistrationInProgress': 'it leaves, and finishes what it began',
  'Target.IpUnusable': 'its address is in use by the load balancer',
  'Target.HealthCheckDisabled': 'health checks are switched off',
};

/** One that leaves is where it should be, one that comes is not known yet. */
const VERDICTS: Readonly<Record<string, Finding['verdict']>> = {
  healthy: 'good',
  draining: 'good',
  initial: 'unknown',
  'unhealthy.draining': 'bad',
};

/**
 * How the targets of a group are.
 *
 * @param targets undefined where the group is gone
 */
export function targetFindings(group: string, targets: readonly Target[] | undefined): Finding[] {
  const bad = { kind: 'target', name: group, verdict: 'bad' } as const;
  if (!targets) return [{ ...bad, why: 'the target group is not there any more', mend: 'infractl drift' }];
  if (targets.length === 0)
    return [
      {
        ...bad,
        why: 'nothing is registered: every request is answered with 503',
        mend: 'infractl manage status',
      },
    ];
  return targets.map((target): Finding => {
    const { id, port, state, reason, said } = target;
    const words = reason === undefined ? undefined : (REASONS[reason] ?? reason);
    const verdict = VERDICTS[state] ?? (reason === 'Target.HealthCheckDisabled' ? 'good' : 'bad');
    return {
      kind: 'target',
      name: `${group} ${id}${port === undefined ? '' : `:${port}`}`,
      verdict,
      why: [
        state,
        ...(words ? [words] : []),
        ...(said && verdict !== 'good' ? [`AWS says: ${said}`] : []),
      ].join('; '),
      ...(verdict === 'bad' ? { mend: mendOf(target) } : {}),
    };
  });
}

function mendOf({ id, reason }: Target): string {
  if (!id.startsWith('i-'))
    return 'look at the health check of the group, and at what the target answers to it';
  if (reason === 'Target.InvalidState') return `infractl manage start --id ${id}`;
  if (reason === 'Target.Timeout')
    return `infractl manage status --id ${id}; its security group must let the load balancer in`;
  return `infractl manage status --id ${id}; then infractl monitoring logs`;
}
