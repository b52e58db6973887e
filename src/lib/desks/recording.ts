import { openArtifactStore, type SharedStore } from '../artifacts/index.ts';
import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { Exit, Interrupted, isInfractlError, messageOf } from '../base/errors.ts';
import type { Redactor } from '../base/redact.ts';
import type { Reporter } from '../base/report.ts';
import { Ledger } from '../deploy/ledger.ts';
import { environmentLock } from '../deploy/lock.ts';
import type { JournalAct, JournalPart } from '../journal/index.ts';
import type { Project } from '../project/model.ts';

/** What the journal and the lock of an environment want to know of a command. */
export interface RecordDeps {
  readonly session: () => Promise<AwsSession>;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  /** What was typed: `manage stop --yes`. */
  readonly commandLine: string;
  /** The version of infractl. */
  readonly version: string;
  readonly where: string;
  /** How long to wait for somebody else who changes the environment, in milliseconds; absent: not at all. */
  readonly wait?: number | undefined;
  /** Take no lock. */
  readonly withoutLock?: boolean | undefined;
}

type Place = Pick<Project, 'bare' | 'name' | 'environment' | 'root'>;

/** What became of an act. */
export interface Told {
  readonly parts: readonly JournalPart[];
  readonly failed: boolean;
  /** How it is taken back, as a command or in words. */
  readonly undo?: string | undefined;
}

/**
 * Does some work and notes it in the journal of the environment, beside the work: nobody waits for the journal but
 * at the end. Without a bucket of the project there is no journal, and none is made for this; one that cannot be
 * written is a warning.
 */
export async function recorded<T>(
  deps: RecordDeps,
  project: Place,
  act: JournalAct,
  work: () => Promise<T>,
  tell: (result: T) => Told,
): Promise<T> {
  const begun = begin(deps, project, act);
  let result: T;
  try {
    result = await work();
  } catch (error) {
    const how = isInfractlError(error) && error.exit === Exit.interrupted ? 'interrupted' : 'failed';
    await (await begun)?.end(how, [], { error });
    throw error;
  }
  const ledger = await begun;
  if (ledger) {
    const { parts, failed, undo } = tell(result);
    await ledger.end(failed ? 'failed' : 'succeeded', parts, { undo });
  }
  return result;
}

async function begin(deps: RecordDeps, project: Place, act: JournalAct): Promise<Ledger | undefined> {
  if (project.bare) return undefined;
  try {
    const session = await deps.session();
    const store = await openArtifactStore(session, project.name, { create: false });
    if (!store) return undefined;
    const ledger = new Ledger({ ...deps, session, project }, act, async () => store);
    await ledger.begin();
    return ledger;
  } catch (error) {
    deps.reporter.emit({
      type: 'warning',
      message: `The journal could not be written: ${messageOf(error)}`,
    });
    return undefined;
  }
}

/**
 * Does some work under the lock of the environment. Where the project has no bucket nobody has ever held that lock,
 * and none is made; credentials that may not use the bucket are a warning: CloudFormation lets nobody change a stack
 * that somebody else is changing.
 *
 * @throws InfractlError `Locked` (6) when somebody else holds it; what `work` throws
 */
export async function underLock<T>(deps: RecordDeps, project: Place, work: () => Promise<T>): Promise<T> {
  if (deps.withoutLock || project.bare) return work();
  const session = await deps.session();
  const store = await openStore(deps, session, project);
  if (!store) return work();
  const lease = environmentLock({ ...deps, session, project }, async () => store);
  try {
    await lease.hold();
    return await work();
  } finally {
    await lease.release();
  }
}

async function openStore(
  { reporter }: RecordDeps,
  session: AwsSession,
  project: Place,
): Promise<SharedStore | undefined> {
  try {
    return await openArtifactStore(session, project.name, { create: false });
  } catch (error) {
    if (!isInfractlError(error) || error instanceof Interrupted) throw error;
    reporter.emit({
      type: 'warning',
      message: `The lock of ${project.name} ${project.environment} could not be looked at: ${error.message}`,
    });
    return undefined;
  }
}
