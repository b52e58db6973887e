import { type Cause, nameOf, serviceOf } from './cause.ts';
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
      /role.*(?:cannot be assumed|could not be assumed)|unable to assume the service[- ]linked role|must allow .{0,60}to assume the role|not authorized to perform: sts:AssumeRole|Invalid ?I(?:AM|am) ?Instance ?Profile/i,
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
      /execution role does not have permissions to call (?<action>\w+) on (?<service>\w+)|role .{0,80}does not have (?:sufficient|enough|required) permissions?|ensure the role can perform the|role has adequate permissions/i,
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
      /\bKMS\b.{0,80}(?:denied|not (?:authorized|exist|found)|disabled|pending deletion|invalid)|KMS(?:AccessDenied|Disabled|InvalidState|NotFound)|(?:master|KMS) key .{0,60}(?:does not exist|not accessible|disabled|pending deletion)|key policy will not allow|unable to (?:decrypt|encrypt)/i,
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
      /MalformedPolicy|Policy has invalid|invalid principal|Policy Error: PrincipalNotFound|Syntax errors in policy|should not specify a principal/i,
    why: () =>
      'AWS does not accept the policy document: a principal that does not exist, or a syntax that is not IAM’s.',
    advice: (event) => [
      `Check the policy of ${event.logicalId}: every role and user in it must exist before it (DependsOn), and every action and ARN must be well formed.`,
    ],
  },
  {
    code: 'TaggingDenied',
    handlerCodes: ['UnauthorizedTaggingOperation'],
    words:
      /permissions error performing a tagging operation|are required to tag|with Tags\.\s+An additional permission/,
    why: (event) =>
      `The tags of a stack go on its resources, and the credentials of the deploy may not tag a ${event.resourceType}.`,
    advice: (event) => [
      `Allow the tagging calls of ${serviceOf(event)} (TagResource, UntagResource, ListTagsForResource, or as that service calls them), then run the same command again.`,
    ],
  },
  {
    code: 'ImagePermission',
    words: /does not have permission to access the ECR image/,
    why: () => 'The policy of the repository does not let Lambda read the image.',
    advice: () => [
      'In the account of the function Lambda adds that by itself if the credentials of the deploy may call ecr:SetRepositoryPolicy and ecr:GetRepositoryPolicy. Of another account: the repository’s policy must allow ecr:BatchGetImage and ecr:GetDownloadUrlForLayer to lambda.amazonaws.com.',
    ],
  },
  {
    code: 'ApiLogRole',
    words: /CloudWatch Logs role ARN must be set in account settings/,
    why: () =>
      'API Gateway writes logs with a role that is set once for the account and region, and none is.',
    advice: () => [
      'Add an AWS::ApiGateway::Account with a CloudWatchRoleArn, and let the stage wait for it with DependsOn.',
    ],
  },
  {
    code: 'NotificationTarget',
    words: /Unable to validate the following destination configurations/,
    why: () => 'S3 tries the targets of a bucket’s notifications, and may not send to one of them yet.',
    advice: (event) => [
      `Let s3.amazonaws.com send to the target (an AWS::Lambda::Permission, or the policy of the queue or topic), and let ${event.logicalId} wait for that with DependsOn.`,
    ],
  },
  {
    code: 'ServiceLinkedRole',
    words: /must enable a service-linked role/i,
    why: () => 'The service works with a role of its own, which this account does not have yet.',
    advice: (event) => [
      `Make it once: aws iam create-service-linked-role --aws-service-name ${serviceOf(event).toLowerCase()}.amazonaws.com (some services have another name there: see what the message says).`,
    ],
  },
  {
    code: 'AccountUnverified',
    words:
      /account must be verified before|request for accessing resources in this region is being validated/i,
    why: () => 'The account is new, and AWS has not let it use this service here yet.',
    advice: () => ['Wait for AWS’s mail, or ask AWS Support to verify the account.'],
  },
  {
    code: 'InvalidCredentials',
    handlerCodes: ['InvalidCredentials'],
    words: /security token included in the request is (?:invalid|expired)/i,
    why: () => 'The credentials that AWS worked with are not valid, or expired during the operation.',
    advice: () => ['Renew them (aws sso login), then run the same command again.'],
  },
  {
    code: 'AccessDenied',
    handlerCodes: ['AccessDenied'],
    words: /^(?!.*S3 [Ee]rror)(?:.*(?:Access ?Denied|not authorized|UnauthorizedOperation))/i,
    why: (event) => `A permission for ${event.resourceType} is missing; AWS does not say which.`,
    advice: (event) => [
      `The credentials of the deploy lack a permission for ${event.resourceType}: allow it, or use another profile.`,
      `Which one: look in CloudTrail for the refused call on ${nameOf(event)}.`,
    ],
  },
];
