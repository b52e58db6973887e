import { InfractlError } from '../../base/errors.ts';
import type { Owner } from '../catalogue.ts';
import type { Plan } from '../deps.ts';
import { TAG } from '../types.ts';
import type { Moment } from './entry.ts';

const DAYS = ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'];
const HOUR = 3_600_000;
/** AWS's own managed policy for what Data Lifecycle Manager does. */
const POLICY = ':iam::aws:policy/service-role/AWSDataLifecycleManagerServiceRole';

/**
 * A template with a policy of Data Lifecycle Manager that does of a plan what that can do: snapshots of what has
 * certain tags, kept by count or age. Times are UTC there.
 *
 * @throws InfractlError `DlmCannot`: what the plan wants beyond that
 */
export function dlmTemplate(plan: Plan, owner: Owner, at: Moment): string {
  const target = targetOf(plan);
  const description = `infractl: ${plan.name} of ${owner.project} ${owner.environment}`;
  return JSON.stringify(
    {
      AWSTemplateFormatVersion: '2010-09-09',
      Description: description,
      Resources: {
        Role: {
          Type: 'AWS::IAM::Role',
          Properties: {
            AssumeRolePolicyDocument: {
              Version: '2012-10-17',
              Statement: [
                { Effect: 'Allow', Principal: { Service: 'dlm.amazonaws.com' }, Action: 'sts:AssumeRole' },
              ],
            },
            ManagedPolicyArns: [{ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, POLICY]] }],
          },
        },
        Policy: {
          Type: 'AWS::DLM::LifecyclePolicy',
          Properties: {
            Description: description.replace(/[^0-9A-Za-z _-]/g, ' '),
            State: 'ENABLED',
            ExecutionRoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
            PolicyDetails: {
              PolicyType: 'EBS_SNAPSHOT_MANAGEMENT',
              ResourceTypes: [target.type],
              TargetTags: target.tags,
              Schedules: schedulesOf(plan, owner, at),
              ...(target.type === 'INSTANCE' ? { Parameters: { ExcludeBootVolume: plan.excludeBoot } } : {}),
            },
          },
        },
      },
    },
    undefined,
    2,
  );
}

function targetOf({ wanted, name }: Plan) {
  const [one, second] = wanted;
  if (!one || second || !('tags' in one))
    throw cannot(name, 'it finds disks by tags alone, and the plan has other or several targets');
  if (one.kind === 'database') throw cannot(name, 'it does not back up databases');
  const tags = Object.entries(one.tags).map(([Key, Value]) => ({ Key, Value }));
  // With several it would take what has any of them, not all.
  if (tags.length !== 1) throw cannot(name, 'it takes what has any of several tags: use one tag');
  return { type: one.kind === 'instance' ? ('INSTANCE' as const) : ('VOLUME' as const), tags };
}

function schedulesOf(plan: Plan, owner: Owner, at: Moment): object[] {
  const { name, policy, copies, before, after } = plan;
  if (before.length + after.length > 0) throw cannot(name, 'it runs no commands before or after');
  if (plan.encrypt && plan.encrypt.key !== undefined)
    throw cannot(name, 'it makes no copies that a key of yours encrypts');
  if (copies.length > 0) throw cannot(name, 'copies to other places are not set up through it');
  if (policy.last || policy.hourly)
    throw cannot(name, 'it keeps by days, weeks, months and years, not by last or hourly');
  if (policy.daily && policy.within)
    throw cannot(name, 'with both daily and within it would take two each night');
  const time = `${at.minute} ${at.hour}`;
  const days = at.days.length === 7 ? '*' : at.days.map((day) => DAYS[day - 1]).join(',');
  const every = `cron(${time} ? * ${days} *)`;
  const rules: [string, string, object][] = [];
  if (policy.within)
    rules.push([
      'within',
      every,
      { Interval: Math.max(1, Math.ceil(policy.within.ms / (24 * HOUR))), IntervalUnit: 'DAYS' },
    ]);
  if (policy.daily) rules.push(['daily', every, { Count: policy.daily }]);
  if (policy.weekly) rules.push(['weekly', `cron(${time} ? * SUN *)`, { Count: policy.weekly }]);
  if (policy.monthly) rules.push(['monthly', `cron(${time} 1 * ? *)`, { Count: policy.monthly }]);
  if (policy.yearly) rules.push(['yearly', `cron(${time} 1 1 ? *)`, { Count: policy.yearly }]);
  return rules.map(([rule, CronExpression, RetainRule]) => ({
    Name: `${name} ${rule}`,
    CreateRule: { CronExpression },
    RetainRule,
    CopyTags: true,
    // Not the tags of a backup of infractl: what AWS keeps, AWS deletes.
    TagsToAdd: [
      { Key: TAG.project, Value: owner.project },
      { Key: TAG.environment, Value: owner.environment },
      { Key: TAG.purpose, Value: 'dlm' },
    ],
  }));
}

function cannot(plan: string, why: string): InfractlError {
  return new InfractlError({
    code: 'DlmCannot',
    message: `Data Lifecycle Manager cannot do what the plan ${plan} wants: ${why}.`,
    suggestions: [
      'Run it on a machine: --engine systemd or --engine cron.',
      'Or give the plan one target by one tag, and rules that it knows.',
    ],
    exit: 2,
  });
}
