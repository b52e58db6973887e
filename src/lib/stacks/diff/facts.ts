import { PACKED } from './replacements.data.ts';

/** What a change of a property does to its resource: it is made anew, perhaps, or changed in place. */
export type Replacement = 'always' | 'conditional' | 'never';

interface TypeFacts {
  readonly stateful: boolean;
  /** Path of the property, names alone → whether it always replaces. */
  readonly replacing: ReadonlyMap<string, 'always' | 'conditional'>;
}

let byType: ReadonlyMap<string, TypeFacts> | undefined;

/** What SAM makes of its own types, where it makes one that matters here. */
const SAM_MAKES: Readonly<Record<string, string>> = {
  'AWS::Serverless::Api': 'AWS::ApiGateway::RestApi',
  'AWS::Serverless::Function': 'AWS::Lambda::Function',
  'AWS::Serverless::HttpApi': 'AWS::ApiGatewayV2::Api',
  'AWS::Serverless::LayerVersion': 'AWS::Lambda::LayerVersion',
  'AWS::Serverless::SimpleTable': 'AWS::DynamoDB::Table',
  'AWS::Serverless::StateMachine': 'AWS::StepFunctions::StateMachine',
};

function factsOf(type: string): TypeFacts | undefined {
  byType ??= unpack(PACKED);
  return byType.get(SAM_MAKES[type] ?? type);
}

function unpack(packed: string): Map<string, TypeFacts> {
  const types = new Map<string, TypeFacts>();
  for (const line of packed.trim().split('\n')) {
    const colon = line.indexOf(':');
    for (const entry of line.slice(colon + 1).split(';')) {
      const [head = '', names = ''] = entry.split('=');
      const replacing = new Map(
        names
          .split(',')
          .filter(Boolean)
          .map((name) =>
            name.endsWith('?') ? ([name.slice(0, -1), 'conditional'] as const) : ([name, 'always'] as const),
          ),
      );
      const type = `AWS::${line.slice(0, colon)}::${head.replace('!', '')}`;
      types.set(type, { stateful: head.endsWith('!'), replacing });
    }
  }
  return types;
}

/**
 * What changing a property does, by AWS's own specification of the type. A property inside of one that
 * replaces does so too; one that holds some that replace does so where they differ, which its path tells.
 * A type that is not known (a custom resource, one of the registry) may do anything.
 *
 * @param path names and places in lists below `Properties`: `['BucketName']`, `['Rules', '0', 'Id']`
 */
export function replacementOf(type: string, path: readonly string[]): Replacement {
  const facts = factsOf(type);
  if (!facts) return isCustom(type) ? 'never' : 'conditional';
  const names = path.filter((step) => !/^\d+$/.test(step));
  for (let length = 1; length <= names.length; length++) {
    const found = facts.replacing.get(names.slice(0, length).join('/'));
    if (found) return found;
  }
  // The whole of it is given or taken away, and with it what replaces.
  const inside = `${names.join('/')}/`;
  for (const name of facts.replacing.keys()) if (name.startsWith(inside)) return 'conditional';
  return 'never';
}

/** A custom resource decides for itself; CloudFormation sees it when it has answered with another id. */
function isCustom(type: string): boolean {
  return type.startsWith('Custom::') || type === 'AWS::CloudFormation::CustomResource';
}

/** Whether a resource of this type keeps data that is in no template, and that goes with it. */
export function isStateful(type: string): boolean {
  return factsOf(type)?.stateful ?? false;
}
