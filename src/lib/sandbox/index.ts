/**
 * An AWS on this machine: MiniStack in a private Python environment, with image functions as real
 * containers. `sandboxTarget` is on the path of every `--sandbox` command and loads next to nothing; the
 * rest is loaded when it is called.
 */
export { exportLines, sandboxVariables } from './exports.ts';
export type { Started, StartOptions } from './start.ts';
export type { SandboxStatus } from './status.ts';
export type { ResetResult, StopOptions, Stopped } from './stop.ts';
export { sandboxTarget } from './target.ts';

import type { Started, StartOptions } from './start.ts';
import type { SandboxStatus } from './status.ts';
import type { ResetResult, StopOptions, Stopped } from './stop.ts';

/** Starts the sandbox, or finds it running. See `StartOptions`. */
export async function startSandbox(options?: StartOptions): Promise<Started> {
  return (await import('./start.ts')).startSandbox(options);
}

/** Stops the sandbox and saves what it holds, or removes it. See `StopOptions`. */
export async function stopSandbox(options?: StopOptions): Promise<Stopped> {
  return (await import('./stop.ts')).stopSandbox(options);
}

/** Empties the sandbox. */
export async function resetSandbox(options?: Omit<StopOptions, 'delete'>): Promise<ResetResult> {
  return (await import('./stop.ts')).resetSandbox(options);
}

/** A Python that can run the sandbox, in its own words for its version, or why there is none. */
export async function sandboxPython(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const { findPython, hasUv } = await import('./python.ts');
  const [python, uv] = await Promise.all([findPython(env), hasUv(env)]);
  if (python) return `Python ${python.version}${uv ? ', uv' : ''}`;
  return uv ? 'uv, which brings its own Python' : undefined;
}

/** What the sandbox is, has, and cannot do. */
export async function sandboxStatus(env?: NodeJS.ProcessEnv): Promise<SandboxStatus> {
  return (await import('./status.ts')).sandboxStatus(env);
}
