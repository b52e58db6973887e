import { listed } from '../base/text.ts';
import type { RunningStack } from './from-stack.ts';

const NESTED = 'AWS::CloudFormation::Stack';

/** What of a stack its template does not hold, or not whole: in words, each with the stack's name. */
export function notTaken(stack: RunningStack): string[] {
  const { stackName, facts, resources, tags, template, roleArn, notifications, policy } = stack;
  const types = [...facts.resources.values()].map(({ type }) => type);
  const there = resources.map(({ logicalId }) => logicalId);
  const nested = resources.filter(({ type }) => type === NESTED).map(({ logicalId }) => logicalId);
  const made = there.filter((id) => !facts.resources.has(id));
  const gone = [...facts.resources.keys()].filter((id) => !there.includes(id));
  const macros = facts.transforms.filter((name) => !name.startsWith('AWS::'));
  const data = [...new Set(types.flatMap((type) => HOLDS[type] ?? []))];
  const found: readonly [boolean, () => string][] = [
    [
      /^StackSet-/.test(stackName) || 'aws:cloudformation:stack-set-id' in tags,
      () => 'it is an instance of a StackSet, which changes it too; change it there.',
    ],
    [
      nested.length > 0,
      () =>
        `the templates of its nested stacks (${listed(nested)}) stay in S3, where its own template names them.`,
    ],
    [
      types.some((type) => CODE.test(type)) && IN_S3.test(template),
      () => 'code stays where it is in S3; to deploy it from here put a folder in its place (CodeUri, Code).',
    ],
    [
      made.length > 0,
      () =>
        `${listed(short(made))} ${made.length > 1 ? 'are' : 'is'} not in its template: made by a transform.`,
    ],
    [
      macros.length > 0,
      () => `its template goes through macros of the account (${listed(macros)}); it works where they are.`,
    ],
    // What a transform leaves out of a template is not gone.
    [
      gone.length > 0 && facts.transforms.length === 0,
      () =>
        `${listed(short(gone))} of its template ${gone.length > 1 ? 'are' : 'is'} not there: a condition, or deleted. infractl drift tells.`,
    ],
    [
      types.some((type) => CUSTOM.test(type)),
      () => 'what its custom resources make is known to their functions alone.',
    ],
    [data.length > 0, () => `no template holds ${listed(data)}, so nothing of that is taken over.`],
    [roleArn !== undefined, () => 'CloudFormation goes on changing it by its service role.'],
    [(notifications ?? []).length > 0, () => 'it keeps its notification topics; infractl sets none.'],
    [policy, () => 'its stack policy stays as it is; "stackPolicy:" would set another one.'],
  ];
  return found.filter(([is]) => is).map(([, words]) => `${stackName}: ${words()}`);
}

const CODE = /^AWS::(?:Serverless|Lambda)::/;
const CUSTOM = /^(?:Custom::|AWS::CloudFormation::CustomResource)/;
const IN_S3 = /\bs3:\/\/|\bS3Key\b|\bS3Bucket\b|amazonaws\.com\//;

/** What resources hold that only AWS has. */
const HOLDS: Readonly<Record<string, string>> = {
  'AWS::S3::Bucket': 'the objects of buckets',
  'AWS::DynamoDB::Table': 'the items of tables',
  'AWS::DynamoDB::GlobalTable': 'the items of tables',
  'AWS::Serverless::SimpleTable': 'the items of tables',
  'AWS::RDS::DBInstance': 'the data of databases',
  'AWS::RDS::DBCluster': 'the data of databases',
  'AWS::SecretsManager::Secret': 'the values of secrets',
  'AWS::ECR::Repository': 'the images of repositories',
  'AWS::Cognito::UserPool': 'the users of user pools',
  'AWS::EC2::Volume': 'what is on disks',
  'AWS::EC2::Instance': 'what is on disks',
};

function short(names: readonly string[]): readonly string[] {
  return names.length > 5 ? [...names.slice(0, 5), `${names.length - 5} more`] : names;
}
