import { createHash } from 'node:crypto';
import { parseWhen, schedulerCron } from './when.ts';

/** What a schedule starts and stops. Of a group: the capacity that a start gives it. */
export interface ScheduledTarget {
  readonly kind: 'instance' | 'group' | 'database';
  readonly id: string;
  readonly capacity?: { readonly min: number; readonly max: number; readonly desired: number };
}

/** One schedule as it was set. */
export interface Schedule {
  readonly name: string;
  /** `20:00 Mon-Fri`; null where it does not stop. */
  readonly stop: string | null;
  readonly start: string | null;
  readonly timezone: string;
  readonly targets: readonly ScheduledTarget[];
  /** It does nothing before this moment, ISO 8601 in UTC; null where it runs. */
  readonly skipUntil: string | null;
}

export type Doing = 'stop' | 'start';

// biome-ignore lint/suspicious/noTemplateCurlyInString: Fn::Sub fills it in
const TARGET = 'arn:${AWS::Partition}:scheduler:::aws-sdk:';

/** The stack of an environment's schedules; what was set stands in its own metadata, and nowhere else. Pure. */
export function scheduleTemplate(schedules: readonly Schedule[]): string {
  const resources: Record<string, unknown> = { Role: role(schedules.flatMap(({ targets }) => targets)) };
  for (const schedule of schedules) {
    for (const doing of ['stop', 'start'] as const) {
      const when = schedule[doing];
      if (when === null) continue;
      for (const target of schedule.targets)
        resources[logicalId(schedule.name, doing, target)] = resource(schedule, doing, when, target);
    }
  }
  return JSON.stringify({
    AWSTemplateFormatVersion: '2010-09-09',
    Description:
      'Starts and stops instances, auto scaling groups and databases on time. Made by infractl manage schedule.',
    Metadata: { Infractl: { schedules } },
    Resources: resources,
  });
}

/** What a stack's template says was set; empty when it is none of ours. Pure. */
export function schedulesOf(template: string | undefined): Schedule[] {
  try {
    const found = JSON.parse(template ?? '{}') as { Metadata?: { Infractl?: { schedules?: Schedule[] } } };
    return found.Metadata?.Infractl?.schedules ?? [];
  } catch {
    return [];
  }
}

function logicalId(name: string, doing: Doing, { kind, id }: ScheduledTarget): string {
  const hash = createHash('sha256').update(`${name}/${kind}/${id}`).digest('hex').slice(0, 12);
  return `${doing === 'stop' ? 'Stop' : 'Start'}${hash}`;
}

function resource(
  { name, timezone, skipUntil }: Schedule,
  doing: Doing,
  when: string,
  target: ScheduledTarget,
) {
  const { api, input } = requestOf(doing, target);
  return {
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Description: `${name}: ${doing} ${target.kind} ${target.id}`,
      ScheduleExpression: schedulerCron(parseWhen(when)),
      ScheduleExpressionTimezone: timezone,
      ...(skipUntil === null ? {} : { StartDate: skipUntil }),
      FlexibleTimeWindow: { Mode: 'OFF' },
      State: 'ENABLED',
      Target: {
        Arn: { 'Fn::Sub': `${TARGET}${api}` },
        RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Input: JSON.stringify(input),
        RetryPolicy: { MaximumRetryAttempts: 10, MaximumEventAgeInSeconds: 3600 },
      },
    },
  };
}

/** https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html */
function requestOf(doing: Doing, { kind, id, capacity }: ScheduledTarget): { api: string; input: object } {
  if (kind === 'instance') return { api: `ec2:${doing}Instances`, input: { InstanceIds: [id] } };
  if (kind === 'database') return { api: `rds:${doing}DBInstance`, input: { DbInstanceIdentifier: id } };
  const { min, max, desired } = doing === 'stop' || !capacity ? { min: 0, max: 0, desired: 0 } : capacity;
  return {
    api: 'autoscaling:updateAutoScalingGroup',
    input: { AutoScalingGroupName: id, MinSize: min, MaxSize: max, DesiredCapacity: desired },
  };
}

/** May do what the schedules do, to their targets alone. */
function role(targets: readonly ScheduledTarget[]) {
  const of = (kind: ScheduledTarget['kind']) => [
    ...new Set(targets.filter((one) => one.kind === kind).map(({ id }) => id)),
  ];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Fn::Sub fills it in
  const here = 'arn:${AWS::Partition}:';
  const statement = (actions: string[], arns: string[]) =>
    arns.length === 0
      ? []
      : [{ Effect: 'Allow', Action: actions, Resource: arns.map((arn) => ({ 'Fn::Sub': arn })) }];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Fn::Sub fills it in
  const place = '${AWS::Region}:${AWS::AccountId}';
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'scheduler.amazonaws.com' },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
      Policies: [
        {
          PolicyName: 'start-and-stop',
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [
              ...statement(
                ['ec2:StartInstances', 'ec2:StopInstances'],
                of('instance').map((id) => `${here}ec2:${place}:instance/${id}`),
              ),
              ...statement(
                ['rds:StartDBInstance', 'rds:StopDBInstance'],
                of('database').map((id) => `${here}rds:${place}:db:${id}`),
              ),
              ...statement(
                ['autoscaling:UpdateAutoScalingGroup'],
                of('group').map(
                  (id) => `${here}autoscaling:${place}:autoScalingGroup:*:autoScalingGroupName/${id}`,
                ),
              ),
            ],
          },
        },
      ],
    },
  };
}
