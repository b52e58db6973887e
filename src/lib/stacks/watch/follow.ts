import { isTransient } from '../../aws/errors.ts';
import { Exit, InfractlError, Interrupted, isInfractlError } from '../../base/errors.ts';
import { duration } from '../../base/text.ts';
import { typed } from '../commands.ts';
import type { StackState } from '../port.ts';
import { isFinal } from '../states.ts';
import type { WatchDeps } from '../types.ts';
import { EventLog, type From, type PlacedEvent, pathWords, reportedEvent } from './events.ts';
import { abortable, type Patience, persist, pollDelay } from './waiting.ts';
import type { Bottleneck } from './waits.ts';

/** An operation that AWS carries out by itself. */
export interface Operation {
  readonly part: string;
  readonly stackName: string;
  readonly stackId: string;
  readonly act: 'create' | 'update' | 'delete';
  readonly from: From;
  /** In milliseconds. */
  readonly timeout: number;
  /** The time that was allowed for all of the work, this operation included; in milliseconds, for the message. */
  readonly allowed?: number;
}

export interface Ended {
  readonly status: string;
  /** The stack after it; undefined when it is gone. */
  readonly state: StackState | undefined;
  /** Every event of the operation, nested stacks included. */
  readonly events: readonly PlacedEvent[];
}

/** How often a stack is read again that does not show yet what its last event said. */
const SETTLE_TRIES = 5;

/** After so long without an event it is said what all the rest waits for. */
const WAITING_AFTER_MS = 5_000;

/** After so long without an event the stack itself is asked, once in that time. */
const CHECK_AFTER_MS = 10_000;

/**
 * Follows an operation to its end and reports each of its events once.
 *
 * @throws InfractlError `StackTimedOut` (exit 7) and Interrupted; AWS goes on after both.
 */
export async function follow(deps: WatchDeps, operation: Operation): Promise<Ended> {
  const { port, clock, reporter, signal } = deps;
  const { part, stackId } = operation;
  const log = new EventLog(port, stackId, operation.from);
  const deadline = clock.now() + operation.timeout;
  const patience: Patience = {
    clock,
    signal,
    deadline,
    onTrouble: (lost) =>
      reporter.emit({
        type: 'part.status',
        part,
        status: lost ? 'AWS does not answer; the stack goes on, trying again' : 'AWS answers again',
      }),
  };
  const waiting = new Waiting(deps, operation, log);
  let lastEvent = clock.now();
  let lastCheck = lastEvent;
  let said = '';
  const read = async () => {
    const fresh = await persist(patience, () => log.read());
    if (fresh.length === 0) return;
    lastEvent = clock.now();
    for (const event of fresh) reporter.emit(reportedEvent(part, event));
    await waiting.over();
    const status = statusWords(log, operation);
    if (status !== said) reporter.emit({ type: 'part.status', part, status });
    said = status;
  };
  try {
    for (;;) {
      await read();
      if (log.end) {
        const status = log.end.status;
        const state = await persist(patience, () => settled(deps, stackId));
        return { status, state, events: log.all };
      }
      if (clock.now() - lastEvent >= WAITING_AFTER_MS) await waiting.look();
      const left = deadline - clock.now();
      if (left <= 0) throw timedOut(operation, log, deps);
      await clock.sleep(Math.min(left, pollDelay(clock.now() - lastEvent, log.working.length > 0)), signal);
      if (clock.now() - Math.max(lastEvent, lastCheck) < CHECK_AFTER_MS) continue;
      lastCheck = clock.now();
      const state = await persist(patience, () => port.stack(stackId));
      if (!isOver(state, log)) continue;
      // Its last events may have come since the last look.
      await read();
      return { status: state?.status ?? 'DELETE_COMPLETE', state, events: log.all };
    }
  } catch (error) {
    if (signal?.aborted) throw interrupted(operation, log, deps);
    // AWS went on refusing to answer until the time was over: what became of the stack is not known.
    if (isTransient(error) && clock.now() >= deadline) throw timedOut(operation, log, deps);
    if (isInfractlError(error) && error.code !== 'StackTimedOut')
      throw lostSight(operation, log, error, deps);
    throw error;
  }
}

/**
 * Whether the stack shows an end that no event told. An empty stack may be deleted without one, and events
 * of the operation must have begun before a final status can be its own.
 */
function isOver(state: StackState | undefined, log: EventLog): boolean {
  if (!state || state.status === 'DELETE_COMPLETE') return true;
  return log.status !== undefined && isFinal(state.status);
}

/** DescribeStacks may lag behind the events for a moment. */
async function settled(deps: WatchDeps, stackId: string): Promise<StackState | undefined> {
  for (let attempt = 1; ; attempt++) {
    const state = await deps.port.stack(stackId);
    if (!state || isFinal(state.status) || attempt === SETTLE_TRIES) return state;
    await deps.clock.sleep(100 * attempt, deps.signal);
  }
}

/** Says what all of an operation waits for, and when it does no more. */
class Waiting {
  readonly #deps: WatchDeps;
  readonly #operation: Operation;
  readonly #log: EventLog;
  #bottleneck: Promise<Bottleneck> | undefined;
  /** Nothing came since it was looked for. */
  #looked = false;
  #told: string | undefined;

  constructor(deps: WatchDeps, operation: Operation, log: EventLog) {
    this.#deps = deps;
    this.#operation = operation;
    this.#log = log;
  }

  /** Looks for it, once after each event. */
  async look(): Promise<void> {
    if (this.#looked) return;
    this.#looked = true;
    this.#tell(await this.#find());
  }

  /** Events came: what was waited for may be it still, and another one is not worth a word yet. */
  async over(): Promise<void> {
    this.#looked = false;
    if (this.#told === undefined) return;
    const found = await this.#find();
    this.#tell(found && pathWords(found.path) === this.#told ? found : undefined);
  }

  async #find(): Promise<PlacedEvent | undefined> {
    const { all, working, end } = this.#log;
    // What reads templates brings a YAML parser with it: an operation that is done quickly needs none.
    this.#bottleneck ??= import('./waits.ts').then(({ Bottleneck }) => new Bottleneck(this.#deps.port));
    const { stackId } = this.#operation;
    if (end) return undefined;
    const bottleneck = await this.#bottleneck;
    return abortable(bottleneck.find(stackId, all, working), this.#deps.signal);
  }

  #tell(found: PlacedEvent | undefined): void {
    const words = found && pathWords(found.path);
    if (words === this.#told) return;
    this.#told = words;
    const on = found ? awaited(found) : null;
    this.#deps.reporter.emit({ type: 'stack.waiting', part: this.#operation.part, on });
  }
}

function awaited({ path, resourceType, at }: PlacedEvent) {
  return { path, resourceType, since: at.toISOString() };
}

function statusWords(log: EventLog, operation: Operation): string {
  return /ROLLBACK/.test(log.status ?? '') ? 'taking it back' : `${ING[operation.act]} the stack`;
}

const ING = { create: 'creating', update: 'updating', delete: 'deleting' } as const;

type Place = Pick<WatchDeps, 'where'>;

/** How to see what goes on, and how to stop it. */
function waysOn({ act, part }: Operation, where: string | undefined): string[] {
  const watch = `To see how it goes on: ${typed('attach', { part, where })}`;
  if (act === 'delete')
    return [watch, 'A deletion cannot be stopped. To wait for it again, run the same command again.'];
  return [watch, `To take it back: ${typed('cancel', { part, where })}`];
}

function stillRuns(operation: Operation, log: EventLog): string {
  return `AWS goes on ${ING[operation.act]} the stack ${operation.stackName} (${log.status ?? `${operation.act.toUpperCase()}_IN_PROGRESS`}).`;
}

function interrupted(operation: Operation, log: EventLog, { where }: Place): Interrupted {
  return new Interrupted(`Interrupted. ${stillRuns(operation, log)}`, waysOn(operation, where));
}

function timedOut(operation: Operation, log: EventLog, { where }: Place): InfractlError {
  const names = log.working.map(({ path }) => pathWords(path));
  return new InfractlError({
    code: 'StackTimedOut',
    message: `The stack ${operation.stackName} was not done after ${duration(operation.allowed ?? operation.timeout)}.`,
    why: `${stillRuns(operation, log)}${names.length > 0 ? ` It waits for ${names.join(', ')}.` : ''}`,
    suggestions: [
      ...waysOn(operation, where),
      'To wait longer, give the stack a longer `timeout` in infractl.yaml and run the command again when it is done.',
    ],
    exit: Exit.timedOut,
  });
}

/** The operation runs, but it cannot be looked at any more: expired credentials, a missing permission. */
function lostSight(
  operation: Operation,
  log: EventLog,
  error: InfractlError,
  { where }: Place,
): InfractlError {
  return new InfractlError({
    code: error.code,
    message: `${error.message} ${stillRuns(operation, log)}`,
    ...(error.why ? { why: error.why } : {}),
    suggestions: [...error.suggestions, ...waysOn(operation, where)],
    exit: error.exit,
    cause: error,
  });
}
