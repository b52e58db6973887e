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

/**
 * Removes the containers of a sandbox, by label, and waits until they are gone; the number of them. No
 * engine, no containers: 0.
 */
export async function removeContainers(
  id: string,
  command: string,
  env: NodeJS.ProcessEnv,
  clock: Clock = systemClock,
): Promise<number> {
  const until = clock.now() + REMOVAL;
  const seen = new Set<string>();
  for (;;) {
    const filter = `label=infractl.sandbox=${id}`;
    const listed = await run(command, ['ps', '--all', '--quiet', '--filter', filter], {
      env,
      timeout: QUICK,
    });
    const names = listed.ok ? listed.out.split(/\s+/).filter(Boolean) : [];
    if (names.length === 0 || clock.now() > until) return seen.size;
    for (const name of names) seen.add(name);
    // Refused where the engine is removing one already: then the list tells when it is gone.
    await run(command, ['rm', '--force', ...names], { env, timeout: REMOVAL });
    await clock.sleep(50);
  }
}
