import type { PricedItem, Quote } from '../prices/index.ts';
import type { Range, UsageName } from '../project/model.ts';

/** A value of a template: what is not known stays a call such as `{Ref: 'X'}`. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };

export interface Properties {
  readonly [name: string]: Value;
}

/** What a stack is made of, by logical id; of a nested stack: `Storage/Table`. */
export type Resources = ReadonlyMap<string, { readonly type: string; readonly properties: Properties }>;

/** Something of a resource that AWS charges for. */
export interface Charge {
  /** `requests`, `t3.small, Linux`. */
  readonly what: string;
  /** The service as Cost Explorer calls it. */
  readonly service: Service;
  readonly item: PricedItem;
  /** How many of the price's units a month. */
  readonly quantity: Range;
  /** What of the usage it rests on. */
  readonly on: readonly UsageName[];
}

/** Something that costs, and that cannot be counted. */
export interface Uncounted {
  readonly why: string;
}

/** Names of services as Cost Explorer's dimension SERVICE has them. */
export const SERVICES = {
  apiGateway: 'Amazon API Gateway',
  cloudFront: 'Amazon CloudFront',
  cloudWatch: 'AmazonCloudWatch',
  compute: 'Amazon Elastic Compute Cloud - Compute',
  databases: 'Amazon Relational Database Service',
  dynamoDb: 'Amazon DynamoDB',
  ecr: 'Amazon EC2 Container Registry (ECR)',
  ecs: 'Amazon Elastic Container Service',
  efs: 'Amazon Elastic File System',
  eks: 'Amazon Elastic Container Service for Kubernetes',
  elastiCache: 'Amazon ElastiCache',
  events: 'CloudWatch Events',
  kms: 'AWS Key Management Service',
  lambda: 'AWS Lambda',
  loadBalancing: 'Amazon Elastic Load Balancing',
  ofEc2: 'EC2 - Other',
  queues: 'Amazon Simple Queue Service',
  route53: 'Amazon Route 53',
  s3: 'Amazon Simple Storage Service',
  secrets: 'AWS Secrets Manager',
  stepFunctions: 'AWS Step Functions',
  topics: 'Amazon Simple Notification Service',
  vpc: 'Amazon Virtual Private Cloud',
  firewall: 'AWS WAF',
} as const;
export type Service = (typeof SERVICES)[keyof typeof SERVICES];

/** A price, and where it is another region's. */
export interface Price extends Quote {
  /** The region whose price stands in for one that is not known. */
  readonly like?: string;
}

/** One figure of an estimate. USD a month. */
export interface CostLine {
  readonly resource: string;
  readonly type: string;
  readonly service: Service;
  readonly what: string;
  readonly quantity: Range;
  readonly on: readonly UsageName[];
  /** Null: no price is known. */
  readonly price: Price | null;
  readonly month: Range | null;
}

/** A resource, or something of one, that is in no sum. */
export interface NotCounted {
  readonly resource: string;
  readonly type: string;
  readonly why: string;
}

/** What one stack costs. */
export interface StackEstimate {
  /** USD a month of all lines with a price. */
  readonly month: Range;
  readonly lines: readonly CostLine[];
  readonly notCounted: readonly NotCounted[];
  /** Resources of types that cost nothing. */
  readonly free: number;
}
