import { describe, expect, it } from 'vitest';
import { denialIn } from '../../../src/lib/stacks/diagnosis/causes/denial.ts';
import { causeOf } from '../../../src/lib/stacks/diagnosis/causes.ts';
import { stopMeaning } from '../../../src/lib/stacks/diagnosis/ecs-tasks.ts';
import { logMeaning } from '../../../src/lib/stacks/diagnosis/init-error.ts';

/** AWS's own words of each cause → the cause, and what the advice says. */

const handler = (message: string, code = 'GeneralServiceException') =>
  `Resource handler returned message: "${message} (Service: X, Status Code: 400, Request ID: 1-2-3)" (RequestToken: a-b, HandlerErrorCode: ${code})`;

const ROWS: readonly (readonly [code: string, type: string, reason: string, advice: string])[] = [
  ['AlreadyExists', 'AWS::DynamoDB::Table', 'shop-data already exists', 'another name'],
  [
    'AlreadyExists',
    'AWS::Logs::LogGroup',
    handler(
      "Resource of type 'AWS::Logs::LogGroup' with identifier '/aws/lambda/x' already exists.",
      'AlreadyExists',
    ),
    'import it into the stack',
  ],
  [
    'AlreadyExists',
    'AWS::IAM::Role',
    'shop-role already exists in stack arn:aws:cloudformation:eu-west-3:1:stack/old/2',
    'delete the old one',
  ],
  [
    'AlreadyExists',
    'AWS::Route53::RecordSet',
    "[Tried to create resource record set [name='a.example.com.', type='A'] but it already exists]",
    'another name',
  ],
  [
    'BucketNameTaken',
    'AWS::S3::Bucket',
    handler(
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
    ),
    'BucketName',
  ],
  [
    'SecretBeingDeleted',
    'AWS::SecretsManager::Secret',
    handler(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    ),
    'restore-secret',
  ],
  [
    'QueueDeletedRecently',
    'AWS::SQS::Queue',
    'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
    'in a minute',
  ],
  [
    'DomainTaken',
    'AWS::CloudFront::Distribution',
    handler(
      'Invalid request provided: One or more of the CNAMEs you provided are already associated with a different resource.',
      'InvalidRequest',
    ),
    'associate-alias',
  ],
  [
    'QuotaExceeded',
    'AWS::EC2::VPC',
    handler('The maximum number of VPCs has been reached.', 'ServiceLimitExceeded'),
    '--service-code vpc',
  ],
  ['QuotaExceeded', 'AWS::EC2::EIP', 'The maximum number of addresses has been reached.', 'Service Quotas'],
  [
    'QuotaExceeded',
    'AWS::EC2::Instance',
    handler(
      'You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket',
    ),
    'Service Quotas',
  ],
  ['QuotaExceeded', 'AWS::X::Y', 'Limit Exceeded (HandlerErrorCode: ServiceLimitExceeded)', 'Service Quotas'],
  [
    'LambdaConcurrency',
    'AWS::Lambda::Function',
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [10].",
    'ReservedConcurrentExecutions',
  ],
  ['RateLimited', 'AWS::X::Y', 'Rate exceeded', 'in a minute'],
  [
    'NoCapacity',
    'AWS::EC2::Instance',
    handler(
      'We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (eu-west-3a).',
    ),
    'another availability zone',
  ],
  [
    'NoCapacity',
    'AWS::RDS::DBInstance',
    handler('Insufficient DB instance capacity for class db.t3.micro'),
    'another instance type',
  ],
  [
    'SubnetFull',
    'AWS::Lambda::Function',
    handler("insufficient free addresses in subnet 'subnet-1'"),
    'larger subnet',
  ],
  [
    'ZoneCoverage',
    'AWS::RDS::DBSubnetGroup',
    handler(
      "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: eu-west-3a. Add subnets to cover at least 2 AZs.",
      'InvalidRequest',
    ),
    'another availability zone',
  ],
  [
    'ZoneCoverage',
    'AWS::ElasticLoadBalancingV2::LoadBalancer',
    'At least two subnets in two different Availability Zones must be specified',
    'another availability zone',
  ],
  [
    'ZoneWithoutType',
    'AWS::EC2::Instance',
    handler(
      'Your requested instance type (t3.micro) is not supported in your requested Availability Zone (us-east-1e).',
    ),
    'another type or zone',
  ],
  [
    'RoleNotAssumable',
    'AWS::Lambda::Function',
    handler('The role defined for the function cannot be assumed by Lambda.', 'InvalidRequest'),
    'AssumeRolePolicyDocument',
  ],
  [
    'RoleNotAssumable',
    'AWS::ECS::Service',
    handler(
      'Unable to assume the service linked role. Please verify that the ECS service linked role exists.',
      'InvalidRequest',
    ),
    'the same command again',
  ],
  [
    'RoleLacksPermission',
    'AWS::Lambda::Function',
    handler(
      'The provided execution role does not have permissions to call CreateNetworkInterface on EC2',
      'InvalidRequest',
    ),
    'AWSLambdaVPCAccessExecutionRole',
  ],
  [
    'EncryptionKey',
    'AWS::EC2::Volume',
    handler('KMS key arn:aws:kms:eu-west-3:1:key/2 is pending deletion'),
    'kms:Decrypt',
  ],
  [
    'EncryptionKey',
    'AWS::Lambda::Function',
    'Lambda was unable to decrypt the environment variables because KMS access was denied.',
    'key policy',
  ],
  ['InvalidPrincipal', 'AWS::S3::BucketPolicy', handler('Invalid principal in policy'), 'DependsOn'],
  [
    'AccessDenied',
    'AWS::S3::Bucket',
    handler(
      'User: arn:aws:iam::1:user/dev is not authorized to perform: s3:CreateBucket on resource: "arn:aws:s3:::x" because no identity-based policy allows the s3:CreateBucket action',
      'AccessDenied',
    ),
    'Allow arn:aws:iam::1:user/dev to do s3:CreateBucket',
  ],
  [
    'AccessDenied',
    'AWS::S3::Bucket',
    handler(
      'User: arn:aws:iam::1:user/dev is not authorized to perform: s3:CreateBucket on resource: arn:aws:s3:::x with an explicit deny in a service control policy',
      'AccessDenied',
    ),
    'manages the organization',
  ],
  ['AccessDenied', 'AWS::S3::Bucket', 'Access Denied', 'CloudTrail'],
  [
    'CertificateRegion',
    'AWS::CloudFront::Distribution',
    handler(
      "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.",
      'InvalidRequest',
    ),
    'us-east-1',
  ],
  [
    'CertificateInvalid',
    'AWS::ElasticLoadBalancingV2::Listener',
    handler("Certificate ARN 'arn:aws:acm:us-east-1:1:certificate/2' is not valid"),
    'in the region of what uses it',
  ],
  [
    'CertificateNotValidated',
    'AWS::CertificateManager::Certificate',
    handler('Resource timed out waiting for completion', 'NotStabilized'),
    'validation record',
  ],
  [
    'ImageIdRegion',
    'AWS::EC2::Instance',
    handler("The image id '[ami-0abc]' does not exist", 'InvalidRequest'),
    'AWS::SSM::Parameter::Value',
  ],
  [
    'ImageMissing',
    'AWS::Lambda::Function',
    'Source image 1.dkr.ecr.eu-west-3.amazonaws.com/a:b does not exist. Provide a valid source image.',
    'push it first',
  ],
  [
    'ImageFormat',
    'AWS::Lambda::Function',
    'The image manifest, config or layer media type for the source image x is not supported.',
    'BUILDX_NO_DEFAULT_ATTESTATIONS',
  ],
  [
    'EngineVersion',
    'AWS::RDS::DBInstance',
    handler('Cannot find version 15.2 for postgres', 'InvalidRequest'),
    'describe-orderable-db-instance-options',
  ],
  [
    'StateInTheWay',
    'AWS::RDS::DBInstance',
    handler('Database instance is not in available state.', 'InvalidRequest'),
    'Wait until',
  ],
  [
    'StateInTheWay',
    'AWS::RDS::DBInstance',
    handler('Instance shop is currently creating - it cannot be deleted: InvalidDBInstanceState'),
    'Wait until',
  ],
  [
    'Protected',
    'AWS::RDS::DBInstance',
    handler('Cannot delete protected DB Instance, please disable deletion protection and try again.'),
    'switch that off',
  ],
  [
    'Protected',
    'AWS::EC2::Instance',
    "The instance 'i-1' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
    'switch that off',
  ],
  [
    'TemplateUnreadable',
    'AWS::CloudFormation::Stack',
    'S3 error: Access Denied\nFor more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html',
    's3:GetObject',
  ],
  [
    'TemplateUnreadable',
    'AWS::CloudFormation::Stack',
    'TemplateURL must be a supported URL.',
    'path of this machine',
  ],
  [
    'CodeUnreadable',
    'AWS::Lambda::Function',
    handler(
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
      'InvalidRequest',
    ),
    'infractl zips and uploads it',
  ],
  [
    'CodeUnreadable',
    'AWS::Lambda::Function',
    handler(
      'Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this region: us-east-1.',
      'InvalidRequest',
    ),
    'its region',
  ],
  [
    'CodeTooLarge',
    'AWS::Lambda::Function',
    handler('Unzipped size must be smaller than 262144000 bytes', 'InvalidRequest'),
    'container image',
  ],
  [
    'RuntimeGone',
    'AWS::Lambda::Function',
    handler(
      'The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions.',
      'InvalidRequest',
    ),
    'newer runtime',
  ],
  [
    'NetworkOverlap',
    'AWS::EC2::Subnet',
    handler("The CIDR '10.0.0.0/24' conflicts with another subnet", 'InvalidRequest'),
    'a range that nothing else has',
  ],
  [
    'NoSignal',
    'AWS::AutoScaling::AutoScalingGroup',
    'Received 0 SUCCESS signal(s) out of 1.  Unable to satisfy 100% MinSuccessfulInstancesPercent requirement',
    'start-up log',
  ],
  [
    'NoSignal',
    'AWS::EC2::Instance',
    'Failed to receive 1 resource signal(s) within the specified duration',
    'start-up log',
  ],
  [
    'WaitConditionTimedOut',
    'AWS::CloudFormation::WaitCondition',
    'WaitCondition timed out. Received 0 conditions when expecting 1',
    'Timeout',
  ],
  [
    'WaitConditionFailed',
    'AWS::CloudFormation::WaitCondition',
    "WaitCondition received failed message: 'no disk' for uniqueId: i-1",
    'log',
  ],
  [
    'CustomResourceSilent',
    'Custom::Seed',
    'CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [x].',
    'ResponseURL',
  ],
  [
    'CustomResourceFailed',
    'Custom::Seed',
    'Received response status [FAILED] from custom resource. Message returned: no table (RequestId: 11111111-2222-3333-4444-555555555555)',
    'Mend what the function',
  ],
  [
    'HookFailed',
    'AWS::S3::Bucket',
    'The following hook(s) failed: [AWSSamples::S3BucketEncrypt::Hook]',
    'who owns the hook',
  ],
  [
    'CircuitBreaker',
    'AWS::ECS::Service',
    handler('ECS Deployment Circuit Breaker was triggered', 'GeneralServiceException'),
    'list-tasks',
  ],
  [
    'ServiceUnstable',
    'AWS::ECS::Service',
    handler('Exceeded attempts to wait', 'NotStabilized'),
    'why its tasks stop',
  ],
  [
    'NotStabilized',
    'AWS::ElastiCache::ReplicationGroup',
    handler('did not stabilize', 'NotStabilized'),
    'its own state',
  ],
  ['InternalFailure', 'AWS::X::Y', 'Internal Failure', 'AWS support'],
  [
    'ExportInUse',
    'AWS::CloudFormation::Stack',
    'Export shared-x cannot be deleted as it is in use by web and api',
    'The stack web and api imports shared-x',
  ],
  [
    'NoSuchExport',
    'AWS::CloudFormation::Stack',
    'No export named shared-x found. Rollback requested by user.',
    'exports shared-x',
  ],
  [
    'BucketNotEmpty',
    'AWS::S3::Bucket',
    handler('The bucket you tried to delete is not empty'),
    'aws s3 rm s3://thing-1 --recursive',
  ],
  [
    'RepositoryNotEmpty',
    'AWS::ECR::Repository',
    "The repository with name 'shop' in registry with id '1' cannot be deleted because it still contains images",
    '--force',
  ],
  [
    'HostedZoneNotEmpty',
    'AWS::Route53::HostedZone',
    'The specified hosted zone contains non-required resource record sets and so cannot be deleted.',
    'list-resource-record-sets',
  ],
  [
    'DistributionEnabled',
    'AWS::CloudFront::Distribution',
    'The distribution you are trying to delete has not been disabled.',
    'Disable the distribution',
  ],
  [
    'EntityHasOthers',
    'AWS::IAM::Role',
    handler('Cannot delete entity, must detach all policies first.'),
    'detach all policies first',
  ],
  [
    'InUse',
    'AWS::EC2::SecurityGroup',
    handler('resource sg-1 has a dependent object'),
    'describe-network-interfaces --filters Name=group-id,Values=thing-1',
  ],
  [
    'InUse',
    'AWS::EC2::Subnet',
    handler("The subnet 'subnet-1' has dependencies and cannot be deleted.", 'InvalidRequest'),
    'subnet-id',
  ],
  [
    'ParameterInvalid',
    'AWS::CloudFormation::Stack',
    'Parameter validation failed: parameter value x for parameter name Y does not exist',
    'infractl.yaml',
  ],
  [
    'PropertiesInvalid',
    'AWS::X::Y',
    'Properties validation failed for resource Thing with message: [#: extraneous key [X] is not permitted]',
    'does not accept the properties',
  ],
  [
    'PropertiesInvalid',
    'AWS::X::Y',
    handler('something', 'InvalidRequest'),
    'does not accept the properties',
  ],
  [
    'NotFound',
    'AWS::EC2::Instance',
    handler("The key pair 'x' does not exist", 'InvalidRequest'),
    'check the names',
  ],
];

describe('AWS’s words of a failure', () => {
  it.each(ROWS)('%s: %s: %s', (code, resourceType, reason, advice) => {
    const found = causeOf({ reason, resourceType, logicalId: 'Thing', physicalId: 'thing-1' });
    expect(found?.code).toBe(code);
    expect(found?.advice.join('\n')).toContain(advice);
    expect(found?.why ?? 'said by AWS').toMatch(/\S/);
    expect(`${found?.why}${found?.advice}`).not.toContain('undefined');
  });

  it('are not explained where nothing is known', () => {
    const event = { logicalId: 'A', physicalId: '', resourceType: 'AWS::X::Y' };
    expect(causeOf({ ...event, reason: 'something odd happened' })).toBeUndefined();
    expect(causeOf(event)).toBeUndefined();
  });
});

describe('a refusal', () => {
  const who = 'User: arn:aws:sts::1:assumed-role/ci/x is not authorized to perform: iam:PassRole';
  it.each([
    [
      `${who} on resource: arn:r because no identity-based policy allows the iam:PassRole action`,
      'missing',
      'identity-based policy',
    ],
    [
      `${who} on resource: arn:r because no permissions boundary allows the iam:PassRole action`,
      'missing',
      'permissions boundary',
    ],
    [
      `${who} on resource: arn:r because no service control policy allows the iam:PassRole action`,
      'missing',
      'service control policy',
    ],
    [
      `${who} on resource: arn:r because no session policy allows the iam:PassRole action`,
      'missing',
      'session policy',
    ],
    [
      `${who} on resource: arn:r because no resource-based policy allows the iam:PassRole action`,
      'missing',
      'resource-based policy',
    ],
    [
      `${who} because no VPC endpoint policy allows the iam:PassRole action`,
      'missing',
      'VPC endpoint policy',
    ],
    [
      `${who} on resource: arn:r with an explicit deny in an identity-based policy`,
      'explicit',
      'identity-based policy',
    ],
    [
      `${who} on resource: arn:r with an explicit deny in a resource control policy`,
      'explicit',
      'resource control policy',
    ],
    [`${who} on resource: arn:r`, 'unknown', undefined],
  ])('is read in full: %s', (reason, kind, policy) => {
    expect(denialIn(reason)).toMatchObject({
      principal: 'arn:aws:sts::1:assumed-role/ci/x',
      action: 'iam:PassRole',
      kind,
      policy,
    });
  });

  it('without AWS’s words is none', () => expect(denialIn('Access Denied')).toBeUndefined());
});

describe('the log of a function that cannot start', () => {
  it.each([
    [
      '{"errorType":"Runtime.ImportModuleError","errorMessage":"Error: Cannot find module \'pg\'\\nRequire stack:"}',
      'the module pg is not in its package',
    ],
    [
      "[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'requests'",
      'the module requests is not',
    ],
    [
      'Runtime.HandlerNotFound: index.handle is undefined or not exported',
      'no function of the name that Handler says',
    ],
    ['Runtime.UserCodeSyntaxError: SyntaxError: Unexpected token', 'syntax error'],
    [
      'INIT_REPORT Init Duration: 12 ms Phase: init Status: error Error Type: Runtime.InvalidEntrypoint',
      'entry point',
    ],
    ['2026-01-05T09:00:03Z 1-2-3 Task timed out after 3.00 seconds', 'after 3 s: its Timeout'],
    ['INIT_REPORT Init Duration: 9999.54 ms\tPhase: init\tStatus: timeout', 'within the 10 s'],
    ['RequestId: 1 Error: Runtime exited with error: signal: killed\nRuntime.ExitError', 'more memory'],
    [
      'RequestId: 1 Error: Runtime exited with error: exit status 129\nRuntime.ExitError',
      'ended while it started',
    ],
  ])('says why: %s', (line, why) => expect(logMeaning(['START', line])?.why).toContain(why));

  it('says nothing of ordinary lines', () => expect(logMeaning(['START', 'hello', 'END'])).toBeUndefined());
});

describe('a stopped task of ECS', () => {
  const stopped = (reason: string, exitCode?: number, said?: string) =>
    stopMeaning({ reason, containers: [{ name: 'app', exitCode, reason: said }] })?.why;
  it.each([
    [
      'Task failed to start',
      undefined,
      'CannotPullContainerError: pull image manifest has been retried 1 time(s)',
      'could not pull',
    ],
    [
      'ResourceInitializationError: unable to pull secrets or registry auth: secret x',
      undefined,
      undefined,
      'secret or parameter',
    ],
    ['Task failed ELB health checks in (target-group arn:x)', 0, undefined, 'health check'],
    [
      'Essential container in task exited',
      137,
      'OutOfMemoryError: Container killed due to memory usage',
      'more memory',
    ],
    ['Essential container in task exited', 255, 'exec format error', 'architecture'],
    ['Essential container in task exited', 1, undefined, 'exit code 1'],
    ['Essential container in task exited', 137, undefined, 'it was killed'],
  ] as const)('%s %s %s', (reason, exit, said, why) => expect(stopped(reason, exit, said)).toContain(why));

  it('that simply ended says no more', () => {
    expect(stopped('Scaling activity initiated by (deployment x)', 0)).toBeUndefined();
  });
});
