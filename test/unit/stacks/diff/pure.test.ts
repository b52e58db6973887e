// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, holds, type Scope } from '../../../../src/lib/stacks/diff/evaluate.ts';
import { isStateful, replacementOf } from '../../../../src/lib/stacks/diff/facts.ts';
import { dataLoss } from '../../../../src/lib/stacks/diff/loss.ts';
import { contains, widenedNetwork } from '../../../../src/lib/stacks/diff/network.ts';
import { covers, widenedRights } from '../../../../src/lib/stacks/diff/permissions.ts';
import { compareResources, sideOf } from '../../../../src/lib/stacks/diff/resources.ts';
import { differences, inline } from '../../../../src/lib/stacks/diff/values.ts';
import { readTemplate } from '../../../../src/lib/stacks/template/template.ts';
import type { Plain } from '../../../../src/lib/stacks/template/yaml.ts';

describe("AWS's table of what a change means", () => {
  it.each([
    ['AWS::S3::Bucket', ['BucketName'], 'always'],
    ['AWS::S3::Bucket', ['Tags', '0', 'Value'], 'never'],
    ['AWS::DynamoDB::Table', ['KeySchema', '0', 'AttributeName'], 'always'],
    ['AWS::DynamoDB::Table', ['BillingMode'], 'never'],
    ['AWS::RDS::DBInstance', ['DBInstanceIdentifier'], 'always'],
    ['AWS::EC2::Instance', ['ImageId'], 'always'],
    ['AWS::Lambda::Function', ['FunctionName'], 'always'],
    ['AWS::Serverless::Function', ['FunctionName'], 'always'],
    ['AWS::Serverless::Function', ['MemorySize'], 'never'],
    ['Custom::Thing', ['Anything'], 'never'],
    ['Some::Registry::Type', ['Anything'], 'conditional'],
  ] as const)('%s %j: %s', (type, path, replacement) => {
    expect(replacementOf(type, path)).toBe(replacement);
  });

  it('knows what keeps data', () => {
    for (const type of [
      'S3::Bucket',
      'DynamoDB::Table',
      'RDS::DBInstance',
      'ECR::Repository',
      'EC2::Instance',
    ])
      expect(isStateful(`AWS::${type}`)).toBe(true);
    for (const type of ['AWS::Lambda::Function', 'AWS::CloudFormation::Stack', 'Custom::X'])
      expect(isStateful(type)).toBe(false);
  });

  it.each([
    ['remove', {}, undefined, 'lost'],
    ['remove', { deletion: 'Retain' }, undefined, 'retained'],
    ['remove', { deletion: 'Retain' }, 'Delete', 'lost'],
    ['remove', { deletion: 'RetainExceptOnCreate' }, undefined, 'retained'],
    ['remove', { deletion: 'Snapshot' }, undefined, 'snapshot'],
    ['modify', { deletion: 'Retain' }, undefined, 'lost'],
    ['modify', { replacement: 'Retain' }, undefined, 'retained'],
    ['modify', {}, 'ReplaceAndSnapshot', 'snapshot'],
    ['add', {}, undefined, undefined],
  ] as const)('data: %s %j %s: %s', (action, policies, policyAction, loss) => {
    const change = { action, type: 'AWS::DynamoDB::Table', replacement: 'always' as const };
    expect(dataLoss(change, policies, { policyAction })).toBe(loss);
    expect(dataLoss({ ...change, type: 'AWS::SNS::Topic' }, policies, { policyAction })).toBeUndefined();
  });

  it('a database instance of its own leaves a snapshot unless told otherwise', () => {
    const gone = { action: 'remove', type: 'AWS::RDS::DBInstance' } as const;
    expect(dataLoss(gone, {})).toBe('snapshot');
    expect(dataLoss(gone, {}, { ownInstance: false })).toBe('lost');
    expect(dataLoss(gone, { deletion: 'Delete' })).toBe('lost');
  });
});

const scope = (more: Partial<Scope> = {}): Scope => ({
  parameters: new Map(Object.entries({ Stage: 'prod', Zones: 'a, b' })),
  lists: new Set(['Zones']),
  conditions: {
    IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] },
    Not: { 'Fn::Not': [{ Condition: 'IsProd' }] },
    Open: { 'Fn::Equals': [{ Ref: 'Unknown' }, 'x'] },
    Loop: { Condition: 'Loop' },
  },
  mappings: { Sizes: { prod: { memory: '1024' } } },
  pseudo: new Map([['AWS::Region', 'eu-west-3']]),
  ...more,
});

describe('values as far as they are known', () => {
  const open = '${Role.Arn}';
  it.each<[Plain, Plain | undefined]>([
    [{ Ref: 'Stage' }, 'prod'],
    [{ Ref: 'Zones' }, ['a', 'b']],
    [{ Ref: 'Bucket' }, { Ref: 'Bucket' }],
    [{ Ref: 'AWS::NoValue' }, undefined],
    [{ 'Fn::Sub': 'x-$' + '{Stage}-$' + '{AWS::Region}' }, 'x-prod-eu-west-3'],
    [
      { 'Fn::Sub': `$${'{Stage}'} ${open}` },
      { 'Fn::Sub': `$${'{Stage}'} ${open}`.replace('$' + '{Stage}', 'prod') },
    ],
    [{ 'Fn::Sub': '$' + '{!Literal}' }, '$' + '{Literal}'],
    [{ 'Fn::If': ['IsProd', 'yes', 'no'] }, 'yes'],
    [{ 'Fn::If': ['Not', 'yes', { Ref: 'AWS::NoValue' }] }, undefined],
    [{ 'Fn::If': ['Open', { Ref: 'Stage' }, 'no'] }, { 'Fn::If': ['Open', 'prod', 'no'] }],
    [{ 'Fn::FindInMap': ['Sizes', { Ref: 'Stage' }, 'memory'] }, '1024'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Stage' }]] }, 'a-prod'],
    [{ 'Fn::Select': ['1', { Ref: 'Zones' }] }, 'b'],
    [{ A: { Ref: 'AWS::NoValue' }, B: 'b' }, { B: 'b' }],
    [{ 'Fn::GetAtt': 'Role.Arn' }, { 'Fn::GetAtt': ['Role', 'Arn'] }],
  ])('%j is %j', (written, value) => {
    expect(evaluate(written, scope())).toEqual(value);
  });

  it('conditions hold, do not, or cannot be told; one that rests on itself ends', () => {
    expect(['IsProd', 'Not', 'Open', 'Loop', 'None'].map((name) => holds(name, scope()))).toEqual([
      true,
      false,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('working out twice is working out once', () => {
    const { value } = fc.letrec<{ value: Plain }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Plain>(
          'text',
          { Ref: 'Stage' },
          { Ref: 'Other' },
          { 'Fn::Sub': '$' + '{Stage}.$' + '{Other}' },
        ),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom('A', 'B'), tie('value')),
        tie('value').map((one): Plain => ({ 'Fn::If': ['Open', one, 'x'] })),
      ),
    }));
    fc.assert(
      fc.property(value, (written) => {
        const once = evaluate(written, scope());
        expect(once === undefined ? undefined : evaluate(once, scope())).toEqual(once);
      }),
    );
  });
});

describe('where values differ', () => {
  const plain = fc.letrec<{ value: Plain }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom('a', 'b', 'c'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('X', 'Y', 'Z'), tie('value')),
    ),
  })).value;

  it('nowhere exactly when they are equal', () => {
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        expect(differences(a, a)).toEqual([]);
        if (JSON.stringify(a) !== JSON.stringify(b)) {
          const same = differences(a, b).length === 0;
          expect(same).toBe(differences(b, a).length === 0);
        }
      }),
    );
  });

  it('an item that is put in front is one difference', () => {
    expect(differences(['b', 'c'], ['a', 'b', 'c'])).toEqual([
      { path: ['0'], before: undefined, after: 'a' },
    ]);
    expect(differences([{ Key: 'a', Value: '1' }], [{ Key: 'a', Value: '2' }])).toEqual([
      { path: ['0', 'Value'], before: '1', after: '2' },
    ]);
  });

  it('is written as people write templates', () => {
    expect(inline({ Ref: 'A' })).toBe('!Ref A');
    expect(inline({ 'Fn::GetAtt': ['A', 'B.C'] })).toBe('!GetAtt A.B.C');
    expect(inline([{ Key: 'x y' }])).toBe('[{Key: "x y"}]');
  });
});

describe('rights', () => {
  const policy = (...statements: object[]) =>
    ({ PolicyDocument: { Statement: statements } }) as unknown as Plain;
  const allow = (Action: unknown, Resource: unknown, more: object = {}) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...more,
  });
  const told = (before: Plain | undefined, after: Plain) =>
    widenedRights('AWS::IAM::ManagedPolicy', before, after).map(({ text, wide }) =>
      wide ? `${text} !` : text,
    );

  it.each([
    [undefined, policy(allow('s3:GetObject', 'x')), ['allows s3:GetObject on x']],
    [policy(allow('s3:Get*', '*')), policy(allow('s3:GetObject', 'x')), []],
    [policy(allow('s3:GetObject', 'x')), policy(allow('s3:*', 'x')), ['allows s3:* on x !']],
    [
      policy(allow('s3:GetObject', 'x')),
      policy(allow('s3:GetObject', '*')),
      ['allows s3:GetObject on everything (*) !'],
    ],
    [
      policy(allow('a:B', 'x', { Condition: { Bool: { y: 'z' } } })),
      policy(allow('a:B', 'x')),
      ['allows a:B on x'],
    ],
    [policy(allow('a:B', 'x')), policy(allow('a:B', 'x', { Condition: { Bool: { y: 'z' } } })), []],
    [policy({ Effect: 'Deny', Action: 'a:B', Resource: 'x' }), policy(), ['no longer denies a:B on x']],
    [
      policy(allow('a:B', 'x')),
      policy({ Effect: 'Allow', NotAction: 'a:B', Resource: 'x' }),
      ['allows not a:B on x !'],
    ],
  ])('%#', (before, after, words) => {
    expect(told(before, after)).toEqual(words);
  });

  it('sees who may come: resource policies, trust, functions, managed policies', () => {
    const everybody = policy({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'x' });
    expect(widenedRights('AWS::S3::BucketPolicy', undefined, everybody)).toMatchObject([
      { wide: true, text: 'allows s3:GetObject on x to everybody (*)' },
    ]);
    expect(
      widenedRights(
        'AWS::IAM::Role',
        { ManagedPolicyArns: ['a'] },
        { ManagedPolicyArns: ['a', 'arn:aws:iam::aws:policy/AdministratorAccess'] },
      ),
    ).toMatchObject([{ wide: true, text: expect.stringContaining('attaches arn') }]);
    expect(widenedRights('AWS::Lambda::Url', { AuthType: 'AWS_IAM' }, { AuthType: 'NONE' })).toMatchObject([
      { wide: true },
    ]);
    expect(widenedRights('AWS::IAM::User', { PermissionsBoundary: 'b' }, {})).toMatchObject([{ wide: true }]);
  });

  it('one that is covered is covered by everything wider', () => {
    const grant = fc.record({
      action: fc.constantFrom('s3:GetObject', 's3:Get*', 's3:*', '*', 'not s3:*'),
      resource: fc.constantFrom('x', 'x/*', '*'),
      principal: fc.constantFrom('', 'a', '*'),
      condition: fc.constantFrom('', 'c'),
    });
    fc.assert(
      fc.property(grant, grant, grant, (a, b, c) => {
        expect(covers(a, a)).toBe(true);
        if (covers(a, b) && covers(b, c)) expect(covers(a, c)).toBe(true);
      }),
    );
  });
});

describe('the network', () => {
  const group = (...rules: object[]) => ({ SecurityGroupIngress: rules }) as unknown as Plain;
  const ssh = (CidrIp: string) => ({ IpProtocol: 'tcp', FromPort: '22', ToPort: '22', CidrIp });
  const told = (before: Plain | undefined, after: Plain) =>
    widenedNetwork('AWS::EC2::SecurityGroup', before, after).map(({ text, wide }) =>
      wide ? `${text} !` : text,
    );

  it('tells what is let in that was not', () => {
    expect(told(group(ssh('10.0.0.0/8')), group(ssh('0.0.0.0/0')))).toEqual([
      'lets everybody (0.0.0.0/0) in on tcp 22 !',
    ]);
    expect(told(group(ssh('10.0.0.0/8')), group(ssh('10.1.0.0/16')))).toEqual([]);
    expect(told(group({ IpProtocol: '-1', CidrIp: '10.0.0.0/8' }), group(ssh('10.1.2.3/32')))).toEqual([]);
    expect(told(undefined, group({ IpProtocol: '-1', CidrIpv6: '::/0' }))).toEqual([
      'lets everybody (::/0) in on every port and protocol !',
    ]);
    expect(widenedNetwork('AWS::EC2::SecurityGroupIngress', undefined, ssh('1.2.3.4/32'))).toHaveLength(1);
  });

  it('a range holds itself and what is smaller, and nothing outside', () => {
    const address = fc
      .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255))
      .map((parts) => parts.join('.'));
    fc.assert(
      fc.property(address, fc.nat(32), fc.nat(32), (ip, a, b) => {
        const [wide, narrow] = [Math.min(a, b), Math.max(a, b)];
        expect(contains(`${ip}/${wide}`, `${ip}/${narrow}`)).toBe(true);
        if (wide !== narrow) expect(contains(`${ip}/${narrow}`, `${ip}/${wide}`)).toBe(false);
      }),
    );
    expect(contains('10.0.0.0/8', '11.0.0.0/8')).toBe(false);
    expect(contains('sg-1', 'sg-2')).toBe(false);
  });
});

describe('resources by their templates', () => {
  const side = (resources: object, values: Record<string, string> = {}, open: string[] = []) =>
    sideOf(
      readTemplate(
        't',
        JSON.stringify({ Parameters: { P: { Type: 'String', Default: 'p' } }, Resources: resources }),
      ),
      values,
      new Set(open),
    );
  const topic = (name: Plain) => ({ Type: 'AWS::SNS::Topic', Properties: { TopicName: name } });

  it('nothing differs from itself, whatever the values', () => {
    const one = side({ A: topic({ Ref: 'P' }), B: topic({ Ref: 'A' }) });
    expect(compareResources(one, one)).toEqual([]);
  });

  it('a replacement stirs what refers to it, and so on', () => {
    const named = (name: string) => ({
      A: topic(name),
      B: { Type: 'AWS::SNS::TopicPolicy', Properties: { Topics: [{ Ref: 'A' }] } },
      C: { Type: 'AWS::SNS::Subscription', Properties: { TopicArn: { Ref: 'A' }, Protocol: 'sqs' } },
      D: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: { 'Fn::Sub': 'x $' + '{C}' } } },
    });
    const found = compareResources(side(named('a')), side(named('b')));
    expect(found.map(({ logicalId, replacement }) => `${logicalId} ${replacement}`)).toEqual([
      'A always',
      'B never',
      'C conditional',
      'D never',
    ]);
    expect(found[2]?.properties).toMatchObject([{ because: 'A', unknown: true }]);
  });

  it('a value that is open on both sides does not differ', () => {
    const of = (value: string) => side({ A: topic({ Ref: 'P' }) }, { P: value }, ['P']);
    expect(compareResources(of('old'), of('new'))).toEqual([]);
  });
});
