import { Exit, InfractlError } from '../base/errors.ts';
import { duration } from '../base/text.ts';
import { type Resolved, resolveValue, type Sources } from '../project/index.ts';
import type { StackPart, Value } from '../project/model.ts';
import type { SecretReader } from '../secrets/index.ts';
import { isDeployed, type StackState, statusWords, typed, wayOutOf } from '../stacks/index.ts';
import type { DeployContext } from './types.ts';

/** Raised while a dry run resolves a value that only a real deploy can know. */
export class NotYetKnown extends InfractlError {
  override readonly name = 'NotYetKnown';
  constructor(what: string) {
    super({ code: 'NotYetKnown', message: `${what} is known only after a deploy.` });
  }
}

/**
 * What this run knows so far: outputs of stacks and images by digest, as parts are done, and the stores
 * that other references name. Every secret that passes is told to the redactor first.
 */
export class Known {
  readonly #context: DeployContext;
  readonly #secrets: SecretReader;
  readonly #stores: boolean;
  readonly #outputs = new Map<string, Readonly<Record<string, string>>>();
  readonly #images = new Map<string, string>();
  readonly #answers = new Map<string, string>();

  /** @param stores whether Secrets Manager and Parameter Store may be asked; default: yes */
  constructor(context: DeployContext, secrets: SecretReader, { stores = true } = {}) {
    this.#context = context;
    this.#secrets = secrets;
    this.#stores = stores;
  }

  setOutputs(stack: string, outputs: Readonly<Record<string, string>>): void {
    this.#outputs.set(stack, outputs);
  }

  setImage(name: string, uri: string): void {
    this.#images.set(name, uri);
  }

  /** A parameter's value that a person gave when asked. */
  setAnswer(stack: string, parameter: string, value: string): void {
    this.#context.redactor.add(value);
    this.#answers.set(`${stack}.${parameter}`, value);
  }

  outputs(): Record<string, Readonly<Record<string, string>>> {
    return Object.fromEntries(this.#outputs);
  }

  /** The text of a value. */
  resolve(value: Value | readonly Value[]): Promise<Resolved> {
    return resolveValue(value, this.#sources);
  }

  /** All parameters of a stack, the answers included. */
  async parameters(stack: StackPart): Promise<Record<string, Resolved>> {
    const entries = await Promise.all(
      Object.entries(stack.parameters).map(
        async ([name, value]) => [name, await this.resolve(value)] as const,
      ),
    );
    return { ...Object.fromEntries(entries), ...this.answers(stack.name) };
  }

  /** What a person answered for a stack's parameters. Treated as secrets: nobody said that they are not. */
  answers(stack: string): Record<string, Resolved> {
    return Object.fromEntries(
      [...this.#answers]
        .filter(([key]) => key.startsWith(`${stack}.`))
        .map(([key, value]) => [key.slice(stack.length + 1), { value, secret: true }]),
    );
  }

  readonly #sources: Sources = {
    output: async (stack, key) => {
      const outputs = this.#outputs.get(stack);
      if (outputs === undefined) throw new NotYetKnown(`The output ${stack}.${key}`);
      const value = outputs[key];
      return value === undefined ? undefined : { value, secret: false };
    },
    image: async (name) => {
      const uri = this.#images.get(name);
      if (uri === undefined) throw new NotYetKnown(`The image ${name}`);
      return { value: uri, secret: false };
    },
    secret: async (name, key) => {
      if (!this.#stores) throw new NotYetKnown(`The secret ${name}`);
      return this.#told(await this.#secrets.secret(name, key));
    },
    parameter: async (path) => {
      if (!this.#stores) throw new NotYetKnown(`The parameter ${path}`);
      return this.#told(await this.#secrets.parameter(path));
    },
    env: (name) => {
      const value = this.#context.variable(name);
      return value === undefined ? undefined : this.#told({ value, secret: true });
    },
  };

  #told(found: Resolved): Resolved;
  #told(found: Resolved | undefined): Resolved | undefined;
  #told(found: Resolved | undefined): Resolved | undefined {
    if (found?.secret) this.#context.redactor.add(found.value);
    return found;
  }
}

/** The outputs of a stack that is only read. */
export function outputsOf(
  part: StackPart,
  state: StackState | undefined,
  region: string,
  where = '',
): Readonly<Record<string, string>> {
  if (state === undefined) {
    throw new InfractlError({
      code: 'StackNotFound',
      message: `The stack ${part.stackName} does not exist in ${region}.`,
      suggestions: [
        `Create it: infractl deploy --create-stack${where}`,
        'If it is there, check the profile, the region and the environment.',
      ],
    });
  }
  if (state.status.endsWith('_IN_PROGRESS') && state.status !== 'REVIEW_IN_PROGRESS') {
    throw new InfractlError({
      code: 'StackBusy',
      message: `The stack ${part.stackName} is busy: ${state.status}.`,
      why: 'What it gives to other parts may change while it works.',
      suggestions: [
        'Wait until it is done, then run the same command again.',
        `To see how it goes on: ${typed('attach', { part: part.name, where })}`,
      ],
      exit: Exit.busy,
    });
  }
  if (!isDeployed(state.status)) {
    throw new InfractlError({
      code: 'StackNotDeployed',
      message: `The stack ${part.stackName} is not whole: ${statusWords(state.status).words} (${state.status}).`,
      suggestions: wayOutOf(state.status, part.stackName, where),
    });
  }
  return state.outputs;
}

/** `pushed 2 min 05 s ago as a1b2c3d`. */
export function ageOfImage(image: { readonly age: number; readonly tags: readonly string[] }): string {
  const names = image.tags.filter((tag) => !/^(content|keep)-/.test(tag));
  return `pushed ${duration(image.age)} ago${names.length > 0 ? ` as ${names.join(', ')}` : ''}`;
}
