import { isSecretName, isSecretValue } from '../base/secret-words.ts';
import { listed } from '../base/text.ts';
import type {
  DraftFunction,
  DraftHost,
  DraftParameter,
  DraftSecret,
  DraftStack,
  NewFile,
  Start,
} from './draft.ts';
import { secretWords, type TemplateWords } from './from-samconfig.ts';
import { environmentIn, isLive, kebab, unlike, variableName } from './names.ts';
import { notTaken } from './not-taken.ts';

/** A stack as it runs, with its template as it was sent. */
export interface RunningStack {
  readonly stackName: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly terminationProtection: boolean;
  readonly roleArn?: string | undefined;
  readonly notifications?: readonly string[] | undefined;
  readonly policy: boolean;
  /** As AWS gives it back. */
  readonly template: string;
  readonly facts: Pick<TemplateWords, 'parameters'> & {
    readonly resources: ReadonlyMap<string, { readonly type: string }>;
    readonly transforms: readonly string[];
  };
  readonly resources: readonly {
    readonly logicalId: string;
    readonly physicalId: string;
    readonly type: string;
  }[];
}

/** The tags that infractl puts on the stacks of a project. */
export interface OwnTags {
  readonly project: string;
  readonly environment: string;
  readonly part: string;
}

export interface StackOrder {
  readonly stacks: readonly RunningStack[];
  readonly ownTags: OwnTags;
  /** The region and the account that they run in, and how they are reached. */
  readonly region: string;
  readonly profile?: string | undefined;
  readonly project: string;
  /** Default: what the names or the tags of the stacks tell. */
  readonly environment?: string | undefined;
}

/** What CloudFormation gives in place of a parameter with NoEcho. */
const HIDDEN = /^\*+$/;

/** The project and the environment that stacks tell of by their tags or names. Pure. */
export function toldBy(
  stacks: readonly Pick<RunningStack, 'stackName' | 'tags'>[],
  own: OwnTags,
): { readonly project?: string; readonly environment?: string } {
  const [first] = stacks;
  if (!first) return {};
  const environment = first.tags[own.environment] ?? environmentIn(first.stackName) ?? undefined;
  const tagged = first.tags[own.project];
  if (tagged) return { project: tagged, ...(environment ? { environment } : {}) };
  const words = (kebab(first.stackName) ?? '').split('-').filter((word) => environmentIn(word) === undefined);
  const project = (stacks.length > 1 ? words.slice(0, 1) : words).join('-');
  return { ...(project ? { project } : {}), ...(environment ? { environment } : {}) };
}

/**
 * A project out of stacks that run: their templates as files, their parameters, tags and protection. Values that AWS does
 * not tell, and those that are secrets, become references. What cannot be taken over is told. Pure.
 */
export function startFromStacks(order: StackOrder): Start {
  const { stacks, ownTags, region } = order;
  const environment = kebab(order.environment ?? toldBy(stacks, ownTags).environment ?? '') ?? 'prod';
  const names = partNames(order, environment);
  const parts = stacks.map((stack, at) => ({ stack, name: names[at] as string }));
  const files = parts.map(({ stack, name }): NewFile => templateFile(name, stack.template));
  const several = parts.length > 1;
  const drafts = parts.map(({ stack, name }, at) =>
    stackDraft(stack, name, (files[at] as NewFile).path, ownTags, several ? `${name}-` : ''),
  );
  const secrets = drafts.flatMap((one) => one.secrets);
  const live = isLive(environment);
  return {
    draft: {
      from: `${stacks.length > 1 ? 'the stacks' : 'the stack'} ${listed(stacks.map(({ stackName }) => stackName))} in ${region}`,
      project: order.project,
      region,
      ...(order.profile ? { profile: order.profile } : {}),
      environments: [
        {
          name: environment,
          about: live ? 'It runs: --env says that it is meant.' : 'It runs already.',
          ...(live ? { protected: true } : {}),
          stacks: [],
        },
      ],
      stacks: drafts.map(({ draft }) => draft),
      hosts: eachOnce(parts.flatMap(({ stack, name }) => hostsOf(stack, name, several))),
      functions: eachOnce(parts.flatMap(({ stack, name }) => functionsOf(stack, name, several))),
    },
    secrets,
    files,
    remarks: [
      ...parts.flatMap(({ stack }) => notTaken(stack)),
      ...untaggedWords(stacks, ownTags),
      ...secretWords(secrets.filter(({ value }) => value !== undefined).map(({ variable }) => variable)),
      ...openWords(secrets),
    ],
  };
}

/** @param prefix of the names of secrets, where several stacks may have equal ones */
function stackDraft(
  stack: RunningStack,
  name: string,
  template: string,
  ownTags: OwnTags,
  prefix: string,
): { readonly draft: DraftStack; readonly secrets: readonly DraftSecret[] } {
  const own = new Set<string>(Object.values(ownTags));
  const secrets: DraftSecret[] = [];
  const parameters = Object.entries(stack.parameters).map(([key, value]): [string, DraftParameter] => {
    const declared = stack.facts.parameters.get(key);
    const hidden = HIDDEN.test(value);
    if (!hidden && declared?.noEcho !== true && !looksSecret(key, value)) {
      const about = declared?.description ?? 'As the stack has it.';
      return [key, { value: { is: 'literal', text: value }, about }];
    }
    const variable = variableName(prefix + key);
    secrets.push({ variable, environment: undefined, value: hidden ? undefined : value });
    const where = `${variable} in .env.secrets, or { secret: … } of Secrets Manager`;
    const about = hidden ? `AWS does not tell it (NoEcho): ${where}.` : `A secret: ${where}.`;
    return [key, { value: { is: 'variable', name: variable }, about }];
  });
  const tags = Object.entries(stack.tags).filter(([key]) => !key.startsWith('aws:') && !own.has(key));
  const { stackName, terminationProtection } = stack;
  const draft = {
    name,
    template,
    stackName,
    terminationProtection,
    parameters: Object.fromEntries(parameters),
    tags: Object.fromEntries(tags),
  };
  return { draft, secrets };
}

/** `WebServer` and `Webserver` are two names in a template, and one in infractl.yaml. */
function eachOnce<T extends { readonly name: string }>(things: readonly T[]): T[] {
  const names = unlike(things.map(({ name }) => name));
  return things.map((thing, at) => ({ ...thing, name: names[at] as string }));
}

function looksSecret(name: string, value: string): boolean {
  if (/^\{\{resolve:/.test(value) || value === '') return false;
  return isSecretName(name) || isSecretValue(value);
}

/** By their tags, else what their names have beside the project's and the environment's. */
function partNames({ stacks, ownTags, project }: StackOrder, environment: string): string[] {
  return unlike(
    stacks.map(({ stackName, tags }) => {
      const tagged = tags[ownTags.part];
      if (tagged) return kebab(tagged) ?? 'app';
      const words = (kebab(stackName) ?? '').split('-');
      const left = words.filter(
        (word) => !project.split('-').includes(word) && word !== environment && !environmentIn(word),
      );
      return left.length > 0 ? (kebab(left.join('-')) ?? 'app') : 'app';
    }),
  );
}

function templateFile(name: string, text: string): NewFile {
  const json = /^\s*\{/.test(text);
  return { path: `infra/${name}.${json ? 'json' : 'yaml'}`, text };
}

/** An output follows an instance that is replaced; an id does not. */
function hostsOf(stack: RunningStack, part: string, several: boolean): DraftHost[] {
  const instances = stack.resources.filter(({ type }) => type === 'AWS::EC2::Instance');
  return instances.map(({ logicalId, physicalId }) => {
    const output = Object.entries(stack.outputs).find(([, value]) => value === physicalId)?.[0];
    const id = kebab(logicalId) ?? 'host';
    return {
      name: several ? `${part}-${id}` : id,
      about: `${logicalId} of ${stack.stackName}.`,
      ...(output ? { output: `${part}.${output}` } : { instance: physicalId }),
    };
  });
}

function functionsOf(stack: RunningStack, part: string, several: boolean): DraftFunction[] {
  const functions = stack.resources.filter(({ type }) => type === 'AWS::Lambda::Function');
  return functions.map(({ logicalId, physicalId }) => {
    const output = Object.entries(stack.outputs).find(([, value]) => value === physicalId)?.[0];
    const id = kebab(logicalId) ?? 'function';
    return {
      name: several ? `${part}-${id}` : id,
      functionName: output ? `{ output: ${part}.${output} }` : physicalId,
    };
  });
}

function openWords(secrets: readonly DraftSecret[]): string[] {
  const open = secrets.filter(({ value }) => value === undefined).map(({ variable }) => variable);
  if (open.length === 0) return [];
  return [
    `Give ${listed(open)} in .env.secrets before diff and deploy: AWS keeps ${open.length > 1 ? 'these values' : 'this value'} to itself (NoEcho).`,
  ];
}

function untaggedWords(stacks: readonly RunningStack[], own: OwnTags): string[] {
  const untagged = stacks
    .filter(({ tags }) => tags[own.project] === undefined)
    .map(({ stackName }) => stackName);
  if (untagged.length === 0) return [];
  return [
    `The first deploy gives ${listed(untagged)} the tags that infractl knows its stacks by (${listed(Object.values(own))}): infractl diff shows them.`,
  ];
}
