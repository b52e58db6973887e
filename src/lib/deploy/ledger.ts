import type { ArtifactStore } from '../artifacts/index.ts';
import { leadTo } from '../aws/aws-cli.ts';
import { isInfractlError, messageOf } from '../base/errors.ts';
import {
  finishEntry,
  type JournalAct,
  type JournalEnd,
  type JournalEntry,
  type JournalPart,
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

/** A part as a deploy has it, or as the journal does. */
type RecordedPart = JournalPart & Partial<Pick<PartOutcome, 'kind'>>;

export type LedgerContext = Pick<
  DeployContext,
  'undoes' | 'session' | 'where' | 'reporter' | 'clock' | 'env' | 'version' | 'redactor' | 'commandLine'
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
  /** To be kept still, in the order of their making. */
  readonly #kept = new Map<string, Kept>();
  readonly #configs = new Map<string, Facts>();
  #id: string | undefined;
  #pulse: NodeJS.Timeout | undefined;
  readonly #act: JournalAct;
  /** The parts that are done. */
  readonly #done: PartOutcome[] = [];
  /** One write after the other: an older one must not come to lie on a newer one. */
  #writing: Promise<unknown> = Promise.resolve();
  #behind = false;

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

  /**
   * A part is done: what a rollback will need of it, its configuration and what AWS alone does not keep, is put
   * away beside the deploy, so that a run that is killed leaves what it did. Nobody waits for it but `end`.
   */
  remember(
    outcome: PartOutcome,
    {
      config,
      keep = [],
    }: { readonly config?: Facts | undefined; readonly keep?: readonly Kept[] | undefined } = {},
  ): void {
    this.#done.push(outcome);
    if (config) this.#configs.set(outcome.part, config);
    for (const one of keep) this.#kept.set(one.key, one);
    this.#catchUp();
  }

  /** However many parts are done meanwhile, one write tells of them all. */
  #catchUp(): void {
    if (!this.#entry || this.#behind) return;
    this.#behind = true;
    this.#writing = this.#writing.then(async () => {
      this.#behind = false;
      const entry = await this.#entry;
      if (!entry || this.#pulse === undefined) return;
      await this.#keep();
      await this.#writeAlive(entry);
    });
    // What could not be put away now is tried again at the end, and told there.
    this.#writing = this.#writing.catch(() => {});
  }

  async end(
    result: JournalEnd['result'],
    parts: readonly RecordedPart[],
    outcome: {
      readonly error?: unknown;
      readonly outputs?: JournalEnd['outputs'];
      readonly undo?: string | undefined;
    } = {},
  ): Promise<JournalEntry | undefined> {
    const entry = await this.#entry;
    clearInterval(this.#pulse);
    this.#pulse = undefined;
    await this.#writing;
    if (!entry) return undefined;
    await this.#keepOrSay();
    const end: JournalEnd = {
      now: this.#context.clock.now(),
      result,
      error: outcome.error === undefined ? undefined : errorFacts(outcome.error),
      parts: this.#recorded(parts),
      outputs: outcome.outputs,
      undo: outcome.undo && leadTo(this.#context.where ?? '', this.#context.session)(outcome.undo),
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
      this.#writing = this.#writing.then(() => this.#writeAlive(entry)).catch(() => {});
    }, PULSE_MS).unref();
  }

  /** The entry of a run that is at work, with what it has done so far. */
  async #writeAlive(entry: JournalEntry): Promise<void> {
    const aliveAt = new Date(this.#context.clock.now()).toISOString();
    const alive = { ...entry, aliveAt, parts: this.#recorded(this.#done) };
    await writeJournal(await this.#store(), alive, this.#context.redactor);
  }

  #recorded(parts: readonly RecordedPart[]): JournalEntry['parts'] {
    return parts.map(({ kind: _, ...part }) => {
      const config = this.#configs.get(part.part);
      return config ? { ...part, config } : part;
    });
  }

  /** Under the hash of its content, so what is there already is what is meant. */
  async #keep(): Promise<void> {
    const store = await this.#store();
    await Promise.all(
      [...this.#kept.values()].map(async ({ key, body, contentType }) => {
        if (!(await store.has(key))) await store.put(key, body, { contentType, ifAbsent: true });
        this.#kept.delete(key);
      }),
    );
  }

  async #keepOrSay(): Promise<void> {
    try {
      await this.#keep();
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
