import { join } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import { remembered, type Target } from '../instances/index.ts';
import type { Project } from '../project/model.ts';
import {
  checkTimezone,
  parseWhen,
  type Schedule,
  type ScheduledTarget,
  schedulesOf,
  scheduleTemplate,
  writtenWhen,
} from '../schedules/index.ts';
import {
  checkOwner,
  deleteStack,
  deployStack,
  ENVIRONMENT_TAG,
  PART_TAG,
  PROJECT_TAG,
  type StackDeps,
} from '../stacks/index.ts';
import { type RecordDeps, recorded, underLock } from './recording.ts';

export type ScheduleDeskDeps = RecordDeps;

export interface ScheduleOrder {
  readonly name: string;
  readonly stop: string | undefined;
  readonly start: string | undefined;
  readonly timezone: string;
}

const PART = 'stack schedules';
const TIMEOUT = 15 * 60_000;
/** A stack that AWS never made, or took back whole: its template tells what was wanted once. */
const EMPTY = new Set(['REVIEW_IN_PROGRESS', 'ROLLBACK_COMPLETE']);
/** A template has room for 500 resources: two for each target, and the role. */
const MOST_TARGETS = 200;

/** The schedules of an environment. They live in one stack of CloudFormation, which is all that is kept of them. */
export class ScheduleDesk {
  readonly #deps: ScheduleDeskDeps;
  readonly #project: Project;

  constructor(deps: ScheduleDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
  }

  /** `<project>-schedules-<env>` */
  get stackName(): string {
    return `${this.#project.name}-schedules-${this.#project.environment}`;
  }

  async list(): Promise<Schedule[]> {
    const port = await this.#port();
    // A template may be kept after its stack.
    const [state, template] = await Promise.all([port.stack(this.stackName), port.template(this.stackName)]);
    return state && !EMPTY.has(state.status) ? schedulesOf(template) : [];
  }

  /**
   * The schedule that an order means; nothing is changed.
   *
   * @throws UsageError `BadTime`, `BadTimezone`, `NoTimes`, `NoTargets`, `TooManyTargets`, `CannotSchedule`
   */
  make(order: ScheduleOrder, targets: readonly Target[]): Schedule {
    const { name, stop, start } = order;
    const written = (text: string | undefined) => (text === undefined ? null : writtenWhen(parseWhen(text)));
    const schedule = {
      name,
      stop: written(stop),
      start: written(start),
      timezone: checkTimezone(order.timezone),
    };
    if (targets.length === 0)
      throw new UsageError({ code: 'NoTargets', message: 'There is nothing to put on a schedule.' });
    if (targets.length > MOST_TARGETS)
      throw new UsageError({
        code: 'TooManyTargets',
        message: `A schedule takes at most ${MOST_TARGETS} targets, not ${targets.length}.`,
        suggestions: ['Choose fewer with --tag, or make several with --name.'],
      });
    return { ...schedule, targets: targets.map(scheduled), skipUntil: null };
  }

  async set(schedule: Schedule): Promise<'created' | 'updated' | 'unchanged'> {
    return this.put([schedule]);
  }

  /** Sets schedules, each in place of one of its name; all others stay. */
  async put(schedules: readonly Schedule[]): Promise<'created' | 'updated' | 'unchanged'> {
    return underLock(this.#deps, this.#project, async () => {
      const before = await this.list();
      const kept = before.map((one) => schedules.find(({ name }) => name === one.name) ?? one);
      const after = [...kept, ...schedules.filter((one) => !kept.includes(one))];
      const same = before.length > 0 && scheduleTemplate(before) === scheduleTemplate(after);
      return same ? this.#deploy(after) : this.#recorded(before, after, () => this.#deploy(after));
    });
  }

  /** Whether there was such a schedule. The stack goes with the last one. */
  async remove(name: string): Promise<boolean> {
    return underLock(this.#deps, this.#project, async () => {
      const all = await this.list();
      const left = all.filter((one) => one.name !== name);
      if (left.length === all.length) return false;
      await this.#recorded(all, left, () => (left.length > 0 ? this.#deploy(left) : this.#delete()));
      return true;
    });
  }

  /**
   * Takes away the empty stack that a first `set` leaves which was killed, or which AWS rolled back. False where
   * there is none.
   */
  async sweep(): Promise<boolean> {
    const empty = async () => {
      const state = await (await this.#port()).stack(this.stackName);
      return state !== undefined && EMPTY.has(state.status);
    };
    if (!(await empty())) return false;
    return underLock(
      this.#deps,
      this.#project,
      async () => (await empty()) && (await this.#delete()) === 'deleted',
    );
  }

  async #delete() {
    return this.#reported('deleting', async () => {
      const order = { part: PART, stackName: this.stackName, project: this.#project.name, timeout: TIMEOUT };
      return deleteStack(await this.#stacks(), order);
    });
  }

  /** What was before is kept in words, so that it can be set again. */
  async #recorded<T extends string>(
    before: readonly Schedule[],
    after: readonly Schedule[],
    work: () => Promise<T>,
  ): Promise<T> {
    const { clock } = this.#deps;
    const began = clock.now();
    return recorded(this.#deps, this.#project, 'schedule', work, (outcome) => ({
      failed: false,
      undo: undoOf(before, after),
      parts: [
        {
          part: PART,
          outcome,
          ms: clock.now() - began,
          before: { schedules: before.map(wordsOf).join('; ') || 'none' },
          after: { schedules: after.map(wordsOf).join('; ') || 'none' },
        },
      ],
    }));
  }

  async #deploy(schedules: readonly Schedule[]): Promise<'created' | 'updated' | 'unchanged'> {
    const { name: project, environment, root } = this.#project;
    const port = await this.#port();
    const state = await port.stack(this.stackName);
    if (state) checkOwner(state, project);
    const outcome = await this.#reported('setting', async () => {
      const result = await deployStack(await this.#stacks(), {
        part: PART,
        stackName: this.stackName,
        templateFile: join(root, 'schedules.json'),
        templateText: scheduleTemplate(schedules),
        parameters: {},
        tags: { [PROJECT_TAG]: project, [ENVIRONMENT_TAG]: environment, [PART_TAG]: 'schedules' },
        timeout: TIMEOUT,
      });
      return result.outcome === 'started' ? 'updated' : result.outcome;
    });
    return outcome;
  }

  async #reported<T extends 'created' | 'updated' | 'unchanged' | 'deleted'>(
    doing: string,
    work: () => Promise<T>,
  ) {
    const { reporter, clock } = this.#deps;
    const began = clock.now();
    reporter.emit({ type: 'part.started', part: PART, doing });
    const outcome = await work();
    reporter.emit({ type: 'part.done', part: PART, outcome, ms: clock.now() - began });
    return outcome;
  }

  async #stacks(): Promise<StackDeps> {
    const { reporter, clock, signal, where, session } = this.#deps;
    const artifacts = async () => {
      const { openArtifactStore } = await import('../artifacts/index.ts');
      const store = await openArtifactStore(await session(), this.#project.name, { create: true });
      if (store) return store;
      throw new UsageError({
        code: 'NoArtifactBucket',
        message: "The project's bucket could not be made.",
      });
    };
    return { reporter, clock, signal, where, artifacts, port: await this.#port() };
  }

  async #port() {
    const { cloudFormation } = await import('../aws/cloudformation.ts');
    return cloudFormation(await this.#deps.session());
  }
}

/** `night: stop 20:00 Mon-Fri, start 07:30, Europe/Paris, 3 targets`. */
function wordsOf({ name, stop, start, timezone, skipUntil, targets }: Schedule): string {
  return [
    `${name}: ${[...(stop ? [`stop ${stop}`] : []), ...(start ? [`start ${start}`] : [])].join(', ')}`,
    timezone,
    ...(skipUntil ? [`not before ${skipUntil}`] : []),
    plural(targets.length, 'target'),
  ].join(', ');
}

function undoOf(before: readonly Schedule[], after: readonly Schedule[]): string {
  const gone = before.filter((one) => !after.some(({ name }) => name === one.name));
  const fresh = after.filter((one) => !before.some(({ name }) => name === one.name));
  if (fresh.length > 0) return `infractl manage schedule remove ${fresh[0]?.name}`;
  return `Set again what was before: ${(gone.length > 0 ? gone : before).map(wordsOf).join('; ')}`;
}

function scheduled(target: Target): ScheduledTarget {
  const { kind, id } = target;
  if (target.kind === 'instance' && target.facts.group !== undefined)
    throw cannot(
      id,
      `it belongs to the auto scaling group ${target.facts.group}: put the group on the schedule.`,
    );
  if (target.kind === 'instance' && !target.facts.ebsRoot)
    throw cannot(id, 'its root disk would be lost by a stop.');
  if (target.kind === 'database' && target.facts.cluster !== undefined)
    throw cannot(id, `it is a part of the cluster ${target.facts.cluster}, which stops as a whole.`);
  if (target.kind !== 'group') return { kind, id };
  const { min, max, desired } =
    target.facts.desired > 0 ? target.facts : (remembered(target.facts.tags) ?? target.facts);
  if (desired === 0) throw cannot(id, 'it is at 0, and nothing says how many instances a start gives it.');
  return { kind, id, capacity: { min, max, desired } };
}

function cannot(id: string, why: string): UsageError {
  return new UsageError({ code: 'CannotSchedule', message: `${id} cannot be put on a schedule: ${why}` });
}
