import type { HostPort } from './port.ts';
import type { SshDeps } from './ssh.ts';
import type { SshTarget } from './ssh-options.ts';

export { type FindDeps, type FoundInstance, type InstancesPort, type Located, locateHost } from './find.ts';
export type { CopyOptions, HostCommand, HostPort, HostResult } from './port.ts';
export type { SshDeps } from './ssh.ts';
export type { SshTarget } from './ssh-options.ts';
export type { ShownKey } from './ssh-words.ts';

/** See `openSsh` in ssh.ts. */
export async function openSsh(target: SshTarget, deps: SshDeps): Promise<HostPort> {
  return (await import('./ssh.ts')).openSsh(target, deps);
}

/** See `shellBySsh` in shell.ts. */
export async function shellBySsh(target: SshTarget, env: NodeJS.ProcessEnv): Promise<number> {
  return (await import('./shell.ts')).shellBySsh(target, env);
}
