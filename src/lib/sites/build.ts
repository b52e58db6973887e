import { InfractlError } from '../base/errors.ts';
import { run } from '../base/process.ts';
import type { Reporter } from '../base/report.ts';

const LAST_LINES = 15;

export interface BuildOrder {
  readonly part: string;
  readonly command: readonly string[];
  /** Where it is run: an absolute path. */
  readonly cwd: string;
  /** The whole environment of the build. */
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Runs the command that makes a site's folder.
 *
 * @throws InfractlError `SiteBuildFailed` with its last lines; `CommandNotFound`; `Interrupted`
 */
export async function buildSite(
  { reporter, signal }: { readonly reporter: Reporter; readonly signal?: AbortSignal | undefined },
  { part, command, cwd, env }: BuildOrder,
): Promise<void> {
  const [name = '', ...args] = command;
  const last: string[] = [];
  reporter.emit({ type: 'part.status', part, status: `building: ${command.join(' ')}` });
  const { exitCode } = await run(name, args, {
    env,
    cwd,
    signal,
    onLine(line) {
      reporter.emit({ type: 'tool.output', part, line });
      last.push(line);
      if (last.length > LAST_LINES) last.shift();
    },
  });
  if (exitCode === 0) return;
  throw new InfractlError({
    code: 'SiteBuildFailed',
    message: `The build of the ${part} failed: \`${command.join(' ')}\` ended with ${exitCode ?? 'a signal'}.`,
    why: last.join('\n'),
    suggestions: [
      `Run it by hand in ${cwd}, mend it, and run the same command again. Nothing was published.`,
    ],
  });
}
