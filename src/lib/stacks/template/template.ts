import { createHash } from 'node:crypto';
import { isMap, isSeq } from 'yaml';
import { child, entries, parseTemplate, plain, scalarText, type TemplateTree } from './yaml.ts';

/** CloudFormation's limits (user guide, "Understand CloudFormation quotas"). */
export const INLINE_BYTES = 51_200;
export const LARGEST_BYTES = 1_000_000;
const MOST_RESOURCES = 500;

export const SAM = 'AWS::Serverless-2016-10-31';
export const LANGUAGE_EXTENSIONS = 'AWS::LanguageExtensions';

/** Types of which each resource is a stack of its own. */
export const NESTED: ReadonlySet<string> = new Set([
  'AWS::CloudFormation::Stack',
  'AWS::Serverless::Application',
]);

/** Whether a type is a module of the account's registry, which AWS replaces by the resources in it. */
export function isModule(type: string): boolean {
  return type.endsWith('::MODULE');
}

/** A parameter as its template declares it. */
export interface ParameterFacts {
  readonly type: string;
  /** As written. Undefined: a value must be given. */
  readonly default?: string;
  readonly noEcho: boolean;
  readonly description?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minValue?: number;
  readonly maxValue?: number;
  readonly allowedPattern?: string;
  readonly constraintDescription?: string;
  readonly allowedValues?: readonly string[];
  readonly line: number;
}

/** What a template says of itself. */
export interface TemplateFacts {
  readonly file: string;
  readonly description?: string;
  readonly parameters: ReadonlyMap<string, ParameterFacts>;
  readonly resources: ReadonlyMap<string, { readonly type: string; readonly line: number }>;
  readonly outputs: readonly string[];
  /** Macros of the whole template, in order. */
  readonly transforms: readonly string[];
  /**
   * Whether what becomes of the template depends on more than its text: a macro other than SAM's and
   * AWS::LanguageExtensions, an `Fn::Transform`, a nested stack, a module.
   */
  readonly openEnded: boolean;
  /** In UTF-8. */
  readonly bytes: number;
  /** SHA-256 of the file, in hex. */
  readonly sha256: string;
}

/** The facts with the text and its nodes, for the engine itself. */
export interface Template extends TemplateFacts {
  readonly text: string;
  readonly tree: TemplateTree;
}

/** The facts of a template's text. Pure; a template that AWS gave back is read with it too. */
export function readTemplate(file: string, text: string): Template {
  const tree = parseTemplate(file, text);
  const { root } = tree;
  const line = (offset: number) => tree.position(offset).line;
  const transforms = transformsOf(child(root, 'Transform'));
  const resources = new Map(
    entries(child(root, 'Resources')).map(({ key, value, offset }) => [
      key,
      { type: scalarText(child(value, 'Type')) ?? '', line: line(offset) },
    ]),
  );
  const description = scalarText(child(root, 'Description'));
  return {
    file,
    text,
    tree,
    ...(description === undefined ? {} : { description }),
    parameters: new Map(
      entries(child(root, 'Parameters')).map(({ key, value, offset }) => [
        key,
        parameterFacts(value, line(offset)),
      ]),
    ),
    resources,
    outputs: entries(child(root, 'Outputs')).map(({ key }) => key),
    transforms,
    openEnded:
      transforms.some((name) => name !== SAM && name !== LANGUAGE_EXTENSIONS) ||
      text.includes('Fn::Transform') ||
      text.includes('!Transform') ||
      [...resources.values()].some(({ type }) => NESTED.has(type) || isModule(type)),
    bytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
  };
}

/** Problems that need a count rather than a look at names. */
export function sizeProblems(template: Template): string[] {
  const { resources, transforms } = template;
  const problems: string[] = [];
  if (resources.size === 0 && transforms.length === 0)
    problems.push('It has no resources: a template needs at least one under `Resources:`.');
  if (resources.size > MOST_RESOURCES)
    problems.push(
      `It has ${resources.size} resources; CloudFormation takes no more than ${MOST_RESOURCES} in a stack. Split it.`,
    );
  return problems;
}

function transformsOf(node: unknown): string[] {
  const one = (item: unknown): string[] => {
    const name = scalarText(isMap(item) ? child(item, 'Name') : item);
    return name === undefined ? [] : [name];
  };
  return isSeq(node) ? node.items.flatMap(one) : one(node);
}

function parameterFacts(node: unknown, line: number): ParameterFacts {
  const text = (key: string) => scalarText(child(node, key));
  const optional = <K extends string, V>(key: K, value: V | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
  const count = (key: string) => {
    const written = text(key);
    const value = Number(written);
    return written === undefined || Number.isNaN(value) ? undefined : value;
  };
  const allowed = child(node, 'AllowedValues');
  // An empty default (`Default:` or `''`) is a default.
  const fallback = child(node, 'Default');
  const hasDefault = entries(node).some(({ key }) => key === 'Default');
  return {
    type: text('Type') ?? 'String',
    // CloudFormation reads YAML 1.1, to which `yes` and `on` are true.
    noEcho: /^(?:true|yes|on)$/i.test(text('NoEcho') ?? ''),
    line,
    ...optional('default', hasDefault ? (scalarText(fallback) ?? '') : undefined),
    ...optional('description', text('Description')),
    ...optional('minLength', count('MinLength')),
    ...optional('maxLength', count('MaxLength')),
    ...optional('minValue', count('MinValue')),
    ...optional('maxValue', count('MaxValue')),
    ...optional('allowedPattern', text('AllowedPattern')),
    ...optional('constraintDescription', text('ConstraintDescription')),
    ...optional(
      'allowedValues',
      isSeq(allowed) ? allowed.items.map((item) => scalarText(item) ?? '') : undefined,
    ),
  };
}

/** One resource's definition as plain data, for comparing. */
export function resourcesOf(template: Template): Map<string, ReturnType<typeof plain>> {
  return new Map(
    entries(child(template.tree.root, 'Resources')).map(({ key, value }) => [key, plain(value)]),
  );
}
