import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeOf, changeOfAll } from '../../../src/lib/costs/change.ts';
import { estimateStack } from '../../../src/lib/costs/estimate.ts';
import { pricer, sourcesOf } from '../../../src/lib/costs/price.ts';
import { plus } from '../../../src/lib/costs/range.ts';
import type { Resources, Value } from '../../../src/lib/costs/types.ts';
import { changesCosts, changeWords, money } from '../../../src/lib/costs/words.ts';
import { builtIn, type Quote } from '../../../src/lib/prices/index.ts';
import { USAGE } from '../../../src/lib/project/index.ts';
import type { Range, Usage, UsageName } from '../../../src/lib/project/model.ts';

/** What templates cost: the catalogue of types, and what holds whatever is in them. */

const REGION = 'eu-west-3';
type Written = Record<string, readonly [type: string, properties?: Record<string, Value>]>;
const resources = (written: Written): Resources =>
  new Map(Object.entries(written).map(([id, [type, properties = {}]]) => [id, { type, properties }]));
const estimate = (written: Written, usage: Usage = {}, region = REGION) =>
  estimateStack(resources(written), {
    usage: USAGE,
    said: { usage, resources: {} },
    price: pricer(builtIn, region),
  });
const figures = (written: Written, usage: Usage = {}) =>
  Object.fromEntries(
    estimate(written, usage).lines.map(({ resource, what, month }) => [
      `${resource}: ${what}`,
      month?.typical,
    ]),
  );
const one = (value: number): Range => ({ low: value, typical: value, high: value });

describe('a resource', () => {
  it('of EC2 costs its hours and its disks, a public one its address and what leaves it', () => {
    const machine = {
      InstanceType: 't3.small',
      SubnetId: { Ref: 'Public' },
      BlockDeviceMappings: [{ Ebs: { VolumeSize: 20, VolumeType: 'gp3', Iops: 4000, Throughput: 250 } }],
    };
    const found = figures(
      {
        Public: ['AWS::EC2::Subnet', { MapPublicIpOnLaunch: 'true' }],
        Host: ['AWS::EC2::Instance', machine],
        Extra: ['AWS::EC2::Volume', { Size: 100, VolumeType: 'st1' }],
      },
      { transfer: one(10) },
    );
    expect(found).toEqual({
      'Host: t3.small, Linux': expect.closeTo(730 * 0.0236),
      'Host: gp3 disk': expect.closeTo(20 * 0.0928),
      'Host: gp3 IOPS': expect.closeTo(1000 * 0.005),
      'Host: gp3 throughput': expect.closeTo(125 * 0.04),
      'Host: public IPv4 address': expect.closeTo(3.65),
      'Host: data out to the Internet': expect.closeTo(0.9),
      'Extra: st1 disk': expect.closeTo(4.5),
    });
  });

  it('with an elastic address is charged for one address', () => {
    const { lines } = estimate({
      Public: ['AWS::EC2::Subnet', { MapPublicIpOnLaunch: true }],
      Host: ['AWS::EC2::Instance', { InstanceType: 't3.micro', SubnetId: { Ref: 'Public' } }],
      Address: ['AWS::EC2::EIP'],
      Link: [
        'AWS::EC2::EIPAssociation',
        { InstanceId: { Ref: 'Host' }, AllocationId: { 'Fn::GetAtt': ['Address', 'AllocationId'] } },
      ],
    });
    expect(
      lines.filter(({ what }) => what === 'public IPv4 address').map(({ resource }) => resource),
    ).toEqual(['Address']);
  });

  it('that is a group costs from its least to its most members', () => {
    const { lines } = estimate({
      Launch: [
        'AWS::EC2::LaunchTemplate',
        {
          LaunchTemplateData: {
            InstanceType: 't3.micro',
            BlockDeviceMappings: [{ Ebs: { VolumeSize: 8, VolumeType: 'gp3' } }],
          },
        },
      ],
      Group: [
        'AWS::AutoScaling::AutoScalingGroup',
        {
          MinSize: '1',
          DesiredCapacity: '2',
          MaxSize: '4',
          LaunchTemplate: { LaunchTemplateId: { Ref: 'Launch' } },
        },
      ],
    });
    expect(lines.map(({ quantity }) => quantity)).toEqual([
      { low: 730, typical: 1460, high: 2920 },
      { low: 8, typical: 16, high: 32 },
    ]);
  });

  it('of ECS costs on Fargate what its task takes, and on instances nothing of its own', () => {
    const task = { Cpu: '512', Memory: '1024', RequiresCompatibilities: ['FARGATE'] };
    const found = figures({
      Task: ['AWS::ECS::TaskDefinition', task],
      Service: [
        'AWS::ECS::Service',
        { LaunchType: 'FARGATE', TaskDefinition: { Ref: 'Task' }, DesiredCount: 2 },
      ],
      Other: ['AWS::ECS::Service', { LaunchType: 'EC2', TaskDefinition: { Ref: 'Task2' } }],
      Task2: ['AWS::ECS::TaskDefinition', {}],
    });
    expect(found).toEqual({
      'Service: Fargate vCPU': expect.closeTo(730 * 0.04048),
      'Service: Fargate memory': expect.closeTo(1460 * 0.004445),
    });
  });

  it('of RDS costs its class, zones, storage as far as it may grow, and its password', () => {
    const { lines } = estimate({
      Db: [
        'AWS::RDS::DBInstance',
        {
          Engine: 'postgres',
          DBInstanceClass: 'db.t3.micro',
          AllocatedStorage: '20',
          MaxAllocatedStorage: 100,
          StorageType: 'gp3',
          MultiAZ: 'true',
          ManageMasterUserPassword: true,
        },
      ],
      Copy: ['AWS::RDS::DBInstance', { SourceDBInstanceIdentifier: { Ref: 'Db' } }],
    });
    const of = (id: string) => lines.filter(({ resource }) => resource === id);
    expect(of('Db').map(({ what, month }) => [what, month?.low, month?.high])).toEqual([
      ['db.t3.micro, postgres, two zones', expect.closeTo(730 * 0.042), expect.closeTo(730 * 0.042)],
      ['gp3 storage', expect.closeTo(40 * 0.133), expect.closeTo(200 * 0.133)],
      ['backups', 0, expect.closeTo(2)],
      ['secret of its password', 0.4, 0.4],
    ]);
    expect(of('Copy')[0]?.month?.typical).toBeCloseTo(730 * 0.021);
  });

  it('of Aurora Serverless costs between its bounds; the cluster has the storage', () => {
    const { lines } = estimate({
      Cluster: [
        'AWS::RDS::DBCluster',
        { Engine: 'aurora-postgresql', ServerlessV2ScalingConfiguration: { MinCapacity: 0, MaxCapacity: 4 } },
      ],
      Writer: [
        'AWS::RDS::DBInstance',
        {
          DBInstanceClass: 'db.serverless',
          Engine: 'aurora-postgresql',
          DBClusterIdentifier: { Ref: 'Cluster' },
        },
      ],
    });
    expect(lines.find(({ resource }) => resource === 'Writer')?.quantity).toEqual({
      low: 0,
      typical: 365,
      high: 2920,
    });
    expect(lines.filter(({ resource }) => resource === 'Cluster').map(({ what }) => what)).toEqual([
      'Aurora storage',
      'Aurora I/O',
    ]);
  });

  it('of DynamoDB costs by use, or by what it is given, its indexes too', () => {
    const index = { ProvisionedThroughput: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 } };
    const found = figures(
      {
        OnDemand: [
          'AWS::DynamoDB::Table',
          {
            BillingMode: 'PAY_PER_REQUEST',
            GlobalSecondaryIndexes: [{}],
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: 'true' },
          },
        ],
        Given: ['AWS::DynamoDB::Table', { ...index, GlobalSecondaryIndexes: [index] }],
      },
      { reads: one(1_000_000), writes: one(1_000_000), storage: one(1) },
    );
    expect(found).toMatchObject({
      'OnDemand: reads': 0.1487,
      'OnDemand: writes, indexes too': expect.closeTo(2 * 0.7423),
      'OnDemand: point-in-time recovery': 0.2,
      'Given: read capacity': expect.closeTo(10 * 730 * 0.00013),
      'Given: write capacity': expect.closeTo(10 * 730 * 0.00065),
    });
  });

  it('of ElastiCache costs its nodes', () => {
    const group = { CacheNodeType: 'cache.t4g.micro', NumNodeGroups: 2, ReplicasPerNodeGroup: 1 };
    expect(figures({ Cache: ['AWS::ElastiCache::ReplicationGroup', group] })).toEqual({
      'Cache: 4 × cache.t4g.micro': expect.closeTo(4 * 730 * 0.016),
    });
  });

  it('of Lambda costs requests and time by its memory and architecture, and logs where no group is there', () => {
    const use = { requests: one(1_000_000), seconds: one(0.5), logs: one(2) };
    const found = figures(
      {
        Arm: ['AWS::Lambda::Function', { MemorySize: 512, Architectures: ['arm64'] }],
        Logged: [
          'AWS::Lambda::Function',
          { FunctionName: 'shop', LoggingConfig: { LogGroup: { Ref: 'Logs' } } },
        ],
        Logs: ['AWS::Logs::LogGroup', { RetentionInDays: 60 }],
      },
      use,
    );
    expect(found).toEqual({
      'Arm: requests': 0.2,
      'Arm: time with 512 MB, arm64': expect.closeTo(250_000 * 0.0000133334),
      'Arm: logs, in the group that Lambda makes': expect.closeTo(1.197),
      'Logged: requests': 0.2,
      'Logged: time with 128 MB': expect.closeTo(62_500 * 0.0000166667),
      'Logs: logs that go in': expect.closeTo(1.197),
      'Logs: logs kept, 60 days': expect.closeTo(2 * 2 * 0.15 * 0.0315),
    });
  });

  it('of SAM costs what it becomes: an API that events imply is there once', () => {
    const events = { Events: { Call: { Type: 'HttpApi', Properties: { Path: '/', Method: 'GET' } } } };
    const found = estimate({
      A: ['AWS::Serverless::Function', { MemorySize: 256, ...events }],
      B: ['AWS::Serverless::Function', { MemorySize: 256, ...events }],
      Own: ['AWS::Serverless::HttpApi'],
      Simple: ['AWS::Serverless::SimpleTable'],
    });
    expect(found.lines.filter(({ what }) => what === 'HTTP API')).toHaveLength(1);
    expect(found.lines.filter(({ service }) => service === 'Amazon API Gateway')).toHaveLength(2);
    expect(found.lines.some(({ resource, what }) => resource === 'Simple' && what === 'reads')).toBe(true);
  });

  it('of the network costs hours and what passes', () => {
    const found = figures(
      {
        Nat: ['AWS::EC2::NatGateway'],
        Lb: [
          'AWS::ElasticLoadBalancingV2::LoadBalancer',
          { Subnets: ['a', 'b'], Type: 'network', Scheme: 'internal' },
        ],
        Door: ['AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Interface', SubnetIds: ['a', 'b'] }],
        Gate: ['AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' }],
        Wall: ['AWS::WAFv2::WebACL', { Rules: [{}, {}] }],
      },
      { transfer: one(100), capacity: one(1), requests: one(1_000_000) },
    );
    expect(found).toEqual({
      'Nat: NAT gateway': expect.closeTo(36.5),
      'Nat: data through it': expect.closeTo(5),
      'Lb: network load balancer': expect.closeTo(730 * 0.0225),
      'Lb: capacity units': expect.closeTo(730 * 0.006),
      'Door: endpoint': expect.closeTo(14.6),
      'Door: data through it': expect.closeTo(1),
      'Wall: web ACL': 5,
      'Wall: rules': 2,
      'Wall: requests': 0.6,
    });
  });

  it('that carries messages costs by them', () => {
    const found = figures(
      {
        Queue: ['AWS::SQS::Queue', { FifoQueue: 'true' }],
        Topic: ['AWS::SNS::Topic', { Subscription: [{ Protocol: 'email', Endpoint: 'a@example.com' }] }],
        Mail: ['AWS::SNS::Subscription', { Protocol: 'email' }],
        Bus: ['AWS::Events::EventBus'],
        Often: ['AWS::Scheduler::Schedule', { ScheduleExpression: 'rate(1 minute)' }],
        Steps: ['AWS::StepFunctions::StateMachine'],
      },
      { messages: one(1_000_000), emails: one(1000), transitions: one(1_000_000) },
    );
    expect(found).toEqual({
      'Queue: requests': expect.closeTo(1.5),
      'Topic: messages': 0.5,
      'Topic: e-mails': expect.closeTo(0.02),
      'Mail: e-mails': expect.closeTo(0.02),
      'Bus: events': 1,
      'Often: calls': expect.closeTo((43_800 / 1_000_000) * 1.2),
      'Steps: transitions': 25,
    });
  });

  it('that watches or keeps secrets costs by the month', () => {
    const metrics = [
      { Id: 'e', Expression: 'a/b' },
      { Id: 'a', MetricStat: {} },
      { Id: 'b', MetricStat: {} },
    ];
    expect(
      figures({
        Plain: ['AWS::CloudWatch::Alarm', { Period: 60 }],
        Fast: ['AWS::CloudWatch::Alarm', { Period: 10 }],
        Sum: ['AWS::CloudWatch::Alarm', { Metrics: metrics }],
        Board: ['AWS::CloudWatch::Dashboard'],
      }),
    ).toEqual({ 'Plain: alarm': 0.1, 'Fast: alarm': 0.3, 'Sum: alarm': 0.2, 'Board: dashboard': 3 });
  });

  it('of an unknown type is named, and one of a free type is known to be free', () => {
    const { lines, notCounted, free } = estimate({
      Role: ['AWS::IAM::Role'],
      Odd: ['AWS::Kendra::Index'],
      Users: ['AWS::Cognito::UserPool'],
      Nested: ['AWS::CloudFormation::Stack', { TemplateURL: 'https://example.com/x' }],
    });
    expect(lines).toEqual([]);
    expect(free).toBe(1);
    expect(notCounted.map(({ resource }) => resource)).toEqual(['Odd', 'Users', 'Nested']);
  });

  it('whose deciding property only AWS knows is named', () => {
    const { notCounted } = estimate({
      Host: ['AWS::EC2::Instance', { InstanceType: { Ref: 'Type' } }],
      Db: ['AWS::RDS::DBInstance', { Engine: 'postgres', DBInstanceClass: { 'Fn::ImportValue': 'x' } }],
    });
    expect(notCounted.map(({ why }) => why)).toEqual([
      'InstanceType is known only when it is deployed',
      'its disk: how large it is, its image says',
      'DBInstanceClass is known only when it is deployed',
    ]);
  });
});

describe('a price', () => {
  const now = Date.parse('2026-11-21T00:00:00Z');
  const nat: Written = { Nat: ['AWS::EC2::NatGateway'] };

  it('that is not known in a region is that of a near one, which it says', () => {
    expect(estimate(nat, {}, 'eu-central-1').lines[0]?.price).toMatchObject({ usd: 0.05, like: 'eu-west-3' });
    expect(estimate(nat, {}, 'ap-south-1').lines[0]?.price).toMatchObject({ usd: 0.045, like: 'us-east-1' });
    expect(estimate(nat).lines[0]?.price).not.toHaveProperty('like');
  });

  it('that nobody knows is unknown, never nothing', () => {
    const { lines, month } = estimate(
      { ...nat, Host: ['AWS::EC2::Instance', { InstanceType: 'x99.huge' }] },
      {},
      'cn-north-1',
    );
    expect(lines.map(({ price, month: figure }) => [price, figure])).toEqual([
      [null, null],
      [null, null],
      [null, null],
    ]);
    expect(month).toEqual(one(0));
  });

  it('says how old it is: of more than 90 days it is old, one that AWS gave today is not', () => {
    const price = (asOf: string, readAt?: number) =>
      ({ usd: 1, per: 'hour', source: 'a list', asOf, ...(readAt ? { readAt } : {}) }) as Quote;
    const old = (quote: Quote) =>
      sourcesOf(
        estimateStack(resources(nat), { usage: USAGE, said: undefined, price: () => quote }).lines,
        now,
      )[0];
    expect(old(price('2026-08-23'))).toMatchObject({ ageDays: 90, old: false });
    expect(old(price('2026-08-22'))).toMatchObject({ ageDays: 91, old: true });
    expect(old(price('2020-01-01', now - 86_400_000))).toMatchObject({ ageDays: 1, old: false });
  });
});

/** Any template of types that the catalogue knows and others, with properties that fit and that do not. */
const value: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(
    't3.small',
    'db.t3.micro',
    'postgres',
    'PAY_PER_REQUEST',
    'gp3',
    true,
    'false',
    null,
  ),
  fc.integer({ min: 0, max: 5000 }),
  fc.constantFrom<Value>({ Ref: 'A' }, { 'Fn::GetAtt': ['B', 'Arn'] }, [], [{ Ebs: { VolumeSize: 8 } }], {}),
);
const TYPES = [
  'AWS::EC2::Instance',
  'AWS::EC2::Volume',
  'AWS::EC2::EIP',
  'AWS::EC2::NatGateway',
  'AWS::EC2::Subnet',
  'AWS::AutoScaling::AutoScalingGroup',
  'AWS::ECS::Service',
  'AWS::RDS::DBInstance',
  'AWS::RDS::DBCluster',
  'AWS::DynamoDB::Table',
  'AWS::Lambda::Function',
  'AWS::Serverless::Function',
  'AWS::S3::Bucket',
  'AWS::ElasticLoadBalancingV2::LoadBalancer',
  'AWS::CloudFront::Distribution',
  'AWS::Logs::LogGroup',
  'AWS::CloudWatch::Alarm',
  'AWS::Scheduler::Schedule',
  'AWS::SNS::Topic',
  'AWS::ElastiCache::ReplicationGroup',
  'AWS::IAM::Role',
  'AWS::Kendra::Index',
];
const KEYS = [
  'InstanceType',
  'SubnetId',
  'BlockDeviceMappings',
  'MinSize',
  'MaxSize',
  'LaunchTemplate',
  'DBInstanceClass',
  'Engine',
  'AllocatedStorage',
  'MaxAllocatedStorage',
  'MultiAZ',
  'BillingMode',
  'MemorySize',
  'Architectures',
  'Size',
  'VolumeType',
  'Iops',
  'RetentionInDays',
  'Subnets',
  'Period',
  'Metrics',
  'DistributionConfig',
  'Events',
  'NumCacheClusters',
  'CacheNodeType',
  'ScheduleExpression',
  'Subscription',
  'FunctionName',
];
const template: fc.Arbitrary<Written> = fc.dictionary(
  fc.constantFrom('A', 'B', 'C', 'D', 'E', 'N/F'),
  fc.tuple(fc.constantFrom(...TYPES), fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 6 })),
);
const usages: fc.Arbitrary<Usage> = fc.dictionary(
  fc.constantFrom(...(Object.keys(USAGE) as UsageName[])),
  fc
    .tuple(fc.nat(1_000_000), fc.nat(1_000_000), fc.nat(1_000_000))
    .map((all) => all.sort((a, b) => a - b))
    .map(([low = 0, typical = 0, high = 0]) => ({ low, typical, high })),
) as fc.Arbitrary<Usage>;

describe('whatever a template says', () => {
  it('low is at most typical, typical at most high, and nothing is below 0', () => {
    fc.assert(
      fc.property(template, usages, (written, usage) => {
        const { lines, month } = estimate(written, usage);
        for (const { low, typical, high } of [month, ...lines.flatMap((line) => line.month ?? [])]) {
          expect(low).toBeGreaterThanOrEqual(0);
          expect(typical).toBeGreaterThanOrEqual(low);
          expect(high).toBeGreaterThanOrEqual(typical);
        }
      }),
    );
  });

  it('sums add up, and every resource is a line, not counted, or free', () => {
    fc.assert(
      fc.property(template, usages, (written, usage) => {
        const { lines, month, notCounted, free } = estimate(written, usage);
        expect(plus(...lines.flatMap((line) => line.month ?? []))).toEqual(month);
        const named = new Set([...lines, ...notCounted].map(({ resource }) => resource));
        expect(named.size + free).toBe(Object.keys(written).length);
      }),
    );
  });

  it('a change to the same is none, and there and back adds up to none', () => {
    fc.assert(
      fc.property(template, template, (one, two) => {
        const [a, b] = [estimate(one), estimate(two)];
        const same = changeOf('stack app', a, a);
        expect(same.difference.typical).toBe(0);
        expect(changesCosts(same)).toBe(false);
        const there = changeOf('stack app', a, b);
        const back = changeOf('stack app', b, a);
        expect(there.difference.typical + back.difference.typical).toBeCloseTo(0);
        expect(changeOfAll([there, back]).difference.typical).toBeCloseTo(0);
      }),
    );
  });
});

describe('words', () => {
  it('say money as people write it', () => {
    expect([0, 0.004, 0.005, 1, 1234.5, 1_000_000].map(money)).toEqual([
      '$0.00',
      '<$0.01',
      '$0.01',
      '$1.00',
      '$1,234.50',
      '$1,000,000.00',
    ]);
  });

  it('say a change with both sides, and its spread where there is one', () => {
    const change = (before: Range, after: Range) =>
      changeWords(changeOfAll([{ part: 'x', before, after, difference: after, notCounted: [] }]));
    expect(change(one(1), one(4.2))).toBe('+$3.20 ($1.00 → $4.20)');
    expect(change(one(5), one(1))).toBe('-$4.00 ($5.00 → $1.00)');
    expect(change(one(1), { low: 1, typical: 2, high: 9 })).toBe(
      '+$1.00 ($1.00 → $2.00), ±$0.00 to +$8.00 by its use',
    );
  });
});
