import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkParameters } from '../../../src/lib/stacks/template/parameters.ts';
import { readTemplate } from '../../../src/lib/stacks/template/template.ts';

const RESOURCES = '\nResources:\n  A: {Type: AWS::SNS::Topic}\n';

function issues(declared: string, value: string | undefined, secret = false): string[] {
  const facts = readTemplate('t.yaml', `Parameters:\n  P: ${declared}${RESOURCES}`);
  return checkParameters(facts, { P: { value, secret } }).map(({ code, message }) => `${code}: ${message}`);
}

describe('one value', () => {
  it.each([
    [
      '{Type: String, MinLength: 3}',
      'ab',
      'length: The parameter P is too short: it must have 3 characters or more, and it has 2.',
    ],
    [
      '{Type: String, MaxLength: 3}',
      'abcd',
      'length: The parameter P is too long: it may have 3 characters at most, and it has 4.',
    ],
    ['{Type: Number}', 'lots', 'type: The parameter P must be a number, and "lots" is none.'],
    ['{Type: Number}', '', 'type: '],
    ['{Type: Number, MinValue: 128}', '64', 'range: The parameter P must be 128 or more, and "64" is less.'],
    ['{Type: Number, MaxValue: 8}', '9', 'range: The parameter P must be 8 or less, and "9" is more.'],
    ['{Type: List<Number>}', '1,x', 'type: The parameter P must be numbers with commas between them'],
    [
      '{Type: String, AllowedValues: [dev, prod]}',
      'prd',
      'value: The parameter P must be one of dev, prod, and "prd" is not (is prod meant?).',
    ],
    [
      '{Type: CommaDelimitedList, AllowedValues: [a, b]}',
      'a, c',
      'value: The parameter P must be one of a, b, and "c" is not',
    ],
    [
      "{Type: String, AllowedPattern: '[a-z]+'}",
      'abc1',
      'pattern: The parameter P must match [a-z]+, and "abc1" does not.',
    ],
    [
      "{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: lower case}",
      'A',
      'does not. The template says: lower case.',
    ],
    ['{Type: Number}', '0x10', 'type: The parameter P must be a number, and "0x10" is none.'],
    ['{Type: Number}', 'Infinity', 'type: '],
    [
      '{Type: AWS::EC2::VPC::Id}',
      'my-vpc',
      'type: The parameter P must be the id of a VPC, such as vpc-0a1b2c3d4e5f67890, and "my-vpc" is not that.',
    ],
    ['{Type: AWS::EC2::Subnet::Id}', 'vpc-0a1b2c3d', 'type: The parameter P must be the id of a subnet'],
    [
      '{Type: List<AWS::EC2::Subnet::Id>}',
      'subnet-0a1b2c3d,sg-0a1b2c3d',
      'type: The parameter P must be a list of ids of subnets',
    ],
    ['{Type: AWS::EC2::AvailabilityZone::Name}', 'eu-west-3', 'type: '],
    ['{Type: AWS::Route53::HostedZone::Id}', 'example.com', 'type: '],
    ['{Type: AWS::SSM::Parameter::Value<String>}', 'with a space', 'type: '],
    ['{Type: String}', 'é'.repeat(2049), 'length: The parameter P is longer than 4096 bytes'],
    ['{Type: String}', 'x'.repeat(4097), 'length: The parameter P is longer than 4096 bytes'],
  ])('%s does not take %s', (declared, value, said) => {
    expect(issues(declared, value)).toEqual([expect.stringContaining(said)]);
  });

  it.each([
    ['{Type: String, MinLength: 3, MaxLength: 3}', 'abc'],
    ['{Type: String, MaxLength: 2}', '👍👍'],
    ['{Type: Number}', '-1.5e3'],
    ['{Type: AWS::EC2::VPC::Id}', 'vpc-0a1b2c3d4e5f67890'],
    ['{Type: AWS::EC2::VPC::Id}', 'vpc-0a1b2c3d'],
    ['{Type: List<AWS::EC2::SecurityGroup::Id>}', 'sg-0a1b2c3d, sg-1a1b2c3d'],
    ['{Type: AWS::EC2::AvailabilityZone::Name}', 'us-west-2-lax-1a'],
    ['{Type: AWS::EC2::AvailabilityZone::Name}', 'us-gov-east-1b'],
    ['{Type: AWS::Route53::HostedZone::Id}', 'Z0123456789ABC'],
    ['{Type: AWS::SSM::Parameter::Value<List<AWS::EC2::Subnet::Id>>}', '/shop/dev/subnets'],
    ['{Type: AWS::EC2::KeyPair::KeyName}', 'my key'],
    ['{Type: String}', 'x'.repeat(4096)],
    ['{Type: List<Number>}', '1, 2,3'],
    ['{Type: CommaDelimitedList, AllowedValues: [a, b]}', 'b,a'],
    ['{Type: String, AllowedValues: [1024, 2048]}', '1024'],
    ["{Type: String, AllowedPattern: '(?i)x++'}", 'only Java can read this pattern'],
    ["{Type: String, AllowedPattern: '[\\p{L} ]+'}", 'JavaScript reads this one otherwise'],
    ["{Type: String, AllowedPattern: '[a-z&&[^x]]+'}", 'abc'],
    ["{Type: 'AWS::SSM::Parameter::Value<String>'}", '/app/name'],
  ])('%s takes %s', (declared, value) => {
    expect(issues(declared, value)).toEqual([]);
  });

  it('that another part will give is not judged', () => {
    expect(issues('{Type: Number, MinValue: 3}', undefined)).toEqual([]);
  });
});

describe('names', () => {
  const facts = readTemplate(
    't.yaml',
    `Parameters:\n  DatabaseUrl: {Type: String, Description: where the data is}\n  Size: {Type: Number, Default: 1}${RESOURCES}`,
  );

  it('that the template does not have are named with the nearest one', () => {
    expect(checkParameters(facts, { DatabseUrl: { value: 'x', secret: false } })).toEqual([
      {
        parameter: 'DatabseUrl',
        level: 'error',
        code: 'unknown',
        message: 'The template has no parameter DatabseUrl. Is DatabaseUrl meant?',
      },
      {
        parameter: 'DatabaseUrl',
        level: 'error',
        code: 'missing',
        message:
          'The parameter DatabaseUrl has no value, and the template gives it no default. (where the data is)',
      },
    ]);
  });

  it('of every object are not taken for given ones', () => {
    const odd = readTemplate('t.yaml', `Parameters:\n  constructor: {Type: String}${RESOURCES}`);
    expect(checkParameters(odd, {})).toMatchObject([{ code: 'missing', parameter: 'constructor' }]);
  });
});

describe('secrets', () => {
  it('in a parameter without NoEcho are warned of, and may be deployed', () => {
    const facts = readTemplate('t.yaml', `Parameters:\n  P: {Type: String}${RESOURCES}`);
    expect(checkParameters(facts, { P: { value: 'hunter22', secret: true } })).toMatchObject([
      { level: 'warning', code: 'exposed' },
    ]);
  });

  it('are in no message, whatever is wrong with them', () => {
    const declared = fc.constantFrom(
      '{Type: Number, NoEcho: true}',
      '{Type: String, NoEcho: true, MinLength: 60}',
      '{Type: String, NoEcho: true, MaxLength: 4}',
      '{Type: String, NoEcho: true, AllowedValues: [zebra-stripes]}',
      "{Type: String, NoEcho: true, AllowedPattern: '[0-9]'}",
      '{Type: List<Number>}',
      '{Type: CommaDelimitedList, AllowedValues: [zebra-stripes]}',
    );
    const secret = fc.stringMatching(/^S[a-zA-Z]{8,30}$/);
    fc.assert(
      fc.property(declared, secret, (type, value) => {
        const found = issues(type, value, true);
        expect(found.length).toBeGreaterThan(0);
        expect(found.join('\n')).not.toContain(value);
      }),
    );
  });
});

describe('the default of a parameter', () => {
  it('is held against the constraints as well, and named as what it is', () => {
    const facts = readTemplate(
      't.yaml',
      `Parameters:\n  P: {Type: Number, Default: 64, MinValue: 128}${RESOURCES}`,
    );
    expect(checkParameters(facts, {}).map(({ message }) => message)).toEqual([
      'The default of the parameter P must be 128 or more, and "64" is less.',
    ]);
    expect(checkParameters(facts, { P: { value: '256', secret: false } })).toEqual([]);
  });
});
