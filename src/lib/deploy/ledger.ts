import { hostname, userInfo } from 'node:os';
import type { ArtifactStore } from '../artifacts/index.ts';
import { isInfractlError, messageOf } from '../base/errors.ts';
import { type JournalEntry, type JournalResult, newJournalEntry, writeJournal } from '../journal/index.ts';
import type { DeployContext, PartOutcome } from './types.ts';

type LedgerContext = Pick<
  DeployContext,
  'project' | 'session' | 'reporter' | 'clock' | 'version' | 'redactor'
>;

/**
 * The journal entry of one run. It is begun right before the first change, so that a run that dies leaves
 * a trace, and ended with what happened. A run that changes nothing leaves none. A journal that cannot be
 * written is a warning: it must not keep a mend from being deployed.
 */
export class Ledger {
  readonly #context: LedgerContext;
  readonly #command: 'deploy' | 'destroy';
  readonly #store: () => Promise<ArtifactStore>;
  #entry: Promise<JournalEntry | undefined> | undefined;
  #id: string | undefined;

  constructor(context: LedgerContext, command: 'deploy' | 'destroy', store: () => Promise<ArtifactStore>) {
    this.#context = context;
    this.#command = command;
    this.#store = store;
  }

  /** The entry's id once it is written. */
  get id(): string | undefined {
    return this.#id;
  }

  async begin(): Promise<void> {
    this.#entry ??= this.#begin();
    await this.#entry;
  }

  async end(result: JournalResult, parts: readonly PartOutcome[], error?: unknown): Promise<void> {
    const entry = await this.#entry;
    if (!entry) return;
    const shown = isInfractlError(error) ? { code: error.code, message: error.message } : undefined;
    await this.#write({
      ...entry,
      finishedAt: new Date(this.#context.clock.now()).toISOString(),
      result,
      parts: parts.map(({ kind: _, ...part }) => part),
      ...(shown
        ? { error: shown }
        : error === undefined
          ? {}
          : { error: { code: 'Defect', message: messageOf(error) } }),
    });
  }

  async #begin(): Promise<JournalEntry | undefined> {
    const { project, session, clock, version } = this.#context;
    try {
      const { gitFacts } = await import('../base/git.ts');
      const [who, git] = await Promise.all([session.identity(), gitFacts(project.root)]);
      const entry = newJournalEntry({
        project: project.name,
        environment: project.environment,
        command: this.#command,
        who: who.arn,
        host: hostname(),
        user: userInfo().username,
        git,
        startedAt: clock.now(),
        version,
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
