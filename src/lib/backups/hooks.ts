import { throwIfAborted } from '../base/clock.ts';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import type { HostPort } from '../hosts/port.ts';
import type { BackupDeps, Plan } from './deps.ts';
import type { Target } from './targets.ts';

const TIMEOUT = 10 * 60_000;

/**
 * Commands on the host around the moment of the snapshots. Those after it run whatever happened, each of them. An
 * instance that is stopped, every night perhaps, writes nothing: there is nothing to run on it, and nothing to wait
 * for.
 *
 * @throws InfractlError `HookFailed`
 */
export async function withHooks<T>(
  deps: BackupDeps,
  plan: Plan,
  target: Target,
  work: () => Promise<T>,
): Promise<T> {
  throwIfAborted(deps.signal);
  if (plan.before.length === 0 && plan.after.length === 0) return work();
  if (!target.host) {
    const message = `${target.subject.id} was not named as a host: the commands of ${plan.name} are not run on it.`;
    deps.reporter.emit({ type: 'warning', message });
    return work();
  }
  if (target.kind === 'instance' && target.facts.state === 'stopped') {
    const status = 'stopped, its disks at rest: no command is run on it';
    deps.reporter.emit({ type: 'part.status', part: `backup ${target.subject.id}`, status });
    return work();
  }
  const host = await target.host();
  try {
    return await between(host, plan, deps, work);
  } finally {
    await host.close();
  }
}

async function between<T>(
  host: HostPort,
  { before, after }: Plan,
  { signal, reporter }: BackupDeps,
  work: () => Promise<T>,
): Promise<T> {
  let result: T;
  try {
    for (const line of before) await runHook(host, line, signal);
    result = await work();
  } catch (error) {
    // What failed first is what is wrong; what fails after it is told beside it.
    for (const { message } of await runAll(host, after)) reporter.emit({ type: 'warning', message });
    throw error;
  }
  const [broken, ...more] = await runAll(host, after);
  for (const { message } of more) reporter.emit({ type: 'warning', message });
  if (broken) throw broken;
  return result;
}

/** A frozen file system must be thawed also after Ctrl-C, and when what comes before that fails. */
async function runAll(host: HostPort, lines: readonly string[]): Promise<InfractlError[]> {
  const failures: InfractlError[] = [];
  for (const line of lines) {
    try {
      await runHook(host, line, undefined);
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      failures.push(error);
    }
  }
  return failures;
}

async function runHook(host: HostPort, line: string, signal: AbortSignal | undefined): Promise<void> {
  const { exitCode, stderr } = await host.run({ argv: ['sh', '-c', line], timeout: TIMEOUT, signal });
  if (exitCode === 0) return;
  throw new InfractlError({
    code: 'HookFailed',
    message: `The command "${line}" failed on ${host.name} with exit code ${exitCode}.`,
    why: stderr.trim().split('\n').slice(-3).join('\n'),
  });
}
