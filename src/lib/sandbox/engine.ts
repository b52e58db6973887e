import { type Clock, systemClock } from '../base/clock.ts';
import { run } from './tools.ts';

const QUICK = 15_000;
const REMOVAL = 30_000;

/** What the engine's client needs of the user's environment; the emulator itself gets none of it. */
const CLIENT_VARIABLES = [
  'HOME',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_CERT_PATH',
  'DOCKER_TLS_VERIFY',
  'DOCKER_API_VERSION',
  'CONTAINER_HOST',
  'CONTAINERD_ADDRESS',
  'CONTAINERD_NAMESPACE',
  'XDG_RUNTIME_DIR',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
] as const;

/** The client of the container engine: INFRACTL_DOCKER (docker, podman, nerdctl), by default docker. */
export function engineCommand(env: NodeJS.ProcessEnv = process.env): string {
  return env.INFRACTL_DOCKER || 'docker';
}

export function engineEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of CLIENT_VARIABLES) {
    const value = env[name];
    if (value !== undefined) found[name] = value;
  }
  return found;
}

export interface EngineAnswer {
  readonly command: string;
  /** The engine's version, where one answers. */
  readonly version?: string;
  /** Why none answers, in the client's last words. */
  readonly reason?: string;
}

/** Asks the engine for its version. */
export async function askEngine(env: NodeJS.ProcessEnv = process.env): Promise<EngineAnswer> {
  const command = engineCommand(env);
  const asked = await run(command, ['version', '--format', '{{.Server.Version}}'], { env, timeout: QUICK });
  if (asked.ok) return { command, version: asked.out };
  return {
    command,
    reason: asked.missing ? `${command} is not installed` : (asked.all.split('\n').at(-1) ?? ''),
  };
}

/** What the containers of a sandbox are known by: of image functions, and of EC2 instances with their disks. */
const LABELS = { functions: 'infractl.sandbox', machines: 'infractl.sandbox.machines' } as const;

/** The client of the engine, and the sandbox whose containers are meant. */
export interface Owned {
  readonly id: string;
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Removes the containers of a sandbox, by label, and waits until they are gone; the number of them. No
 * engine, no containers: 0.
 */
export async function removeContainers(
  owned: Owned,
  of: keyof typeof LABELS,
  clock: Clock = systemClock,
): Promise<number> {
  const { command, env } = owned;
  const until = clock.now() + REMOVAL;
  const seen = new Set<string>();
  for (;;) {
    const names = await containers(owned, LABELS[of]);
    if (names.length === 0 || clock.now() > until) return seen.size;
    for (const name of names) seen.add(name);
    // Refused where the engine is removing one already: then the list tells when it is gone.
    await run(command, ['rm', '--force', '--volumes', ...names], { env, timeout: REMOVAL });
    await clock.sleep(50);
  }
}

/** Removes the machines of a sandbox with their disks, and the network that they were in. */
export async function removeMachines(owned: Owned): Promise<number> {
  const removed = await removeContainers(owned, 'machines');
  const { id, command, env } = owned;
  const filter = `label=${LABELS.machines}=${id}`;
  const listed = await run(command, ['network', 'ls', '--quiet', '--filter', filter], {
    env,
    timeout: QUICK,
  });
  const networks = listed.ok ? listed.out.split(/\s+/).filter(Boolean) : [];
  if (networks.length > 0) await run(command, ['network', 'rm', ...networks], { env, timeout: QUICK });
  return removed;
}

/** Stops the machines that a killed sandbox left running; their disks stay. */
export async function stopMachines(owned: Owned): Promise<void> {
  const names = await containers(owned, LABELS.machines);
  const { command, env } = owned;
  if (names.length > 0) await run(command, ['stop', ...names], { env, timeout: REMOVAL });
}

async function containers({ id, command, env }: Owned, label: string): Promise<string[]> {
  const filter = `label=${label}=${id}`;
  const listed = await run(command, ['ps', '--all', '--quiet', '--filter', filter], { env, timeout: QUICK });
  return listed.ok ? listed.out.split(/\s+/).filter(Boolean) : [];
}
