/** A system in the package's `templates/` folder that a user can copy and deploy. */
export interface Blueprint {
  readonly name: string;
  /** One line: "A container on Lambda behind an HTTP API". */
  readonly title: string;
  readonly description: string;
  /** Absolute path. */
  readonly folder: string;
  readonly variants: readonly Variant[];
  /** Keys of `.env.secrets` that get a random value. */
  readonly generate: readonly string[];
  /** Commands after the first deploy, without `infractl`. */
  readonly next: readonly string[];
  /** A key pair for its hosts: the file of the private key, and the parameter in infractl.yaml for the public one. */
  readonly sshKey?: { readonly file: string; readonly parameter: string };
}

/** The same system with a few other files. */
export interface Variant {
  readonly name: string;
  readonly title: string;
  /** Files of the blueprint that this variant does not have. */
  readonly without: readonly string[];
}

export interface ProjectRequest {
  readonly blueprint: Blueprint;
  readonly variant?: string | undefined;
  /** Absolute path of the folder to make; it may exist when nothing is in it. */
  readonly target: string;
  /** Default: the folder's name where it is a good one, otherwise the blueprint's. */
  readonly name?: string | undefined;
  /** Default: the blueprint's. */
  readonly region?: string | undefined;
}

/** What a new project will hold. Made by `planProject`, which changes nothing. */
export interface ProjectPlan {
  readonly blueprint: Blueprint;
  readonly variant: Variant | undefined;
  readonly target: string;
  /** Whether the target is there already, empty. */
  readonly targetExists: boolean;
  readonly name: string;
  readonly region: string | undefined;
  /** In the order of their paths. */
  readonly files: readonly PlannedFile[];
}

export type PlannedFile = {
  /** Relative to the target, with `/`. */
  readonly path: string;
} & (
  | {
      readonly kind: 'copy' | 'configuration' | 'secrets';
      /** Absolute path of the file that it is made from. */
      readonly source: string;
    }
  | { readonly kind: 'private-key' | 'public-key' }
);
