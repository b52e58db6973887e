import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  CloudFormationClient,
  CreateChangeSetCommand,
  DescribeChangeSetCommand,
  DescribeStacksCommand,
  ExecuteChangeSetCommand,
} from '@aws-sdk/client-cloudformation';
import { TAG } from '../../src/lib/aws/backup-tags.ts';
import type { Fake } from '../fake/server.ts';
import { sessionFor } from '../fake/session.ts';

/** A project with something in every panel of the dashboard, and an AWS that has it. */

const HOUR = 3_600_000;
const MINUTE = 60_000;

export const SHOP_TEMPLATE = `Resources:
  Web: { Type: AWS::EC2::Instance, Properties: { InstanceType: t3.small } }
  Api:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: shop-api-dev, Code: { ZipFile: "1" }, Handler: index.handler, Runtime: nodejs24.x, Role: role }
  Worker:
    Type: AWS::Lambda::Function
    Properties: { FunctionName: shop-worker-dev, Code: { ZipFile: "1" }, Handler: index.handler, Runtime: nodejs24.x, Role: role }
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: shop-errors
      Namespace: AWS/Lambda
      MetricName: Errors
      Statistic: Sum
      Period: 300
      EvaluationPeriods: 2
      Threshold: 10
      ComparisonOperator: GreaterThanThreshold
      Dimensions: [{ Name: FunctionName, Value: shop-api-dev }]
  Throttles:
    Type: AWS::CloudWatch::Alarm
    Properties: { AlarmName: shop-throttles, MetricName: Throttles, Threshold: 0 }
  Disk:
    Type: AWS::CloudWatch::Alarm
    Properties: { AlarmName: shop-disk, MetricName: disk_used_percent, Threshold: 85 }
`;

/** @param health the URL of an endpoint; no check without it */
export function shopProject(health?: string): string {
  return `project: shop
region: eu-west-3
stacks:
  app: { template: template.yaml }
hosts:
  web: { tags: { Name: shop-web } }
backups:
  nightly: { targets: [{ volume: vol-0123456789abcdef0 }], keep: { daily: 7 } }
${health ? `checks:\n  health: { url: "${health}/health" }\n` : ''}`;
}

/** Writes the project into a folder. */
export function putShop(folder: string, health?: string, change = (text: string) => text): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'infractl.yaml'), change(shopProject(health)));
  writeFileSync(path.join(folder, 'template.yaml'), SHOP_TEMPLATE);
}

/** The values of one metric from one time to another: undefined leaves a gap. */
export function values(
  from: number,
  to: number,
  step: number,
  value: (turn: number) => number | undefined,
): [number, number][] {
  const found: [number, number][] = [];
  for (let at = from, turn = 0; at < to; at += step, turn++) {
    const here = value(turn);
    if (here !== undefined) found.push([at, here]);
  }
  return found;
}

/** Gives an AWS what the project has: stack, instance, metrics of three hours, a backup. */
export async function shopOnAws(fake: Fake): Promise<void> {
  const { state, clock } = fake;
  Object.assign(state.cloudFormation, { resourceMs: 10, changeSetMs: 10, stepMs: 5 });
  const session = await sessionFor(fake);
  const client = new CloudFormationClient(session.config);
  const change = { StackName: 'shop-app-dev', ChangeSetName: 'first' };
  await client.send(
    new CreateChangeSetCommand({ ...change, ChangeSetType: 'CREATE', TemplateBody: SHOP_TEMPLATE }),
  );
  const until = async (done: () => Promise<boolean | undefined>) => {
    while (!(await done())) await clock.sleep(20);
  };
  await until(
    async () => (await client.send(new DescribeChangeSetCommand(change))).Status === 'CREATE_COMPLETE',
  );
  await client.send(new ExecuteChangeSetCommand(change));
  await until(async () => {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: 'shop-app-dev' }));
    return Stacks?.[0]?.StackStatus === 'CREATE_COMPLETE';
  });
  client.destroy();
  const now = clock.now();
  state.ec2.addInstance({ tags: { Name: 'shop-web' }, launchedAt: now - 50 * HOUR });
  const from = Math.floor((now - 3 * HOUR) / (5 * MINUTE)) * 5 * MINUTE;
  const metric = (
    namespace: string,
    name: string,
    dimensions: Record<string, string>,
    value: (turn: number) => number | undefined,
  ) =>
    state.cloudWatch.metrics.push({
      namespace,
      metric: name,
      dimensions,
      values: values(from, now, 5 * MINUTE, value),
    });
  const api = { FunctionName: 'shop-api-dev' };
  metric('AWS/Lambda', 'Invocations', api, (turn) => 40 + Math.round(30 * Math.sin(turn / 4)));
  metric('AWS/Lambda', 'Errors', api, (turn) => (turn > 30 ? turn - 28 : 0));
  metric('AWS/Lambda', 'Duration', api, (turn) =>
    turn > 12 && turn < 18 ? undefined : 180 + 60 * Math.sin(turn / 3),
  );
  metric('AWS/Lambda', 'Throttles', api, () => 0);
  const worker = { FunctionName: 'shop-worker-dev' };
  metric('AWS/Lambda', 'Invocations', worker, (turn) => (turn % 6 === 0 ? 3 : undefined));
  const ec2 = { InstanceId: physicalId(fake, 'Web') };
  metric('AWS/EC2', 'CPUUtilization', ec2, (turn) => 22 + 15 * Math.sin(turn / 5) + (turn % 3));
  metric('CWAgent', 'mem_used_percent', ec2, (turn) => 61 + turn / 8);
  metric('CWAgent', 'disk_used_percent', { ...ec2, path: '/' }, () => 71);
  state.ebs.addSnapshot({
    startedAt: now - 9 * HOUR,
    readyAt: now - 9 * HOUR,
    tags: {
      [TAG.project]: 'shop',
      [TAG.environment]: 'dev',
      [TAG.plan]: 'nightly',
      [TAG.subject]: 'vol-0123456789abcdef0',
      [TAG.backup]: 'nightly-20260105T000000Z-k3f9',
    },
  });
  for (const alarm of state.cloudWatch.alarms.values())
    Object.assign(alarm, { state: 'OK', changed: now - 26 * HOUR });
}

/** What the stack's resource is called in AWS. */
export function physicalId(fake: Fake, logicalId: string): string {
  for (const stack of fake.state.cloudFormation.stacks.values()) {
    const found = stack.resources.get(logicalId)?.physicalId;
    if (found) return found;
  }
  throw new Error(`no resource ${logicalId}`);
}

/** Sets an alarm off as CloudWatch would, with the datapoints that decided. */
export function setOff(fake: Fake, name: string): void {
  const alarm = fake.state.cloudWatch.alarms.get(name);
  if (!alarm) throw new Error(`no alarm ${name}`);
  const at = fake.clock.now();
  Object.assign(alarm, {
    state: 'ALARM',
    changed: at,
    reason: 'Threshold Crossed: 2 datapoints were greater than the threshold (10.0).',
    reasonData: JSON.stringify({
      evaluatedDatapoints: [
        { timestamp: new Date(at - 10 * MINUTE).toISOString(), value: 12 },
        { timestamp: new Date(at - 5 * MINUTE).toISOString(), value: 17 },
      ],
    }),
  });
}
