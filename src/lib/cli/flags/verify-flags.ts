import * as Flags from '@oclif/core/flags';

/** How a backup is proved. */
export const verifyFlags = {
  of: Flags.string({ description: 'The instance, volume or database that it is of.', helpValue: 'ID' }),
  how: Flags.option({
    description: 'Disks on the host or by their blocks, databases by a restore. Default: as the plan allows.',
    options: ['auto', 'host', 'blocks', 'restore'] as const,
    default: 'auto' as const,
  })(),
  sample: Flags.integer({
    description: 'Blocks to read of each snapshot.',
    default: 64,
    min: 1,
    max: 10_000,
  }),
  class: Flags.string({
    description: 'The class of the instance that a database is restored to. Default: db.t3.micro.',
    helpValue: 'CLASS',
  }),
  check: Flags.string({
    description:
      'A command that asks the restored database: DB_HOST, DB_PORT, PGHOST, MYSQL_HOST, … lead to it; 0 is good.',
    helpValue: 'COMMAND',
  }),
  through: Flags.string({
    description: 'Knock and check from this host of infractl.yaml, not from here.',
    helpValue: 'HOST',
  }),
  timeout: Flags.string({
    description: 'How long a restored database may take.',
    default: '2h',
    helpValue: 'DURATION',
  }),
  yes: Flags.boolean({ char: 'y', description: 'Do not ask before a database is restored.' }),
};
