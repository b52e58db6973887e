import { isSecretName, isSecretValue } from '../base/secret-words.ts';
import { listed } from '../base/text.ts';
import type { DraftEnvironment, DraftParameter, DraftSecret, DraftStack, Start } from './draft.ts';
import { isLive, kebab, unlike, variableName } from './names.ts';
import type { SamEnvironment, SamFile } from './samconfig.ts';

/** The facts of a template that a draft is made with. */
export interface TemplateWords {
  /** Relative to the project's folder, with `/`. */
  readonly path: string;
  readonly parameters: ReadonlyMap<
    string,
    { readonly noEcho: boolean; readonly default?: string; readonly description?: string }
  >;
}

export interface SamOrder {
  readonly file: string;
  readonly sam: SamFile;
  readonly project: string;
  /** Where the file names none. */
  readonly region?: string | undefined;
  /** The template of each environment, in the order of the file. */
  readonly templates: readonly TemplateWords[];
}

const PART = 'app';

/** One environment with the name and the template that it has here. */
interface Fact {
  readonly own: SamEnvironment;
  readonly name: string;
  readonly template: TemplateWords;
}

/** What is decided over all environments at once. */
interface Common {
  readonly file: string;
  readonly region: string | undefined;
  /** Parameters that are secrets. */
  readonly secrets: ReadonlySet<string>;
  /** Tags, and parameters, that have the same value in all. */
  readonly shared: ReturnType<typeof sharedValues>;
  /** The environment whose template the stack has. */
  readonly first: Fact;
  /** Parameters that stand at the stack itself: the same value, or the same reference, does for all. */
  inBase(parameter: string): boolean;
}

/**
 * A project out of a samconfig.toml: its environments, one stack, what differs between them. Values that are secrets by
 * their parameter, their name or their look become references, and go to files of secrets. Pure.
 */
export function startFromSamconfig({ file, sam, project, region, templates }: SamOrder): Start {
  const names = environmentNames(sam.environments);
  const facts = sam.environments.map(
    (own, at): Fact => ({ own, name: names[at] as string, template: templates[at] as TemplateWords }),
  );
  const common = commonOf(facts, file, region);
  const given = Object.assign({}, ...facts.toReversed().map(({ own }) => own.parameters)) as Given;
  const open = openParameters(common.first.template, given);
  return {
    draft: {
      from: file,
      project,
      ...(common.region ? { region: common.region } : {}),
      environments: facts.map((fact) => environmentOf(fact, common, facts.length === 1)),
      stacks: [baseStack(common, given, open, facts.length === 1)],
      hosts: [],
      functions: [],
    },
    secrets: facts.flatMap((fact) => secretsOf(fact, common)),
    files: [],
    remarks: [
      ...sam.remarks,
      ...renamed(facts),
      ...secretWords([...common.secrets]),
      ...(common.secrets.size > 0
        ? [`${file} still holds what is secret: take it out of there, and out of git.`]
        : []),
      ...wantedWords(Object.keys(open)),
    ],
  };
}

type Given = Readonly<Record<string, string>>;

function commonOf(facts: readonly Fact[], file: string, region: string | undefined): Common {
  const shared = sharedValues(facts.map(({ own }) => own));
  const secrets = new Set(
    facts.flatMap(({ own, template }) =>
      Object.entries(own.parameters)
        .filter(([name, value]) => isSecret(name, value, template))
        .map(([name]) => name),
    ),
  );
  const first = facts[0] as Fact;
  // One environment's region must not become that of another one, which had none.
  const all = facts.every(({ own }) => own.region !== undefined);
  return {
    file,
    region: all ? first.own.region : region,
    secrets,
    shared,
    first,
    inBase: (name) =>
      shared.parameters.has(name) ||
      (secrets.has(name) && facts.every(({ own }) => Object.hasOwn(own.parameters, name))),
  };
}

function environmentOf(fact: Fact, common: Common, alone: boolean): DraftEnvironment {
  const { own, name, template } = fact;
  const { file, region, shared, first } = common;
  const stack: DraftStack = {
    name: PART,
    ...(template.path === first.template.path ? {} : { template: template.path }),
    ...(own.stackName && !alone ? { stackName: own.stackName } : {}),
    parameters: parametersOf(own.parameters, template, common, (parameter) => !common.inBase(parameter)),
    tags: Object.fromEntries(Object.entries(own.tags).filter(([key]) => !shared.tags.has(key))),
  };
  const differs =
    stack.template || stack.stackName || Object.keys({ ...stack.parameters, ...stack.tags }).length > 0;
  return {
    name,
    about: own.name === name ? `As ${file} has it.` : `"${own.name}" in ${file}.`,
    ...(own.region && own.region !== region ? { region: own.region } : {}),
    ...(own.profile ? { profile: own.profile } : {}),
    ...(isLive(name) ? { protected: true } : {}),
    stacks: differs ? [stack] : [],
  };
}

function baseStack(
  common: Common,
  given: Given,
  open: Readonly<Record<string, DraftParameter>>,
  alone: boolean,
): DraftStack {
  const { first, shared } = common;
  const { own, template } = first;
  return {
    name: PART,
    template: template.path,
    ...(alone && own.stackName ? { stackName: own.stackName } : {}),
    parameters: { ...parametersOf(given, template, common, common.inBase), ...open },
    tags: Object.fromEntries([...shared.tags].map((key) => [key, own.tags[key] ?? ''])),
  };
}

function parametersOf(
  given: Given,
  template: TemplateWords,
  { secrets }: Common,
  which: (name: string) => boolean,
): Record<string, DraftParameter> {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([name]) => which(name))
      .map(([name, value]) => [name, parameterOf(name, value, template, secrets)]),
  );
}

function secretsOf({ own, name }: Fact, { secrets, shared }: Common): DraftSecret[] {
  return Object.entries(own.parameters)
    .filter(([key]) => secrets.has(key))
    .map(([key, value]) => ({
      variable: variableName(key),
      environment: shared.parameters.has(key) ? undefined : name,
      value,
    }));
}

/** `default` is what sam takes without a word: the environment of development, where none has that name. */
function environmentNames(environments: readonly SamEnvironment[]): string[] {
  const taken = new Set(environments.map(({ name }) => name));
  return unlike(
    environments.map(({ name }) =>
      name === 'default' && !taken.has('dev') ? 'dev' : (kebab(name) ?? 'env'),
    ),
  );
}

/** What has the same value in all environments. */
function sharedValues(environments: readonly SamEnvironment[]) {
  const of = (what: 'parameters' | 'tags') =>
    new Set(
      Object.entries(environments[0]?.[what] ?? {})
        .filter(([key, value]) => environments.every((one) => one[what][key] === value))
        .map(([key]) => key),
    );
  return { parameters: of('parameters'), tags: of('tags') };
}

function isSecret(name: string, value: string, template: TemplateWords): boolean {
  // What CloudFormation itself looks up is a reference already.
  if (/^\{\{resolve:/.test(value)) return false;
  return template.parameters.get(name)?.noEcho === true || isSecretName(name) || isSecretValue(value);
}

function parameterOf(
  name: string,
  value: string,
  template: TemplateWords,
  secrets: ReadonlySet<string>,
): DraftParameter {
  const about = template.parameters.get(name)?.description;
  if (!secrets.has(name))
    return { value: { is: 'literal', text: value }, about: about ?? 'As it was given to sam.' };
  const variable = variableName(name);
  return {
    value: { is: 'variable', name: variable },
    about: `A secret: ${variable} in .env.secrets, or { secret: … } of Secrets Manager.`,
  };
}

/** Parameters that the template wants and nobody has given. */
export function openParameters(
  template: TemplateWords,
  given: Readonly<Record<string, unknown>>,
): Record<string, DraftParameter> {
  return Object.fromEntries(
    [...template.parameters]
      .filter(([name, facts]) => facts.default === undefined && !Object.hasOwn(given, name))
      .map(([name, { noEcho, description }]) => [
        name,
        noEcho || isSecretName(name)
          ? {
              value: { is: 'open' },
              about: `Wanted, a secret: { env: ${variableName(name)} } or { secret: … }`,
            }
          : {
              value: { is: 'open' },
              about: `Wanted${description ? `: ${description}` : ', and has no default.'}`,
            },
      ]),
  );
}

function renamed(facts: readonly { readonly own: SamEnvironment; readonly name: string }[]): string[] {
  return facts
    .filter(({ own, name }) => own.name !== name)
    .map(({ own, name }) => `The environment "${own.name}" is called ${name} in infractl.yaml.`);
}

export function secretWords(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const many = names.length > 1;
  return [
    `${listed(names)} ${many ? 'are secrets: their values are' : 'is a secret: its value is'} not in infractl.yaml, but in .env.secrets, for this machine alone.`,
  ];
}

/** What deploy asks for, or refuses to go on without. */
export function wantedWords(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const many = names.length > 1;
  return [
    `The template wants ${listed(names)}: give ${many ? 'them' : 'it'} in infractl.yaml, where the ${many ? 'lines are' : 'line is'}.`,
  ];
}
