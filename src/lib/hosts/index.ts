import type { PluginDeps } from './plugin.ts';
import type { FleetOutcome, FleetPort, HostPort } from './port.ts';
import type { SshDeps } from './ssh.ts';
import type { SshTarget, Tunnel } from './ssh-options.ts';
import type { SsmDeps, SsmTarget } from './ssm.ts';
import type { FleetDeps, FleetOrder } from './ssm-fleet.ts';
import type { SsmPort } from './ssm-port.ts';

export { consoleFingerprints } from './console-keys.ts';
export { type FindDeps, type FoundInstance, type InstancesPort, type Located, locateHost } from './find.ts';
export type { CopyOptions, FleetOutcome, FleetPort, HostCommand, HostPort, HostResult } from './port.ts';
export type { SshDeps } from './ssh.ts';
export type { SshTarget, Tunnel } from './ssh-options.ts';
export type { ShownKey } from './ssh-words.ts';
export type { SsmDeps, SsmTarget } from './ssm.ts';
export type { Crossing, SsmPort } from './ssm-port.ts';

/** See `openSsh` in ssh.ts. */
export async function openSsh(target: SshTarget, deps: SshDeps): Promise<HostPort> {
  return (await import('./ssh.ts')).openSsh(target, deps);
}

/** See `shellBySsh` in shell.ts. */
export async function shellBySsh(target: SshTarget, env: NodeJS.ProcessEnv): Promise<number> {
  return (await import('./shell.ts')).shellBySsh(target, env);
}

/** See `openSsm` in ssm.ts. */
export async function openSsm(target: SsmTarget, deps: SsmDeps): Promise<HostPort> {
  return (await import('./ssm.ts')).openSsm(target, deps);
}

/** See `runFleet` in ssm-fleet.ts. */
export async function runFleet(
  targets: readonly SsmTarget[],
  order: FleetOrder,
  deps: FleetDeps,
): Promise<FleetOutcome[]> {
  return (await import('./ssm-fleet.ts')).runFleet(targets, order, deps);
}

/** See `openFleet` in ssm-sealed-fleet.ts. */
export async function openFleet(deps: SsmDeps & { readonly signal: AbortSignal }): Promise<FleetPort> {
  return (await import('./ssm-sealed-fleet.ts')).openFleet(deps);
}

/** See `cancelWaiting` in ssm-engine.ts. */
export async function cancelWaiting(port: SsmPort, id: string): Promise<void> {
  await (await import('./ssm-engine.ts')).cancelWaiting(port, id);
}

/** See `shellBySsm` in shell.ts. */
export async function shellBySsm(instance: string, deps: PluginDeps): Promise<number> {
  return (await import('./shell.ts')).shellBySsm(instance, deps);
}

/** See `pluginCommand` in plugin.ts: a tunnel to the port of sshd. */
export async function tunnelBySsm(instance: string, deps: PluginDeps, port: number): Promise<Tunnel> {
  return (await import('./plugin.ts')).pluginCommand(instance, deps, port);
}
