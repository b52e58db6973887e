import type { SshReach } from '../project/model.ts';
import { quoteWords } from './quote.ts';

/** Where ssh goes: a host of the configuration with its address known. */
export interface SshTarget {
  /** The host's name in infractl.yaml. */
  readonly name: string;
  readonly address: string;
  readonly reach: SshReach;
  /** The EC2 instance that it is, where that is known. */
  readonly machine?: string;
  /** What each connection goes through, opened for it alone. */
  readonly tunnel?: () => Promise<Tunnel>;
}

/** A program between ssh and the host, and what its environment must hold: secrets are in no argument. */
export interface Tunnel {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What makes ssh go through a tunnel. ssh runs it with exec, and a percent sign means something to it. */
export function tunnelOptions({ argv }: Tunnel): string[] {
  return ['-o', `ProxyCommand=${quoteWords(argv).replaceAll('%', '%%')}`];
}

/** How a key that was never seen is treated; a changed one is always refused. */
export type NewKeys = 'refuse' | 'accept' | 'ask';

const CHECKING = { refuse: 'yes', accept: 'accept-new', ask: 'ask' } as const;

/** A pinned key is looked up under this name, so that the address does not matter. */
export const PINNED = 'infractl-pinned-host';

/** A connection that is dead is known after three of these. */
const ALIVE_SECONDS = 5;

/** `ubuntu@13.38.50.18`, or the address alone where the configuration of ssh says the user. */
export function destination({ address, reach }: SshTarget): string {
  return reach.user ? `${reach.user}@${address}` : address;
}

/** What the configuration says of the host; all else is left to the user's own configuration of ssh. */
export function hostOptions(
  { reach }: SshTarget,
  pinnedFile: string | undefined,
  newKeys: NewKeys,
): string[] {
  return [
    ...(reach.port ? ['-p', String(reach.port)] : []),
    ...(reach.identity ? ['-i', reach.identity, '-o', 'IdentitiesOnly=yes'] : []),
    ...(reach.jump ? ['-J', reach.jump] : []),
    ...(pinnedFile
      ? [
          '-o',
          `UserKnownHostsFile="${pinnedFile}"`,
          '-o',
          'GlobalKnownHostsFile=/dev/null',
          '-o',
          `HostKeyAlias=${PINNED}`,
          '-o',
          'StrictHostKeyChecking=yes',
          '-o',
          'UpdateHostKeys=no',
        ]
      : ['-o', `StrictHostKeyChecking=${CHECKING[newKeys]}`]),
  ];
}

/** For work that nobody types at: no question, no terminal, no forwarding, a dead peer noticed. */
export function quietOptions(connectSeconds: number): string[] {
  const options = {
    BatchMode: 'yes',
    ConnectTimeout: connectSeconds,
    ServerAliveInterval: ALIVE_SECONDS,
    ServerAliveCountMax: 3,
    ClearAllForwardings: 'yes',
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    RequestTTY: 'no',
    LogLevel: 'INFO',
    // A banner is not an error.
    ForwardX11: 'no',
  };
  return Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

/** The line of a known_hosts file for a pinned key. */
export function pinnedLine(hostKey: string): string {
  const [type, key] = hostKey.split(/\s+/);
  return `${PINNED} ${type} ${key}\n`;
}
