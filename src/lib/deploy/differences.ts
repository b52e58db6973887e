import { isInfractlError } from '../base/errors.ts';
import type { CostChange } from '../costs/index.ts';
import { walkGraph } from '../project/index.ts';
import { type PartId, type PartKind, type Project, partKey } from '../project/model.ts';
import { createSecretReader } from '../secrets/index.ts';
import { diffStack, type StackDiff, type StacksPort } from '../stacks/index.ts';
import { Against, type AgainstFacts } from './against.ts';
import { chosenGraph } from './deploy.ts';
import { Known } from './known.ts';
import { changedInDryRun, type Plan, Planner } from './plan.ts';
import { preflight } from './preflight.ts';
import { loadSeen, nothingSeen, rememberJournal, Seen, type SeenFacts } from './seen.ts';
import { Services } from './services.ts';
import { Steps } from './steps.ts';
import type { DeployContext, DeployDeps, FileChange, Planned } from './types.ts';
import { Weighing } from './weighing.ts';

export interface DifferencesOptions {
  /** The parts to look at, with all that they need; all when empty. */
  readonly parts: readonly PartId[];
  /** Compares with what this machine saw last and calls nothing. */
  readonly offline: boolean;
  /** Compares with what a run of the journal left: its id, or the last six characters of that. */
  readonly against?: string | undefined;
}

/** One part that is no stack, in a line. */
export interface PartDiff {
  readonly part: string;
  readonly kind: PartKind;
  readonly would: Planned;
  readonly detail?: string;
  /** Of a site: each file that would change. */
  readonly files?: readonly FileChange[];
}

export interface Differences {
  readonly project: string;
  readonly environment: string;
  readonly region: string;
  /** Whether anything is sure to differ. */
  readonly different: boolean;
  /** What it was compared with, where that was not AWS. */
  readonly offline?: SeenFacts & { readonly because: string };
  /** The run that it was compared with, where it was not what is deployed now. */
  readonly against?: AgainstFacts;
  readonly stacks: readonly StackDiff[];
  readonly parts: readonly PartDiff[];
  /** What the changes do to the costs of the stacks; absent where no stack was looked into. */
  readonly costs?: CostChange;
}

/** Calls that a look makes, and takes back. */
const LOOKS = new Set(['createChangeSet', 'discardStack', 'login']);

/**
 * How a project differs from what is deployed: each stack with its resources and properties, each image and
 * function in a line. Change sets that are made for it are removed. Where there are no credentials it is
 * compared with what this machine saw last.
 *
 * @throws as `deployProject`; UsageError `JournalEntryNotFound`; InfractlError `NothingSeen` where nothing is there to compare with offline.
 */
export async function projectDifferences(
  deps: DeployDeps,
  project: Project,
  options: DifferencesOptions,
): Promise<Differences> {
  // Nobody is asked for a value: what is missing is told.
  const { ask: _, ...quiet } = deps;
  const plain: DeployContext = {
    ...quiet,
    project,
    options: { parts: options.parts, createStack: true, skipBuild: false, dryRun: true },
  };
  const weighing = new Weighing(plain, false);
  const found = await chosen({ ...plain, weigh: weighing.weigh }, options);
  return { ...found, ...(await weighing.total()) };
}

/** The comparison that was asked for. */
async function chosen(context: DeployContext, options: DifferencesOptions): Promise<Differences> {
  if (options.offline) return offline(context, '--offline');
  if (options.against !== undefined) return against(context, options.against);
  try {
    return await compared(context);
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'NoCredentials') throw error;
    if (!(await loadSeen(context))) throw error;
    return offline(context, 'there are no AWS credentials');
  }
}

async function compared(context: DeployContext): Promise<Differences> {
  const seen = new Seen(context);
  const services = new Services(
    { ...context, projectName: context.project.name, watch: (port) => seen.watch(port) },
    async (call) => {
      if (!LOOKS.has(call)) throw changedInDryRun();
    },
  );
  const found = await walk(context, services);
  await rememberJournal(seen, context, () => services.existingArtifacts());
  await seen.save();
  return found;
}

async function offline(context: DeployContext, because: string): Promise<Differences> {
  const found = await loadSeen(context);
  if (!found) throw nothingSeen(context);
  const others = async (): Promise<Plan> => ({ outcome: 'unknown', detail: 'Only AWS knows.' });
  const differences = await walk(
    context,
    reading(context, () => found.port),
    others,
  );
  return { ...differences, offline: { ...found.facts, because } };
}

async function against(context: DeployContext, wanted: string): Promise<Differences> {
  const services = reading(context, () => found.port);
  const found = await Against.open(context, await services.existingArtifacts(), wanted);
  const differences = await walk(context, services, (id, given) => found.part(id, { ...given, services }));
  return { ...differences, against: found.facts };
}

/** Services that change nothing, and ask somebody else than AWS about stacks. */
function reading(context: DeployContext, watch: () => StacksPort): Services {
  return new Services({ ...context, projectName: context.project.name, watch }, async () => {
    throw changedInDryRun();
  });
}

/** What is told of a part that is no stack, without AWS. */
type Others = (id: PartId, given: { readonly known: Known; readonly steps: Steps }) => Promise<Plan>;

/** @param others undefined: AWS is asked, with change sets */
async function walk(context: DeployContext, services: Services, others?: Others): Promise<Differences> {
  const { project, session, signal } = context;
  const online = others === undefined;
  const known = new Known(context, createSecretReader(session, signal), { stores: online });
  const steps = new Steps(context, known, services);
  const graph = chosenGraph(project, context.options.parts);
  await preflight(context, known, graph.nodes, { account: online });
  const stacks = new Map<string, StackDiff>();
  const parts = new Map<string, PartDiff>();
  const planner = new Planner(context, known, services, steps, async (id, spec, later) => {
    const stackDeps = await services.stacks();
    // What was seen holds no secrets, so those cannot be compared with it.
    const hidden = Object.entries(spec.parameters).flatMap(([name, { secret }]) =>
      secret && !online ? [name] : [],
    );
    const diff = await diffStack(stackDeps, { spec, later: [...later, ...hidden], changeSet: online });
    stacks.set(partKey(id), diff);
    return { outcome: diff.change, isNew: diff.change === 'create' };
  });
  const walked = await walkGraph(
    graph,
    async (id) => {
      const part = partKey(id);
      if (id.kind === 'check') return;
      context.reporter.emit({ type: 'part.started', part, doing: 'comparing' });
      const plan =
        others && id.kind !== 'stack' ? await others(id, { known, steps }) : await planner.plan(id);
      context.reporter.emit({ type: 'part.looked', part });
      if (!plan || id.kind === 'stack') return;
      const { outcome, ...facts } = plan;
      parts.set(part, { part, kind: id.kind, would: outcome, ...facts });
    },
    { signal },
  );
  const failure = walked.failed[0];
  if (failure) throw failure.error;
  if (walked.interrupted) throw signal.reason;
  const inOrder = <T>(all: ReadonlyMap<string, T>) => graph.nodes.flatMap((id) => all.get(partKey(id)) ?? []);
  const [diffs, lines] = [inOrder(stacks), inOrder(parts)];
  return {
    project: project.name,
    environment: project.environment,
    region: session.region,
    different:
      diffs.some(({ change }) => change === 'create' || change === 'update') ||
      lines.some(({ would }) => would === 'build' || would === 'update' || would === 'create'),
    stacks: diffs,
    parts: lines,
  };
}
