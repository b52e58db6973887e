import { InfractlError, isInfractlError } from '../base/errors.ts';
import { listed, plural } from '../base/text.ts';
import type { Graph } from '../project/index.ts';
import { type PartId, partKey } from '../project/model.ts';
import type { StackPlan, StackSpec } from '../stacks/index.ts';
import { type Known, NotYetKnown } from './known.ts';
import type { Services } from './services.ts';
import { partOf, type Steps, shortDigest } from './steps.ts';
import type { DeployContext, FileChange, PartOutcome, Planned } from './types.ts';

export interface Plan {
  readonly outcome: Planned;
  readonly detail?: string;
  /** Of a site: each file that would change. */
  readonly files?: readonly FileChange[];
}

/** How a stack is planned: by reading, or with a look at what AWS says. */
export type StackPlanner = (
  id: PartId,
  spec: StackSpec,
  later: readonly string[],
) => Promise<Plan & { readonly isNew: boolean }>;

/**
 * What a deploy would do, part by part in its order, by reading calls alone. What depends on a part that
 * is yet to be made is said to be unknown.
 */
export async function planParts(
  context: DeployContext,
  graph: Graph,
  known: Known,
  services: Services,
  steps: Steps,
  planned: (outcome: PartOutcome) => void,
): Promise<void> {
  const planner = new Planner(context, known, services, steps);
  for (const id of graph.nodes) {
    const started = context.clock.now();
    const plan = await planner.plan(id);
    if (plan) planned({ part: partKey(id), kind: id.kind, ms: context.clock.now() - started, ...plan });
  }
}

export class Planner {
  readonly #context: DeployContext;
  readonly #known: Known;
  readonly #services: Services;
  readonly #steps: Steps;
  readonly #planStack: StackPlanner;

  constructor(
    context: DeployContext,
    known: Known,
    services: Services,
    steps: Steps,
    planStack: StackPlanner = (_, spec, later) => this.#byReading(spec, later),
  ) {
    this.#context = context;
    this.#known = known;
    this.#services = services;
    this.#steps = steps;
    this.#planStack = planStack;
  }

  /** What would happen to a part; undefined for a stack that is only read. */
  plan(id: PartId): Promise<Plan | undefined> {
    return this.#plan(id).catch((error: unknown): Plan => {
      if (error instanceof NotYetKnown) return { outcome: 'unknown', detail: error.message };
      throw error;
    });
  }

  async #plan(id: PartId): Promise<Plan | undefined> {
    if (id.kind === 'stack') return this.#stack(id);
    if (id.kind === 'image') return this.#image(id);
    if (id.kind === 'function') return this.#function(id);
    if (id.kind === 'site') return this.#steps.sites.plan(id);
    if (id.kind === 'release') return this.#steps.releases.plan(id);
    return { outcome: 'check' };
  }

  async #stack(id: PartId): Promise<Plan | undefined> {
    if (!this.#context.options.createStack) {
      await this.#steps.make(id);
      return undefined;
    }
    const part = partOf(this.#context.project.stacks, id);
    const parameters: Record<string, { value: string; secret: boolean }> = {};
    const unknown: string[] = [];
    for (const [name, value] of Object.entries(part.parameters)) {
      try {
        parameters[name] = await this.#known.resolve(value);
      } catch (error) {
        if (!(error instanceof NotYetKnown)) throw error;
        unknown.push(name);
      }
    }
    Object.assign(parameters, this.#known.answers(part.name));
    const spec = { ...this.#steps.stackSpec(id), parameters };
    const [{ isNew, ...plan }, state] = await Promise.all([
      this.#planStack(id, spec, unknown),
      this.#services.stacks().then(({ port }) => port.stack(part.stackName)),
    ]);
    // What is deployed now is what other parts would most likely see.
    if (state && !isNew) this.#known.setOutputs(part.name, state.outputs);
    return plan;
  }

  async #byReading(spec: StackSpec, later: readonly string[]): Promise<Plan & { isNew: boolean }> {
    const [{ planStack }, deps] = await Promise.all([import('../stacks/index.ts'), this.#services.stacks()]);
    const plan = await planStack(deps, spec, later);
    return { outcome: plan.change, detail: stackWords(plan), isNew: plan.change === 'create' };
  }

  async #image(id: PartId): Promise<Plan> {
    if (this.#context.options.skipBuild) {
      const done = await this.#steps.make(id);
      return { outcome: 'unchanged', ...(done?.detail ? { detail: done.detail } : {}) };
    }
    const [{ planImage }, deps, spec] = await Promise.all([
      import('../images/index.ts'),
      this.#services.images(),
      this.#steps.imageSpec(id),
    ]);
    try {
      const plan = await planImage(deps, spec);
      if (!plan.present || !plan.digest) return { outcome: 'build', detail: `push as ${plan.tag}` };
      this.#known.setImage(id.name, `${spec.repository.uri}@${plan.digest}`);
      return { outcome: 'unchanged', detail: shortDigest(plan.digest) };
    } catch (error) {
      if (isInfractlError(error) && error.code === 'RepositoryNotFound') return { outcome: 'build' };
      throw error;
    }
  }

  async #function(id: PartId): Promise<Plan> {
    const [{ planFunction }, deps, spec] = await Promise.all([
      import('../functions/index.ts'),
      this.#services.functions(),
      this.#steps.functionSpec(id),
    ]);
    const plan = await planFunction(deps, spec);
    return plan.change === 'unchanged'
      ? { outcome: 'unchanged', detail: `version ${plan.version}` }
      : { outcome: 'update', detail: listed(plan.reasons) };
  }
}

/** `2 resources to add, 1 to modify (Api, Alarm, Role); parameters LambdaTimeout`. */
export function stackWords(plan: StackPlan): string {
  const words: string[] = [];
  const actions = [
    ['add', 'to add'],
    ['modify', 'to modify'],
    ['remove', 'to remove'],
  ] as const;
  for (const [action, phrase] of actions) {
    const ids = plan.resources
      .filter((resource) => resource.action === action)
      .map(({ logicalId }) => logicalId);
    if (ids.length > 0) {
      const few = ids.length <= 4 ? ` (${listed(ids)})` : '';
      words.push(`${plural(ids.length, 'resource')} ${phrase}${few}`);
    }
  }
  if (plan.parameters.length > 0) words.push(`parameters ${listed(plan.parameters)}`);
  if (plan.tags.length > 0) words.push(`tags ${listed(plan.tags)}`);
  if (plan.undecided.length > 0) words.push(`cannot be compared: ${listed(plan.undecided)}`);
  if (plan.note) words.push(plan.note);
  return words.join('; ');
}

/** Raised by the guard of a dry run: a capability tried to change something. */
export function changedInDryRun(): InfractlError {
  return new InfractlError({
    code: 'DryRunChanged',
    message: 'A dry run was about to change something; it was stopped before.',
    suggestions: ['This is a defect of infractl: please report it.'],
  });
}
