/** The commands as `oclif.manifest.json` describes them, as far as completing a command line needs it. */

export interface CatalogFlag {
  readonly name: string;
  readonly type: 'boolean' | 'option';
  readonly char?: string;
  readonly description?: string;
  readonly summary?: string;
  readonly options?: readonly string[];
  readonly multiple?: boolean;
  readonly allowNo?: boolean;
  readonly hidden?: boolean;
}

export interface CatalogCommand {
  /** `manage:schedule:set`. */
  readonly id: string;
  readonly summary?: string;
  readonly hidden?: boolean;
  /** Absent or true: no more words than arguments. */
  readonly strict?: boolean;
  /** In the order of the command line. */
  readonly args: Readonly<Record<string, { readonly options?: readonly string[] }>>;
  readonly flags: Readonly<Record<string, CatalogFlag>>;
}

export interface Catalog {
  readonly commands: Readonly<Record<string, CatalogCommand>>;
  /** By id: `manage:schedule`. */
  readonly topics: Readonly<Record<string, { readonly description?: string }>>;
}
