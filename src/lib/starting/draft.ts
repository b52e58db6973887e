/** What a new project will be, before it is written. */

/** A value of a parameter. */
export type DraftValue =
  | { readonly is: 'literal'; readonly text: string }
  /** A line of `.env.secrets`, or a variable of the environment. */
  | { readonly is: 'variable'; readonly name: string }
  /** Nobody knows it yet: the line is there, commented out. */
  | { readonly is: 'open' };

export interface DraftParameter {
  readonly value: DraftValue;
  /** What the line is explained with. */
  readonly about: string;
}

/** What a stack is, or what is different of it in one environment. */
export interface DraftStack {
  readonly name: string;
  /** Relative to the project's folder. */
  readonly template?: string;
  readonly stackName?: string;
  readonly parameters: Readonly<Record<string, DraftParameter>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly terminationProtection?: boolean;
}

export interface DraftEnvironment {
  readonly name: string;
  readonly about: string;
  readonly region?: string;
  readonly profile?: string;
  readonly protected?: boolean;
  readonly stacks: readonly DraftStack[];
}

/** A machine: by one of the three. */
export interface DraftHost {
  readonly name: string;
  readonly about: string;
  readonly instance?: string;
  readonly output?: string;
  readonly address?: string;
}

/** A function whose code is to be deployed once somebody says where it is. */
export interface DraftFunction {
  readonly name: string;
  /** `{ output: app.FunctionName }`, or its name. */
  readonly functionName: string;
}

export interface Draft {
  /** Where it comes from, in words: `samconfig.toml`. */
  readonly from: string;
  readonly project: string;
  readonly region?: string;
  readonly profile?: string;
  readonly environments: readonly DraftEnvironment[];
  readonly stacks: readonly DraftStack[];
  readonly hosts: readonly DraftHost[];
  readonly functions: readonly DraftFunction[];
}

/** A secret that the draft refers to. */
export interface DraftSecret {
  readonly variable: string;
  /** The environment that has this value alone; undefined: all have it. */
  readonly environment: string | undefined;
  /** Undefined: nobody but AWS knows it, and it does not tell. */
  readonly value: string | undefined;
}

export interface NewFile {
  /** Relative to the project's folder, with `/`. */
  readonly path: string;
  readonly text: string;
  /** Only its owner may read it. */
  readonly private?: true;
}

/** A new project: what it will be, its files, and what whoever starts it should know. */
export interface Start {
  readonly draft: Draft;
  readonly secrets: readonly DraftSecret[];
  /** Beside infractl.yaml and the files of secrets: templates. */
  readonly files: readonly NewFile[];
  readonly remarks: readonly string[];
}
