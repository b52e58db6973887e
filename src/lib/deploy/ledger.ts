import type { ArtifactStore } from '../artifacts/index.ts';
import { isInfractlError, messageOf } from '../base/errors.ts';
import {
  finishEntry,
  type JournalAct,
  type JournalEnd,
  type JournalEntry,
  machine,
  newJournalEntry,
  writeJournal,
} from '../journal/index.ts';
import type { Project } from '../project/model.ts';
import type { DeployContext, PartOutcome } from './types.ts';

const PULSE_MS = 60_000;

type Facts = Readonly<Record<string, unknown>>;

/** An object that a rollback needs, kept in the project's bucket under the hash of its content. */
export interface Kept {
  readonly key: string;
  readonly body: Uint8Array | string;
  readonly contentType: string;
}

export type LedgerContext = Pick<
  DeployContext,
  'undoes' | 'session' | 'reporter' | 'clock' | 'env' | 'version' | 'redactor' | 'commandLine'
> & { readonly project: Pick<Project, 'name' | 'environment' | 'root'> };

/**
 * The journal entry of one run. It is begun right before the first change, so that a run that dies leaves
 * a trace, and ended with what happened. A run that changes nothing leaves none. A journal that cannot be
 * written is a warning: it must not keep a mend from being deployed.
 */
export class Ledger {
  readonly #context: LedgerContext;
  readonly #store: () => Promise<ArtifactStore>;
  #entry: Promise<JournalEntry | undefined> | undefined;
  readonly #kept = new Map<string, Kept>();
  readonly #configs = new Map<string, Facts>();
  #id: string | undefined;
  #pulse: NodeJS.Timeout | undefined;
  readonly #act: JournalAct;

  constructor(context: LedgerContext, act: JournalAct, store: () => Promise<ArtifactStore>) {
    this.#context = context;
    this.#act = act;
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

  /** What a rollback will need of a part: its configuration, and what AWS alone does not keep. */
  remember(
    part: string,
    {
      config,
      keep = [],
    }: { readonly config?: Facts | undefined; readonly keep?: readonly Kept[] | undefined },
  ): void {
    if (config) this.#configs.set(part, config);
    for (const one of keep) this.#kept.set(one.key, one);
  }

  async end(
    result: JournalEnd['result'],
    parts: readonly PartOutcome[],
    outcome: { readonly error?: unknown; readonly outputs?: JournalEnd['outputs'] } = {},
  ): Promise<JournalEntry | undefined> {
    const entry = await this.#entry;
    clearInterval(this.#pulse);
    if (!entry) return undefined;
    await this.#keep();
    const end: JournalEnd = {
      now: this.#context.clock.now(),
      result,
      error: outcome.error === undefined ? undefined : errorFacts(outcome.error),
      parts: parts.map(({ kind: _, ...part }) => {
        const config = this.#configs.get(part.part);
        return config ? { ...part, config } : part;
      }),
      outputs: outcome.outputs,
    };
    const ended = finishEntry(entry, end);
    await this.#write(ended);
    return ended;
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
        act: this.#act,
        command: commandLine,
        who: who.arn,
        ...machine(),
        pid: process.pid,
        ...this.#context.undoes,
        git,
        version,
        startedAt: clock.now(),
      });
      if (!(await this.#write(entry))) return undefined;
      this.#beat(entry);
      return entry;
    } catch (error) {
      this.#warn(error);
      return undefined;
    }
  }

  /** Says once a minute that this run is alive, so that a dead one can be told. In real time: it is about this process. */
  #beat(entry: JournalEntry): void {
    this.#pulse = setInterval(() => {
      const alive = { ...entry, aliveAt: new Date(this.#context.clock.now()).toISOString() };
      void this.#store()
        .then((store) => writeJournal(store, alive, this.#context.redactor))
        .catch(() => {});
    }, PULSE_MS).unref();
  }

  /** Under the hash of its content, so what is there already is what is meant. */
  async #keep(): Promise<void> {
    try {
      const store = await this.#store();
      await Promise.all(
        [...this.#kept.values()].map(async ({ key, body, contentType }) => {
          if (!(await store.has(key))) await store.put(key, body, { contentType, ifAbsent: true });
        }),
      );
    } catch (error) {
      this.#context.reporter.emit({
        type: 'warning',
        message: `What a rollback to this deploy needs could not be kept: ${messageOf(error)}`,
      });
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
