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

/**
 * A project out of a samconfig.toml: its environments, one stack, what differs between them. Values that are secrets by
 * their parameter, their name or their look become references, and go to files of secrets. Pure.
 */
export function startFromSamconfig(order: SamOrder): Start {
  const { sam, templates } = order;
  const names = environmentNames(sam.environments);
  const facts = sam.environments.map((own, at) => ({
    own,
    name: names[at] as string,
    template: templates[at] as TemplateWords,
  }));
  const secrets = new Set(
    facts.flatMap(({ own, template }) =>
      Object.entries(own.parameters)
        .filter(([name, value]) => isSecret(name, value, template))
        .map(([name]) => name),
    ),
  );
  const shared = sharedValues(sam.environments);
  // The same reference does for all, where all have one.
  const inBase = (name: string) =>
    shared.parameters.has(name) ||
    (secrets.has(name) && facts.every(({ own }) => Object.hasOwn(own.parameters, name)));
  const parameters = (own: SamEnvironment, template: TemplateWords, which: (name: string) => boolean) =>
    Object.fromEntries(
      Object.entries(own.parameters)
        .filter(([name]) => which(name))
        .map(([name, value]) => [name, parameterOf(name, value, template, secrets)]),
    );
  const first = facts[0] as (typeof facts)[number];
  const alone = facts.length === 1;
  const regions = new Set(facts.map(({ own }) => own.region));
  const region = regions.size === 1 ? (first.own.region ?? order.region) : (order.region ?? first.own.region);
  const stackOf = ({ own, template }: typeof first): DraftStack => ({
    name: PART,
    ...(template.path === first.template.path ? {} : { template: template.path }),
    ...(own.stackName && !alone ? { stackName: own.stackName } : {}),
    parameters: parameters(own, template, (name) => !inBase(name)),
    tags: Object.fromEntries(Object.entries(own.tags).filter(([key]) => !shared.tags.has(key))),
  });
  const environments = facts.map((fact): DraftEnvironment => {
    const { own, name } = fact;
    const stack = stackOf(fact);
    const differs =
      stack.template || stack.stackName || Object.keys({ ...stack.parameters, ...stack.tags }).length > 0;
    return {
      name,
      about: own.name === name ? `As ${order.file} has it.` : `"${own.name}" in ${order.file}.`,
      ...(own.region && own.region !== region ? { region: own.region } : {}),
      ...(own.profile ? { profile: own.profile } : {}),
      ...(isLive(name) ? { protected: true } : {}),
      stacks: differs ? [stack] : [],
    };
  });
  const all = Object.assign({}, ...facts.toReversed().map(({ own }) => own.parameters)) as Record<
    string,
    string
  >;
  const everywhere = { ...first.own, parameters: all };
  return {
    draft: {
      from: order.file,
      project: order.project,
      ...(region ? { region } : {}),
      environments,
      stacks: [
        {
          name: PART,
          template: first.template.path,
          ...(alone && first.own.stackName ? { stackName: first.own.stackName } : {}),
          parameters: {
            ...parameters(everywhere, first.template, inBase),
            ...openParameters(first.template, all),
          },
          tags: Object.fromEntries([...shared.tags].map((key) => [key, first.own.tags[key] ?? ''])),
        },
      ],
      hosts: [],
      functions: [],
    },
    secrets: facts.flatMap(({ own, name }) =>
      Object.entries(own.parameters)
        .filter(([key]) => secrets.has(key))
        .map(
          ([key, value]): DraftSecret => ({
            variable: variableName(key),
            environment: shared.parameters.has(key) ? undefined : name,
            value,
          }),
        ),
    ),
    files: [],
    remarks: [
      ...sam.remarks,
      ...renamed(facts),
      ...secretWords([...secrets]),
      ...wantedWords(Object.keys(openParameters(first.template, all))),
    ],
  };
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

export function isSecret(name: string, value: string, template: TemplateWords): boolean {
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
