import { describe, expect, it } from 'vitest';
import { type RunningStack, startFromStacks, toldBy } from '../../../src/lib/starting/from-stack.ts';
import { renderDraft } from '../../../src/lib/starting/render.ts';

const ownTags = { project: 'infractl:project', environment: 'infractl:environment', part: 'infractl:part' };
const SECRET = ['tok', 'tok', 'tok'].join('-');

function running(more: Partial<RunningStack> = {}): RunningStack {
  return {
    stackName: 'shop-web-prod',
    parameters: {},
    outputs: {},
    tags: {},
    terminationProtection: false,
    policy: false,
    template: 'Resources:\n  Web: { Type: AWS::EC2::Instance }',
    facts: {
      parameters: new Map(),
      resources: new Map([['Web', { type: 'AWS::EC2::Instance' }]]),
      transforms: [],
    },
    resources: [{ logicalId: 'Web', physicalId: 'i-0123456789abcdef0', type: 'AWS::EC2::Instance' }],
    ...more,
  };
}

const start = (...stacks: RunningStack[]) =>
  startFromStacks({ stacks, ownTags, region: 'eu-west-3', project: 'shop' });
const remarks = (more: Partial<RunningStack>) => start(running(more)).remarks.join('\n');

describe('startFromStacks', () => {
  it('secrets become references: what AWS hides is open, what it shows goes to the file of secrets', () => {
    const {
      draft,
      secrets,
      remarks: told,
    } = start(
      running({
        parameters: {
          Size: '1',
          DbPassword: '****',
          ApiToken: SECRET,
          Looked: '{{resolve:ssm:/x}}',
          Url: 'https://a:b@c',
        },
        facts: {
          parameters: new Map([['DbPassword', { noEcho: true }]]),
          resources: new Map([['Web', { type: 'AWS::EC2::Instance' }]]),
          transforms: [],
        },
      }),
    );
    expect(draft.stacks[0]?.parameters).toMatchObject({
      Size: { value: { is: 'literal', text: '1' } },
      DbPassword: { value: { is: 'variable', name: 'DB_PASSWORD' } },
      ApiToken: { value: { is: 'variable', name: 'API_TOKEN' } },
      Looked: { value: { is: 'literal' } },
      Url: { value: { is: 'variable', name: 'URL' } },
    });
    expect(secrets).toMatchObject([
      { variable: 'DB_PASSWORD', value: undefined },
      { variable: 'API_TOKEN', value: SECRET },
      { variable: 'URL' },
    ]);
    expect(renderDraft(draft) + told.join()).not.toContain(SECRET);
    expect(told.join('\n')).toContain('Give DB_PASSWORD in .env.secrets');
  });

  it('no secret has the name of a variable that the shell of its user has: that one would be deployed', () => {
    const names = ['User', 'AwsSecretAccessKey', 'GithubToken', 'UserPassword', 'Pathfinder'];
    const parameters = Object.fromEntries(names.map((name) => [name, '****']));
    expect(start(running({ parameters })).secrets.map(({ variable }) => variable)).toEqual([
      'APP_USER',
      'APP_AWS_SECRET_ACCESS_KEY',
      'APP_GITHUB_TOKEN',
      'USER_PASSWORD',
      'PATHFINDER',
    ]);
  });

  it("the stack's own tags and protection stay, those of AWS and of infractl go", () => {
    const { draft } = start(
      running({
        terminationProtection: true,
        tags: { Team: 'web', 'aws:x': '1', 'infractl:project': 'shop', 'infractl:part': 'front' },
      }),
    );
    expect(draft.stacks[0]).toMatchObject({
      name: 'front',
      tags: { Team: 'web' },
      terminationProtection: true,
    });
  });

  it('hosts are found by an output that follows them, else by their id', () => {
    expect(start(running({ outputs: { WebId: 'i-0123456789abcdef0' } })).draft.hosts).toMatchObject([
      { name: 'web', output: 'web.WebId' },
    ]);
    expect(start(running()).draft.hosts).toMatchObject([{ name: 'web', instance: 'i-0123456789abcdef0' }]);
  });

  it('several are parts of one project, by what their names differ in; equal names of secrets do not meet', () => {
    const password = { parameters: { Password: 'x-x-x-x-x' } };
    const { draft, secrets, files } = start(
      running(password),
      running({ ...password, stackName: 'shop-network-prod', template: '{"Resources": {}}' }),
    );
    expect(draft.stacks.map(({ name }) => name)).toEqual(['web', 'network']);
    expect(files.map(({ path }) => path)).toEqual(['infra/web.yaml', 'infra/network.json']);
    expect(secrets.map(({ variable }) => variable)).toEqual(['WEB_PASSWORD', 'NETWORK_PASSWORD']);
    expect(draft.hosts.map(({ name }) => name)).toEqual(['web-web', 'network-web']);
  });

  it.each<[string, Partial<RunningStack>, RegExp]>([
    ['an instance of a StackSet', { stackName: 'StackSet-x-1' }, /instance of a StackSet/],
    [
      'nested stacks',
      { resources: [{ logicalId: 'Web', physicalId: 'x', type: 'AWS::CloudFormation::Stack' }] },
      /nested stacks \(Web\) stay in S3/,
    ],
    [
      'what a transform makes',
      {
        resources: [...running().resources, { logicalId: 'FnRole', physicalId: 'x', type: 'AWS::IAM::Role' }],
      },
      /FnRole is not in its template: made by a transform/,
    ],
    [
      'macros',
      { facts: { ...running().facts, transforms: ['OurMacro', 'AWS::Serverless-2016-10-31'] } },
      /macros of the account \(OurMacro\)/,
    ],
    ['a resource that is gone', { resources: [] }, /Web of its template is not there/],
    ['a service role', { roleArn: 'arn:x' }, /goes on changing it by its service role/],
    ['topics', { notifications: ['arn:x'] }, /keeps its notification topics/],
    ['a policy', { policy: true }, /stack policy stays/],
    ['data', {}, /no template holds what is on disks/],
    [
      'code in S3',
      {
        template: 'CodeUri: s3://bucket/key',
        facts: { ...running().facts, resources: new Map([['Web', { type: 'AWS::Serverless::Function' }]]) },
      },
      /code stays where it is in S3/,
    ],
    [
      'custom resources',
      { facts: { ...running().facts, resources: new Map([['Web', { type: 'Custom::Thing' }]]) } },
      /custom resources make/,
    ],
    ['tags that infractl adds', {}, /gives shop-web-prod the tags .*infractl:project/],
  ])('%s: said', (_, more, words) => {
    expect(remarks(more)).toMatch(words);
  });
});

describe('toldBy', () => {
  it.each([
    ['shop-api-production', {}, { project: 'shop-api', environment: 'prod' }],
    ['MyShop', {}, { project: 'my-shop' }],
    ['dev', {}, { environment: 'dev' }],
    [
      'x',
      { 'infractl:project': 'shop', 'infractl:environment': 'qa' },
      { project: 'shop', environment: 'qa' },
    ],
  ])('%s', (stackName, tags, told) => {
    expect(toldBy([{ stackName, tags }], ownTags)).toEqual(told);
  });
});
