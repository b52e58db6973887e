import { type CollectionTag, Pair, parseDocument, Scalar, type ScalarTag, YAMLMap, type YAMLSeq } from 'yaml';
import { validationError } from './wire.ts';

/** Templates as the fake's CloudFormation reads them: parsing, validation, parameters, intrinsic functions. */

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly Metadata?: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly Description?: string;
  readonly NoEcho?: boolean | string;
  readonly AllowedValues?: readonly unknown[];
  readonly AllowedPattern?: string;
  readonly MinLength?: number | string;
  readonly MaxLength?: number | string;
  readonly MinValue?: number | string;
  readonly MaxValue?: number | string;
  readonly ConstraintDescription?: string;
}

export interface Template {
  readonly Description?: string;
  readonly Metadata?: unknown;
  readonly Transform?: string | readonly string[];
  readonly Parameters?: Record<string, TemplateParameter>;
  readonly Mappings?: Record<string, Record<string, Record<string, unknown>>>;
  readonly Conditions?: Record<string, unknown>;
  readonly Resources: Record<string, TemplateResource>;
  readonly Outputs?: Record<
    string,
    { Value: unknown; Description?: string; Condition?: string; Export?: { Name: unknown } }
  >;
}

const FUNCTIONS =
  'Base64 Cidr FindInMap GetAtt GetAZs If ImportValue Join Select Split Sub And Equals Not Or Transform ToJsonString Length'.split(
    ' ',
  );
const tags = [
  ...FUNCTIONS.map((name) => [`!${name}`, `Fn::${name}`]),
  ['!Ref', 'Ref'],
  ['!Condition', 'Condition'],
].flatMap(([tag = '', key = '']): (ScalarTag | CollectionTag)[] => {
  const wrap = (node: YAMLMap | YAMLSeq) => {
    const map = new YAMLMap();
    map.items.push(new Pair(new Scalar(key), node) as never);
    return map;
  };
  const scalar = (text: string) => {
    const dot = text.indexOf('.');
    return { [key]: key === 'Fn::GetAtt' && dot > 0 ? [text.slice(0, dot), text.slice(dot + 1)] : text };
  };
  return [
    { tag, resolve: scalar },
    { tag, collection: 'seq', resolve: (node) => wrap(node as YAMLSeq) },
    { tag, collection: 'map', resolve: (node) => wrap(node as YAMLMap) },
  ];
});

/** @throws the ValidationError that AWS answers to a template it cannot read. */
export function parseTemplate(body: string): Template {
  const json = body.trimStart().startsWith('{');
  let parsed: unknown;
  if (json) {
    try {
      parsed = JSON.parse(body);
    } catch {
      throw validationError('Template format error: JSON not well-formed.');
    }
  } else {
    const document = parseDocument(body, { customTags: tags, logLevel: 'silent', version: '1.1' });
    const problem = document.errors[0];
    if (problem) {
      const at = problem.linePos?.[0];
      throw validationError(
        `Template format error: YAML not well-formed. (line ${at?.line ?? 1}, column ${at?.col ?? 1})`,
      );
    }
    parsed = document.toJS();
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw validationError('Template format error: unsupported structure.');
  }
  const template = parsed as Template;
  if (!template.Resources || Object.keys(template.Resources).length === 0) {
    throw validationError('Template format error: At least one Resources member must be defined.');
  }
  validate(template);
  return template;
}

function validate(template: Template): void {
  const resources = Object.entries(template.Resources);
  if (resources.length > 500) {
    throw validationError(
      `Template format error: Number of resources, ${resources.length}, is greater than maximum allowed, 500`,
    );
  }
  for (const [id, resource] of resources) {
    if (!resource?.Type) {
      throw validationError(
        `Template format error: [/Resources/${id}] Every Resources object must contain a Type member.`,
      );
    }
  }
  const unknown = resources
    .filter(([, one]) => !/^(AWS|Alexa|Custom|Fake|Tests?)::/.test(one.Type))
    .map(([, one]) => one.Type);
  if (unknown.length > 0)
    throw validationError(`Template format error: Unrecognized resource types: [${unknown.join(', ')}]`);
  const known = new Set([...Object.keys(template.Resources), ...Object.keys(template.Parameters ?? {})]);
  const missing = (from: unknown) =>
    [...references(from)].filter((name) => !known.has(name) && !name.startsWith('AWS::'));
  const dangling = resources.flatMap(([, one]) => [
    ...missing(one.Properties),
    ...dependsOn(one).filter((n) => !known.has(n)),
  ]);
  if (dangling.length > 0) {
    throw validationError(
      `Template format error: Unresolved resource dependencies [${[...new Set(dangling)].join(', ')}] in the Resources block of the template`,
    );
  }
  const loose = missing(template.Outputs);
  if (loose.length > 0) {
    throw validationError(
      `Template format error: Unresolved resource dependencies [${[...new Set(loose)].join(', ')}] in the Outputs block of the template`,
    );
  }
  const circle = cycle(template);
  if (circle.length > 0)
    throw validationError(`Circular dependency between resources: [${circle.join(', ')}]`);
}

export function dependsOn(resource: TemplateResource): string[] {
  return typeof resource.DependsOn === 'string' ? [resource.DependsOn] : [...(resource.DependsOn ?? [])];
}

/** The resources of the template that this one needs first. */
export function needs(template: Template, id: string): Set<string> {
  const resource = template.Resources[id];
  if (!resource) return new Set();
  const names = [...references(resource.Properties), ...dependsOn(resource)];
  return new Set(names.filter((name) => name !== id && template.Resources[name] !== undefined));
}

function cycle(template: Template): string[] {
  const left = new Map(Object.keys(template.Resources).map((id) => [id, needs(template, id)]));
  for (let moved = true; moved; ) {
    moved = false;
    for (const [id, wanted] of left) {
      if ([...wanted].some((one) => left.has(one))) continue;
      left.delete(id);
      moved = true;
    }
  }
  return [...left.keys()];
}

/** Names that a value refers to by Ref, GetAtt or Sub. */
export function references(value: unknown, into = new Set<string>()): Set<string> {
  if (Array.isArray(value)) for (const item of value) references(item, into);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      if (key === 'Ref' && typeof item === 'string') into.add(item);
      else if (key === 'Fn::GetAtt')
        into.add(String(Array.isArray(item) ? item[0] : String(item).split('.')[0]));
      else if (key === 'Fn::Sub') {
        const [text, own] = Array.isArray(item) ? item : [item, {}];
        for (const [, name = ''] of String(text).matchAll(/\$\{([^!${}]+)\}/g)) {
          if (!(name in (own as object))) into.add(name.trim().split('.')[0] ?? '');
        }
        references(own, into);
      } else references(item, into);
    }
  }
  return into;
}

/** IAM capabilities that the template needs, in the order AWS names them. */
export function capabilities(template: Template): string[] {
  const iam = Object.values(template.Resources).filter((one) =>
    /^AWS::IAM::(Role|User|Group|ManagedPolicy|Policy|InstanceProfile|AccessKey|UserToGroupAddition)$/.test(
      one.Type,
    ),
  );
  const named = iam.some((one) =>
    ['RoleName', 'UserName', 'GroupName', 'ManagedPolicyName', 'InstanceProfileName'].some(
      (key) =>
        one.Properties?.[key] !== undefined && !/::(Policy|AccessKey|UserToGroupAddition)$/.test(one.Type),
    ),
  );
  const serverless = Object.values(template.Resources).some(
    (one) => one.Type === 'AWS::Serverless::Function' && one.Properties?.Role === undefined,
  );
  if (named) return ['CAPABILITY_NAMED_IAM'];
  return iam.length > 0 || serverless ? ['CAPABILITY_IAM'] : [];
}

export const isNoEcho = (parameter: TemplateParameter | undefined) =>
  String(parameter?.NoEcho ?? false) === 'true';

interface GivenParameter {
  readonly ParameterKey?: string;
  readonly ParameterValue?: string;
  readonly UsePreviousValue?: string;
}

/**
 * The value of every parameter of the template: given, previous or default.
 *
 * @throws AWS's ValidationErrors for unknown, missing and refused ones.
 */
export function parameterValues(
  template: Template,
  given: readonly GivenParameter[],
  previous: ReadonlyMap<string, string>,
): Map<string, string> {
  const declared = template.Parameters ?? {};
  const unknown = given.map((one) => one.ParameterKey ?? '').filter((key) => !(key in declared));
  if (unknown.length > 0)
    throw validationError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const values = new Map<string, string>();
  const missing: string[] = [];
  for (const [key, declaration] of Object.entries(declared)) {
    const own = given.find((one) => one.ParameterKey === key);
    const value =
      own?.UsePreviousValue === 'true'
        ? previous.get(key)
        : (own?.ParameterValue ?? textOf(declaration.Default));
    if (value === undefined) missing.push(key);
    else values.set(key, value);
  }
  if (missing.length > 0) throw validationError(`Parameters: [${missing.join(', ')}] must have values`);
  for (const [key, value] of values) {
    const refused = refusal(key, value, declared[key] as TemplateParameter);
    if (refused) throw validationError(refused);
  }
  return values;
}

const textOf = (value: unknown) => (value === undefined || value === null ? undefined : String(value));

function refusal(key: string, value: string, p: TemplateParameter): string | undefined {
  const say = (plain: string) =>
    p.ConstraintDescription
      ? `Parameter ${key} failed to satisfy constraint: ${p.ConstraintDescription}`
      : plain;
  if (p.AllowedValues && !p.AllowedValues.map(String).includes(value))
    return say(`Parameter '${key}' must be one of AllowedValues`);
  if (p.MinLength !== undefined && value.length < Number(p.MinLength))
    return say(`Parameter '${key}' must contain at least ${p.MinLength} characters`);
  if (p.MaxLength !== undefined && value.length > Number(p.MaxLength))
    return say(`Parameter '${key}' must contain at most ${p.MaxLength} characters`);
  if (p.AllowedPattern && !new RegExp(`^(?:${p.AllowedPattern})$`).test(value))
    return say(`Parameter '${key}' must match pattern ${p.AllowedPattern}`);
  if (p.Type === 'Number' && (value.trim() === '' || Number.isNaN(Number(value))))
    return `Parameter '${key}' must be a number.`;
  if (p.MinValue !== undefined && Number(value) < Number(p.MinValue))
    return say(`Parameter '${key}' must be a number not less than ${p.MinValue}`);
  if (p.MaxValue !== undefined && Number(value) > Number(p.MaxValue))
    return say(`Parameter '${key}' must be a number not greater than ${p.MaxValue}`);
  return undefined;
}

/** What a value is resolved against. Without `resource`, references to resources stay as they are. */
export interface Scope {
  readonly template: Template;
  readonly parameters: ReadonlyMap<string, string>;
  readonly pseudo: Readonly<Record<string, string>>;
  /** Ref (no attribute) or GetAtt of a resource; undefined leaves the reference in place. */
  resource(id: string, attribute?: string): string | undefined;
  exported(name: string): string;
}

const NO_VALUE = Symbol('AWS::NoValue');

/** A value with its intrinsic functions carried out. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, scope)).filter((item) => item !== NO_VALUE);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [key, argument] = entries[0] ?? ['', undefined];
  if (entries.length === 1 && (key === 'Ref' || key.startsWith('Fn::')))
    return intrinsic(key, argument, scope);
  return Object.fromEntries(
    entries.map(([k, item]) => [k, resolve(item, scope)] as const).filter(([, item]) => item !== NO_VALUE),
  );
}

function intrinsic(key: string, argument: unknown, scope: Scope): unknown {
  const inner = () => resolve(argument, scope);
  const list = () => inner() as unknown[];
  switch (key) {
    case 'Ref':
      return ref(String(argument), scope);
    case 'Fn::GetAtt': {
      const [id = '', ...rest] = Array.isArray(argument) ? argument.map(String) : String(argument).split('.');
      return scope.resource(id, rest.join('.')) ?? { [key]: argument };
    }
    case 'Fn::Sub':
      return substitute(argument, scope);
    case 'Fn::Join': {
      const [separator, parts] = list() as [string, unknown];
      if (!Array.isArray(parts)) return { [key]: inner() };
      return parts
        .map((part) => (typeof part === 'object' ? JSON.stringify(part) : String(part)))
        .join(separator);
    }
    case 'Fn::If': {
      const [condition, yes, no] = argument as [string, unknown, unknown];
      return resolve(holds({ Condition: condition }, scope) ? yes : no, scope);
    }
    case 'Fn::Select': {
      const [index, items] = list() as [string, unknown[]];
      return items[Number(index)];
    }
    case 'Fn::Split': {
      const [separator, text] = list() as [string, string];
      return String(text).split(separator);
    }
    case 'Fn::FindInMap': {
      const [map, first, second] = list().map(String) as [string, string, string];
      return scope.template.Mappings?.[map]?.[first]?.[second];
    }
    case 'Fn::ImportValue':
      return scope.exported(String(inner()));
    case 'Fn::Base64':
      return Buffer.from(String(inner())).toString('base64');
    case 'Fn::GetAZs':
      return ['a', 'b', 'c'].map((zone) => `${scope.pseudo['AWS::Region']}${zone}`);
    default:
      return { [key]: inner() };
  }
}

function ref(name: string, scope: Scope): unknown {
  if (name === 'AWS::NoValue') return NO_VALUE;
  const plain = scope.pseudo[name];
  if (plain !== undefined) return plain;
  const parameter = scope.parameters.get(name);
  if (parameter !== undefined) {
    const type = scope.template.Parameters?.[name]?.Type ?? 'String';
    return type.startsWith('List<') || type === 'CommaDelimitedList'
      ? parameter.split(',').map((item) => item.trim())
      : parameter;
  }
  return scope.resource(name) ?? { Ref: name };
}

function substitute(argument: unknown, scope: Scope): unknown {
  const [text, own] = (Array.isArray(argument) ? argument : [argument, {}]) as [
    string,
    Record<string, unknown>,
  ];
  let complete = true;
  const result = text.replace(/\$\{([^${}]+)\}/g, (whole, raw: string) => {
    const name = raw.trim();
    if (name.startsWith('!')) return `\${${name.slice(1)}}`;
    const [id = '', ...rest] = name.split('.');
    const value =
      name in own
        ? resolve(own[name], scope)
        : rest.length > 0
          ? scope.resource(id, rest.join('.'))
          : ref(id, scope);
    if (value === undefined || typeof value === 'object') {
      complete = false;
      return whole;
    }
    return String(value);
  });
  return complete ? result : { 'Fn::Sub': result };
}

/** Whether a condition holds: Equals, And, Or, Not, and conditions by name. */
export function holds(condition: unknown, scope: Scope): boolean {
  const [key, argument] = Object.entries(condition as object)[0] ?? ['', undefined];
  switch (key) {
    case 'Condition':
      return holds(scope.template.Conditions?.[String(argument)] ?? {}, scope);
    case 'Fn::Equals': {
      const [a, b] = resolve(argument, scope) as [unknown, unknown];
      return String(a) === String(b);
    }
    case 'Fn::And':
      return (argument as unknown[]).every((one) => holds(one, scope));
    case 'Fn::Or':
      return (argument as unknown[]).some((one) => holds(one, scope));
    case 'Fn::Not':
      return !holds((argument as unknown[])[0], scope);
    default:
      throw validationError(`Template validation error: Condition ${key} is not supported`);
  }
}
