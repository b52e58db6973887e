import { Exit, InfractlError, isInfractlError, messageOf } from '../base/errors.ts';
import { withNotesOnce } from '../base/report.ts';
import type { Lease } from '../lease/index.ts';
import { buildGraph, type Graph, selectGraph, type WalkResult, walkGraph } from '../project/index.ts';
import { type PartId, type Project, partKey } from '../project/model.ts';
import { createSecretReader } from '../secrets/index.ts';
import type { StacksPort } from '../stacks/index.ts';
import { cancelStacks, interruption, leftRunning } from './interruption.ts';
import { Known } from './known.ts';
import { Ledger } from './ledger.ts';
import { writeSettled } from './left.ts';
import { environmentLock, isBusy, withOwner } from './lock.ts';
import { changedInDryRun, planParts } from './plan.ts';
import { preflight } from './preflight.ts';
import { Seen } from './seen.ts';
import { Services } from './services.ts';
import { Steps } from './steps.ts';
import { isUnhealthy, type TakenBack, takeBack, type Undo, withTakenBack } from './taking-back.ts';
import type { DeployContext, DeployDeps, DeployOptions, DeployResult, PartOutcome } from './types.ts';
import { Weighing } from './weighing.ts';

/**
 * Makes a project true: walks its graph, each part as soon as what it needs is done. When a check fails,
 * or a part after a function was moved, the aliases go back to the versions that they were on.
 *
 * Nobody else changes the environment meanwhile: the lock is taken before the first change. When somebody
 * else did since this deploy began to look, it looks again from the start, under the lock.
 *
 * @throws UsageError for what is wrong before AWS is touched (exit 2); InfractlError of the first part that
 *   failed; `Unhealthy` (exit 8) saying whether it was taken back; `Locked` (exit 6); `Interrupted` (exit 130)
 */
export async function deployProject(
  deps: DeployDeps,
  project: Project,
  options: DeployOptions,
  back: Pick<DeployContext, 'recipe' | 'undoes'> = {},
): Promise<DeployResult> {
  const reporter = withNotesOnce(deps.reporter);
  const context: DeployContext = { ...deps, reporter, project, options, ...back };
  const run = new DeployRun(context);
  try {
    return await run.run();
  } finally {
    await run.lock.release(run.left);
  }
}

/** The parts that a deploy visits: all, or those named with all that they need. */
export function chosenGraph(project: Project, parts: readonly PartId[]): Graph {
  const graph = buildGraph(project);
  return parts.length === 0 ? graph : selectGraph(graph, parts, true);
}

class DeployRun {
  readonly #context: DeployContext;
  readonly #known: Known;
  readonly #services: Services;
  readonly #steps: Steps;
  readonly #maker: Pick<Steps, 'make'>;
  readonly #ledger: Ledger;
  readonly #seen: Seen;
  readonly #weighing: Weighing;
  readonly #outcomes = new Map<string, PartOutcome>();
  readonly #undo: Undo[] = [];
  readonly #started: number;
  readonly lock: Lease;
  /** Names of stacks on which AWS still works when the run is over. */
  left: readonly string[] = [];
  /** Parts that wait for a stack which AWS works on alone, and those stacks. */
  readonly #apart = new Set<string>();
  #stillHolds: Promise<void> | undefined;
  /** Whether all that this run knows was read under the lock. */
  readonly #sure: boolean;

  /** @param held the lock, by a run that found out that somebody else had worked meanwhile */
  constructor(context: DeployContext, held?: Lease) {
    this.#context = context;
    this.#started = context.clock.now();
    this.#sure = held !== undefined;
    this.lock = held ?? environmentLock(context, () => this.#services.artifacts());
    this.#seen = new Seen(context);
    const watch = (port: StacksPort) => this.#seen.watch(port);
    this.#weighing = new Weighing(context, true);
    const { weigh } = this.#weighing;
    this.#services = new Services({ ...context, projectName: context.project.name, watch, weigh }, (call) =>
      this.#beforeChange(call),
    );
    this.#ledger = new Ledger(context, context.recipe ? 'rollback' : 'deploy', () =>
      this.#services.artifacts(),
    );
    this.#known = new Known(context, createSecretReader(context.session, context.signal));
    this.#steps = new Steps(context, this.#known, this.#services);
    const given = { context, known: this.#known, services: this.#services };
    this.#maker = context.recipe?.open(given) ?? this.#steps;
  }

  async run(): Promise<DeployResult> {
    const graph = this.#graph();
    await preflight(this.#context, this.#known, graph.nodes);
    if (this.#context.options.dryRun) {
      await planParts(this.#context, graph, this.#known, this.#services, this.#steps, (outcome) =>
        this.#outcomes.set(outcome.part, outcome),
      );
      return { ...this.#result(graph), ...(await this.#weighing.total()) };
    }
    const walked = await walkGraph(graph, (id) => this.#visit(id, graph), { signal: this.#context.signal });
    if (!walked.interrupted && (this.#mustLookAgain || (await this.#isFreedFrom(walked))))
      return this.#anew();
    // Where the first call failed already, a list of what was not done says nothing.
    const tell = walked.done.length > 0;
    for (const { id, because } of walked.skipped) this.#skip(id, because, tell);
    const first = walked.failed[0]?.error;
    const failure = this.#ledger.begun
      ? first
      : await withOwner(first, this.lock, this.#context, () => this.#services.existingArtifacts());
    if (failure === undefined && !walked.interrupted) {
      await this.#keepImages();
      const result = { ...this.#result(graph), ...(await this.#weighing.total()) };
      if (this.#apart.size > 0) return this.#detached(result);
      const entry = await this.#ledger.end('succeeded', result.parts, { outputs: result.outputs });
      if (entry) this.#seen.journal(entry);
      await this.#seen.save();
      return { ...result, ...(this.#ledger.id ? { journal: this.#ledger.id } : {}) };
    }
    return this.#failed(walked, failure);
  }

  #graph(): Graph {
    const { project, options } = this.#context;
    const graph = chosenGraph(project, options.parts);
    if (!options.skipReleases) return graph;
    return selectGraph(
      graph,
      graph.nodes.filter(({ kind }) => kind !== 'release'),
    );
  }

  /** A change set changes nothing until it is executed, so it takes no lock and does not begin the journal. */
  async #beforeChange(call: string): Promise<void> {
    if (this.#context.options.dryRun) throw changedInDryRun();
    if (HARMLESS.has(call)) return;
    if (!this.#context.withoutLock) await this.lock.hold();
    if (this.#mustLookAgain) throw outdated();
    if (this.lock.foundLeft && !this.#ledger.begun) await this.#settle();
    this.#stillHolds ??= this.#context.recipe?.holdsStill();
    await this.#stillHolds;
    await this.#ledger.begin();
  }

  /** What an earlier run left to AWS is over, or this one could not begin: the journal gets to know how it ended. */
  async #settle(): Promise<void> {
    const { project, redactor } = this.#context;
    const { port } = await this.#services.stacks();
    await writeSettled(await this.#services.artifacts(), project.environment, async () => port, redactor);
  }

  async #anew(): Promise<DeployResult> {
    const next = new DeployRun(this.#context, this.lock);
    try {
      return await next.run();
    } finally {
      this.left = next.left;
    }
  }

  /** Nothing was changed yet, and what was read may not hold any more. */
  get #mustLookAgain(): boolean {
    return this.lock.disturbed && !this.#sure;
  }

  async #visit(id: PartId, graph: Graph): Promise<void> {
    const part = partKey(id);
    const { reporter, clock } = this.#context;
    const awaited = graph
      .needs(id)
      .map(partKey)
      .find((need) => this.#apart.has(need));
    if (awaited !== undefined) {
      this.#apart.add(part);
      this.#skip(id, `waits for ${awaited}`, true);
      return;
    }
    const started = clock.now();
    const { recipe, options } = this.#context;
    const quiet = recipe ? !recipe.acts(id) : id.kind === 'stack' && !options.createStack;
    if (!quiet) reporter.emit({ type: 'part.started', part, doing: DOING[id.kind] });
    try {
      const done = await this.#maker.make(id);
      if (!done) return;
      const ms = clock.now() - started;
      if (done.outcome === 'started') this.#apart.add(part);
      if (done.undo) this.#undo.push(done.undo);
      const { undo: _, config, keep, ...facts } = done;
      const outcome = { part, kind: id.kind, ms, ...facts };
      this.#outcomes.set(part, outcome);
      this.#ledger.remember(outcome, { config, keep });
      const detail = done.detail ? { detail: done.detail } : {};
      reporter.emit({ type: 'part.done', part, outcome: done.outcome, ms, ...detail });
    } catch (error) {
      if (this.#mustLookAgain || this.#canWaitFor(error)) throw error;
      const ms = clock.now() - started;
      this.#outcomes.set(part, { part, kind: id.kind, ms, outcome: 'failed', detail: messageOf(error) });
      if (isInfractlError(error)) reporter.emit({ type: 'part.failed', part, error, ms });
      throw error;
    }
  }

  #skip(id: PartId, because: string, tell: boolean): void {
    const part = partKey(id);
    this.#outcomes.set(part, { part, kind: id.kind, ms: 0, outcome: 'skipped', detail: because });
    if (tell) this.#context.reporter.emit({ type: 'part.skipped', part, because });
  }

  /** What was begun is AWS's to end; the journal says so, and so does the lock that is given back. */
  async #detached(result: DeployResult): Promise<DeployResult> {
    this.left = result.parts.flatMap(({ outcome, after }) =>
      outcome === 'started' && typeof after?.stackName === 'string' ? [after.stackName] : [],
    );
    await this.#ledger.end('left', result.parts, { outputs: result.outputs });
    return { ...result, ...(this.#ledger.id ? { journal: this.#ledger.id } : {}) };
  }

  /** What was moved goes back, unless a person interrupted: then it is said, and stays. */
  async #failed(walked: WalkResult, failure: unknown): Promise<never> {
    const interrupted = walked.interrupted || (isInfractlError(failure) && failure.exit === Exit.interrupted);
    const error = interrupted
      ? await this.#interruption(walked)
      : this.#context.recipe
        ? failure
        : withTakenBack(failure, await this.#takeBack(), [...this.#outcomes.values()]);
    const word = interrupted ? 'interrupted' : isUnhealthy(error) ? 'unhealthy' : 'failed';
    await this.#ledger.end(word, [...this.#outcomes.values()], { error });
    throw error;
  }

  /** Somebody else was faster on a stack, and may be waited for: by the lock that they hold. */
  async #isFreedFrom({ failed }: WalkResult): Promise<boolean> {
    if (failed.length === 0 || !failed.every(({ error }) => this.#canWaitFor(error))) return false;
    await this.lock.hold();
    return true;
  }

  #canWaitFor(error: unknown): boolean {
    const { wait, withoutLock } = this.#context;
    return isBusy(error) && wait !== undefined && !withoutLock && !this.#sure && !this.#ledger.begun;
  }

  /** What runs now must not expire in its repository, nor what ran before it. */
  async #keepImages(): Promise<void> {
    for (const { part, kind, outcome, after } of this.#outcomes.values()) {
      const uri = after?.imageUri;
      if (kind !== 'function' || outcome !== 'updated' || typeof uri !== 'string') continue;
      const [{ keepImage }, deps] = await Promise.all([
        import('../images/index.ts'),
        this.#services.images(),
      ]);
      await keepImage(deps, part.replace(/^function /, ''), uri);
    }
  }

  /** What was moved goes back; the journal must not say that a part is what it was for a moment only. */
  async #takeBack(): Promise<TakenBack> {
    return takeBack(this.#context, this.#undo, ({ part }, detail) => this.#became(part, 'reverted', detail));
  }

  #became(part: string, outcome: PartOutcome['outcome'], detail: string): void {
    const one = this.#outcomes.get(part);
    if (one) this.#outcomes.set(part, { ...one, outcome, detail });
  }

  /** What is said after Ctrl-C; takes stacks back where that was chosen. */
  async #interruption(walked: WalkResult): Promise<InfractlError> {
    const { project, recipe, interruption: chosen } = this.#context;
    const changed = [...this.#outcomes.values()].filter(({ outcome }) => CHANGED.has(outcome));
    const cancelled =
      chosen?.() === 'cancel'
        ? await cancelStacks(await this.#unhurried().stacks(), walked, project, (part, outcome, detail) =>
            this.#became(part, outcome, detail),
          )
        : undefined;
    this.left = cancelled?.left ?? leftRunning(walked, project);
    return interruption({
      what: recipe ? 'rollback' : 'deploy',
      walked,
      cancelled,
      changed: changed.map(({ part, detail }) => (detail ? `${part} (${detail})` : part)),
      back: this.#undo.map(({ byHand }) => `Or take it back: ${byHand}`),
      begun: this.#ledger.begun,
    });
  }

  /** Services that no Ctrl-C cuts short: a further one ends the process. */
  #unhurried(): Services {
    const needs = { ...this.#context, signal: new AbortController().signal };
    return new Services({ ...needs, projectName: needs.project.name }, (call) => this.#beforeChange(call));
  }

  #result(graph: Graph): DeployResult {
    const { project, session, options, clock } = this.#context;
    const parts = graph.nodes.flatMap((id) => this.#outcomes.get(partKey(id)) ?? []);
    return {
      project: project.name,
      environment: project.environment,
      region: session.region,
      dryRun: options.dryRun,
      changed: parts.some(({ outcome }) => outcome !== 'unchanged' && outcome !== 'passed'),
      parts,
      outputs: this.#known.outputs(),
      ms: clock.now() - this.#started,
    };
  }
}

/** Calls that change what nobody uses: a change set, and the empty stack that one made. */
const HARMLESS = new Set(['createChangeSet', 'discardStack']);

/** Ends the walk of a run that has to begin anew; nobody sees it. */
function outdated(): InfractlError {
  return new InfractlError({ code: 'Outdated', message: 'Somebody else changed the environment meanwhile.' });
}

const CHANGED = new Set<PartOutcome['outcome']>(['created', 'updated', 'built', 'deleted']);

const DOING = {
  stack: 'comparing with what is deployed',
  image: 'reading the build context',
  function: 'comparing with what runs',
  site: 'reading the folder',
  release: 'looking at what runs',
  check: 'asking',
} as const;
