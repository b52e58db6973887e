import * as Flags from '@oclif/core/flags';

/** How a backup is brought back. */
export const restoreFlags = {
  of: Flags.string({ description: 'The instance, volume or database that it is of.', helpValue: 'ID' }),
  to: Flags.option({
    description: 'What it becomes.',
    options: ['volume', 'instance', 'database'] as const,
    default: 'volume' as const,
  })(),
  'replace-root': Flags.boolean({ description: 'Put it in place of the root volume of the instance.' }),
  again: Flags.boolean({
    description: 'With --replace-root: also where the root volume is made of this backup already.',
    dependsOn: ['replace-root'],
  }),
  source: Flags.string({ description: 'Only the snapshot of this volume.', helpValue: 'vol-…' }),
  attach: Flags.string({ description: 'Attach the volumes to this instance.', helpValue: 'i-…' }),
  zone: Flags.string({ description: 'The availability zone of the volumes.' }),
  name: Flags.string({ description: 'The name of the new instance or database.' }),
  timeout: Flags.string({ description: 'How long to wait.', default: '2h', helpValue: 'DURATION' }),
  'dry-run': Flags.boolean({ description: 'Say what would be done; change nothing.' }),
  yes: Flags.boolean({ char: 'y', description: 'Do not ask, where nothing in use is touched.' }),
  confirm: Flags.string({
    description: 'The name of the instance whose root is replaced.',
    helpValue: 'NAME',
  }),
};
