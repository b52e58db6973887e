import * as Flags from '@oclif/core/flags';

/** The flags of every command that updates stacks: what it may take away. */
export const GUARD_FLAGS = {
  'allow-replacement': Flags.string({
    description: 'A resource with data that may be replaced or deleted: Table, app/Table. Repeatable.',
    helpValue: 'RESOURCE',
    multiple: true,
    multipleNonGreedy: true,
  }),
  yes: Flags.boolean({ description: 'Replace and remove resources of a protected environment.' }),
};

/** What the flags say of it. */
export function guardChoice(flags: { 'allow-replacement'?: string[] | undefined; yes: boolean }): {
  readonly allowReplacement: readonly string[];
  readonly yes: boolean;
} {
  return { allowReplacement: flags['allow-replacement'] ?? [], yes: flags.yes };
}
