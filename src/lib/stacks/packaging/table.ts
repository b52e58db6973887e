import type { Where } from './where.ts';

/**
 * What a local path may be, and what goes to S3 for it:
 * - `lambda`: code of a function or layer. A folder or a single file is zipped, an archive goes as it is.
 * - `zip`: the same without Lambda's limit of size.
 * - `bundle`: a folder is zipped, a file goes as it is.
 * - `file`: one file, as it is.
 * - `snippet`: a piece of template that `AWS::Include` puts in, as it is.
 * - `template`: a nested template, with the local paths in it packaged too.
 */
export type Kind = 'lambda' | 'zip' | 'bundle' | 'file' | 'snippet' | 'template';

/** The value that names an object of the bucket, as the property takes it. */
export type Written = (where: Where, key: string) => string | Readonly<Record<string, string>>;

/** A property that may name something on this machine. */
export interface Row {
  readonly type: string;
  /** From `Properties` down; `*` stands for every key. */
  readonly path: readonly string[];
  readonly kind: Kind;
  readonly written: Written;
}

const object: Written = ({ bucket }, key) => ({ Bucket: bucket, Key: key });
const s3Object: Written = ({ bucket }, key) => ({ S3Bucket: bucket, S3Key: key });
export const uri: Written = ({ bucket }, key) => `s3://${bucket}/${key}`;
const url: Written = (where, key) => where.url(key);

const row = (type: string, path: string, kind: Kind, written: Written): Row => ({
  type: `AWS::${type}`,
  path: path.split('.'),
  kind,
  written,
});

/**
 * The places of `aws cloudformation package` (AWS CLI reference, "package") and `sam package` (SAM developer
 * guide, "sam package"), each written in the form that its resource's page documents. Not among them: images
 * (they are parts of a project), and the licence and read-me in the metadata of an application for the
 * Serverless Application Repository, which no deploy reads.
 *
 * - Functions and layers: Lambda developer guide, "Lambda quotas" (250 MB unzipped).
 * - `SourceBundle`: Elastic Beanstalk developer guide, "Create an application source bundle" (a .zip or .war
 *   without a parent folder, 500 MB).
 * - `TemplateURL`: CloudFormation reference, "AWS::CloudFormation::Stack" (an S3 URL; 1 MB).
 * - `DefinitionS3Location`, `DefinitionUri` of a state machine: CloudFormation reference,
 *   "AWS::StepFunctions::StateMachine S3Location" (a JSON or YAML file).
 * - AppSync, Glue, and packages of modules and resource types take an `s3://` URI.
 */
export const TABLE: readonly Row[] = [
  row('Serverless::Function', 'CodeUri', 'lambda', object),
  row('Lambda::Function', 'Code', 'lambda', s3Object),
  row('Serverless::LayerVersion', 'ContentUri', 'lambda', object),
  row('Lambda::LayerVersion', 'Content', 'lambda', s3Object),

  row('CloudFormation::Stack', 'TemplateURL', 'template', url),
  row('CloudFormation::StackSet', 'TemplateURL', 'template', url),
  row('Serverless::Application', 'Location', 'template', url),

  row('Serverless::Api', 'DefinitionUri', 'file', object),
  row('Serverless::HttpApi', 'DefinitionUri', 'file', object),
  row('ApiGateway::RestApi', 'BodyS3Location', 'file', object),
  row('ApiGatewayV2::Api', 'BodyS3Location', 'file', object),
  row('Serverless::StateMachine', 'DefinitionUri', 'file', object),
  row('StepFunctions::StateMachine', 'DefinitionS3Location', 'file', object),

  row('AppSync::GraphQLSchema', 'DefinitionS3Location', 'file', uri),
  ...['AppSync::Resolver', 'AppSync::FunctionConfiguration'].flatMap((type) => [
    row(type, 'CodeS3Location', 'file', uri),
    row(type, 'RequestMappingTemplateS3Location', 'file', uri),
    row(type, 'ResponseMappingTemplateS3Location', 'file', uri),
  ]),
  row('Serverless::GraphQLApi', 'SchemaUri', 'file', uri),
  row('Serverless::GraphQLApi', 'Functions.*.CodeUri', 'file', uri),
  row('Serverless::GraphQLApi', 'Resolvers.*.*.CodeUri', 'file', uri),

  row('Glue::Job', 'Command.ScriptLocation', 'file', uri),
  row('ElasticBeanstalk::ApplicationVersion', 'SourceBundle', 'bundle', s3Object),
  row('CodeCommit::Repository', 'Code.S3', 'zip', object),
  row('CloudFormation::ModuleVersion', 'ModulePackage', 'bundle', uri),
  row('CloudFormation::ResourceVersion', 'SchemaHandlerPackage', 'bundle', uri),
];

/**
 * SAM's `Globals` hold defaults for all resources of a type, under a name of their own. Only these two
 * take a local path there (SAM developer guide, "Globals section of the AWS SAM template").
 */
export const GLOBALS: Readonly<Record<string, string>> = {
  'AWS::Serverless::Function': 'Function',
  'AWS::Serverless::Api': 'Api',
};
