import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { Exit, InfractlError, isInfractlError } from '../base/errors.ts';
import type { Outcome, Reporter } from '../base/report.ts';
import { CANCEL_OUTCOME, cancelRecorded, takenBackWords } from '../deploy/cancelling.ts';
import { lookupsOf } from '../deploy/lookups.ts';
import { noStack } from '../deploy/outputs.ts';
import { checkAccount } from '../deploy/preflight.ts';
import type { DeployDeps } from '../deploy/types.ts';
import { type NamedStack, nothingNamed, otherEnvironments, stackNamed } from '../project/index.ts';
import type { Project } from '../project/model.ts';
import {
  type Attached,
  attachTo,
  type Cancellation,
  type Cancelled,
  cancellationOf,
  checkOwner,
  type Diagnosis,
  diagnose,
  type EventQuery,
  isRunning,
  newest,
  type Overview,
  overview,
  type PlacedEvent,
  PROJECT_TAG,
  recentEvents,
  type StackState,
  type WatchDeps,
  type WatchOrder,
} from '../stacks/index.ts';

export interface DeskDeps
  extends Pick<DeployDeps, 'env' | 'redactor' | 'commandLine' | 'version' | 'interruption'> {
  readonly session: AwsSession;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** The flags that lead a further command to the same place, each after a space. */
  readonly where: string;
}

/** How long an operation on a stack that infractl.yaml does not name is followed. */
const OTHERS_TIMEOUT_MS = 3_600_000;

/** A stack that a command is about, and how it is now. */
export interface Subject extends WatchOrder {
  readonly state: StackState | undefined;
}

/** One event with the part that it belongs to: `stack app`. */
export interface PartEvent {
  readonly part: string;
  readonly event: PlacedEvent;
}

export type AttachResult = ({ readonly running: true } & Attached) | { readonly running: false };

/** Looking at the stacks of a project, and steering what runs on them. */
export class StackDesk {
  readonly #deps: DeskDeps;
  readonly #project: Project;

  constructor(deps: DeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
  }

  /** Every stack of the environment; without a project, of the account and region. See `overview` of the stacks. */
  async list(): Promise<Overview> {
    const { port } = await this.#watch();
    const { bare, name, environment, stacks } = this.#project;
    const of = bare ? {} : { project: name, environment };
    return overview(port, { ...of, stacks: [...stacks.values()] });
  }

  /**
   * One stack, by its part's name or by its name in AWS.
   *
   * @throws UsageError `NoSuchPart`
   */
  async subject(name: string): Promise<Subject> {
    const wanted = name.replace(/^stack:/, '');
    const part = stackNamed(this.#project, wanted);
    const { port } = await this.#watch();
    if (part) return this.#subjectOf(part, await port.stack(part.stackName));
    // One that was taken out of infractl.yaml is still there to be looked at.
    const state = await port.stack(wanted);
    if (!state) throw noStack(this.#project, name);
    checkOwner(state, this.#project.name);
    const order = { part: `stack ${wanted}`, stackName: wanted, templateFile: undefined };
    return { ...order, timeout: OTHERS_TIMEOUT_MS, state };
  }

  /**
   * All stacks of the configuration.
   *
   * @throws UsageError `NothingNamed` where there is none
   */
  async subjects(): Promise<Subject[]> {
    if (this.#project.bare) throw nothingNamed('which stack', 'See which there are: infractl list');
    const { port } = await this.#watch();
    return Promise.all(
      [...this.#project.stacks.values()].map(async (part) =>
        this.#subjectOf(part, await port.stack(part.stackName)),
      ),
    );
  }

  /** The newest events of several stacks, merged in time, oldest first. */
  async events(subjects: readonly Subject[], query: EventQuery): Promise<PartEvent[]> {
    const { port } = await this.#watch();
    const parts = new Map<PlacedEvent, string>();
    const lists = await Promise.all(
      subjects.map(async ({ part, state }) => {
        const found = state ? await recentEvents(port, state.stackId, query) : [];
        for (const event of found) parts.set(event, part);
        return found;
      }),
    );
    return newest(lists, query.limit).map((event) => ({ part: parts.get(event) ?? '', event }));
  }

  /**
   * Follows what runs on several stacks, each to its end, and reports its events from the first one.
   *
   * @returns how many of them had something running
   */
  async follow(subjects: readonly Subject[]): Promise<number> {
    const deps = await this.#watch();
    const running = subjects.filter(({ state }) => state && isRunning(state));
    await Promise.all(
      running.map((subject) =>
        attachTo(deps, subject, subject.state as StackState).catch((error: unknown) => {
          // Whoever watches events sees how it ends; that it failed is no failure of watching.
          if (!isInfractlError(error) || error.code !== 'StackFailed') throw error;
        }),
      ),
    );
    return running.length;
  }

  /**
   * Why the newest operation on a stack failed.
   *
   * @throws InfractlError `StackNotFound`
   */
  async explain(name: string): Promise<Diagnosis> {
    const subject = await this.subject(name);
    const { session, where } = this.#deps;
    const { port } = await this.#watch();
    const found = await diagnose({ port, where, lookups: lookupsOf(session) }, subject);
    if (found) return found;
    throw new InfractlError({
      code: 'StackNotFound',
      message: `The stack ${subject.stackName} does not exist in ${session.region}.`,
      suggestions: this.#project.bare
        ? [`See which there are: infractl list${where}`, 'If it is there, check the profile and the region.']
        : [
            `Create it: infractl deploy --create-stack${where}`,
            'If it is there, check the profile, the region and the environment.',
          ],
    });
  }

  /**
   * Follows what runs on a stack to its end, with the errors of a deploy; takes it back where that was chosen
   * when the signal was aborted.
   *
   * @throws InfractlError `Cancelled` (exit 130) after taking it back
   */
  async attach(subject: Subject): Promise<AttachResult> {
    const { state } = subject;
    if (!state || !isRunning(state)) return { running: false };
    const deps = await this.#watch();
    try {
      const done = await this.#reported(subject, 'joining what runs', async () => {
        const attached = await attachTo(deps, subject, state);
        return { ...attached, outcome: OUTCOME[attached.act] };
      });
      return { running: true, act: done.act, status: done.status };
    } catch (error) {
      const left = isInfractlError(error) && error.exit === Exit.interrupted;
      if (!left || this.#deps.interruption?.() !== 'cancel') throw error;
      throw await this.#takenBack(subject, { ...deps, signal: undefined });
    }
  }

  /** Whether what runs on a stack is this project's to take back. */
  mayTakeBack({ state }: Subject): boolean {
    const owner = state?.tags[PROJECT_TAG];
    return state?.parentId === undefined && (owner === undefined || owner === this.#project.name);
  }

  /** A further Ctrl-C ends the process, so this takes no signal. */
  async #takenBack(subject: Subject, deps: WatchDeps): Promise<InfractlError> {
    await checkAccount({ ...this.#deps, project: this.#project });
    const found = cancellationOf((await deps.port.stack(subject.stackName))?.status);
    const done: Cancelled =
      found.do === 'nothing'
        ? { outcome: 'nothing', status: undefined, because: found.because }
        : await this.#cancelled(subject, found.do, deps);
    return new InfractlError({ ...takenBackWords(subject.stackName, done), exit: Exit.interrupted });
  }

  /**
   * What cancelling would do now.
   *
   * @throws InfractlError `WrongAccount`, `NotOurStack` (exit 5)
   */
  async cancellation({ state }: Subject): Promise<Cancellation> {
    await checkAccount({ ...this.#deps, project: this.#project });
    if (state) checkOwner(state, this.#project.name, otherEnvironments(this.#project));
    return cancellationOf(state?.status);
  }

  /** Stops what runs on a stack, as was agreed, and follows it to its end. */
  async cancel(subject: Subject, agreed: 'take-back' | 'delete'): Promise<Cancelled> {
    return this.#cancelled(subject, agreed, await this.#watch());
  }

  async #cancelled(subject: Subject, agreed: 'take-back' | 'delete', deps: WatchDeps): Promise<Cancelled> {
    const doing = agreed === 'delete' ? 'deleting' : 'taking the update back';
    const { result } = await this.#reported(subject, doing, async () => {
      const context = { ...this.#deps, project: this.#project };
      const result = await cancelRecorded(context, deps, subject, agreed);
      return { result, outcome: CANCEL_OUTCOME[result.outcome] };
    });
    return result;
  }

  async #reported<T extends { readonly outcome: Outcome }>(
    { part }: Subject,
    doing: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const { reporter, clock } = this.#deps;
    const started = clock.now();
    reporter.emit({ type: 'part.started', part, doing });
    try {
      const done = await work();
      reporter.emit({ type: 'part.done', part, outcome: done.outcome, ms: clock.now() - started });
      return done;
    } catch (error) {
      if (isInfractlError(error))
        reporter.emit({ type: 'part.failed', part, error, ms: clock.now() - started });
      throw error;
    }
  }

  #subjectOf({ name, stackName, template, timeout }: NamedStack, state: StackState | undefined): Subject {
    return { part: `stack ${name}`, stackName, templateFile: template, timeout, state };
  }

  async #watch(): Promise<WatchDeps> {
    const { session, reporter, clock, signal, where } = this.#deps;
    const { cloudFormation } = await import('../aws/cloudformation.ts');
    return { port: cloudFormation(session), lookups: lookupsOf(session), reporter, clock, signal, where };
  }
}

const OUTCOME = { create: 'created', update: 'updated', delete: 'deleted' } as const;
