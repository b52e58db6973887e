import type { ArtifactStore } from '../../artifacts/index.ts';
import { untilAnswered } from '../../aws/retry.ts';
import { Exit, InfractlError, messageOf } from '../../base/errors.ts';
import { plural } from '../../base/text.ts';
import type { Lease } from '../../lease/index.ts';
import type { Project } from '../../project/model.ts';
import { decide, type Verdict } from '../../prune/index.ts';
import { environmentLock } from '../lock.ts';
import { checkAccount } from '../preflight.ts';
import { Services } from '../services.ts';
import type { DeployContext, DeployDeps } from '../types.ts';
import { collect } from './collect.ts';

export interface PruneOrder {
  /** So many of the newest runs of each environment stay, with all that they name. */
  readonly keep: number;
  /** And all runs that are younger, in milliseconds. */
  readonly within: number;
  /** Nothing younger goes, in milliseconds. */
  readonly grace: number;
}

export interface PrunePlan {
  readonly project: string;
  readonly region: string;
  readonly account: string;
  readonly items: readonly Verdict[];
  /** Bytes that would be freed. */
  readonly bytes: number;
  /** US dollars a month, by the list prices of us-east-1. */
  readonly monthly: number;
  readonly running: readonly string[];
  readonly notes: readonly string[];
}

export interface Removal extends Verdict {
  /** Why it is still there; undefined when it is gone. */
  readonly failed?: string;
}

export interface PruneResult extends PrunePlan {
  readonly removed: readonly Removal[];
}

/** A GB a month: ECR storage, S3 Standard. */
const ECR_GB = 0.1;
const S3_GB = 0.023;
const GB = 1024 ** 3;
/** BatchDeleteImage takes so many. */
const BATCH = 100;
const AT_ONCE = 10;

/** One clean-up: first what would go and why, then, after somebody said yes, its going. */
export class Prune {
  readonly #context: DeployContext;
  readonly #services: Services;
  readonly #order: PruneOrder;
  #store: ArtifactStore | undefined;
  #environments: readonly string[] = [];
  readonly #locks = new Map<string, Lease>();

  constructor(deps: DeployDeps, project: Project, order: PruneOrder) {
    const options = { parts: [], createStack: false, skipBuild: false, dryRun: false };
    this.#context = { ...deps, project, options };
    this.#order = order;
    this.#services = new Services({ ...this.#context, projectName: project.name }, async () => {});
  }

  /**
   * What there is, what stays and what would go. Reading calls only.
   *
   * @throws InfractlError `WrongAccount` (exit 5); of AWS when anything that may use something cannot be read:
   *   what is not known to be unused stays
   */
  async plan(): Promise<PrunePlan> {
    await checkAccount(this.#context);
    const { session, clock, project } = this.#context;
    this.#store = await this.#services.existingArtifacts();
    const { port } = await this.#services.stacks();
    const now = clock.now();
    const { keep: newest, within, grace } = this.#order;
    const found = await collect({
      session,
      store: this.#store,
      stacks: port,
      project: project.name,
      now,
      keep: { newest, within },
    });
    this.#environments = found.environments;
    const items = decide(found.items, found.users, found.kept, { now, grace });
    const going = items.filter(({ remove }) => remove);
    return {
      project: project.name,
      region: session.region,
      account: (await session.identity()).account,
      items,
      bytes: going.reduce((sum, { size }) => sum + size, 0),
      monthly: going.reduce(
        (sum, { size, kind }) => sum + (size / GB) * (kind === 'image' ? ECR_GB : S3_GB),
        0,
      ),
      running: found.running.map(({ id }) => id),
      notes: found.notes,
    };
  }

  /**
   * Removes what the plan says, after looking again: what has come into use meanwhile stays. Entries of the
   * journal go first and what they name after them, so that a clean-up that is cut off leaves no entry
   * without its things.
   *
   * Nobody deploys to any of the environments meanwhile: a deploy may be about to use what nothing names yet.
   *
   * @throws InfractlError `Locked`, `DeployRunning` (exit 6) while a deploy runs
   */
  async run(agreed: PrunePlan): Promise<PruneResult> {
    try {
      return await this.#run(agreed);
    } finally {
      await Promise.all([...this.#locks.values()].map((lock) => lock.release()));
    }
  }

  /** What there is while nobody deploys: a new environment that shows up has its lock taken before another look. */
  async #lookAlone(): Promise<PrunePlan> {
    if (this.#context.withoutLock) return this.plan();
    for (;;) {
      for (const environment of this.#notLocked()) await this.#lock(environment);
      const plan = await this.plan();
      if (this.#notLocked().length === 0) return plan;
    }
  }

  /** Always in the same order, so that two clean-ups do not wait for each other. */
  #notLocked(): string[] {
    const all = new Set([...this.#context.project.environments, ...this.#environments]);
    return [...all].filter((environment) => !this.#locks.has(environment)).sort();
  }

  async #lock(environment: string): Promise<void> {
    const place = { ...this.#context, project: { ...this.#context.project, environment } };
    const lock = environmentLock(place, () => this.#services.artifacts());
    this.#locks.set(environment, lock);
    await lock.hold();
  }

  async #run(agreed: PrunePlan): Promise<PruneResult> {
    const plan = await this.#lookAlone();
    if (plan.running.length > 0) throw busy(plan.running);
    const wanted = new Set(agreed.items.flatMap((one) => (one.remove ? [keyOf(one)] : [])));
    const going = plan.items.filter((one) => one.remove && wanted.has(keyOf(one)));
    const removed: Removal[] = [];
    for (const kind of ['entry', 'object'] as const)
      removed.push(...(await this.#removeObjects(going.filter((one) => one.kind === kind))));
    removed.push(...(await this.#removeImages(going.filter(({ kind }) => kind === 'image'))));
    return { ...plan, removed };
  }

  async #removeObjects(items: readonly Verdict[]): Promise<Removal[]> {
    const done: Removal[] = [];
    for (let from = 0; from < items.length; from += AT_ONCE) {
      await this.#mayGoOn(done.length);
      const some = items.slice(from, from + AT_ONCE).map(async (item): Promise<Removal> => {
        try {
          await this.#patiently(() => this.#store?.delete(item.id));
          return item;
        } catch (error) {
          return { ...item, failed: messageOf(error) };
        }
      });
      done.push(...(await Promise.all(some)));
    }
    return done;
  }

  /** Indexes before the images that they are made of: ECR deletes none that an index still names. */
  async #removeImages(items: readonly Verdict[]): Promise<Removal[]> {
    const done: Removal[] = [];
    const rounds = [
      items.filter(({ children }) => children.length > 0),
      items.filter(({ children }) => children.length === 0),
    ];
    for (const round of rounds)
      for (const [place, images] of byPlace(round))
        for (let from = 0; from < images.length; from += BATCH) {
          await this.#mayGoOn(done.length);
          done.push(...(await this.#removeBatch(place, images.slice(from, from + BATCH))));
        }
    return done;
  }

  async #removeBatch(name: string, images: readonly Verdict[]): Promise<Removal[]> {
    const { ecr } = await this.#services.images();
    const repository = { uri: name, host: '', name };
    try {
      const { failures } = await this.#patiently(() =>
        ecr.deleteImages(
          repository,
          images.map(({ id }) => id),
        ),
      );
      return images.map((image) => {
        const failure = failures.find(({ digest, code }) => digest === image.id && code !== 'ImageNotFound');
        return failure ? { ...image, failed: failure.reason || failure.code } : image;
      });
    } catch (error) {
      return images.map((image) => ({ ...image, failed: messageOf(error) }));
    }
  }

  /** What is gone already is no failure, so a deletion may be sent twice. */
  #patiently<T>(remove: () => T | Promise<T>): Promise<T> {
    return untilAnswered(this.#context, async () => remove());
  }

  /** Whoever slept through the end of a lock deletes nothing further: somebody else may use it by now. */
  async #mayGoOn(done: number): Promise<void> {
    if (!this.#context.signal.aborted) {
      for (const lock of this.#locks.values()) await lock.hold();
      return;
    }
    throw new InfractlError({
      code: 'Interrupted',
      message: `The clean-up was interrupted after ${plural(done, 'thing')}; what is gone stays gone.`,
      suggestions: ['Run the same command again: it goes on where it stopped.'],
      exit: Exit.interrupted,
    });
  }
}

function keyOf({ place, id }: Verdict): string {
  return `${place} ${id}`;
}

function byPlace(items: readonly Verdict[]): Map<string, Verdict[]> {
  const places = new Map<string, Verdict[]>();
  for (const item of items) places.set(item.place, [...(places.get(item.place) ?? []), item]);
  return places;
}

function busy(running: readonly string[]): InfractlError {
  return new InfractlError({
    code: 'DeployRunning',
    message: `${plural(running.length, 'run')} of this project ${running.length === 1 ? 'is' : 'are'} under way; nothing was removed.`,
    why: `A deploy may be about to use what nothing names yet: ${running.map((id) => id.slice(-6)).join(', ')}.`,
    suggestions: ['Wait until it is done, then run the same command again.'],
    exit: Exit.busy,
  });
}
