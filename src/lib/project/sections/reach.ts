import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { SshReach, SsmReach } from '../model.ts';
import { map, noted, shaped, text } from './fields.ts';
import { relativePath } from './paths.ts';
import type { BuildContext } from './section.ts';

const JUMP = /^[A-Za-z0-9_[][A-Za-z0-9_.@:[\]-]*(,[A-Za-z0-9_[][A-Za-z0-9_.@:[\]-]*)*$/;
const HOST_KEY = /^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/]+={0,2}( .*)?$/;

export const port = (description: string) =>
  noted(
    z
      .int()
      .check(
        z.minimum(1, 'must be a port from 1 to 65535.'),
        z.maximum(65_535, 'must be a port from 1 to 65535.'),
      ),
    description,
  );

const ssh = map(
  {
    user: z.optional(
      shaped(
        'The user to log in as. Default: what the configuration of ssh says.',
        /^[A-Za-z_][A-Za-z0-9_.-]*$/,
        'the name of a user',
      ),
    ),
    port: z.optional(port('The port of sshd. Default: what the configuration of ssh says, else 22.')),
    identity: z.optional(
      text(
        'The file of the private key, relative to this file; ~ is your home. Default: your keys and your agent.',
      ),
    ),
    jump: z.optional(
      shaped(
        'A host to go through, as ssh -J takes it: ec2-user@bastion.example.com.',
        JUMP,
        'user@host:port',
      ),
    ),
    tunnel: z.optional(
      noted(
        z.enum(['ssm'], 'must be ssm.'),
        'Through AWS Systems Manager to the port of sshd: nothing need be open. Takes the Session Manager plugin.',
      ),
    ),
    hostKey: z.optional(
      shaped(
        'The public key that the host must show, as in known_hosts: ssh-ed25519 AAAA… Default: known_hosts.',
        HOST_KEY,
        'a public key such as "ssh-ed25519 AAAA…"',
      ),
    ),
  },
  'Log in with the OpenSSH of this machine: its configuration, agent and known hosts are used.',
);

const ssm = map(
  {
    user: z.optional(
      shaped(
        'Who runs what is not run as root. Default: root, as Systems Manager does.',
        /^[a-z_][a-z0-9_-]*$/,
        'the name of a user',
      ),
    ),
    bucket: z.optional(
      shaped(
        "A bucket for what is too large for a command, sealed and for a moment. Default: infractl's own of the project.",
        /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
        'the name of a bucket',
      ),
    ),
  },
  'How AWS Systems Manager works on it.',
);

/** The two ways in, as a host and a group of hosts have them. */
export const WAYS_IN = { ssh: z.optional(ssh), ssm: z.optional(ssm) };

interface RawReach {
  readonly connect?: 'ssh' | 'ssm' | undefined;
  readonly ssh?: z.infer<typeof ssh> | undefined;
  readonly ssm?: z.infer<typeof ssm> | undefined;
}

/** @param at where it stands in the file, for errors */
export function buildReach(at: readonly string[], raw: RawReach, context: BuildContext): SshReach | SsmReach {
  if (raw.connect === 'ssm') return { via: 'ssm', ...(raw.ssm as object) };
  const { identity, ...rest } = raw.ssh ?? {};
  return {
    via: 'ssh',
    ...(rest as object),
    ...(identity === undefined
      ? {}
      : { identity: context.existing([...at, 'ssh', 'identity'], underHome(identity), 'file') }),
  };
}

/** As it would be written. */
export function showReach(
  { reach }: { readonly reach: SshReach | SsmReach },
  root: string,
): Readonly<Record<string, unknown>> {
  if (reach.via === 'ssm') {
    const { via: connect, ...rest } = reach;
    return { connect, ssm: rest };
  }
  const { via: _, ...rest } = reach;
  return {
    ssh: rest.identity ? { ...rest, identity: relativePath(root, rest.identity) } : rest,
  };
}

function underHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(process.env.HOME || homedir(), path.slice(1)) : path;
}
