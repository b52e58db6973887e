import type { MetricName } from './port.ts';

/** How a value is meant: what CloudWatch gives, in words of people. */
export type Unit = 'count' | 'ms' | 'seconds' | 'percent' | 'bytes' | 'units';

/** One metric worth a line, and how it is read. */
export interface Measure {
  readonly label: string;
  readonly metric: MetricName;
  /** `Sum`, `Average`, `Maximum`, `Minimum`, `p95`. */
  readonly statistic: string;
  readonly unit: Unit;
  /** It is in the home region of the partition, whatever region is worked in. */
  readonly global?: true;
}

export interface MonitoredResource {
  readonly type: string;
  readonly physicalId: string;
  /** Its name, of what CloudWatch knows by a name that is not the physical id. */
  readonly name?: string;
}

type Line = readonly [label: string, metric: string, statistic: string, unit: Unit];

interface Kind {
  readonly kind: string;
  readonly namespace: string;
  readonly dimension: string;
  /** The dimension's value, where it is not the physical id. */
  readonly value?: (physicalId: string) => string;
  /** It goes by a name that has to be asked for. */
  readonly named?: boolean;
  readonly more?: Readonly<Record<string, string>>;
  /** All of its metrics are. */
  readonly global?: true;
  readonly lines: readonly Line[];
}

const FUNCTION: Kind = {
  kind: 'function',
  namespace: 'AWS/Lambda',
  dimension: 'FunctionName',
  lines: [
    ['invocations', 'Invocations', 'Sum', 'count'],
    ['errors', 'Errors', 'Sum', 'count'],
    ['duration p95', 'Duration', 'p95', 'ms'],
    ['throttles', 'Throttles', 'Sum', 'count'],
  ],
};

const HTTP_API: Kind = {
  kind: 'API',
  namespace: 'AWS/ApiGateway',
  dimension: 'ApiId',
  lines: [
    ['requests', 'Count', 'Sum', 'count'],
    ['4xx', '4xx', 'Sum', 'count'],
    ['5xx', '5xx', 'Sum', 'count'],
    ['latency p95', 'Latency', 'p95', 'ms'],
  ],
};

const REST_API: Kind = {
  kind: 'REST API',
  namespace: 'AWS/ApiGateway',
  dimension: 'ApiName',
  named: true,
  lines: [
    ['requests', 'Count', 'Sum', 'count'],
    ['4xx', '4XXError', 'Sum', 'count'],
    ['5xx', '5XXError', 'Sum', 'count'],
    ['latency p95', 'Latency', 'p95', 'ms'],
  ],
};

/** Behind the last of a character: names of queues and topics. */
const behind = (mark: string) => (id: string) => id.slice(id.lastIndexOf(mark) + 1);
const balancer = (arn: string) => arn.slice(arn.indexOf(':loadbalancer/') + ':loadbalancer/'.length);

/** The metrics of each type of resource: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/aws-services-cloudwatch-metrics.html */
const KINDS: Readonly<Record<string, Kind>> = {
  'AWS::Lambda::Function': FUNCTION,
  'AWS::Serverless::Function': FUNCTION,
  'AWS::ApiGatewayV2::Api': HTTP_API,
  'AWS::Serverless::HttpApi': HTTP_API,
  'AWS::EC2::Instance': {
    kind: 'instance',
    namespace: 'AWS/EC2',
    dimension: 'InstanceId',
    lines: [
      ['CPU', 'CPUUtilization', 'Average', 'percent'],
      ['network in', 'NetworkIn', 'Sum', 'bytes'],
      ['network out', 'NetworkOut', 'Sum', 'bytes'],
      ['failed checks', 'StatusCheckFailed', 'Maximum', 'count'],
    ],
  },
  'AWS::AutoScaling::AutoScalingGroup': {
    kind: 'group',
    namespace: 'AWS/EC2',
    dimension: 'AutoScalingGroupName',
    lines: [
      ['CPU', 'CPUUtilization', 'Average', 'percent'],
      ['network in', 'NetworkIn', 'Sum', 'bytes'],
      ['network out', 'NetworkOut', 'Sum', 'bytes'],
    ],
  },
  'AWS::RDS::DBInstance': {
    kind: 'database',
    namespace: 'AWS/RDS',
    dimension: 'DBInstanceIdentifier',
    lines: [
      ['CPU', 'CPUUtilization', 'Average', 'percent'],
      ['connections', 'DatabaseConnections', 'Maximum', 'count'],
      ['free memory', 'FreeableMemory', 'Minimum', 'bytes'],
      ['free storage', 'FreeStorageSpace', 'Minimum', 'bytes'],
      ['read latency', 'ReadLatency', 'Maximum', 'seconds'],
      ['write latency', 'WriteLatency', 'Maximum', 'seconds'],
    ],
  },
  'AWS::DynamoDB::Table': {
    kind: 'table',
    namespace: 'AWS/DynamoDB',
    dimension: 'TableName',
    lines: [
      ['read', 'ConsumedReadCapacityUnits', 'Sum', 'units'],
      ['written', 'ConsumedWriteCapacityUnits', 'Sum', 'units'],
      ['throttled reads', 'ReadThrottleEvents', 'Sum', 'count'],
      ['throttled writes', 'WriteThrottleEvents', 'Sum', 'count'],
    ],
  },
  'AWS::ElasticLoadBalancingV2::LoadBalancer': {
    kind: 'load balancer',
    namespace: 'AWS/ApplicationELB',
    dimension: 'LoadBalancer',
    value: balancer,
    lines: [
      ['requests', 'RequestCount', 'Sum', 'count'],
      ['5xx', 'HTTPCode_ELB_5XX_Count', 'Sum', 'count'],
      ['5xx of targets', 'HTTPCode_Target_5XX_Count', 'Sum', 'count'],
      ['response p95', 'TargetResponseTime', 'p95', 'seconds'],
    ],
  },
  'AWS::ApiGateway::RestApi': REST_API,
  'AWS::Serverless::Api': REST_API,
  'AWS::CloudFront::Distribution': {
    kind: 'distribution',
    namespace: 'AWS/CloudFront',
    dimension: 'DistributionId',
    more: { Region: 'Global' },
    global: true,
    lines: [
      ['requests', 'Requests', 'Sum', 'count'],
      ['4xx rate', '4xxErrorRate', 'Average', 'percent'],
      ['5xx rate', '5xxErrorRate', 'Average', 'percent'],
      ['downloaded', 'BytesDownloaded', 'Sum', 'bytes'],
    ],
  },
  'AWS::SQS::Queue': {
    kind: 'queue',
    namespace: 'AWS/SQS',
    dimension: 'QueueName',
    value: behind('/'),
    lines: [
      ['sent', 'NumberOfMessagesSent', 'Sum', 'count'],
      ['waiting', 'ApproximateNumberOfMessagesVisible', 'Maximum', 'count'],
      ['oldest', 'ApproximateAgeOfOldestMessage', 'Maximum', 'seconds'],
    ],
  },
  'AWS::SNS::Topic': {
    kind: 'topic',
    namespace: 'AWS/SNS',
    dimension: 'TopicName',
    value: behind(':'),
    lines: [
      ['published', 'NumberOfMessagesPublished', 'Sum', 'count'],
      ['not delivered', 'NumberOfNotificationsFailed', 'Sum', 'count'],
    ],
  },
  'AWS::EC2::NatGateway': {
    kind: 'NAT gateway',
    namespace: 'AWS/NATGateway',
    dimension: 'NatGatewayId',
    lines: [
      ['out', 'BytesOutToDestination', 'Sum', 'bytes'],
      ['ports lacking', 'ErrorPortAllocation', 'Sum', 'count'],
      ['dropped', 'PacketsDropCount', 'Sum', 'count'],
    ],
  },
};

/** A network load balancer has no requests: it counts connections. */
const NETWORK_BALANCER: Kind = {
  kind: 'load balancer',
  namespace: 'AWS/NetworkELB',
  dimension: 'LoadBalancer',
  value: balancer,
  lines: [
    ['connections', 'NewFlowCount', 'Sum', 'count'],
    ['bytes', 'ProcessedBytes', 'Sum', 'bytes'],
    ['resets of targets', 'TCP_Target_Reset_Count', 'Sum', 'count'],
  ],
};

function kindOf({ type, physicalId }: MonitoredResource): Kind | undefined {
  return physicalId.includes(':loadbalancer/net/') ? NETWORK_BALANCER : KINDS[type];
}

/** Whether CloudWatch knows a resource by a name that has to be asked for. */
export function goesByName(resource: MonitoredResource): boolean {
  return kindOf(resource)?.named === true;
}

/** What of a resource is worth a line; undefined of a type that has no metrics here. */
export function measuresOf(
  resource: MonitoredResource,
): { readonly kind: string; readonly measures: readonly Measure[] } | undefined {
  const found = kindOf(resource);
  if (!found) return undefined;
  const { kind, namespace, dimension, value = String, more, global, lines } = found;
  const dimensions = { [dimension]: resource.name ?? value(resource.physicalId), ...more };
  return {
    kind,
    measures: lines.map(([label, metric, statistic, unit]) => ({
      label,
      statistic,
      unit,
      ...(global ? { global } : {}),
      metric: { namespace, metric, dimensions },
    })),
  };
}

/** What the CloudWatch agent tells of an instance, under its usual names. */
export function agentMeasures(metrics: readonly MetricName[]): Measure[] {
  return metrics.flatMap((metric): Measure[] => {
    if (metric.metric === 'mem_used_percent')
      return [{ label: 'memory', metric, statistic: 'Average', unit: 'percent' }];
    const { path } = metric.dimensions;
    if (/^disk_used_percent$|^used_percent$/.test(metric.metric) && path !== undefined)
      return [{ label: `disk ${path}`, metric, statistic: 'Maximum', unit: 'percent' }];
    return [];
  });
}
