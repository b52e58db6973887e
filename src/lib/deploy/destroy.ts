import { Exit, InfractlError, isInfractlError, messageOf, withMore } from '../base/errors.ts';
import { listed, plural } from '../base/text.ts';
import type { Lease } from '../lease/index.ts';
import { buildGraph, otherEnvironments, walkGraph } from '../project/index.ts';
import { type PartId, type Project, partKey } from '../project/model.ts';
import { createSecretReader } from '../secrets/index.ts';
import type { EndingResource } from '../stacks/index.ts';
import { emptyHoldings } from './destroy-emptying.ts';
import { DestroySites } from './destroy-sites.ts';
import {
  changedMeanwhile,
  checkEndings,
  type Ending,
  type Holding,
  holdingsOf,
  type Inventory,
  type Kept,
  keptBy,
  releaseEndings,
  whatGoes,
} from './destroy-survey.ts';
import { Known } from './known.ts';
import { Ledger } from './ledger.ts';
import { environmentLock, withOwner } from './lock.ts';
import { checkAccount } from './preflight.ts';
import { Services } from './services.ts';
import { partOf } from './steps.ts';
import type { DeployContext, DeployDeps, PartOutcome } from './types.ts';

export interface DestroyResult {
  readonly project: string;
  readonly environment: string;
  readonly region: string;
  readonly parts: readonly PartOutcome[];
  /** What is still there, and why. */
  readonly stays: readonly string[];
  readonly journal?: string;
  /** Milliseconds. */
  readonly ms: number;
}

export interface DestroyOrder {
  /** Parts and resources that stay: `stack:app`, `Users`. */
  readonly keep: readonly string[];
  /** Whether what goes now may go although it was not shown: everything was agreed to beforehand. */
  readonly agreed?: (inventory: Inventory) => boolean;
}

/** What is made by others is deleted with them. */
const DOING: Partial<Record<PartId['kind'], string>> = {
  stack: 'deleting',
  image: 'deleting its images',
  site: 'taking its files away',
};

const NOTHING_CHOSEN = { parts: [], createStack: false, skipBuild: false, dryRun: false } as const;

/** One destroy: first what is there, then, after somebody said yes, its end. */
export class Destroy {
  readonly #context: DeployContext;
  readonly #services: Services;
  readonly #ledger: Ledger;
  readonly #lock: Lease;
  readonly #known: Known;
  readonly #sites: DestroySites;
  readonly #outcomes: PartOutcome[] = [];
  readonly #present = new Map<string, Ending>();
  readonly #order: DestroyOrder;
  #kept: Kept = { parts: new Set(), retain: new Map() };
  #holdings: readonly Holding[] = [];
  #shown: Inventory | undefined;

  constructor(deps: DeployDeps, project: Project, order: DestroyOrder = { keep: [] }) {
    this.#order = order;
    this.#context = { ...deps, project, options: NOTHING_CHOSEN };
    this.#services = new Services({ ...this.#context, projectName: project.name }, () =>
      this.#beforeChange(),
    );
    this.#lock = environmentLock(this.#context, () => this.#services.artifacts());
    this.#ledger = new Ledger(this.#context, 'destroy', () => this.#services.artifacts());
    this.#known = new Known(this.#context, createSecretReader(deps.session, deps.signal));
    this.#sites = new DestroySites(this.#context, this.#services);
  }

  async #beforeChange(): Promise<void> {
    if (!this.#context.withoutLock) await this.#lock.hold();
    await this.#ledger.begin();
  }

  /**
   * What is there to be destroyed, and what stays. Reading calls only.
   *
   * @throws InfractlError `WrongAccount`, `NotOurStack`, `StackProtected`, `ExportInUse` (exit 5); UsageError
   *   of `--keep`
   */
  async inventory(): Promise<Inventory> {
    this.#shown = await this.#look();
    return this.#shown;
  }

  async #look(): Promise<Inventory> {
    const { project } = this.#context;
    this.#present.clear();
    await checkAccount(this.#context);
    const [{ checkOwner, readStack, stackEnding }, deps, store] = await Promise.all([
      import('../stacks/index.ts'),
      this.#services.stacks(),
      this.#services.existingArtifacts(),
    ]);
    const states = await Promise.all(
      [...project.stacks.values()].map(
        async (part) => [part, await readStack(deps.port, part.stackName)] as const,
      ),
    );
    const endings: Ending[] = [];
    for (const [part, state] of states) {
      if (!state) continue;
      checkOwner(state, project.name, otherEnvironments(project));
      const ending = { part: `stack ${part.name}`, state, resources: await stackEnding(deps.port, state) };
      this.#present.set(part.name, ending);
      endings.push(ending);
      this.#known.setOutputs(part.name, state.outputs);
    }
    this.#kept = keptBy(project, endings, this.#order.keep, this.#context.where);
    const going = endings.filter(({ part }) => !this.#kept.parts.has(part));
    await checkEndings(deps.port, going, this.#context.where ?? '');
    this.#holdings = await holdingsOf(
      this.#context,
      going.map(({ part, resources }) => ({
        part,
        resources: resources.filter((one) => this.#goes(part, one)),
      })),
    );
    return {
      stacks: going.map(({ part, state, resources }) => ({
        part,
        stackName: state.stackName,
        status: state.status,
        protected: state.terminationProtection,
        data: resources.filter((one) => one.holdsData && this.#goes(part, one)),
        stays: resources.filter((one) => !this.#goes(part, one)),
      })),
      repositories: await this.#repositories(),
      sites: await this.#sites.look(this.#kept.parts, this.#staying(endings)),
      releases: releaseEndings(project, going),
      holdings: this.#holdings,
      kept: endings.flatMap(({ part }) => (this.#kept.parts.has(part) ? [part] : [])),
      ...(store ? { bucket: store.bucket } : {}),
    };
  }

  /** What stays of the stacks, by its name in AWS: of those that are kept all of it. */
  #staying(endings: readonly Ending[]): Set<string> {
    return new Set(
      endings.flatMap(({ part, resources }) =>
        resources
          .filter((one) => this.#kept.parts.has(part) || !this.#goes(part, one))
          .map(({ physicalId }) => physicalId),
      ),
    );
  }

  #goes(part: string, one: EndingResource): boolean {
    return one.fate === 'deleted' && !this.#isRetained(part, one);
  }

  /** A nested stack that is left behind stays with all that is in it. */
  #isRetained(part: string, { path: [outermost = ''] }: EndingResource): boolean {
    return this.#kept.retain.get(part)?.includes(outermost) ?? false;
  }

  /**
   * Deletes in reverse order: what needs a part goes before it. Images go before the stack that owns
   * their repository. Run `inventory` first.
   *
   * @throws InfractlError of the first part that could not be deleted; what was deleted stays deleted;
   *   `ChangedMeanwhile`, `Locked` (exit 6), and as `inventory` where somebody else worked since that
   */
  async run(): Promise<DestroyResult> {
    try {
      await this.#lookAgain();
      return await this.#run();
    } finally {
      await this.#lock.release();
    }
  }

  /** What was shown may not hold any more where somebody else worked until the lock was ours. */
  async #lookAgain(): Promise<void> {
    const { project, withoutLock } = this.#context;
    const shown = this.#shown;
    if (!shown || whatGoes(shown).length === 0 || withoutLock) return;
    await this.#lock.hold();
    if (!this.#lock.disturbed) return;
    const now = await this.#look();
    const known = new Set(whatGoes(shown));
    const more = whatGoes(now).filter((one) => !known.has(one));
    if (more.length > 0 && !this.#order.agreed?.(now)) throw changedMeanwhile(project, more);
  }

  async #run(): Promise<DestroyResult> {
    const { project, session, clock, signal } = this.#context;
    const started = clock.now();
    await this.#allDeletable().catch(async (error: unknown) => {
      throw await this.#named(error);
    });
    const walked = await walkGraph(buildGraph(project), (id) => this.#visit(id), { reverse: true, signal });
    const first = walked.failed[0]?.error;
    const failure = this.#ledger.begun ? first : await this.#named(first);
    if (failure !== undefined || walked.interrupted) {
      const error = failure ?? interrupted();
      const word = isInfractlError(error) && error.exit === Exit.interrupted ? 'interrupted' : 'failed';
      await this.#ledger.end(word, this.#outcomes, { error });
      throw error;
    }
    await this.#ledger.end('succeeded', this.#outcomes);
    const store = await this.#services.existingArtifacts();
    return {
      project: project.name,
      environment: project.environment,
      region: session.region,
      parts: this.#outcomes,
      stays: [
        ...this.#stays(),
        ...this.#staysOnHosts(),
        ...(store ? [`the bucket ${store.bucket}: the journal of deploys, and packaged code`] : []),
      ],
      ...(this.#ledger.id ? { journal: this.#ledger.id } : {}),
      ms: clock.now() - started,
    };
  }

  /** Images and files go before the stack that holds them: where that one cannot go now, they stay too. */
  async #allDeletable(): Promise<void> {
    const { project } = this.#context;
    const [{ deletable }, deps] = await Promise.all([import('../stacks/index.ts'), this.#services.stacks()]);
    const going = [...this.#present.values()].filter(({ part }) => !this.#kept.parts.has(part));
    await Promise.all(
      going.map(({ part, state: { stackName } }) =>
        deletable(deps, { part, stackName, project: project.name }),
      ),
    );
  }

  #named(error: unknown): Promise<unknown> {
    return withOwner(error, this.#lock, this.#context, () => this.#services.existingArtifacts());
  }

  #staysOnHosts(): string[] {
    const gone = [...this.#present.values()].filter(({ part }) => !this.#kept.parts.has(part));
    return releaseEndings(this.#context.project, gone)
      .filter(({ goes }) => !goes)
      .map(({ part, hosts }) => `the ${part}${hosts.length > 0 ? ` on ${listed(hosts)}` : ''}, as it is`);
  }

  /** What a finished destroy has left, and why. */
  #stays(): string[] {
    return [...this.#present.values()].flatMap(({ part, state, resources }) => {
      if (this.#kept.parts.has(part)) return [`the stack ${state.stackName}: kept`];
      return resources.flatMap((one) => {
        const name = `${one.logicalId} (${one.type} ${one.physicalId})`;
        if (one.fate === 'retained') return [`${name}: its DeletionPolicy is Retain`];
        if (one.fate === 'snapshot') return [`a snapshot of ${name}`];
        return this.#isRetained(part, one) ? [`${name}: kept`] : [];
      });
    });
  }

  /** The repositories of images whose stack is there; a repository outside the project is not ours to empty. */
  async #repositories(): Promise<Inventory['repositories']> {
    const found: { part: string; uri: string }[] = [];
    for (const image of this.#context.project.images.values()) {
      const uri = await this.#ownRepository(image.name);
      if (uri) found.push({ part: `image ${image.name}`, uri });
    }
    return found;
  }

  async #ownRepository(name: string): Promise<string | undefined> {
    const { repository } = partOf(this.#context.project.images, { kind: 'image', name });
    if (typeof repository !== 'object' || !('output' in repository)) return undefined;
    const stack = repository.output.split('.')[0] ?? '';
    const ending = this.#present.get(stack);
    if (!ending || this.#kept.parts.has(ending.part)) return undefined;
    const uri = (await this.#known.resolve(repository)).value;
    const owner = ending.resources.find(
      ({ physicalId }) => physicalId !== '' && uri.endsWith(`/${physicalId}`),
    );
    // One that stays keeps its images; one that no stack of ours made is not ours to empty.
    return owner && this.#goes(ending.part, owner) ? uri : undefined;
  }

  async #visit(id: PartId): Promise<void> {
    const doing = DOING[id.kind];
    if (doing === undefined) return;
    const part = partKey(id);
    if (this.#kept.parts.has(part)) return;
    const { reporter, clock } = this.#context;
    const started = clock.now();
    reporter.emit({ type: 'part.started', part, doing });
    try {
      const done = await this.#delete(id);
      const ms = clock.now() - started;
      const outcome = { part, kind: id.kind, ms, ...done };
      this.#outcomes.push(outcome);
      this.#ledger.remember(outcome);
      reporter.emit({ type: 'part.done', part, ms, ...done });
    } catch (error) {
      const ms = clock.now() - started;
      this.#outcomes.push({ part, kind: id.kind, ms, outcome: 'failed', detail: messageOf(error) });
      if (isInfractlError(error)) reporter.emit({ type: 'part.failed', part, error, ms });
      throw error;
    }
  }

  #delete(id: PartId): Promise<{ outcome: 'deleted' | 'unchanged'; detail?: string }> {
    if (id.kind === 'site') return this.#sites.delete(id);
    return id.kind === 'stack' ? this.#deleteStack(id) : this.#deleteImages(id);
  }

  async #deleteStack(id: PartId): Promise<{ outcome: 'deleted' | 'unchanged'; detail?: string }> {
    const part = partOf(this.#context.project.stacks, id);
    if (!this.#present.has(part.name)) return { outcome: 'unchanged', detail: 'was not there' };
    const [{ deleteStack }, deps] = await Promise.all([
      import('../stacks/index.ts'),
      this.#services.stacks(),
    ]);
    const retain = this.#kept.retain.get(partKey(id));
    const order = {
      part: partKey(id),
      stackName: part.stackName,
      project: this.#context.project.name,
      timeout: part.timeout,
      ...(retain ? { retain } : {}),
    };
    const emptied = await this.#empty(order.part);
    const outcome = await deleteStack(deps, order).catch(async (error: unknown) => {
      // What wrote to a bucket until it was deleted itself may have filled it again meanwhile.
      const filled =
        isInfractlError(error) && error.code === 'StackFailed' && (await this.#empty(order.part));
      if (filled) return deleteStack(deps, order);
      throw await this.#withKeep(error, order.stackName);
    });
    return { outcome, ...(emptied > 0 ? { detail: `${plural(emptied, 'object')} deleted first` } : {}) };
  }

  /** Empties the buckets and repositories of a stack that were agreed to. @returns how many things were in them */
  #empty(part: string): Promise<number> {
    const holdings = this.#holdings.filter((one) => one.part === part);
    return emptyHoldings(this.#context, this.#services, holdings, () => this.#beforeChange());
  }

  /** At what a deletion failed can be left behind the next time. */
  async #withKeep(error: unknown, stackName: string): Promise<unknown> {
    if (!isInfractlError(error) || error.code !== 'StackFailed') return error;
    const { port } = await this.#services.stacks();
    const failed = (await port.resources(stackName).catch(() => [])).filter(
      ({ status }) => status === 'DELETE_FAILED',
    );
    if (failed.length === 0) return error;
    const flags = failed.map(({ logicalId }) => `--keep ${logicalId}`).join(' ');
    return withMore(error, {
      suggestions: [
        `Or leave it behind and delete the rest: infractl destroy${this.#context.where ?? ''} ${flags}`,
      ],
    });
  }

  async #deleteImages(id: PartId): Promise<{ outcome: 'deleted' | 'unchanged'; detail?: string }> {
    const uri = await this.#ownRepository(id.name);
    if (!uri) return { outcome: 'unchanged', detail: 'no repository of this project' };
    const [{ emptyRepository, parseRepository }, deps] = await Promise.all([
      import('../images/index.ts'),
      this.#services.images(),
    ]);
    const count = await emptyRepository(deps, parseRepository(uri));
    return count === 0
      ? { outcome: 'unchanged', detail: 'no images' }
      : { outcome: 'deleted', detail: plural(count, 'image') };
  }
}

function interrupted(): InfractlError {
  return new InfractlError({
    code: 'Interrupted',
    message: 'The destroy was interrupted; what was deleted stays deleted.',
    suggestions: ['Run the same command again: it goes on where it stopped.'],
    exit: Exit.interrupted,
  });
}
