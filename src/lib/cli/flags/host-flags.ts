import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as Flags from '@oclif/core/flags';
import { UsageError } from '../../base/errors.ts';
import type { HostPart } from '../../project/model.ts';

/** Which hosts. Without a flag the only one there is. */
export const hostFlags = {
  host: Flags.string({
    char: 'H',
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'A host of infractl.yaml; several with commas. Default: the only one.',
  }),
  all: Flags.boolean({ description: 'All hosts.', exclusive: ['host'] }),
};

const INSTANCE = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

/** An instance past infractl.yaml, and the way to it. */
export const instanceFlags = {
  id: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    delimiter: ',',
    description: 'An EC2 instance by its id, with or without infractl.yaml; several with commas.',
    helpValue: 'i-…',
    exclusive: ['host', 'all'],
  }),
  connect: Flags.option({
    description: 'The way to --id: ssh, or ssm, which takes no key and no open port.',
    options: ['ssh', 'ssm'] as const,
    dependsOn: ['id'],
  })(),
  user: Flags.string({ char: 'l', description: 'Who to be on --id.', helpValue: 'NAME', dependsOn: ['id'] }),
  identity: Flags.string({
    char: 'i',
    description: 'The file of the private key for --id. Default: your keys and your agent.',
    helpValue: 'FILE',
    dependsOn: ['id'],
  }),
};

/** The same for a command about one. */
export const oneInstance = Flags.string({
  description: 'An EC2 instance by its id, with or without infractl.yaml.',
  helpValue: 'i-…',
});

interface InstanceChoice {
  readonly id?: readonly string[] | undefined;
  readonly connect?: 'ssh' | 'ssm' | undefined;
  readonly user?: string | undefined;
  readonly identity?: string | undefined;
}

/**
 * The hosts that `--id` names, each called by its id.
 *
 * @throws UsageError `InvalidId`, `BadUser`, `KeyMissing`
 */
export function instancesOf({ id = [], connect, user, identity }: InstanceChoice): HostPart[] {
  const malformed = id.find((one) => !INSTANCE.test(one));
  if (malformed !== undefined)
    throw new UsageError({
      code: 'InvalidId',
      message: `${malformed} is no id of an instance.`,
      why: 'It is i- and 17 (or 8) digits from 0 to f.',
      suggestions: ['See them: infractl manage status'],
    });
  if (user !== undefined && !/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(user))
    throw new UsageError({ code: 'BadUser', message: `"${user}" is not the name of a user.` });
  if (identity !== undefined && !existsSync(identity))
    throw new UsageError({ code: 'KeyMissing', message: `There is no file ${identity}.` });
  const as = user === undefined ? {} : { user };
  const key = identity === undefined ? {} : { identity: resolve(identity) };
  return [...new Set(id)].map((name) => ({
    name,
    instance: name,
    reach: connect === 'ssm' ? { via: 'ssm', ...as } : { via: 'ssh', ...as, ...key },
    health: { path: '', ports: [] },
    services: [],
  }));
}

/**
 * A number of hosts, or a share of them, as Systems Manager takes it.
 *
 * @param least 1 where none would be no work at all
 */
export const shareFlag = (description: string, least: 0 | 1 = 0) =>
  Flags.custom<string>({
    description,
    parse: async (text) => {
      if (/^(\d{1,3}|(100|[1-9]?\d)%)$/.test(text) && Number.parseInt(text, 10) >= least) return text;
      throw new UsageError({
        code: 'BadShare',
        message: `"${text}" is neither a number of hosts nor a share of them.`,
        suggestions: ['Write 10, or 25%.'],
      });
    },
  })();
