import { Exit, InfractlError, isInfractlError, messageOf } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import type { Lease } from '../lease/index.ts';
import { buildGraph, walkGraph } from '../project/index.ts';
import { type PartId, type Project, partKey } from '../project/model.ts';
import { createSecretReader } from '../secrets/index.ts';
import { Known } from './known.ts';
import { Ledger } from './ledger.ts';
import { environmentLock } from './lock.ts';
import { checkAccount } from './preflight.ts';
import { Services } from './services.ts';
import { partOf } from './steps.ts';
import type { DeployContext, DeployDeps, PartOutcome } from './types.ts';

/** What a destroy would take away. */
export interface Inventory {
  readonly stacks: readonly {
    readonly part: string;
    readonly stackName: string;
    readonly status: string;
    readonly protected: boolean;
  }[];
  readonly repositories: readonly { readonly part: string; readonly uri: string }[];
  /** The bucket with the journal, which stays. */
  readonly bucket?: string;
}

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

const NOTHING_CHOSEN = { parts: [], createStack: false, skipBuild: false, dryRun: false } as const;

/** One destroy: first what is there, then, after somebody said yes, its end. */
export class Destroy {
  readonly #context: DeployContext;
  readonly #services: Services;
  readonly #ledger: Ledger;
  readonly #lock: Lease;
  readonly #known: Known;
  readonly #outcomes: PartOutcome[] = [];
  readonly #present = new Set<string>();

  constructor(deps: DeployDeps, project: Project) {
    this.#context = { ...deps, project, options: NOTHING_CHOSEN };
    this.#services = new Services({ ...this.#context, projectName: project.name }, async () => {
      if (!deps.withoutLock) await this.#lock.hold();
      await this.#ledger.begin();
    });
    this.#lock = environmentLock(this.#context, () => this.#services.artifacts());
    this.#ledger = new Ledger(this.#context, () => this.#services.artifacts());
    this.#known = new Known(this.#context, createSecretReader(deps.session, deps.signal));
  }

  /**
   * What is there to be destroyed. Reading calls only.
   *
   * @throws InfractlError `WrongAccount`, `NotOurStack` (exit 5)
   */
  async inventory(): Promise<Inventory> {
    const { project } = this.#context;
    await checkAccount(this.#context);
    const [{ checkOwner, readStack }, deps, store] = await Promise.all([
      import('../stacks/index.ts'),
      this.#services.stacks(),
      this.#services.existingArtifacts(),
    ]);
    const states = await Promise.all(
      [...project.stacks.values()].map(
        async (part) => [part, await readStack(deps.port, part.stackName)] as const,
      ),
    );
    for (const [part, state] of states) {
      if (!state) continue;
      checkOwner(state, project.name);
      this.#present.add(part.name);
      this.#known.setOutputs(part.name, state.outputs);
    }
    return {
      stacks: states.flatMap(([part, state]) =>
        state
          ? [
              {
                part: `stack ${part.name}`,
                stackName: part.stackName,
                status: state.status,
                protected: state.terminationProtection,
              },
            ]
          : [],
      ),
      repositories: await this.#repositories(),
      ...(store ? { bucket: store.bucket } : {}),
    };
  }

  /**
   * Deletes in reverse order: what needs a part goes before it. Images go before the stack that owns
   * their repository. Run `inventory` first.
   *
   * @throws InfractlError of the first part that could not be deleted; what was deleted stays deleted
   */
  async run(): Promise<DestroyResult> {
    try {
      return await this.#run();
    } finally {
      await this.#lock.release();
    }
  }

  async #run(): Promise<DestroyResult> {
    const { project, session, clock, signal } = this.#context;
    const started = clock.now();
    const walked = await walkGraph(buildGraph(project), (id) => this.#visit(id), { reverse: true, signal });
    const failure = walked.failed[0]?.error;
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
      stays: store ? [`the bucket ${store.bucket}: the journal of deploys, and packaged code`] : [],
      ...(this.#ledger.id ? { journal: this.#ledger.id } : {}),
      ms: clock.now() - started,
    };
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
    if (!this.#present.has(stack)) return undefined;
    return (await this.#known.resolve(repository)).value;
  }

  async #visit(id: PartId): Promise<void> {
    if (id.kind !== 'stack' && id.kind !== 'image') return;
    const part = partKey(id);
    const { reporter, clock } = this.#context;
    const started = clock.now();
    reporter.emit({
      type: 'part.started',
      part,
      doing: id.kind === 'stack' ? 'deleting' : 'deleting its images',
    });
    try {
      const done = id.kind === 'stack' ? await this.#deleteStack(id) : await this.#deleteImages(id);
      const ms = clock.now() - started;
      this.#outcomes.push({ part, kind: id.kind, ms, ...done });
      reporter.emit({ type: 'part.done', part, ms, ...done });
    } catch (error) {
      const ms = clock.now() - started;
      this.#outcomes.push({ part, kind: id.kind, ms, outcome: 'failed', detail: messageOf(error) });
      if (isInfractlError(error)) reporter.emit({ type: 'part.failed', part, error, ms });
      throw error;
    }
  }

  async #deleteStack(id: PartId): Promise<{ outcome: 'deleted' | 'unchanged'; detail?: string }> {
    const part = partOf(this.#context.project.stacks, id);
    if (!this.#present.has(part.name)) return { outcome: 'unchanged', detail: 'was not there' };
    const [{ deleteStack }, deps] = await Promise.all([
      import('../stacks/index.ts'),
      this.#services.stacks(),
    ]);
    const outcome = await deleteStack(deps, {
      part: partKey(id),
      stackName: part.stackName,
      project: this.#context.project.name,
      timeout: part.timeout,
    });
    return { outcome };
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
