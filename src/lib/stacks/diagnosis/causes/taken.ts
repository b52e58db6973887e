import { type Cause, nameOf, serviceOf } from './cause.ts';

const IMPORT = 'import it into the stack (aws cloudformation create-change-set --change-set-type IMPORT)';

/** Names that are taken, quotas that are used up, capacity that AWS does not have. */
export const TAKEN: readonly Cause[] = [
  {
    code: 'BucketNameTaken',
    type: /^AWS::S3::Bucket$/,
    words: /requested bucket name is not available|BucketAlreadyExists|bucket namespace is shared/i,
    why: () => 'Names of S3 buckets are shared by all accounts of the world, and somebody has this one.',
    advice: () => [
      'Give the bucket a name of your own: leave BucketName out, or put the account’s id into it with !Sub and AWS::AccountId.',
    ],
  },
  {
    code: 'SecretBeingDeleted',
    words: /scheduled for deletion|marked for deletion/i,
    type: /^AWS::SecretsManager::/,
    why: () => 'A secret that was deleted keeps its name for 7 to 30 days.',
    advice: (event) => [
      `Take it back: aws secretsmanager restore-secret --secret-id ${nameOf(event)}; then import it, or give the new one another name.`,
      `Or let it go at once, which cannot be undone: aws secretsmanager delete-secret --secret-id ${nameOf(event)} --force-delete-without-recovery`,
    ],
  },
  {
    code: 'QueueDeletedRecently',
    words: /must wait 60 seconds after deleting a queue|QueueDeletedRecently/i,
    why: () => 'The name of a queue is free again a minute after its deletion.',
    advice: () => ['Run the same command again in a minute.'],
  },
  {
    code: 'DomainTaken',
    words:
      /CNAMEAlreadyExists|CNAMEs you provided are already associated|domain name you provided (?:is already associated|already exists)|DNS record that points to another CloudFront distribution|Domain already (?:exists|associated)/i,
    why: ({ resourceType }) =>
      resourceType.startsWith('AWS::Cognito')
        ? 'Prefixes of Cognito domains are shared by all accounts of a region, and somebody has this one.'
        : 'Another distribution or API, perhaps of another account, has this domain name.',
    advice: ({ resourceType }) =>
      resourceType.startsWith('AWS::Cognito')
        ? ['Choose another prefix, or take it off the user pool that has it.']
        : [
            'Take the name off the other one first, or move it: aws cloudfront associate-alias --target-distribution-id ID --alias NAME',
          ],
  },
  {
    code: 'AlreadyExists',
    handlerCodes: ['AlreadyExists'],
    words: /already exist|AlreadyExists|you already own it/i,
    why: (event) =>
      `A ${event.resourceType} of that name is in the account already: made by hand, by another stack, or left by one that was deleted (DeletionPolicy: Retain).`,
    advice: (event) => [
      `${event.physicalId && !event.physicalId.startsWith('arn:aws:cloudformation') ? `${event.physicalId} ` : `What ${event.logicalId} makes `}is there already and does not belong to this stack. Give the one in the template another name, delete the old one if nobody needs it, or ${IMPORT}.`,
    ],
  },
  {
    code: 'NamedReplacement',
    words: /cannot update a stack when a custom-named resource requires replacing/i,
    why: (event) =>
      `The change replaces ${event.logicalId}, whose name the template gives: the new one would need the name while the old one has it.`,
    advice: (event) => [
      `Give ${event.logicalId} another name in the same change, or leave its name out so that AWS makes one.`,
    ],
  },
  {
    code: 'OneIndexAtATime',
    words:
      /more than one GSI creation or deletion|Only 1 online index can be created or deleted simultaneously/i,
    why: () => 'DynamoDB makes or removes one index of a table in an update.',
    advice: () => ['Deploy the changes of indexes one by one: one index, then the next.'],
  },
  {
    code: 'NoCapacity',
    words:
      /do(?:es)? not (?:currently )?have sufficient (?:(?<what>\S+) )?capacity|insufficient ?(?:instance|host|DB ?instance|cluster) ?capacity|capacity is unavailable at this time/i,
    why: (_, { what }) =>
      `AWS has no ${what ? `${what} ` : ''}machine of that type free in that availability zone now.`,
    advice: (event) => [
      `Give ${event.logicalId} another availability zone (another subnet) or another instance type, or run the same command again later.`,
    ],
  },
  {
    code: 'SubnetFull',
    words:
      /InsufficientFreeAddresses|not have enough free (?:IP )?addresses|insufficient free (?:IP )?addresses|Not enough IP space/i,
    why: () => 'The subnet has no free addresses left.',
    advice: () => ['Use a larger subnet, or one more: a subnet cannot grow.'],
  },
  {
    code: 'ZoneCoverage',
    words: /Availability Zone \(AZ\) coverage|at least two (?:subnets|availability zones|different)/i,
    why: () => 'The service wants subnets in two availability zones or more.',
    advice: (event) => [`Add a subnet of another availability zone to ${event.logicalId}.`],
  },
  {
    code: 'ZoneWithoutType',
    words:
      /instance type .{0,40}is not supported in your requested Availability Zone|requested configuration is currently not supported/i,
    why: () => 'That type does not exist in that availability zone or region.',
    advice: (event) => [`Choose another type or zone for ${event.logicalId}.`],
  },
  {
    code: 'LambdaConcurrency',
    words: /UnreservedConcurrentExecution below its minimum/,
    why: () =>
      'Lambda keeps some concurrency for functions without a reservation, and the account has little.',
    advice: () => [
      'The account has too little Lambda concurrency to reserve any: leave ReservedConcurrentExecutions out, or ask for more in Service Quotas.',
    ],
  },
  {
    code: 'RateLimited',
    handlerCodes: ['Throttling'],
    words: /Throttl|Rate exceeded|Too ?Many ?Requests|Request ?limit ?exceeded/i,
    why: () => 'Too many calls at once in this account and region; it says nothing of the resource.',
    advice: () => ['AWS limited the rate of its own calls. Run the same command again in a minute.'],
  },
  {
    code: 'QuotaExceeded',
    handlerCodes: ['ServiceLimitExceeded'],
    words:
      /limit.{0,20}exceeded|exceed.{0,40}(?:limit|quota)|maximum (?:number|limit)|than your current .{0,30}limit|reached the (?:limit|quota)/i,
    why: (event) => `A quota of ${serviceOf(event)} in this account and region is used up.`,
    advice: (event) => [
      `A quota of the account is used up (${serviceOf(event)}): remove what is not needed, or ask for more in Service Quotas.`,
      `See them: aws service-quotas list-service-quotas --service-code ${quotaCode(event)}`,
    ],
  },
];

/** Service Quotas has names of its own for a few. */
function quotaCode(event: Parameters<typeof serviceOf>[0]): string {
  const service = serviceOf(event).toLowerCase();
  const own: Readonly<Record<string, string>> = {
    ec2: /VPC|Subnet|Gateway|RouteTable/.test(event.resourceType) ? 'vpc' : 'ec2',
  };
  return own[service] ?? service;
}
