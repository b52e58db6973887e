import { Exit, InfractlError, isInfractlError, UsageError, withMore } from '../../base/errors.ts';
import { shortId } from '../../base/text.ts';
import {
  chooseTarget,
  type JournalEntry,
  listJournal,
  newestRun,
  standingAt,
  type Target,
} from '../../journal/index.ts';
import { buildGraph, partIds } from '../../project/index.ts';
import { type PartId, type Project, partKey } from '../../project/model.ts';
import { createSecretReader } from '../../secrets/index.ts';
import { chooseParts } from '../choose.ts';
import { deployProject } from '../deploy.ts';
import { Known } from '../known.ts';
import { asTheyAre } from '../left.ts';
import { changedInDryRun } from '../plan.ts';
import { checkAccount } from '../preflight.ts';
import { Services } from '../services.ts';
import type { DeployContext, DeployDeps, DeployOptions, DeployResult } from '../types.ts';
import { projectOf } from './past-project.ts';
import { PastSteps, type Span } from './past-steps.ts';
import { type PlannedPart, RollbackPlanner } from './rollback-plan.ts';

export type { PlannedPart };

/** So many runs are read back at the most: a part that none of them made stays as it is. */
const MOST_ENTRIES = 300;
const OPTIONS: DeployOptions = { parts: [], createStack: false, skipBuild: true, dryRun: false };

export interface RollbackOrder {
  /** An entry's id, or the end of one; the one before when undefined. */
  readonly to?: string | undefined;
  /** Parts as words of the command line; all when empty. */
  readonly parts: readonly string[];
  /** Resources with data that may be replaced or deleted: `Table`, `app/Table`. */
  readonly allowReplacement?: readonly string[] | undefined;
}

export interface RollbackPlan {
  readonly project: string;
  readonly environment: string;
  readonly region: string;
  readonly account: string;
  /** The run that is gone back to. */
  readonly to: Pick<JournalEntry, 'id' | 'command' | 'startedAt' | 'git'>;
  /** The newest run, whose changes are taken back. */
  readonly of: Pick<JournalEntry, 'id' | 'command' | 'startedAt' | 'result' | 'git'>;
  readonly parts: readonly PlannedPart[];
  readonly changes: boolean;
}

/**
 * Reads the journal and finds what to go back to.
 *
 * @throws UsageError `NothingToRollBack`, `NoRollbackTarget`, `NoSuchPart`; InfractlError `WrongAccount`
 */
export async function openRollback(
  deps: DeployDeps,
  project: Project,
  order: RollbackOrder,
): Promise<Rollback> {
  const context: DeployContext = { ...deps, project, options: { ...OPTIONS, dryRun: true } };
  await checkAccount(context);
  const services = new Services({ ...context, projectName: project.name }, async () => {
    throw changedInDryRun();
  });
  const store = await services.existingArtifacts();
  const found = store ? await listJournal(store, project.environment, MOST_ENTRIES) : [];
  const entries = await asTheyAre(found, async () => (await services.stacks()).port, deps.clock.now());
  const target = chooseTarget(entries, order.to);
  const oldestFirst = entries.toReversed();
  const span = { past: standingAt(oldestFirst, target.entry.id), now: standingAt(oldestFirst) };
  return new Rollback(deps, projectOf(project, span.past), services, {
    target,
    span,
    words: order.parts,
    allowReplacement: order.allowReplacement ?? [],
  });
}

/** One rollback: first what it would do, then, after somebody said yes, doing it. */
export class Rollback {
  readonly #deps: DeployDeps;
  readonly #project: Project;
  readonly #services: Services;
  readonly #target: Target;
  readonly #span: Span;
  readonly #allowReplacement: readonly string[];
  readonly #chosen: ReadonlySet<string>;

  constructor(
    deps: DeployDeps,
    project: Project,
    services: Services,
    {
      target,
      span,
      words,
      allowReplacement,
    }: {
      readonly target: Target;
      readonly span: Span;
      readonly words: readonly string[];
      readonly allowReplacement: readonly string[];
    },
  ) {
    this.#deps = deps;
    this.#project = project;
    this.#services = services;
    this.#target = target;
    this.#span = span;
    this.#allowReplacement = allowReplacement;
    const all = partIds(project);
    if (all.length === 0) throw nothingKnown(target.entry);
    this.#chosen = new Set((words.length === 0 ? all : chooseParts(project, words)).map(partKey));
  }

  /** What would go back, part by part, by reading calls alone. */
  async plan(): Promise<RollbackPlan> {
    const { session, signal } = this.#deps;
    const context: DeployContext = {
      ...this.#deps,
      project: this.#project,
      options: { ...OPTIONS, dryRun: true },
    };
    const known = new Known(context, createSecretReader(session, signal));
    const given = { context, known, services: this.#services };
    const planner = new RollbackPlanner(
      given,
      new PastSteps(given, this.#span, this.#acts),
      this.#span,
      this.#acts,
    );
    const parts = await planner.plan(buildGraph(this.#project));
    const { entry, newest } = this.#target;
    return {
      project: this.#project.name,
      environment: this.#project.environment,
      region: session.region,
      account: (await session.identity()).account,
      to: facts(entry),
      of: { ...facts(newest), result: newest.result },
      parts,
      changes: parts.some(({ change }) => ['back', 'create', 'blocked'].includes(change)),
    };
  }

  /**
   * Goes back, in the order of the graph as it was then, and asks the checks of that time.
   *
   * @throws InfractlError `RollbackBlocked` (exit 5), `ChangedMeanwhile` (exit 6) before anything is changed; else as
   *   `deployProject`
   */
  async run(plan: RollbackPlan): Promise<DeployResult> {
    refuseBlocked(plan, this.#deps.where);
    const { entry, newest } = this.#target;
    // Whoever goes back was asked already, in a protected environment for its name.
    const options = { ...OPTIONS, yes: true, allowReplacement: this.#allowReplacement };
    return deployProject(this.#deps, this.#project, options, {
      recipe: {
        acts: this.#acts,
        open: (given) => new PastSteps(given, this.#span, this.#acts),
        holdsStill: () => this.#checkNewest(),
      },
      undoes: { rollbackOf: newest.id, rollbackTo: entry.id },
    }).catch((error: unknown) => {
      throw withWayForward(error, newest, this.#deps.where ?? '');
    });
  }

  /** What it takes back was shown; a deploy that came after that was not. */
  async #checkNewest(): Promise<void> {
    const { name, environment } = this.#project;
    const store = await this.#services.existingArtifacts();
    const newest = store && (await newestRun(store, environment));
    if (!newest || newest.id === this.#target.newest.id) return;
    throw new InfractlError({
      code: 'ChangedMeanwhile',
      message: `Somebody else changed ${name} ${environment} after it was shown what goes back. Nothing was changed.`,
      why: `${newest.who} ran "${newest.command}" (${shortId(newest.id)}), which would be taken back too.`,
      suggestions: ['Run the same command again: it shows what there is to take back now.'],
      exit: Exit.busy,
    });
  }

  /** Checks always: they tell whether what is there now is well. */
  readonly #acts = (id: PartId): boolean => id.kind === 'check' || this.#chosen.has(partKey(id));
}

function facts({ id, command, startedAt, git }: JournalEntry) {
  return { id, command, startedAt, ...(git ? { git } : {}) };
}

function nothingKnown({ id }: JournalEntry): UsageError {
  return new UsageError({
    code: 'NoRollbackTarget',
    message: `The journal knows too little of the run ${shortId(id)} to go back to it.`,
    why: 'It was written by a version of infractl that did not keep what a rollback needs.',
    suggestions: ['Check out the commit of that time and deploy it.'],
  });
}

function refuseBlocked({ parts, to }: RollbackPlan, where = ''): void {
  const blocked = parts.filter(({ change }) => change === 'blocked');
  if (blocked.length === 0) return;
  const others = parts.filter(
    ({ change, kind }) => change !== 'blocked' && change !== 'stays' && kind !== 'check',
  );
  throw new InfractlError({
    code: 'RollbackBlocked',
    message: 'Not everything can go back, so nothing was changed.',
    why: blocked.map(({ part, detail }) => `${part}: ${detail}`).join('\n'),
    suggestions: [
      ...(others.length > 0
        ? [
            `Go back without it: infractl rollback ${shortId(to.id)} ${others.map(({ part }) => part.replace(' ', ':')).join(' ')}${where}`,
          ]
        : []),
      'Or check out the commit of that time and deploy it.',
    ],
    exit: Exit.declined,
  });
}

/** A rollback that ends badly takes nothing back by itself: which of the two states is better, a person knows. */
function withWayForward(error: unknown, newest: JournalEntry, where: string): unknown {
  if (!isInfractlError(error) || error.exit === Exit.interrupted || error.exit === Exit.busy) return error;
  const forward =
    newest.result === 'succeeded'
      ? [`Go forward again: infractl rollback ${shortId(newest.id)}${where}`]
      : [];
  return withMore(error, {
    why: ['What went back stays as it is now.'],
    suggestions: ['Run the same command again: what is back already is left alone.', ...forward],
  });
}
