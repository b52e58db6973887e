import * as Flags from '@oclif/core/flags';
import { timeFlag } from './host-flags.ts';

/** Which application, and on which of its hosts. */
export const appFlags = {
  app: Flags.string({ char: 'a', description: 'An application of "releases". Default: the only one.' }),
  host: Flags.string({
    char: 'H',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'Only these of its hosts, with commas between them.',
  }),
};

export const waitFlag = timeFlag('Wait so long for somebody else who is at work: 10m.');
