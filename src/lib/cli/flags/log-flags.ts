import * as Flags from '@oclif/core/flags';

/** Which messages are shown, and what of them. */
export const shownFlags = {
  lines: Flags.integer({
    char: 'n',
    description: 'Only the newest so many events.',
    min: 1,
    max: 1_000_000,
  }),
  grep: Flags.string({
    char: 'g',
    description: 'Only messages that match a regular expression. Without capitals, case does not matter.',
  }),
  fields: Flags.string({
    description: 'Fields of JSON messages to show: level,user.id.',
    exclusive: ['raw', 'pretty'],
  }),
  pretty: Flags.boolean({ description: 'JSON messages over several lines.', exclusive: ['raw'] }),
  raw: Flags.boolean({ description: 'Messages as they were written.' }),
};
