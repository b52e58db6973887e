import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipFolder } from '../../../src/lib/artifacts/zip.ts';
import { packageTemplate } from '../../../src/lib/stacks/packaging/packaging.ts';
import { GLOBALS, TABLE } from '../../../src/lib/stacks/packaging/table.ts';
import { readTemplate } from '../../../src/lib/stacks/template/template.ts';
import { plain } from '../../../src/lib/stacks/template/yaml.ts';
import { rejection } from './setup.ts';

const folder = mkdtempSync(join(tmpdir(), 'infractl-kinds-'));
const put = (name: string, content: string) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
};
const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
const ARCHIVE = 'PK\x03\x04 an archive';
const CHILD = 'Resources:\n  A: {Type: AWS::SNS::Topic}\n';
let folderKey = '';

beforeAll(async () => {
  put('src/index.js', 'exports.handler = async () => 1\n');
  put('built.zip', ARCHIVE);
  put('unnamed', ARCHIVE);
  put('api.yaml', 'openapi: 3.0.1\n');
  put('child.yaml', CHILD);
  put('snippet.json', '{"Handler": "index.handler"}');
  folderKey = `code/${(await zipFolder(join(folder, 'src'), {})).sha256}.zip`;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const WHERE = { bucket: 'b-1', url: (key: string) => `https://b-1.s3.eu-west-3.amazonaws.com/${key}` };
const read = (text: string) => readTemplate(join(folder, 'template.yaml'), text);
const packed = async (text: string) => (await packageTemplate(read(text))).text(WHERE);
const data = (text: string) => plain(read(text).tree.root) as Record<string, never>;

const FILE = `files/${sha256('openapi: 3.0.1\n')}.yaml`;
const ZIP = `code/${sha256(ARCHIVE)}.zip`;
const NESTED = WHERE.url(`templates/${sha256(CHILD)}.yaml`);
const SNIPPET = `s3://b-1/files/${sha256('{"Handler": "index.handler"}')}.json`;
const object = (Key: string) => ({ Bucket: 'b-1', Key });
const s3Object = (S3Key: string) => ({ S3Bucket: 'b-1', S3Key });
const uri = `s3://b-1/${FILE}`;

/** What each property gets, as its page in the resource reference writes it. */
const EXPECTED: readonly (readonly [string, string, string, unknown])[] = [
  ['AWS::Serverless::Function', 'CodeUri', 'built.zip', object(ZIP)],
  ['AWS::Lambda::Function', 'Code', 'built.zip', s3Object(ZIP)],
  ['AWS::Serverless::LayerVersion', 'ContentUri', 'built.zip', object(ZIP)],
  ['AWS::Lambda::LayerVersion', 'Content', 'built.zip', s3Object(ZIP)],
  ['AWS::CloudFormation::Stack', 'TemplateURL', 'child.yaml', NESTED],
  ['AWS::CloudFormation::StackSet', 'TemplateURL', 'child.yaml', NESTED],
  ['AWS::Serverless::Application', 'Location', 'child.yaml', NESTED],
  ['AWS::Serverless::Api', 'DefinitionUri', 'api.yaml', object(FILE)],
  ['AWS::Serverless::HttpApi', 'DefinitionUri', 'api.yaml', object(FILE)],
  ['AWS::ApiGateway::RestApi', 'BodyS3Location', 'api.yaml', object(FILE)],
  ['AWS::ApiGatewayV2::Api', 'BodyS3Location', 'api.yaml', object(FILE)],
  ['AWS::Serverless::StateMachine', 'DefinitionUri', 'api.yaml', object(FILE)],
  ['AWS::StepFunctions::StateMachine', 'DefinitionS3Location', 'api.yaml', object(FILE)],
  ['AWS::AppSync::GraphQLSchema', 'DefinitionS3Location', 'api.yaml', uri],
  ['AWS::AppSync::Resolver', 'CodeS3Location', 'api.yaml', uri],
  ['AWS::AppSync::Resolver', 'RequestMappingTemplateS3Location', 'api.yaml', uri],
  ['AWS::AppSync::Resolver', 'ResponseMappingTemplateS3Location', 'api.yaml', uri],
  ['AWS::AppSync::FunctionConfiguration', 'CodeS3Location', 'api.yaml', uri],
  ['AWS::AppSync::FunctionConfiguration', 'RequestMappingTemplateS3Location', 'api.yaml', uri],
  ['AWS::AppSync::FunctionConfiguration', 'ResponseMappingTemplateS3Location', 'api.yaml', uri],
  ['AWS::Serverless::GraphQLApi', 'SchemaUri', 'api.yaml', uri],
  ['AWS::Serverless::GraphQLApi', 'Functions.*.CodeUri', 'api.yaml', uri],
  ['AWS::Serverless::GraphQLApi', 'Resolvers.*.*.CodeUri', 'api.yaml', uri],
  ['AWS::Glue::Job', 'Command.ScriptLocation', 'api.yaml', uri],
  [
    'AWS::ElasticBeanstalk::ApplicationVersion',
    'SourceBundle',
    'built.zip',
    s3Object(`files/${sha256(ARCHIVE)}.zip`),
  ],
  ['AWS::CodeCommit::Repository', 'Code.S3', 'built.zip', object(ZIP)],
  [
    'AWS::CloudFormation::ModuleVersion',
    'ModulePackage',
    'built.zip',
    `s3://b-1/files/${sha256(ARCHIVE)}.zip`,
  ],
  [
    'AWS::CloudFormation::ResourceVersion',
    'SchemaHandlerPackage',
    'built.zip',
    `s3://b-1/files/${sha256(ARCHIVE)}.zip`,
  ],
];

const nest = (path: string, value: unknown): unknown =>
  path.split('.').reduceRight<unknown>((inner, key) => ({ [key === '*' ? 'Any' : key]: inner }), value);

describe('the table', () => {
  it('is all here', () => {
    expect(TABLE.map(({ type, path }) => [type, path.join('.')])).toEqual(
      EXPECTED.map(([type, path]) => [type, path]),
    );
    for (const type of Object.keys(GLOBALS)) expect(TABLE.some((row) => row.type === type)).toBe(true);
  });

  it.each(EXPECTED)('%s %s', async (Type, path, file, expected) => {
    const template = (value: unknown) => ({ Resources: { R: { Type, Properties: nest(path, value) } } });
    const json = await packed(JSON.stringify(template(file)));
    expect(JSON.parse(json)).toEqual(template(expected));
    for (const kept of [
      's3://bucket/key',
      'https://bucket.s3.amazonaws.com/key',
      { Ref: 'P' },
      { 'Fn::Sub': './x' },
      expected,
    ]) {
      const text = JSON.stringify(template(kept));
      expect(await packed(text)).toBe(text);
    }
  });
});

describe('where a path may stand', () => {
  it('in Globals, on the sides of a condition, in a loop, in a block scalar', async () => {
    const text = `Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Globals:
  Function: {CodeUri: src}
  Api:
    DefinitionUri: "api.yaml" # kept
Conditions: {Big: !Equals [a, b]}
Resources:
  Short:
    Type: AWS::Lambda::Function
    Properties:
      Code: !If [Big, src, {ZipFile: x}]
  Long:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri:
        Fn::If:
          - Big
          - src
          - !If [Big, built.zip, !Ref AWS::NoValue]
  Fn::ForEach::Loop:
    - Id
    - [A, B]
    - Fn\${Id}:
        Type: AWS::Lambda::Function
        Properties: {Code: src}
      Other\${Id}:
        Type: AWS::Lambda::Function
        Properties: {Code: 'src/\${Id}'}
  Block:
    Type: AWS::Lambda::LayerVersion
    Properties:
      Content: >-
        built.zip
      LayerName: x
`;
    const made = await packed(text);
    expect(data(made)).toEqual({
      ...data(text),
      Globals: { Function: { CodeUri: object(folderKey) }, Api: { DefinitionUri: object(FILE) } },
      Resources: {
        Short: {
          Type: 'AWS::Lambda::Function',
          Properties: { Code: { 'Fn::If': ['Big', s3Object(folderKey), { ZipFile: 'x' }] } },
        },
        Long: {
          Type: 'AWS::Serverless::Function',
          Properties: {
            CodeUri: {
              'Fn::If': [
                'Big',
                object(folderKey),
                { 'Fn::If': ['Big', object(ZIP), { Ref: 'AWS::NoValue' }] },
              ],
            },
          },
        },
        'Fn::ForEach::Loop': [
          'Id',
          ['A', 'B'],
          {
            'Fn${Id}': { Type: 'AWS::Lambda::Function', Properties: { Code: s3Object(folderKey) } },
            // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own
            'Other${Id}': { Type: 'AWS::Lambda::Function', Properties: { Code: 'src/${Id}' } },
          },
        ],
        Block: {
          Type: 'AWS::Lambda::LayerVersion',
          Properties: { Content: s3Object(ZIP), LayerName: 'x' },
        },
      },
    });
  });

  it('in a block scalar, whatever ends its last line', async () => {
    for (const end of ['', '\n', '\n\n', '\r\n', '\n# after\n', '\n  S: {Type: AWS::SNS::Topic}\n']) {
      const text = `Resources:\n  R:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code: |-\n        built.zip${end}`;
      const value = JSON.stringify(s3Object(ZIP)).replace(/([:,])"/g, '$1 "');
      expect(await packed(text)).toBe(text.replace('|-\n        built.zip', value));
    }
  });

  it('in AWS::Include: at the top, in a resource, in a short form, in a list', async () => {
    const include = (Location: string) => ({ Name: 'AWS::Include', Parameters: { Location } });
    const template = (location: string) => ({
      Transform: ['AWS::Serverless-2016-10-31', include(location)],
      Mappings: { 'Fn::Transform': include(location) },
      Resources: { R: { Type: 'T', Properties: { 'Fn::Transform': [include(location)], A: 1 } } },
    });
    expect(JSON.parse(await packed(JSON.stringify(template('snippet.json'))))).toEqual(template(SNIPPET));
    expect(
      await packed('Outputs: !Transform {Name: AWS::Include, Parameters: {Location: snippet.json}}\n'),
    ).toBe(`Outputs: !Transform {Name: AWS::Include, Parameters: {Location: "${SNIPPET}"}}\n`);
    const other = 'Outputs: !Transform {Name: Mine, Parameters: {Location: snippet.json}}\n';
    expect(await packed(other)).toBe(other);
  });
});

describe('what is uploaded', () => {
  const objects = async (Properties: object, Type = 'AWS::Lambda::Function') => {
    const stored = new Map<string, Uint8Array>();
    const packaged = await packageTemplate(read(JSON.stringify({ Resources: { R: { Type, Properties } } })));
    await packaged.upload({
      ...WHERE,
      has: async (key) => stored.has(key),
      put: async (key, body) => !!stored.set(key, Buffer.from(body)),
      get: async () => undefined,
      delete: async () => undefined,
      async *list() {},
    });
    return stored;
  };

  it('for a file of code is a zip of it alone; an archive is known by its name or its first bytes', async () => {
    const [zip] = (await objects({ Code: 'src/index.js' })).values();
    expect(Object.keys(unzipSync(zip ?? new Uint8Array()))).toEqual(['index.js']);
    expect([...(await objects({ Code: 'built.zip' })).keys()]).toEqual([ZIP]);
    expect([...(await objects({ Code: 'unnamed' })).keys()]).toEqual([ZIP]);
  });

  it('is refused where it is larger than AWS takes it', async () => {
    put('large/code.bin', '');
    truncateSync(join(folder, 'large/code.bin'), 600 * 1024 * 1024);
    for (const Code of ['large', 'large/code.bin']) {
      const error = await rejection(objects({ Code }));
      expect(error).toMatchObject({ code: 'ZipTooLarge', exit: 2 });
      expect(error.message).toContain(
        'is too large for a Lambda function or layer: 600 MiB of at most 250 MiB',
      );
    }
    const bundle = objects({ SourceBundle: 'large' }, 'AWS::ElasticBeanstalk::ApplicationVersion');
    expect((await rejection(bundle)).message).toContain('600 MiB of at most 500 MiB');
  });

  it('for a folder is a zip, in a bundle too', async () => {
    const stored = await objects({ SourceBundle: 'src' }, 'AWS::ElasticBeanstalk::ApplicationVersion');
    expect([...stored.keys()]).toEqual([folderKey]);
  });

  it('for a nested template is its packaged text, and what that names', async () => {
    put('deep/a.yaml', 'Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Code: ../src}\n');
    put(
      'deep/b.yaml',
      'Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: a.yaml}}}',
    );
    const stored = await objects({ TemplateURL: 'deep/b.yaml' }, 'AWS::CloudFormation::Stack');
    const inner = `Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Properties: {Code: {"S3Bucket": "b-1", "S3Key": "${folderKey}"}}\n`;
    const innerKey = `templates/${sha256(inner)}.yaml`;
    const outer = `Resources: {A: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "${WHERE.url(innerKey)}"}}}`;
    expect([...stored.keys()].sort()).toEqual(
      [folderKey, innerKey, `templates/${sha256(outer)}.yaml`].sort(),
    );
    expect(Buffer.from(stored.get(innerKey) ?? []).toString()).toBe(inner);
  });
});

describe('any template', () => {
  const rows = EXPECTED.filter(([, path]) => !path.includes('.'));
  const resource = fc.record({
    row: fc.constantFrom(...rows),
    local: fc.boolean(),
    style: fc.constantFrom('plain', "'", '"', 'if'),
    comment: fc.stringMatching(/^[ -~]{0,12}$/),
    gap: fc.constantFrom(' ', '   '),
    eol: fc.constantFrom('\n', '\r\n'),
    before: fc.boolean(),
  });

  it('is packaged the same way each time, and no other character of it changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(resource, { minLength: 1, maxLength: 8 }), async (resources) => {
        let text = '# Ünïcode\nResources:\n';
        let expected = text;
        for (const [index, one] of resources.entries()) {
          const [type, property, file, value] = one.row;
          const add = (written: string, made = written) => {
            text += written;
            expected += made;
          };
          const quote = one.style === "'" || one.style === '"' ? one.style : '';
          add(`  R${index}:${one.eol}    Type: ${type} # ${one.comment}${one.eol}    Properties:${one.eol}`);
          if (one.before) add(`      Description:${one.gap}${file}${one.eol}`);
          add(`      ${property}:${one.gap}${one.style === 'if' ? '!If [C, ' : ''}`);
          const named = one.local ? file : `s3://elsewhere/${file}`;
          const made =
            typeof value === 'string'
              ? JSON.stringify(value)
              : JSON.stringify(value).replace(/([:,])"/g, '$1 "');
          add(quote + named + quote, one.local ? made : quote + named + quote);
          add(`${one.style === 'if' ? ', !Ref X]' : ''}${one.gap}# ${one.comment}${one.eol}`);
        }
        const packaged = await packageTemplate(read(text));
        expect(packaged.text(WHERE)).toBe(expected);
        expect(await packed(text)).toBe(expected);
        const found = packaged.whereIn(expected);
        if (found) expect(packaged.text(found)).toBe(expected);
        else expect(resources.some(({ local }) => local)).toBe(false);
      }),
      { numRuns: 150 },
    );
  });
});
