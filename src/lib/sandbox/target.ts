import type { SandboxTarget } from '../aws/session.ts';
import { InfractlError } from '../base/errors.ts';
import { sandboxPaths } from './paths.ts';
import { endpointOf, readRunning } from './running.ts';

/** The emulator looks at no signature; `test` is what its own tools and documents use. */
export const SANDBOX_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' } as const;

/**
 * Where the running sandbox answers. No request is made: a file is read and the process looked at.
 *
 * @throws InfractlError `SandboxNotRunning`
 */
export async function sandboxTarget(env: NodeJS.ProcessEnv = process.env): Promise<SandboxTarget> {
  const paths = sandboxPaths(env);
  const now = readRunning(paths);
  if (now.is === 'running') {
    return { endpoint: endpointOf(now.noted), credentials: SANDBOX_CREDENTIALS };
  }
  const why = {
    starting: 'It is being started right now.',
    gone: `Its process has ended unexpectedly; the log is ${paths.log}.`,
    stopped: undefined,
  }[now.is];
  throw new InfractlError({
    code: 'SandboxNotRunning',
    message: 'The sandbox is not running.',
    ...(why ? { why } : {}),
    suggestions: ['Start it: `infractl sandbox start`'],
  });
}
