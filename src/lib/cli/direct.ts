import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Interfaces } from '@oclif/core';
import type { BaseCommand } from './command/base-command.ts';
import type { Outcome } from './views/view.ts';

/** What the build writes of the manifest beside the bundle: reading all of it takes longer than most of a start. */
interface Index {
  readonly version: string;
  /** The file of each command by its id, from the folder of the bundle. */
  readonly commands: Readonly<Record<string, string>>;
}

/**
 * The commands of the package by their names: enough to run one whose name is right. oclif's own
 * Config, which also knows topics, plugins and help, takes half as long as Node itself to start, so it is
 * loaded only for what needs it.
 */
export class Commands {
  readonly #root: string;
  #read: Index | undefined;

  /** @param root the folder of the package */
  constructor(root: string) {
    this.#root = root;
  }

  get #index(): Index {
    this.#read ??= JSON.parse(readFileSync(path.join(this.#root, 'dist/commands.json'), 'utf8')) as Index;
    return this.#read;
  }

  get version(): string {
    return this.#index.version;
  }

  /** `infractl/1.2.3 linux-x64 node-v24.1.0`, as oclif words it. */
  get userAgent(): string {
    return `infractl/${this.version} ${process.platform}-${process.arch} node-${process.version}`;
  }

  has(id: string): boolean {
    return Object.hasOwn(this.#index.commands, id);
  }

  /** The names of the commands below one: `query` and `stats` below `logs`. */
  below(id: string): string[] {
    const start = `${id}:`;
    const ids = Object.keys(this.#index.commands).filter((other) => other.startsWith(start));
    return ids.map((other) => other.slice(start.length));
  }

  /** Runs a command that is there. Sets `process.exitCode`; whatever goes wrong inside is shown by the command. */
  async run(id: string, argv: readonly string[]): Promise<Outcome> {
    const file = path.join(this.#root, 'dist', this.#index.commands[id] ?? '');
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
      commandIDs: Object.keys(this.#index.commands),
      findCommand: () => undefined,
      runHook: async () => ({ successes: [], failures: [] }),
      scopedEnvVar: (key: string) => process.env[name(key)],
      scopedEnvVarKey: name,
      scopedEnvVarKeys: (key: string) => [name(key)],
      scopedEnvVarTrue: (key: string) => ['1', 'true'].includes(process.env[name(key)] ?? ''),
    };
    return config as unknown as Interfaces.Config;
  }
}
