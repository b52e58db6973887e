import { basename } from 'node:path';
import { Exit, InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { type RunResult, run } from '../base/process.ts';
import { engineMissing, engineTrouble } from './troubles.ts';
import type { EngineDeps } from './types.ts';

/** How images are built with the command: docker's plugin, BuildKit in the client, or the old builder. */
export type Builder = 'buildx' | 'buildkit' | 'plain' | 'podman' | 'nerdctl';

export interface Engine {
  readonly command: string;
  readonly builder: Builder;
  /** The client's version, as it says it. */
  readonly version: string;
  /** Whether the builder knows flags about attestations, and so makes them unless told not to. */
  readonly attests: boolean;
}

/** An engine on this machine answers a version request in 50 ms; one that is far away gets this long. */
const PATIENCE = 15_000;

/** The container command: `INFRACTL_DOCKER` (a name or a path), else `docker`. */
export function dockerCommand(env: NodeJS.ProcessEnv): string {
  return env.INFRACTL_DOCKER?.trim() || 'docker';
}

/** Whether an engine answers, in about 50 ms; where none does, the error says why and what to do. */
export async function checkEngine(
  deps: EngineDeps,
): Promise<{ answers: true; engine: Engine } | { answers: false; error: InfractlError }> {
  try {
    return { answers: true, engine: await findEngine(deps) };
  } catch (error) {
    if (isInfractlError(error) && error.exit !== Exit.interrupted) return { answers: false, error };
    throw error;
  }
}

/**
 * Asks the command what it is and whether its engine answers.
 *
 * @throws InfractlError `EngineMissing`, `EnginePermission`, `EngineNotRunning`
 */
export async function findEngine(deps: EngineDeps): Promise<Engine> {
  const ask = (...args: string[]) => docker(deps, args, { timeout: PATIENCE });
  const [banner, version, buildx] = await Promise.all([
    ask('--version'),
    ask('version', '--format', '{{json .}}'),
    ask('buildx', 'version'),
  ]);
  const flavour = flavourOf(`${basename(deps.docker)} ${banner.stdout}`);
  if (version.exitCode !== 0 || version.timedOut) throw noAnswer(version, deps);
  const client = clientVersion(version.stdout);
  if (flavour !== 'docker')
    return { command: deps.docker, builder: flavour, version: client, attests: false };
  const plugin = buildx.exitCode === 0 ? /v?(\d+)\.(\d+)/.exec(buildx.stdout) : null;
  return {
    command: deps.docker,
    builder: chooseBuilder(client, plugin !== null, deps.env),
    version: client,
    // Attestations came with buildx 0.10; older ones refuse the flags.
    attests: plugin !== null && (Number(plugin[1]) > 0 || Number(plugin[2]) >= 10),
  };
}

/**
 * Docker's clients from 18.09 to 22 have BuildKit inside; from 23 on it is in the buildx plugin only.
 * `DOCKER_BUILDKIT=0` asks for the old builder.
 */
export function chooseBuilder(version: string, buildx: boolean, env: NodeJS.ProcessEnv): Builder {
  if (env.DOCKER_BUILDKIT === '0' || env.DOCKER_BUILDKIT === 'false') return 'plain';
  if (buildx) return 'buildx';
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major < 23 && (major > 18 || (major === 18 && minor >= 9)) ? 'buildkit' : 'plain';
}

/** Runs the container command; a missing command is told in words. */
export async function docker(
  deps: EngineDeps,
  args: readonly string[],
  options: {
    env?: NodeJS.ProcessEnv;
    input?: string;
    timeout?: number;
    onLine?: (line: string) => void;
  } = {},
): Promise<RunResult> {
  try {
    return await run(deps.docker, args, {
      ...options,
      env: { ...deps.env, DOCKER_CLI_HINTS: 'false', ...options.env },
      signal: deps.signal,
    });
  } catch (error) {
    if (isInfractlError(error) && error.code === 'CommandNotFound') throw engineMissing(deps.docker, error);
    throw error;
  }
}

/** The plain builder lacks what needs BuildKit: said before anything is sent to it. */
export function needsBuildKit(what: string): UsageError {
  return new UsageError({
    code: 'BuildKitNeeded',
    message: `${what} needs BuildKit, and this container command has only the old builder.`,
    suggestions: [
      'Install the buildx plugin: sudo apt-get install docker-buildx-plugin   (Debian: docker-buildx)',
      'If DOCKER_BUILDKIT=0 is set, unset it.',
    ],
  });
}

function flavourOf(said: string): 'docker' | 'podman' | 'nerdctl' {
  // A command named docker may be podman's stand-in, and says so.
  if (/podman/i.test(said)) return 'podman';
  return /nerdctl/i.test(said) ? 'nerdctl' : 'docker';
}

function clientVersion(json: string): string {
  try {
    const said = JSON.parse(json) as { Client?: { Version?: string } };
    return said.Client?.Version ?? '0';
  } catch {
    return '0';
  }
}

function noAnswer(result: RunResult, deps: EngineDeps): InfractlError {
  const said = result.stderr.trim();
  const known = engineTrouble(said, deps.docker, deps.env);
  if (known) return known;
  const why = result.timedOut
    ? `No answer within ${PATIENCE / 1000} s.`
    : said.split('\n').slice(-3).join('\n');
  return new InfractlError({
    code: 'EngineNotRunning',
    message: 'The container engine does not answer.',
    ...(why === '' ? {} : { why }),
    suggestions: [`Look at it: ${deps.docker} version`],
  });
}
