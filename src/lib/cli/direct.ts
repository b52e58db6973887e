import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Interfaces } from '@oclif/core';
import type { BaseCommand } from './command/base-command.ts';
import type { Outcome } from './views/view.ts';

/** What the manifest says of a command, as far as it is needed to run it. */
interface ManifestCommand {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly relativePath: readonly string[];
}

interface Manifest {
  readonly version: string;
  readonly commands: Readonly<Record<string, ManifestCommand>>;
}

/**
 * The commands of the package as its manifest lists them: enough to run one whose name is right. oclif's own
 * Config, which also knows topics, plugins and help, takes half as long as Node itself to start, so it is
 * loaded only for what needs it.
 */
export class Commands {
  readonly #root: string;
  #read: Manifest | undefined;

  /** @param root the folder of the package */
  constructor(root: string) {
    this.#root = root;
  }

  /** Read on first use: help on the whole, which oclif makes, reads it by itself. */
  get #manifest(): Manifest {
    this.#read ??= JSON.parse(readFileSync(path.join(this.#root, 'oclif.manifest.json'), 'utf8')) as Manifest;
    return this.#read;
  }

  get version(): string {
    return this.#manifest.version;
  }

  /** `infractl/1.2.3 linux-x64 node-v24.1.0`, as oclif words it. */
  get userAgent(): string {
    return `infractl/${this.version} ${process.platform}-${process.arch} node-${process.version}`;
  }

  has(id: string): boolean {
    return Object.hasOwn(this.#manifest.commands, id);
  }

  /** The names of the commands below one: `query` and `stats` below `logs`. */
  below(id: string): string[] {
    const start = `${id}:`;
    const ids = Object.keys(this.#manifest.commands).filter((other) => other.startsWith(start));
    return ids.map((other) => other.slice(start.length));
  }

  /** Runs a command that is there. Sets `process.exitCode`; whatever goes wrong inside is shown by the command. */
  async run(id: string, argv: readonly string[]): Promise<Outcome> {
    const file = path.join(this.#root, ...(this.#manifest.commands[id]?.relativePath ?? []));
    const { default: Runnable } = (await import(file)) as {
      default: (new (argv: string[], config: Interfaces.Config) => BaseCommand) & { id: string };
    };
    Runnable.id = id;
    return new Runnable([...argv], this.#config()).execute();
  }

  /** As much of oclif's Config as a command and the parser read. */
  #config(): Interfaces.Config {
    const name = (key: string) => `INFRACTL_${key}`;
    const config = {
      bin: 'infractl',
      name: 'infractl',
      root: this.#root,
      version: this.version,
      userAgent: this.userAgent,
      topicSeparator: ' ',
      flexibleTaxonomy: false,
      pjson: { oclif: {} },
      plugins: new Map(),
      commandIDs: Object.keys(this.#manifest.commands),
      findCommand: (id: string) => this.#manifest.commands[id],
      runHook: async () => ({ successes: [], failures: [] }),
      scopedEnvVar: (key: string) => process.env[name(key)],
      scopedEnvVarKey: name,
      scopedEnvVarKeys: (key: string) => [name(key)],
      scopedEnvVarTrue: (key: string) => ['1', 'true'].includes(process.env[name(key)] ?? ''),
    };
    return config as unknown as Interfaces.Config;
  }
}
