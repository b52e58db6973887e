import type { AwsSession } from '../aws/session.ts';
import { Exit, InfractlError, Interrupted, UsageError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import type { Project } from '../project/model.ts';
import {
  checkValue,
  fieldOf,
  type KnownSecret,
  type Leak,
  leaksInFiles,
  leaksInHistory,
  randomValue,
  STORE_WORDS,
  type StoredFacts,
  type StoreName,
  type StorePort,
  searchable,
  withField,
} from '../secrets/index.ts';
import { ENVIRONMENT_TAG, PROJECT_TAG } from '../stacks/index.ts';
import { type UsedSecret, usedSecrets } from './secret-uses.ts';

export interface SecretDeskDeps {
  readonly session: () => Promise<AwsSession>;
  readonly signal: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
  /** A variable of the shell or of `.env.secrets`. */
  readonly variable: (name: string) => string | undefined;
  readonly redactor: { add(value: string): void };
}

/** A secret of the project and how it is. Times in milliseconds since 1970. */
export interface SecretRow extends UsedSecret {
  readonly state: 'there' | 'missing' | 'no such field' | 'unknown';
  readonly changed: number | undefined;
  readonly why: string | undefined;
}

/** One secret as a command line names it. */
export interface SecretChoice {
  readonly name: string;
  readonly key: string | undefined;
  readonly store: StoreName | undefined;
}

export interface SecretChange {
  readonly store: StoreName;
  readonly name: string;
  readonly key: string | undefined;
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'put back';
  /** Where the project uses it: what takes the new value at its next deploy. */
  readonly usedBy: readonly string[];
}

export interface SecretImport {
  readonly store: StoreName;
  readonly target: string;
  /** The name of each value, and what refers to it in infractl.yaml. */
  readonly references: readonly (readonly [name: string, reference: string])[];
  /** Empty in a dry run. */
  readonly changes: readonly SecretChange[];
}

interface ImportPlan {
  readonly puts: readonly { readonly name: string; readonly value: string }[];
  readonly references: SecretImport['references'];
}

/** All work on the secrets of a project. Values go in and out by return values alone, and are known to the redactor. */
export class SecretDesk {
  readonly #deps: SecretDeskDeps;
  readonly #project: Project;
  readonly #used: readonly UsedSecret[];
  readonly #stores = new Map<StoreName, Promise<StorePort>>();

  constructor(deps: SecretDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
    this.#used = usedSecrets(project);
  }

  /** What the configuration names, and whether it is there. */
  list(): Promise<SecretRow[]> {
    return Promise.all(
      this.#used.map(async (used): Promise<SecretRow> => {
        if (used.store === 'env') {
          const value = this.#deps.variable(used.name);
          if (value !== undefined) this.#deps.redactor.add(value);
          return {
            ...used,
            state: value === undefined ? 'missing' : 'there',
            changed: undefined,
            why: undefined,
          };
        }
        try {
          const store = await this.#store(used.store);
          const facts = await store.facts(used.name);
          if (!facts) return { ...used, state: 'missing', changed: undefined, why: undefined };
          const there =
            used.key === undefined || (await this.#text(store, used.name, used.key)) !== undefined;
          return {
            ...used,
            state: there ? 'there' : 'no such field',
            changed: facts.changed,
            why: undefined,
          };
        } catch (error) {
          if (!isOfThisOne(error)) throw error;
          return { ...used, state: 'unknown', changed: undefined, why: error.message };
        }
      }),
    );
  }

  /**
   * A value to be shown: the redactor is not told of it.
   *
   * @throws InfractlError `SecretNotFound`, `SecretIsBinary`, `SecretNotJson`, `SecretKeyNotFound`
   */
  async get(
    choice: SecretChoice,
  ): Promise<{ readonly store: StoreName; readonly value: string; readonly changed: number | undefined }> {
    const store = await this.#chosen(choice);
    const [value, facts] = await Promise.all([
      this.#shown(store, choice.name, choice.key),
      store.facts(choice.name),
    ]);
    if (value === undefined) throw this.#notThere(store.store, choice);
    return { store: store.store, value, changed: facts?.changed };
  }

  /** Makes or changes a secret. The value before stays as the previous version. */
  async set(choice: SecretChoice, value: string): Promise<SecretChange> {
    this.#deps.redactor.add(value);
    const store = await this.#chosen(choice);
    checkValue(store.store, choice.name, value);
    if (choice.key !== undefined && store.store === 'ssm')
      throw new UsageError({
        code: 'NoFieldsInParameters',
        message: 'A parameter of Parameter Store has no fields.',
        suggestions: ['Leave --key out, or keep it in Secrets Manager: --store secretsmanager'],
      });
    const facts = await store.facts(choice.name);
    const before = facts && (await this.#text(store, choice.name, undefined));
    const after = choice.key === undefined ? value : withField(choice.name, before, choice.key, value);
    checkValue(store.store, choice.name, after);
    if (before === after) return this.#change(store, choice, 'unchanged');
    if (facts) await store.put(choice.name, after);
    else await store.create(choice.name, after, this.#tags());
    return this.#change(store, choice, facts ? 'changed' : 'created');
  }

  /** What is known of a secret without its value; undefined where there is none. */
  async facts(choice: SecretChoice): Promise<StoredFacts | undefined> {
    return (await this.#chosen(choice)).facts(choice.name);
  }

  /** A new random value in place of one that is there. */
  async rotate(choice: SecretChoice, length: number): Promise<SecretChange> {
    const store = await this.#chosen(choice);
    const facts = await store.facts(choice.name);
    const before = facts && (await this.#text(store, choice.name, choice.key));
    if (before === undefined) throw this.#notThere(store.store, choice);
    if (facts?.rotates)
      throw new InfractlError({
        code: 'RotatesItself',
        message: `${choice.name} is renewed by a function of its own.`,
        why: 'A value made here would not be known to the database or the service that it opens.',
        suggestions: [`Let its function do it: aws secretsmanager rotate-secret --secret-id ${choice.name}`],
      });
    return this.set(choice, randomValue(length));
  }

  /**
   * Stores all values of a file: as the fields of one secret, or as a parameter each.
   *
   * @param to the secret, or the path that the parameters are below
   */
  async import(
    values: ReadonlyMap<string, string>,
    { to, store: name, dryRun }: { to: string | undefined; store: StoreName; dryRun: boolean },
  ): Promise<SecretImport> {
    const { name: project, environment } = this.#project;
    const target = to ?? `${name === 'ssm' ? '/' : ''}${project}/${environment}`;
    const store = await this.#store(name);
    const plan = name === 'ssm' ? parametersOf(target, values) : await this.#fieldsOf(store, target, values);
    const changes: SecretChange[] = [];
    for (const put of plan.puts) checkValue(name, put.name, put.value);
    for (const one of plan.puts) {
      const choice = { name: one.name, key: undefined, store: name };
      if (!dryRun) changes.push(await this.set(choice, one.value));
    }
    return { store: name, target, references: plan.references, changes };
  }

  async #fieldsOf(store: StorePort, name: string, values: ReadonlyMap<string, string>): Promise<ImportPlan> {
    let text = await this.#text(store, name, undefined);
    for (const [key, value] of values) text = withField(name, text, key, value);
    const references = [...values.keys()].map((key) => [key, `{ secret: ${name}, key: ${key} }`] as const);
    return { puts: text === undefined ? [] : [{ name, value: text }], references };
  }

  /** The value before becomes the current one; once more undoes that. */
  async goBack(choice: Omit<SecretChoice, 'key'>): Promise<SecretChange> {
    const store = await this.#chosen({ ...choice, key: undefined });
    const facts = await store.facts(choice.name);
    if (!facts) throw this.#notThere(store.store, { ...choice, key: undefined });
    if (!facts.previous || !(await store.goBack(choice.name)))
      throw new InfractlError({
        code: 'NoPreviousValue',
        message: `${choice.name} has had one value only: there is none to put back.`,
      });
    return this.#change(store, { ...choice, key: undefined }, 'put back');
  }

  /** Every secret of the project that can be read, and those in files of secrets, looked for where they must not be. */
  async check(): Promise<{
    readonly searched: readonly string[];
    readonly leaks: readonly Leak[];
    readonly unread: readonly string[];
    /** Too short to be looked for: they are found everywhere by chance. */
    readonly tooShort: readonly string[];
    /** What was not, or not all, looked through, and why. */
    readonly notSearched: readonly string[];
  }> {
    const { env, signal } = this.#deps;
    const known: KnownSecret[] = [];
    const unread: string[] = [];
    await Promise.all(
      this.#used.map(async ({ store, name, key }) => {
        const label = key === undefined ? name : `${name} ${key}`;
        try {
          const value =
            store === 'env'
              ? this.#deps.variable(name)
              : await this.#text(await this.#store(store), name, key);
          if (value === undefined) return;
          this.#deps.redactor.add(value);
          known.push({ name: label, value });
        } catch (error) {
          if (!isOfThisOne(error)) throw error;
          unread.push(label);
        }
      }),
    );
    const { secretsInFiles } = await import('../project/index.ts');
    for (const { file, name, value } of secretsInFiles(this.#project.root)) {
      this.#deps.redactor.add(value);
      if (known.every((one) => one.value !== value)) known.push({ name: `${name} of ${file}`, value });
    }
    const wanted = searchable(known);
    const search = { root: this.#project.root, env, signal };
    const files = wanted.length === 0 ? [] : await leaksInFiles(search, wanted);
    const history = wanted.length === 0 ? { leaks: [] } : await leaksInHistory(search, wanted);
    return {
      searched: wanted.map(({ name }) => name),
      leaks: [...files, ...history.leaks],
      unread,
      tooShort: known.filter((one) => !wanted.includes(one)).map(({ name }) => name),
      notSearched: history.gap === undefined ? [] : [`the history of git: ${history.gap}`],
    };
  }

  #tags(): Readonly<Record<string, string>> {
    return { [PROJECT_TAG]: this.#project.name, [ENVIRONMENT_TAG]: this.#project.environment };
  }

  #change(store: StorePort, choice: SecretChoice, outcome: SecretChange['outcome']): SecretChange {
    const { name, key } = choice;
    const usedBy = this.#used
      .filter(
        (used) => used.store === store.store && used.name === name && (!key || !used.key || used.key === key),
      )
      .flatMap((used) => used.usedBy);
    return { store: store.store, name, key, outcome, usedBy: [...new Set(usedBy)] };
  }

  /** The store that is named, else the one that the configuration names it in, else Secrets Manager. */
  #chosen({ name, store }: SecretChoice): Promise<StorePort> {
    const used = this.#used.find((one) => one.name === name && one.store !== 'env')?.store as
      | StoreName
      | undefined;
    return this.#store(store ?? used ?? 'secretsmanager');
  }

  #store(name: StoreName): Promise<StorePort> {
    const known = this.#stores.get(name);
    if (known) return known;
    const opened = (async () => {
      const session = await this.#deps.session();
      return name === 'ssm'
        ? (await import('../aws/parameter-store.ts')).parameterStore(session, this.#deps.signal)
        : (await import('../aws/secrets-store.ts')).secretsStore(session, this.#deps.signal);
    })();
    this.#stores.set(name, opened);
    return opened;
  }

  /** The text of a secret or of one field, which is never printed; undefined where either is not there. */
  async #text(store: StorePort, name: string, key: string | undefined): Promise<string | undefined> {
    const whole = await this.#shown(store, name, undefined);
    if (whole === undefined) return undefined;
    this.#deps.redactor.add(whole);
    const field = fieldOf(name, whole, key);
    if (field !== undefined) this.#deps.redactor.add(field);
    return field;
  }

  async #shown(store: StorePort, name: string, key: string | undefined): Promise<string | undefined> {
    const value = await store.value(name);
    if (value === undefined || typeof value === 'string')
      return value === undefined ? undefined : fieldOf(name, value, key);
    throw new InfractlError({
      code: 'SecretIsBinary',
      message: `The secret ${name} holds bytes, not text.`,
      suggestions: [`See what it is: aws secretsmanager describe-secret --secret-id ${name}`],
    });
  }

  #notThere(store: StoreName, { name, key }: SecretChoice): InfractlError {
    const near = nearest(
      name,
      this.#used.filter((used) => used.store !== 'env').map((used) => used.name),
    );
    const words = key === undefined ? name : `the field ${key} of ${name}`;
    return new InfractlError({
      code: key === undefined ? 'SecretNotFound' : 'SecretKeyNotFound',
      message: `There is no ${words} in ${STORE_WORDS[store]}.`,
      suggestions: [
        ...(near && near !== name ? [`Did you mean ${near}?`] : []),
        `Make it: infractl secrets set ${name}${key === undefined ? '' : ` --key ${key}`}${store === 'ssm' ? ' --store ssm' : ''}`,
      ],
    });
  }
}

/** Whether a failure is of one secret alone; who has no credentials, or was interrupted, need not be told of each. */
function isOfThisOne(error: unknown): error is InfractlError {
  if (!(error instanceof InfractlError) || error instanceof Interrupted) return false;
  return error.exit !== Exit.credentials || error.code === 'AccessDenied';
}

function parametersOf(path: string, values: ReadonlyMap<string, string>): ImportPlan {
  const nameOf = (key: string) => `${path.replace(/\/$/, '')}/${key}`;
  return {
    puts: [...values].map(([key, value]) => ({ name: nameOf(key), value })),
    references: [...values.keys()].map((key) => [key, `{ ssm: ${nameOf(key)} }`] as const),
  };
}
