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
}

export interface MonitoredResource {
  readonly type: string;
  readonly physicalId: string;
}

type Line = readonly [label: string, metric: string, statistic: string, unit: Unit];

interface Kind {
  readonly kind: string;
  readonly namespace: string;
  readonly dimension: string;
  /** The dimension's value, where it is not the physical id. */
  readonly value?: (physicalId: string) => string;
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
    lines: [['CPU', 'CPUUtilization', 'Average', 'percent']],
  },
  'AWS::RDS::DBInstance': {
    kind: 'database',
    namespace: 'AWS/RDS',
    dimension: 'DBInstanceIdentifier',
    lines: [
      ['CPU', 'CPUUtilization', 'Average', 'percent'],
      ['connections', 'DatabaseConnections', 'Maximum', 'count'],
      ['free storage', 'FreeStorageSpace', 'Minimum', 'bytes'],
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
    value: (arn) => arn.slice(arn.indexOf(':loadbalancer/') + ':loadbalancer/'.length),
    lines: [
      ['requests', 'RequestCount', 'Sum', 'count'],
      ['5xx', 'HTTPCode_ELB_5XX_Count', 'Sum', 'count'],
      ['5xx of targets', 'HTTPCode_Target_5XX_Count', 'Sum', 'count'],
      ['response p95', 'TargetResponseTime', 'p95', 'seconds'],
    ],
  },
};

/** What of a resource is worth a line; undefined of a type that has no metrics here. */
export function measuresOf({
  type,
  physicalId,
}: MonitoredResource): { readonly kind: string; readonly measures: readonly Measure[] } | undefined {
  const found = KINDS[type];
  if (!found) return undefined;
  const { kind, namespace, dimension, value, lines } = found;
  const dimensions = { [dimension]: value ? value(physicalId) : physicalId };
  return {
    kind,
    measures: lines.map(([label, metric, statistic, unit]) => ({
      label,
      statistic,
      unit,
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
