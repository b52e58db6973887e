import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import type { LoadOptions } from './load.ts';
import type { Project, StackPart } from './model.ts';
import type { Salvaged } from './salvage.ts';

/** No parts at all. */
export const noParts = () => ({
  stacks: new Map(),
  images: new Map(),
  functions: new Map(),
  sites: new Map(),
  checks: new Map(),
  hosts: new Map(),
  backups: new Map(),
  releases: new Map(),
  costs: new Map(),
});

/** An hour, as a stack of infractl.yaml gets that does not say otherwise. */
const TIMEOUT_MS = 3_600_000;

/**
 * What stands in for a project in a folder that has none: commands that can work on what their flags and words
 * name do so, in the account and region of flags and of AWS's own settings.
 *
 * @throws what failed, where an environment or a file was named: then a project was meant
 */
export function bareProject(options: LoadOptions, failure: unknown): Salvaged {
  const env = options.env ?? process.env;
  const missing = failure instanceof UsageError && failure.code === 'NoConfiguration';
  if (!missing || options.environment !== undefined || options.file !== undefined || env.INFRACTL_CONFIG)
    throw failure;
  const project: Project = {
    bare: true,
    file: join(options.cwd, 'infractl.yaml'),
    root: options.cwd,
    // They stand in tags of what is made: `by-hand`, of no environment.
    name: 'by-hand',
    environment: 'none',
    protected: false,
    environments: ['none'],
    ...noParts(),
  };
  return { project, warnings: [], variable: (name) => env[name] };
}

/** A stack as commands look at it: of infractl.yaml, or by its name in AWS alone. */
export interface NamedStack extends Pick<StackPart, 'name' | 'stackName' | 'timeout' | 'parameters'> {
  /** Absolute path; undefined where the project has none for it. */
  readonly template: string | undefined;
}

/**
 * The stack that a word means, by its part's name or by its name in AWS. Where no stacks are known, without a project or
 * past one with mistakes, any word is the name of one.
 */
export function stackNamed({ stacks, bare }: Project, word: string): NamedStack | undefined {
  const name = word.replace(/^stacks?[:/]/, '');
  const part = stacks.get(name) ?? [...stacks.values()].find(({ stackName }) => stackName === name);
  if (part || (!bare && stacks.size > 0)) return part;
  return { name, stackName: name, template: undefined, parameters: {}, timeout: TIMEOUT_MS };
}

/** What is said where a command of a project needs to be told what it is about. */
export function nothingNamed(what: string, example: string): UsageError {
  return new UsageError({
    code: 'NothingNamed',
    message: `There is no infractl.yaml here, so say ${what}.`,
    suggestions: [example, 'Or start a project: infractl init'],
  });
}
