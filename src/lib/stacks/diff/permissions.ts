import type { Plain } from '../template/yaml.ts';
import { isTree } from './evaluate.ts';
import type { Widening } from './types.ts';
import { inline } from './values.ts';

/** What policies allow, and what they allow that they did not before. Pure. */

interface Grant {
  /** `s3:GetObject`, with AWS's wildcards; `not s3:*` for NotAction. */
  readonly action: string;
  readonly resource: string;
  /** Who, in a policy of a resource; empty in one of an identity: whoever has it. */
  readonly principal: string;
  /** The statement's condition as text; empty without one. */
  readonly condition: string;
}

interface Rights {
  readonly allowed: readonly Grant[];
  readonly denied: readonly Grant[];
}

const NONE: Rights = { allowed: [], denied: [] };

/** Where types that are no policy of their own keep one. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  'AWS::IAM::Role': ['AssumeRolePolicyDocument'],
  'AWS::Serverless::Function': ['AssumeRolePolicyDocument'],
  'AWS::KMS::Key': ['KeyPolicy'],
  'AWS::ECR::Repository': ['RepositoryPolicyText'],
  'AWS::ECR::RegistryPolicy': ['PolicyText'],
  'AWS::SecretsManager::ResourcePolicy': ['ResourcePolicy'],
  'AWS::EFS::FileSystem': ['FileSystemPolicy'],
  'AWS::EC2::VPCEndpoint': ['PolicyDocument'],
};

/** Rights that a resource gives after a change and did not give before. */
export function widenedRights(type: string, before: Plain | undefined, after: Plain | undefined): Widening[] {
  const [old, fresh] = [rightsOf(type, before), rightsOf(type, after)];
  const more = fresh.allowed.filter((grant) => !old.allowed.some((known) => covers(known, grant)));
  const lifted = old.denied.filter((grant) => !fresh.denied.some((known) => covers(known, grant)));
  return [
    ...grouped(more, 'allows'),
    ...grouped(lifted, 'no longer denies'),
    ...attached(type, before, after),
  ];
}

function rightsOf(type: string, properties: Plain | undefined): Rights {
  if (!isTree(properties)) return NONE;
  if (type === 'AWS::Lambda::Permission') return { allowed: [permission(properties)], denied: [] };
  if (type === 'AWS::Lambda::Url')
    return properties.AuthType === 'NONE'
      ? { allowed: [{ ...ANYTHING, action: 'lambda:InvokeFunctionUrl', principal: '*' }], denied: [] }
      : NONE;
  const documents = [
    ...(DOCUMENTS[type] ?? []).map((name) => properties[name]),
    ...(/^AWS::(IAM|S3|SQS|SNS)::\w*Policy(V2)?$/.test(type) ? [properties.PolicyDocument] : []),
    ...inlinePolicies(properties.Policies),
  ];
  const statements = documents.flatMap(statementsOf);
  const of = (effect: string) =>
    statements.filter((one) => (one.Effect ?? 'Allow') === effect).flatMap(grantsOf);
  return { allowed: of('Allow'), denied: of('Deny') };
}

const ANYTHING: Grant = { action: '*', resource: '*', principal: '', condition: '' };

/** `Policies` of a role, user or group; and of a SAM function, whose statements may stand there alone. */
function inlinePolicies(policies: Plain | undefined): (Plain | undefined)[] {
  const all = Array.isArray(policies) ? (policies as readonly Plain[]) : [policies];
  return all.map((one) =>
    isTree(one) ? (one.PolicyDocument ?? (one.Statement ? one : undefined)) : undefined,
  );
}

type Statement = { readonly [key: string]: Plain };

function statementsOf(document: Plain | undefined): Statement[] {
  let read = document;
  if (typeof document === 'string')
    try {
      read = JSON.parse(document) as Plain;
    } catch {
      return [];
    }
  if (!isTree(read)) return [];
  const statements = read.Statement;
  return (Array.isArray(statements) ? (statements as readonly Plain[]) : [statements]).filter(isTree);
}

function grantsOf(statement: Statement): Grant[] {
  const condition = statement.Condition === undefined ? '' : inline(statement.Condition);
  const actions = either(statement, 'Action');
  const resources = either(statement, 'Resource');
  const principals = principalsOf(statement);
  return actions.flatMap((action) =>
    resources.flatMap((resource) =>
      principals.map((principal): Grant => ({ action, resource, principal, condition })),
    ),
  );
}

/** The items of `Action` or `Resource`; of `NotAction` or `NotResource` with a word in front. */
function either(statement: Statement, name: string): string[] {
  const negated = statement[`Not${name}`];
  if (negated !== undefined) return [`not ${texts(negated).join(', ')}`];
  const written = statement[name];
  // A trust policy and that of a resource may name no resource: it is the one that it belongs to.
  return written === undefined ? ['*'] : texts(written);
}

function principalsOf(statement: Statement): string[] {
  const { Principal, NotPrincipal } = statement;
  if (NotPrincipal !== undefined) return [`not ${inline(NotPrincipal)}`];
  if (Principal === undefined) return [''];
  if (
    !isTree(Principal) ||
    'Ref' in Principal ||
    Object.keys(Principal).some((key) => key.startsWith('Fn::'))
  )
    return texts(Principal);
  return Object.values(Principal).flatMap(texts);
}

function texts(value: Plain): string[] {
  return (Array.isArray(value) ? (value as readonly Plain[]) : [value]).map(inline);
}

function permission(properties: Statement): Grant {
  const limits = ['SourceArn', 'SourceAccount', 'PrincipalOrgID', 'FunctionUrlAuthType'];
  return {
    action: inline(properties.Action ?? '*'),
    resource: inline(properties.FunctionName ?? '*'),
    principal: inline(properties.Principal ?? '*'),
    condition: limits
      .flatMap((name) =>
        properties[name] === undefined ? [] : [`${name}: ${inline(properties[name] ?? '')}`],
      )
      .join(', '),
  };
}

/** Whether whoever has the first grant has the second one too. */
export function covers(known: Grant, grant: Grant): boolean {
  return (
    matches(known.action.toLowerCase(), grant.action.toLowerCase()) &&
    matches(known.resource, grant.resource) &&
    (known.principal === '*' || known.principal === grant.principal) &&
    (known.condition === '' || known.condition === grant.condition)
  );
}

/** AWS's wildcards: `*` is any run of characters, `?` one. */
function matches(pattern: string, text: string): boolean {
  if (pattern === text || pattern === '*') return pattern === text || !text.startsWith('not ');
  if (pattern.startsWith('not ') || text.startsWith('not ') || !/[*?]/.test(pattern)) return false;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Managed policies that are attached: what they allow is known to AWS alone. */
function attached(type: string, before: Plain | undefined, after: Plain | undefined): Widening[] {
  if (!isTree(after)) return [];
  const names = (properties: Plain | undefined): string[] => {
    if (!isTree(properties)) return [];
    const arns = properties.ManagedPolicyArns === undefined ? [] : texts(properties.ManagedPolicyArns);
    const own = type === 'AWS::Serverless::Function' ? properties.Policies : undefined;
    return [...arns, ...(own === undefined ? [] : texts(own).filter((one) => !one.startsWith('{')))];
  };
  const known = new Set(names(before));
  const widenings = names(after)
    .filter((name) => !known.has(name))
    .map((name): Widening => {
      const wide = /(?:AdministratorAccess|PowerUserAccess|FullAccess|IAMFullAccess)$/.test(name);
      return { kind: 'iam', text: `attaches ${name}`, wide };
    });
  const boundary = isTree(before) ? before.PermissionsBoundary : undefined;
  if (boundary !== undefined && after.PermissionsBoundary === undefined)
    widenings.push({ kind: 'iam', text: `drops the permissions boundary ${inline(boundary)}`, wide: true });
  return widenings;
}

/** One line for all actions on the same resource by the same principal. */
function grouped(grants: readonly Grant[], verb: string): Widening[] {
  const groups = new Map<string, { grant: Grant; actions: Set<string> }>();
  for (const grant of grants) {
    const key = JSON.stringify([grant.resource, grant.principal, grant.condition]);
    const group = groups.get(key) ?? { grant, actions: new Set() };
    group.actions.add(grant.action);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ grant: { resource, principal, condition }, actions }) => {
    const who = principal === '' ? '' : ` to ${principal === '*' ? 'everybody (*)' : principal}`;
    const limit = condition === '' ? '' : ` if ${condition}`;
    // With a principal the policy is that of a resource: everything is that resource.
    const everything = principal === '' ? ' on everything (*)' : '';
    return {
      kind: 'iam',
      text: `${verb} ${[...actions].join(', ')}${resource === '*' ? everything : ` on ${resource}`}${who}${limit}`,
      wide: principal === '*' || principal.startsWith('not ') || isWide(actions, resource, principal),
    };
  });
}

/** Every action of a service or of all, or anything at all on everything for an identity. */
function isWide(actions: ReadonlySet<string>, resource: string, principal: string): boolean {
  const broad = [...actions].some(
    (action) => action === '*' || action.endsWith(':*') || action.startsWith('not '),
  );
  return broad || resource.startsWith('not ') || (principal === '' && resource === '*');
}
