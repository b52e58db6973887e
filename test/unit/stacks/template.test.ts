// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are CloudFormation's placeholders
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/lib/base/errors.ts';
import { checkUses } from '../../../src/lib/stacks/template/check.ts';
import { readTemplate } from '../../../src/lib/stacks/template/template.ts';

const read = (text: string) => readTemplate('infra/template.yaml', text);

/** The mistakes that are found in a template, one a line. */
function mistakes(text: string): string[] {
  try {
    checkUses(read(text));
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return (error.why ?? '').split('\n');
  }
}

function syntax(text: string): { message: string; why: string | undefined } {
  try {
    read(text);
  } catch (error) {
    if (error instanceof UsageError) return { message: error.message, why: error.why };
    throw error;
  }
  throw new Error('it was read');
}

const BUCKET = 'Resources:\n  Data:\n    Type: AWS::S3::Bucket\n';

describe('what a template says of itself', () => {
  it('has its parameters with their constraints, resources with lines, outputs, transforms', () => {
    const facts = read(`Transform: AWS::Serverless-2016-10-31
Description: A shop
Parameters:
  Secret:
    Type: String
    NoEcho: true
    MinLength: 32
    AllowedPattern: '[a-z]+'
    ConstraintDescription: letters only
  Size:
    Type: Number
    Default: 1.0
    MinValue: 1
    MaxValue: 8
    AllowedValues: [1, 2.50, "3"]
  Empty:
    Type: String
    Default: ''
Resources:
  Fn:
    Type: AWS::Serverless::Function
Outputs:
  Url:
    Value: !Sub https://\${Fn}
`);
    expect(facts).toMatchObject({ description: 'A shop', outputs: ['Url'], openEnded: false });
    expect(facts.transforms).toEqual(['AWS::Serverless-2016-10-31']);
    expect([...facts.resources]).toEqual([['Fn', { type: 'AWS::Serverless::Function', line: 20 }]]);
    expect(facts.parameters.get('Secret')).toEqual({
      type: 'String',
      noEcho: true,
      minLength: 32,
      allowedPattern: '[a-z]+',
      constraintDescription: 'letters only',
      line: 4,
    });
    const yes = read(`Parameters: { P: { Type: String, NoEcho: yes } }\n${BUCKET}`);
    expect(yes.parameters.get('P')?.noEcho).toBe(true);
    // As written: AWS keeps 1.0 and 2.50 like that.
    expect(facts.parameters.get('Size')).toMatchObject({
      default: '1.0',
      minValue: 1,
      maxValue: 8,
      allowedValues: ['1', '2.50', '3'],
    });
    expect(facts.parameters.get('Empty')?.default).toBe('');
  });

  it('is the same for JSON', () => {
    const facts = read('{\n\t"Resources": {\n\t\t"Data": { "Type": "AWS::S3::Bucket" }\n\t}\n}\n');
    expect([...facts.resources]).toEqual([['Data', { type: 'AWS::S3::Bucket', line: 3 }]]);
  });

  it.each([
    ['a macro of somebody', `Transform: Mine\n${BUCKET}`],
    ['a macro in a list', `Transform: [AWS::Serverless-2016-10-31, {Name: AWS::Include}]\n${BUCKET}`],
    ['a macro inside', `${BUCKET}    Properties: !Transform {Name: AWS::Include}\n`],
    ['a nested stack', 'Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n'],
  ])('depends on more than its text with %s', (_, text) => {
    expect(read(text).openEnded).toBe(true);
  });
});

describe('syntax errors name file, line and column and quote the line', () => {
  it.each([
    ['a tab', 'Resources:\n\tData:\n', '2:1: a tab is used for indentation', '2 | '],
    [
      'a colon too many',
      'Resources:\n  A: b: c\n',
      '2:6: a second `: ` on the line',
      '2 |   A: b: c\n  |      ^',
    ],
    ['a quote that stays open', 'Resources:\n  A: "b\n', ':3:1: ', '3 | '],
    ['a key twice', `${BUCKET}  Data:\n    Type: X\n`, '4:3: the same key is there twice', '4 |   Data:'],
    ['an alias', 'A: &a {}\nResources: *a\n', '2:12: CloudFormation does not accept YAML aliases', '2 | Res'],
    ['a list', '- a\n- b\n', '1:1: a template is a mapping', '1 | - a'],
    ['broken JSON', '{\n  "Resources": {\n    "A" 1\n  }\n}', ':3:', '3 |     "A" 1'],
  ])('%s', (_, text, message, why) => {
    const said = syntax(text);
    expect(said.message).toContain('infra/template.yaml:');
    expect(said.message).toContain(message);
    expect(said.why).toContain(why);
  });

  it('shows the neighbourhood of a mistake in a line of a megabyte', () => {
    expect(syntax(`{"A": "${'x'.repeat(100_000)}", "Resources": {"B" 1}}`).why?.length).toBeLessThan(400);
  });

  it('an empty file is called empty', () => {
    expect(syntax('# nothing\n').message).toBe('The template infra/template.yaml is empty.');
  });
});

describe('mistakes that show without AWS', () => {
  it('no resources', () => {
    expect(mistakes('Description: x\n')[0]).toContain('no resources');
  });

  it('more than 500 resources', () => {
    const many = Array.from({ length: 501 }, (_, index) => `  R${index}: {Type: AWS::SNS::Topic}`);
    expect(mistakes(`Resources:\n${many.join('\n')}\n`)[0]).toContain('501 resources');
  });

  it('a resource without a type', () => {
    expect(mistakes('Resources:\n  A: {Properties: {}}\n')).toEqual(['line 2: the resource A has no Type.']);
  });

  it.each([
    ['!Ref', '!Ref Dta', '!Ref names Dta, and there is no such resource or parameter. Is Data meant?'],
    ['Ref', '{Ref: Dta}', '!Ref names Dta'],
    ['!GetAtt', '!GetAtt Dta.Arn', '!GetAtt names Dta, and there is no such resource. Is Data meant?'],
    ['Fn::GetAtt', '{Fn::GetAtt: [Dta, Arn]}', '!GetAtt names Dta'],
    ['!Sub', '!Sub "${Dta}-x"', '!Sub names Dta'],
    ['!Sub with an attribute', '!Sub "${Dta.Arn}"', '!Sub names Dta, and there is no such resource.'],
    ['!Sub with variables', '!Sub ["${V}${Dta}", {V: !Ref Data}]', '!Sub names Dta'],
    ['deep inside', '!Join [",", [!Select [0, !Split [",", !Ref Dta]]]]', '!Ref names Dta'],
    ['inside a variable of !Sub', '!Sub ["${V}", {V: !Ref Dta}]', '!Ref names Dta'],
    ['!If', '!If [IsProd, a, b]', '!If names IsProd, and there is no such condition.'],
  ])('%s of what is not there', (_, value, said) => {
    const found = mistakes(
      `${BUCKET}  Other:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: ${value}\n`,
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`line 7: ${said}`);
  });

  it('DependsOn, Condition and a condition that rests on another', () => {
    expect(
      mistakes(`Conditions:
  IsProd: !And [!Condition IsBig, {Condition: IsRich}]
${BUCKET}    DependsOn: [Data, Dta]
    Condition: IsPrd
`),
    ).toEqual([
      expect.stringContaining('line 2: !Condition names IsBig'),
      expect.stringContaining('line 2: Condition names IsRich'),
      expect.stringContaining('Condition names IsPrd, and there is no such condition. Is IsProd meant?'),
      expect.stringContaining('DependsOn names Dta, and there is no such resource. Is Data meant?'),
    ]);
  });

  it('what a module makes has names that no text here has', () => {
    const text = `Resources:
  Net: { Type: My::Own::Network::MODULE }
Outputs:
  Vpc: { Value: !Ref NetVpc }
  Arn: { Value: !GetAtt Net.Vpc.Arn }
`;
    expect(mistakes(text)).toEqual([]);
    expect(read(text).openEnded).toBe(true);
  });

  it.each([
    ['pseudo parameters', '!Sub "${AWS::Region}-${AWS::AccountId}"'],
    ['literals', '!Sub "${!Literal} $HOME"'],
    ['no value', '!Ref AWS::NoValue'],
    ['outputs of a nested stack', '!GetAtt Data.Outputs.X'],
    ['keys that are called Condition', '{Statement: [{Condition: {StringEquals: {a: b}}}]}'],
    ['a property that is called Condition', '{Condition: anything}'],
  ])('%s are none', (_, value) => {
    expect(mistakes(`${BUCKET}    Properties:\n      X: ${value}\n`)).toEqual([]);
  });

  it.each([
    'FnRole',
    'Fn.Version',
    'FnAliaslive',
    'ServerlessRestApi',
    'ServerlessHttpApi',
    'ServerlessRestApiProdStage',
    'ApiStage',
  ])('what SAM makes (%s) is none', (id) => {
    expect(
      mistakes(`Transform: AWS::Serverless-2016-10-31
Resources:
  Fn: {Type: AWS::Serverless::Function}
  Api: {Type: AWS::Serverless::Api}
Outputs:
  X: {Value: !Ref ${id}}
`),
    ).toEqual([]);
  });

  it('but without SAM nobody makes it', () => {
    expect(mistakes(`${BUCKET}Outputs:\n  X: {Value: !Ref DataRole}\n`)).toHaveLength(1);
  });

  it.each(['AWS::LanguageExtensions', 'Mine', 'AWS::Include'])('the macro %s may make anything', (macro) => {
    expect(mistakes(`Transform: ${macro}\nResources:\n  'Fn::ForEach::T': [X, [a], {}]\n`)).toEqual([]);
    expect(mistakes(`Transform: ${macro}\n${BUCKET}Outputs:\n  X: {Value: !Ref Made}\n`)).toEqual([]);
  });
});
