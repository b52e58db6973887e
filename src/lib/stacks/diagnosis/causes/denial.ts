/** What a refusal of IAM says: who lacked what, and which kind of policy decided. */
export interface Denial {
  readonly principal: string | undefined;
  readonly action: string;
  /** Undefined: any, or not said. */
  readonly resource: string | undefined;
  /** `missing`: no policy of that kind allows it; `explicit`: one denies it. */
  readonly kind: 'missing' | 'explicit' | 'unknown';
  /** As AWS names it: `identity-based policy`, `service control policy`, `permissions boundary`, … */
  readonly policy: string | undefined;
}

const WORDS =
  /(?:(?:User|Principal):?\s+)?(?<principal>arn:\S+|\S+:\S+)?\s*is not authorized to perform:?\s+(?<action>[\w-]+:[\w*]+)(?:\s+on resource:?\s+(?<resource>\S+))?/i;
const POLICY =
  '(identity-based policy|resource-based policy|permissions boundary|service control policy|resource control policy|session policy|VPC endpoint policy)';
const EXPLICIT = new RegExp(`explicit deny in an? ${POLICY}`, 'i');
const MISSING = new RegExp(`because no ${POLICY} allows`, 'i');
const ENCODED = /Encoded authorization failure message:\s*([\w-]+)/;

/** Reads AWS's words (IAM user guide, "Troubleshoot access denied error messages"); undefined: it is no refusal. */
export function denialIn(reason: string): Denial | undefined {
  const found = WORDS.exec(reason)?.groups;
  if (!found?.action) return undefined;
  const explicit = EXPLICIT.exec(reason)?.[1];
  const missing = MISSING.exec(reason)?.[1];
  const resource = found.resource?.replace(/[.,]$/, '');
  return {
    principal: found.principal,
    action: found.action,
    resource: resource === '*' ? undefined : resource,
    kind: explicit || /explicit deny/i.test(reason) ? 'explicit' : missing ? 'missing' : 'unknown',
    policy: explicit ?? missing,
  };
}

/** The message that only sts:DecodeAuthorizationMessage can read. */
export function encodedMessage(reason: string | undefined): string | undefined {
  return ENCODED.exec(reason ?? '')?.[1];
}

/**
 * What a decoded message says. Its conditions are left out: they may hold what is nobody's business.
 *
 * @param json the answer of sts:DecodeAuthorizationMessage
 */
export function denialFromDecoded(json: string): Denial | undefined {
  try {
    const { explicitDeny, context } = JSON.parse(json) as {
      explicitDeny?: boolean;
      context?: { principal?: { arn?: string }; action?: string; resource?: string };
    };
    if (!context?.action) return undefined;
    return {
      principal: context.principal?.arn,
      action: context.action,
      resource: context.resource === '*' ? undefined : context.resource,
      kind: explicitDeny ? 'explicit' : 'missing',
      policy: undefined,
    };
  } catch {
    return undefined;
  }
}

/** The refusal in a sentence. */
export function denialWhy({ principal, action, resource, kind, policy }: Denial): string {
  const who = principal ?? 'The credentials of the deploy';
  const on = resource ? ` on ${resource}` : '';
  const because =
    kind === 'explicit'
      ? `: ${policy ? `${article(policy)} ${policy}` : 'a policy'} denies it outright`
      : policy
        ? `: no ${policy} allows it`
        : '';
  return `${who} may not do ${action}${on}${because}.`;
}

/** What to do about it: which policy decides tells who can change it. */
export function denialAdvice({ principal, action, resource, kind, policy }: Denial): string[] {
  const again = 'then run the same command again.';
  const on = resource ? ` on ${resource}` : '';
  const who = principal ?? 'the credentials of the deploy';
  switch (policy) {
    case 'service control policy':
    case 'resource control policy':
      return [
        `The organization's ${policy} decides this: no policy of this account can allow ${action}. Ask who manages the organization.`,
      ];
    case 'permissions boundary':
      return [
        `The permissions boundary of ${who} ${kind === 'explicit' ? 'denies' : 'leaves out'} ${action}: it must allow it too, as well as a policy. Ask who set it, ${again}`,
      ];
    case 'session policy':
      return [`The session was opened with a policy that leaves ${action} out: use other credentials.`];
    case 'VPC endpoint policy':
      return [`The policy of the VPC endpoint must allow ${action}${on}: change it, ${again}`];
    case 'resource-based policy':
      return [
        `The policy of ${resource ?? 'the resource'} must allow ${who} to do ${action}: change it, ${again}`,
      ];
    default:
      if (kind === 'explicit')
        return [
          `A policy denies ${action}${on} to ${who}: an allow does not help. Find the Deny and narrow it, ${again}`,
        ];
      return [`Allow ${who} to do ${action}${on}, ${again}`];
  }
}

function article(noun: string): string {
  return /^[aeiou]/i.test(noun) ? 'an' : 'a';
}
