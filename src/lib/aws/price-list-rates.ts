import type { Rate } from '../prices/index.ts';

/** How AWS's price list is asked for a price. */
export interface PriceQuestion {
  readonly service: string;
  readonly filters: Readonly<Record<string, string>>;
  /** The usage types that are meant. */
  readonly usage: RegExp;
  /** How many of the list's units make one of ours. Default: 1. */
  readonly times?: number;
}

const MILLION = 1_000_000;
/** The list's own prefix of a region, which us-east-1 has not: `EU-`, `EUW3-`. */
const PREFIX = '(?:(?:EU|[A-Z]{3}\\d)-)?';

function of(service: string, usage: string, times = 1, filters = {}): PriceQuestion {
  return { service, usage: new RegExp(`^${PREFIX}${usage}$`), filters, times };
}

const balancer = (kind: 'Application' | 'Network', usage: string) =>
  of('AWSELB', usage, 1, { operation: `LoadBalancing:${kind}` });
const aurora = (usage: string, times = 1) =>
  of('AmazonRDS', usage, times, { databaseEngine: 'Aurora PostgreSQL' });

/** By service code and usage type. What is missing here has no region in the list, or no one price: CloudFront, DNS. */
const QUESTIONS: Readonly<Partial<Record<Rate, PriceQuestion>>> = {
  'lambda-requests': of('AWSLambda', 'Request', MILLION),
  'lambda-seconds': of('AWSLambda', 'Lambda-GB-Second'),
  'lambda-seconds-arm': of('AWSLambda', 'Lambda-GB-Second-ARM'),
  'http-api-requests': of('AmazonApiGateway', 'ApiGatewayHttpRequest', MILLION),
  'rest-api-requests': of('AmazonApiGateway', 'ApiGatewayRequest', MILLION),
  'websocket-messages': of('AmazonApiGateway', 'ApiGatewayMessage', MILLION),
  's3-storage': of('AmazonS3', 'TimedStorage-ByteHrs'),
  's3-writes': of('AmazonS3', 'Requests-Tier1', MILLION),
  's3-reads': of('AmazonS3', 'Requests-Tier2', MILLION),
  'dynamodb-reads': of('AmazonDynamoDB', 'ReadRequestUnits', MILLION),
  'dynamodb-writes': of('AmazonDynamoDB', 'WriteRequestUnits', MILLION),
  'dynamodb-storage': of('AmazonDynamoDB', 'TimedStorage-ByteHrs'),
  'dynamodb-recovery': of('AmazonDynamoDB', 'TimedPITRStorage-ByteHrs'),
  'dynamodb-read-hours': of('AmazonDynamoDB', 'ReadCapacityUnit-Hrs'),
  'dynamodb-write-hours': of('AmazonDynamoDB', 'WriteCapacityUnit-Hrs'),
  secrets: of('AWSSecretsManager', 'AWSSecretsManager-Secrets'),
  'secret-requests': of('AWSSecretsManager', 'AWSSecretsManager-?APIRequests?', MILLION),
  'kms-keys': { service: 'awskms', usage: /^[a-z0-9-]+-KMS-Keys$/, filters: {} },
  'kms-requests': { service: 'awskms', usage: /^[a-z0-9-]+-KMS-Requests$/, filters: {}, times: MILLION },
  'logs-ingested': of('AmazonCloudWatch', 'DataProcessing-Bytes'),
  'logs-stored': of('AmazonCloudWatch', 'TimedStorage-ByteHrs'),
  alarms: of('AmazonCloudWatch', 'CW:AlarmMonitorUsage'),
  'fast-alarms': of('AmazonCloudWatch', 'CW:HighResAlarmMonitorUsage'),
  'sqs-requests': of('AWSQueueService', 'Requests-Tier1', MILLION),
  'sqs-fifo-requests': of('AWSQueueService', 'Requests-FIFO-Tier1', MILLION),
  'sns-requests': of('AmazonSNS', 'Requests-Tier1', MILLION),
  'sns-emails': of('AmazonSNS', 'DeliveryAttempts-SMTP', MILLION),
  schedules: of('AWSEvents', 'ScheduledInvocation', MILLION),
  'state-transitions': of('AmazonStates', 'StateTransition', MILLION),
  'express-requests': of('AmazonStates', 'StepFunctions-Request', MILLION),
  'express-gb-hours': of('AmazonStates', 'StepFunctions-GB-Second', 3600),
  'ecr-storage': of('AmazonECR', 'TimedStorage-ByteHrs'),
  'fargate-cpu-hours': of('AmazonECS', 'Fargate-vCPU-Hours:perCPU'),
  'fargate-gb-hours': of('AmazonECS', 'Fargate-GB-Hours'),
  'public-ipv4-hours': of('AmazonVPC', 'PublicIPv4:InUseAddress'),
  'nat-hours': of('AmazonEC2', 'NatGateway-Hours', 1, { operation: 'NatGateway' }),
  'nat-gb': of('AmazonEC2', 'NatGateway-Bytes', 1, { operation: 'NatGateway' }),
  'alb-hours': balancer('Application', 'LoadBalancerUsage'),
  'alb-capacity': balancer('Application', 'LCUUsage'),
  'nlb-hours': balancer('Network', 'LoadBalancerUsage'),
  'nlb-capacity': balancer('Network', 'LCUUsage'),
  'endpoint-hours': of('AmazonVPC', 'VpcEndpoint-Hours'),
  'endpoint-gb': of('AmazonVPC', 'VpcEndpoint-Bytes'),
  'ebs-io1': of('AmazonEC2', 'EBS:VolumeUsage\\.piops'),
  'ebs-io1-iops': of('AmazonEC2', 'EBS:VolumeP-IOPS\\.piops'),
  'ebs-gp3-iops': of('AmazonEC2', 'EBS:VolumeP-IOPS\\.gp3'),
  'ebs-st1': of('AmazonEC2', 'EBS:VolumeUsage\\.st1'),
  'ebs-sc1': of('AmazonEC2', 'EBS:VolumeUsage\\.sc1'),
  'ebs-standard': of('AmazonEC2', 'EBS:VolumeUsage'),
  'rds-backup': of('AmazonRDS', 'RDS:ChargedBackupUsage', 1, { databaseEngine: 'PostgreSQL' }),
  'aurora-capacity-hours': aurora('Aurora:ServerlessV2Usage'),
  'aurora-storage': aurora('Aurora:StorageUsage'),
  'aurora-io': aurora('Aurora:StorageIOUsage', MILLION),
  'efs-storage': of('AmazonEFS', 'TimedStorage-ByteHrs'),
  'eks-hours': of('AmazonEKS', 'AmazonEKS-Hours:perCluster'),
};

export function rateQuestion(rate: Rate): PriceQuestion | undefined {
  return QUESTIONS[rate];
}
