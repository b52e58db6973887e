import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../base/errors.ts';
import type { Source } from '../asking/init-questions.ts';

const SOURCES = ['from-samconfig', 'from-stack', 'empty'] as const;
const others = (flag: (typeof SOURCES)[number]) => SOURCES.filter((one) => one !== flag);

export const initFlags = {
  'from-samconfig': Flags.string({
    description: 'What sam deploys: its environments, parameters and tags. Default: samconfig.toml.',
    helpValue: '[FILE]',
    exclusive: others('from-samconfig'),
  }),
  'from-stack': Flags.string({
    description: 'Stacks that run: their templates, parameters, tags and hosts.',
    helpValue: 'NAME…',
    multiple: true,
    exclusive: others('from-stack'),
  }),
  template: Flags.string({
    char: 't',
    description: 'A template that is here already.',
    helpValue: 'FILE',
    exclusive: ['from-stack'],
  }),
  empty: Flags.boolean({ description: 'From nothing.', exclusive: others('empty') }),
  name: Flags.string({
    description: 'The name of the project. Default: what the folder or the stack tells.',
  }),
  environments: Flags.string({
    description:
      'The environments, the usual one first: dev,prod. Of a samconfig.toml: only these of its own.',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'NAMES',
  }),
  host: Flags.string({
    description: 'A machine: web=203.0.113.7 or web=i-….',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    helpValue: 'NAME=PLACE',
  }),
  variant: Flags.string({ description: 'A variant of the blueprint, such as zip.' }),
  'dry-run': Flags.boolean({ description: 'Show what would be written, and write nothing.' }),
};

/** The flags that a source reads, beside those that all do. */
const READ: Readonly<Record<Source['from'], readonly string[]>> = {
  blueprint: ['variant', 'name', 'region'],
  samconfig: ['template', 'name', 'region', 'environments'],
  stack: ['name', 'region', 'profile', 'env'],
  template: ['template', 'name', 'region', 'profile', 'environments', 'host'],
  nothing: ['name', 'region', 'profile', 'environments', 'host'],
};
const ALL = [...new Set(Object.values(READ).flat())];

interface Given {
  readonly 'from-samconfig'?: string | undefined;
  readonly 'from-stack'?: readonly string[] | undefined;
  readonly template?: string | undefined;
  readonly empty?: boolean;
}

/**
 * The source that a command line names; undefined: none.
 *
 * @throws UsageError `TwoSources`
 */
export function sourceOf(given: Given, blueprint: string | undefined): Source | undefined {
  const { 'from-samconfig': file, 'from-stack': names, template } = given;
  const said: Source | undefined =
    file !== undefined
      ? { from: 'samconfig', file }
      : names
        ? { from: 'stack', names }
        : template !== undefined
          ? { from: 'template', file: template }
          : given.empty
            ? { from: 'nothing' }
            : undefined;
  if (said === undefined) return blueprint === undefined ? undefined : { from: 'blueprint', name: blueprint };
  if (blueprint === undefined) return said;
  throw new UsageError({
    code: 'TwoSources',
    message: `A project is started from one thing: from the blueprint ${blueprint}, or from what the flag says.`,
    suggestions: ['Leave one of them out.'],
  });
}

/**
 * A flag that means nothing to the source is no flag to be overlooked.
 *
 * @throws UsageError `FlagUnused`
 */
export function checkRead(source: Source, given: Readonly<Record<string, unknown>>): void {
  const unused = ALL.find((flag) => given[flag] !== undefined && !READ[source.from].includes(flag));
  if (unused === undefined) return;
  throw new UsageError({
    code: 'FlagUnused',
    message: `--${unused} means nothing to what is started from ${SAID[source.from]}.`,
    suggestions: [
      `Leave it out. There it can be: ${READ[source.from].map((flag) => `--${flag}`).join(', ')}`,
    ],
  });
}

const SAID: Readonly<Record<Source['from'], string>> = {
  blueprint: 'a blueprint',
  samconfig: 'a samconfig.toml',
  stack: 'stacks that run',
  template: 'a template',
  nothing: 'nothing',
};

/** `--from-samconfig` alone means the file of that name. */
export function samconfigSaid(argv: readonly string[]): string[] {
  return argv.flatMap((word, at) => {
    const next = argv[at + 1];
    const alone = word === '--from-samconfig' && (next === undefined || next.startsWith('-'));
    return alone ? [word, 'samconfig.toml'] : [word];
  });
}
