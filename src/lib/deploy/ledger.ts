import type { ArtifactStore } from '../artifacts/index.ts';
import { isInfractlError, messageOf } from '../base/errors.ts';
import {
  finishEntry,
  type JournalEnd,
  type JournalEntry,
  machine,
  newJournalEntry,
  writeJournal,
} from '../journal/index.ts';
import type { DeployContext, PartOutcome } from './types.ts';

type LedgerContext = Pick<
  DeployContext,
  'project' | 'session' | 'reporter' | 'clock' | 'env' | 'version' | 'redactor' | 'commandLine'
>;

/**
 * The journal entry of one run. It is begun right before the first change, so that a run that dies leaves
 * a trace, and ended with what happened. A run that changes nothing leaves none. A journal that cannot be
 * written is a warning: it must not keep a mend from being deployed.
 */
export class Ledger {
  readonly #context: LedgerContext;
  readonly #store: () => Promise<ArtifactStore>;
  #entry: Promise<JournalEntry | undefined> | undefined;
  #id: string | undefined;

  constructor(context: LedgerContext, store: () => Promise<ArtifactStore>) {
    this.#context = context;
    this.#store = store;
  }

  /** The entry's id once it is written. */
  get id(): string | undefined {
    return this.#id;
  }

  /** Whether a call that changes something was about to be made. */
  get begun(): boolean {
    return this.#entry !== undefined;
  }

  async begin(): Promise<void> {
    this.#entry ??= this.#begin();
    await this.#entry;
  }

  async end(
    result: JournalEnd['result'],
    parts: readonly PartOutcome[],
    outcome: { readonly error?: unknown; readonly outputs?: JournalEnd['outputs'] } = {},
  ): Promise<void> {
    const entry = await this.#entry;
    if (!entry) return;
    const end: JournalEnd = {
      now: this.#context.clock.now(),
      result,
      error: outcome.error === undefined ? undefined : errorFacts(outcome.error),
      parts: parts.map(({ kind: _, ...part }) => part),
      outputs: outcome.outputs,
    };
    await this.#write(finishEntry(entry, end));
  }

  async #begin(): Promise<JournalEntry | undefined> {
    const { project, session, clock, version, env, commandLine } = this.#context;
    try {
      const { gitFacts } = await import('../base/git.ts');
      const [who, git] = await Promise.all([session.identity(), gitFacts(project.root, env)]);
      const entry = newJournalEntry({
        project: project.name,
        environment: project.environment,
        account: who.account,
        region: session.region,
        command: commandLine,
        who: who.arn,
        ...machine(),
        git,
        version,
        startedAt: clock.now(),
      });
      return (await this.#write(entry)) ? entry : undefined;
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  async #write(entry: JournalEntry): Promise<boolean> {
    try {
      await writeJournal(await this.#store(), entry, this.#context.redactor);
      this.#id = entry.id;
      return true;
    } catch (error) {
      this.#warn(error);
      return false;
    }
  }

  #warn(error: unknown): void {
    this.#context.reporter.emit({
      type: 'warning',
      message: `The journal could not be written: ${messageOf(error)}`,
    });
  }
}

function errorFacts(error: unknown): { code: string; message: string } {
  return isInfractlError(error)
    ? { code: error.code, message: error.message }
    : { code: 'Defect', message: messageOf(error) };
}
