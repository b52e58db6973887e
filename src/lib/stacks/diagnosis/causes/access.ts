import { type Cause, nameOf } from './cause.ts';
import { denialAdvice, denialIn, denialWhy } from './denial.ts';

/** Who may not do what; roles that nobody can take; keys. */
export const ACCESS: readonly Cause[] = [
  {
    code: 'StackPolicy',
    words: /denied by stack policy/i,
    why: () => 'The stack policy keeps this resource as it is.',
    advice: (event) => [
      `If it is meant, give the stack a stackPolicy in infractl.yaml that allows this update of ${event.logicalId}.`,
    ],
  },
  {
    code: 'RoleNotAssumable',
    words:
      /role.*(?:cannot be assumed|could not be assumed|unable to be assumed)|unable to assume (?:the )?(?:service[- ]linked )?role|not authorized to perform: sts:AssumeRole|Invalid (?:Iam)?InstanceProfile|Invalid IAM Instance Profile/i,
    why: () =>
      'The service may not take the role, or the role is so new that AWS does not know it everywhere yet.',
    advice: (event) => [
      'Run the same command again first: a role that was made a moment ago takes some seconds to be known.',
      `If it fails again: the role's AssumeRolePolicyDocument must name the service of ${event.logicalId} as its principal.`,
    ],
  },
  {
    code: 'RoleLacksPermission',
    words:
      /execution role does not have permissions to call (?<action>\w+) on (?<service>\w+)|role .{0,80}does not have (?:sufficient|enough|the required|required) permissions?/i,
    why: (_, { action, service }) =>
      action
        ? `The role of the function may not call ${action} of ${service}.`
        : 'The role may do too little.',
    advice: (event, { action }) => [
      action?.includes('NetworkInterface')
        ? 'Give the role the managed policy service-role/AWSLambdaVPCAccessExecutionRole: a function in a VPC makes network interfaces.'
        : `Give the role of ${event.logicalId} what it needs, and let the resource wait for that policy with DependsOn.`,
    ],
  },
  {
    code: 'EncryptionKey',
    words:
      /\bKMS\b.{0,80}(?:denied|not (?:authorized|exist|found)|disabled|pending deletion|invalid)|KMS ?(?:AccessDenied|Disabled|InvalidState|NotFound)|(?:master|KMS) key .{0,60}(?:does not exist|not accessible|disabled|pending deletion)|key policy will not allow|unable to (?:decrypt|encrypt)/i,
    why: () =>
      'The KMS key cannot be used: its policy does not allow it, or it is disabled, deleted or of another region.',
    advice: (event, _) => [
      `Check that the key of ${event.logicalId} is enabled, in this region, and that its key policy allows the service and the role of the deploy to use it (kms:Decrypt, kms:GenerateDataKey, kms:CreateGrant).`,
    ],
  },
  {
    code: 'AccessDenied',
    words: /is not authorized to perform:?\s+[\w-]+:/i,
    why: ({ reason }) => {
      const denial = denialIn(reason ?? '');
      // Where AWS does not say which policy decided, its words say all.
      return denial?.policy || denial?.kind === 'explicit' ? denialWhy(denial) : undefined;
    },
    advice: ({ reason }) => {
      const denial = denialIn(reason ?? '');
      return denial ? denialAdvice(denial) : [];
    },
  },
  {
    code: 'InvalidPrincipal',
    words:
      /Invalid principal in policy|MalformedPolicy|MalformedPolicyDocument|Policy has invalid|invalid principal/i,
    why: () =>
      'AWS does not accept the policy document: a principal that does not exist, or a syntax that is not IAM’s.',
    advice: (event) => [
      `Check the policy of ${event.logicalId}: every role and user in it must exist before it (DependsOn), and every action and ARN must be well formed.`,
    ],
  },
  {
    code: 'AccessDenied',
    handlerCode: 'AccessDenied',
    words:
      /^(?!.*S3 [Ee]rror)(?:.*(?:Access ?Denied|not authorized|UnauthorizedTaggingOperation|UnauthorizedOperation))/i,
    why: (event) => `A permission for ${event.resourceType} is missing; AWS does not say which.`,
    advice: (event) => [
      `The credentials of the deploy lack a permission for ${event.resourceType}: allow it, or use another profile.`,
      `Which one: look in CloudTrail for the refused call on ${nameOf(event)}.`,
    ],
  },
];
