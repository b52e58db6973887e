import { Exit, InfractlError, isInfractlError, messageOf } from '../base/errors.ts';
import { listed } from '../base/text.ts';
import { buildGraph, type Graph, selectGraph, type WalkResult, walkGraph } from '../project/index.ts';
import { type PartId, type Project, partKey } from '../project/model.ts';
import { createSecretReader } from '../secrets/index.ts';
import type { StacksPort } from '../stacks/index.ts';
import { Known } from './known.ts';
import { Ledger } from './ledger.ts';
import { changedInDryRun, planParts } from './plan.ts';
import { preflight } from './preflight.ts';
import { Seen } from './seen.ts';
import { Services } from './services.ts';
import { type Done, Steps } from './steps.ts';
import type { DeployContext, DeployDeps, DeployOptions, DeployResult, PartOutcome } from './types.ts';

/**
 * Makes a project true: walks its graph, each part as soon as what it needs is done. When a check fails,
 * or a part after a function was moved, the aliases go back to the versions that they were on.
 *
 * @throws UsageError for what is wrong before AWS is touched (exit 2); InfractlError of the first part that
 *   failed; `Unhealthy` (exit 8) saying whether it was taken back; `Interrupted` (exit 130)
 */
export async function deployProject(
  deps: DeployDeps,
  project: Project,
  options: DeployOptions,
  back: Pick<DeployContext, 'recipe' | 'undoes'> = {},
): Promise<DeployResult> {
  const context: DeployContext = { ...deps, project, options, ...back };
  const run = new DeployRun(context);
  return run.run();
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
  readonly #outcomes = new Map<string, PartOutcome>();
  readonly #undo: NonNullable<Done['undo']>[] = [];
  readonly #started: number;

  constructor(context: DeployContext) {
    this.#context = context;
    this.#started = context.clock.now();
    this.#seen = new Seen(context);
    const watch = (port: StacksPort) => this.#seen.watch(port);
    this.#services = new Services({ ...context, projectName: context.project.name, watch }, (call) =>
      this.#beforeChange(call),
    );
    this.#ledger = new Ledger(context, () => this.#services.artifacts());
    this.#known = new Known(context, createSecretReader(context.session, context.signal));
    this.#steps = new Steps(context, this.#known, this.#services);
    const given = { context, known: this.#known, services: this.#services };
    this.#maker = context.recipe?.open(given) ?? this.#steps;
  }

  async run(): Promise<DeployResult> {
    const graph = chosenGraph(this.#context.project, this.#context.options.parts);
    await preflight(this.#context, this.#known, graph.nodes);
    if (this.#context.options.dryRun) {
      await planParts(this.#context, graph, this.#known, this.#services, this.#steps, (outcome) =>
        this.#outcomes.set(outcome.part, outcome),
      );
      return this.#result(graph);
    }
    const walked = await walkGraph(graph, (id) => this.#visit(id), { signal: this.#context.signal });
    // Where the first call failed already, a list of what was not done says nothing.
    const tell = walked.done.length > 0;
    for (const { id, because } of walked.skipped) this.#skip(id, because, tell);
    const failure = walked.failed[0]?.error;
    if (failure === undefined && !walked.interrupted) {
      await this.#keepImages();
      const result = this.#result(graph);
      const entry = await this.#ledger.end('succeeded', result.parts, { outputs: result.outputs });
      if (entry) this.#seen.journal(entry);
      await this.#seen.save();
      return { ...result, ...(this.#ledger.id ? { journal: this.#ledger.id } : {}) };
    }
    return this.#failed(walked, failure);
  }

  /** A change set changes nothing until it is executed, so it does not begin the journal. */
  async #beforeChange(call: string): Promise<void> {
    if (this.#context.options.dryRun) throw changedInDryRun();
    if (call !== 'createChangeSet') await this.#ledger.begin();
  }

  async #visit(id: PartId): Promise<void> {
    const part = partKey(id);
    const { reporter, clock } = this.#context;
    const started = clock.now();
    const { recipe, options } = this.#context;
    const quiet = recipe ? !recipe.acts(id) : id.kind === 'stack' && !options.createStack;
    if (!quiet) reporter.emit({ type: 'part.started', part, doing: DOING[id.kind] });
    try {
      const done = await this.#maker.make(id);
      if (!done) return;
      const ms = clock.now() - started;
      if (done.undo) this.#undo.push(done.undo);
      this.#ledger.remember(part, done);
      const { undo: _, config: __, keep: ___, ...facts } = done;
      this.#outcomes.set(part, { part, kind: id.kind, ms, ...facts });
      const detail = done.detail ? { detail: done.detail } : {};
      reporter.emit({ type: 'part.done', part, outcome: done.outcome, ms, ...detail });
    } catch (error) {
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

  /** What was moved goes back, unless a person interrupted: then it is said, and stays. */
  async #failed(walked: WalkResult, failure: unknown): Promise<never> {
    const interrupted = walked.interrupted || (isInfractlError(failure) && failure.exit === Exit.interrupted);
    const error = interrupted
      ? this.#interruption(walked)
      : this.#context.recipe
        ? failure
        : withTakenBack(failure, await this.#takeBack(), this.#movedFunctions());
    const word = interrupted ? 'interrupted' : isUnhealthy(error) ? 'unhealthy' : 'failed';
    await this.#ledger.end(word, [...this.#outcomes.values()], { error });
    throw error;
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

  #movedFunctions(): number {
    return [...this.#outcomes.values()].filter(
      ({ kind, outcome }) => kind === 'function' && outcome === 'updated',
    ).length;
  }

  async #takeBack(): Promise<TakenBack> {
    const taken: TakenBack = { reverted: [], stuck: [], mends: [] };
    if (this.#undo.length === 0) return taken;
    const [{ revertAlias }, deps] = await Promise.all([
      import('../functions/index.ts'),
      this.#services.functions(),
    ]);
    for (const { functionName, alias, version } of this.#undo) {
      const part = `function ${functionName}`;
      const started = this.#context.clock.now();
      try {
        await revertAlias(deps, { functionName, alias, version });
        const ms = this.#context.clock.now() - started;
        this.#context.reporter.emit({
          type: 'part.done',
          part,
          outcome: 'reverted',
          detail: `version ${version}`,
          ms,
        });
        this.#reverted(functionName, version);
        taken.reverted.push(`${functionName} is on version ${version} again`);
      } catch (error) {
        taken.stuck.push(
          `${functionName} could not be taken back to version ${version}: ${messageOf(error)}`,
        );
        taken.mends.push(
          `Take it back by hand: aws lambda update-alias --function-name ${functionName} --name ${alias} --function-version ${version}`,
        );
      }
    }
    return taken;
  }

  /** The journal must not say that a function is what it was for a moment only. */
  #reverted(functionName: string, version: string): void {
    for (const [part, one] of this.#outcomes)
      if (one.kind === 'function' && one.after?.functionName === functionName)
        this.#outcomes.set(part, { ...one, outcome: 'reverted', detail: `version ${version} again` });
  }

  /** What goes on without us, what was changed, and how to go on or back: all that a person may ask now. */
  #interruption(walked: WalkResult): InfractlError {
    const stopped = walked.failed
      .map(({ error }) => error)
      .filter((error) => isInfractlError(error))
      .filter(({ exit }) => exit === Exit.interrupted);
    const said = stopped.map(({ message }) => message.replace(/^Interrupted\.\s*/, ''));
    const changed = [...this.#outcomes.values()].filter(({ outcome }) => CHANGED.has(outcome));
    const words = changed.map(({ part, detail }) => (detail ? `${part} (${detail})` : part));
    const back = this.#undo.map(
      ({ functionName, alias, version }) =>
        `Or take it back: aws lambda update-alias --function-name ${functionName} --name ${alias} --function-version ${version}`,
    );
    return new InfractlError({
      code: 'Interrupted',
      message: `The ${this.#context.recipe ? 'rollback' : 'deploy'} was interrupted.`,
      why: [
        ...said,
        ...stopped.map(({ why }) => why ?? ''),
        words.length > 0 ? `Changed so far: ${listed(words)}.` : '',
        this.#ledger.begun ? '' : 'Nothing was changed.',
      ]
        .filter(Boolean)
        .join('\n'),
      suggestions: [
        ...stopped.flatMap(({ suggestions }) => suggestions),
        'Run the same command again: it goes on where it stopped.',
        ...back,
      ],
      exit: Exit.interrupted,
    });
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

const CHANGED = new Set<PartOutcome['outcome']>(['created', 'updated', 'built', 'deleted']);

const DOING = {
  stack: 'comparing with what is deployed',
  image: 'reading the build context',
  function: 'comparing with what runs',
  check: 'asking',
} as const;

function isUnhealthy(error: unknown): boolean {
  return isInfractlError(error) && error.exit === Exit.unhealthy;
}

/** What became of the functions that were moved before something failed. */
interface TakenBack {
  readonly reverted: string[];
  readonly stuck: string[];
  readonly mends: string[];
}

/** The failure, and what was done about it. */
function withTakenBack(failure: unknown, { reverted, stuck, mends }: TakenBack, moved: number): unknown {
  if (!isInfractlError(failure)) return failure;
  const taken = reverted.length > 0 ? `It was taken back: ${listed(reverted)}.` : '';
  const stayed =
    isUnhealthy(failure) && reverted.length + stuck.length === 0
      ? moved > 0
        ? 'Nothing was taken back: this is the first version, so there is none to go back to.'
        : 'Nothing was taken back: this deploy changed no function.'
      : '';
  return new InfractlError({
    code: failure.code,
    message: failure.message,
    why: [failure.why, taken, ...stuck, stayed].filter(Boolean).join('\n'),
    suggestions: [...mends, ...failure.suggestions],
    exit: failure.exit,
    cause: failure.cause ?? failure,
  });
}
