import type { Clock } from '../base/clock.ts';
import { Exit, type InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import type { Reporter } from '../base/report.ts';
import { nearest } from '../base/text.ts';
import type { HostPart, Project, ReleasePart, Value } from '../project/model.ts';
import {
  deployOrder,
  type HttpsState,
  isRelease,
  newestCommit,
  type Parcel,
  type Planned,
  type ReleaseEntry,
  type ReleaseOutcome,
  type ReleaseStatus,
  type Unlocked,
} from '../releases/index.ts';
import { type GroupLimits, groupPlaces, rollOut, rollOutOf, stopRollOut } from './group-releases.ts';
import { HostDesk, type HostDeskDeps } from './host-desk.ts';
import { isFleet, releaseEach, releaseTogether } from './host-releases.ts';
import type { ImageDesk } from './image-releases.ts';
import { type HostAnswer, type HostLimits, type HostOrder, ReleaseHosts } from './release-hosts.ts';
import { isImage, ReleaseMaterial, withRef } from './release-material.ts';
import type { ReleasePlace } from './release-place.ts';

export interface ReleaseDeskDeps extends HostDeskDeps {
  readonly reporter: Reporter;
  readonly clock: Clock;
  /** When the command began, as `clock` counts. */
  readonly began: number;
}

export interface DeployChoice {
  readonly ref?: string | undefined;
  readonly force: boolean;
  /** Milliseconds. */
  readonly settle?: number | undefined;
  /** Milliseconds to wait for somebody else who is at work. */
  readonly wait: number;
  /** Of a group, and of several hosts of Systems Manager; else the configuration says it. */
  readonly limits?: GroupLimits;
}

export interface RollbackChoice extends Pick<DeployChoice, 'wait' | 'limits'> {
  readonly release?: string | undefined;
  /** Milliseconds. */
  readonly settle: number;
}

export type HttpsAct =
  | { readonly action: 'status' }
  | {
      readonly action: 'enable';
      readonly dryRun: boolean;
      readonly email?: string | undefined;
      readonly staging: boolean;
    }
  | { readonly action: 'renew'; readonly dryRun: boolean; readonly force: boolean };

/** Releasing the applications of a project, and looking at them: on each host one program, fed through one connection. */
export class ReleaseDesk {
  readonly #deps: ReleaseDeskDeps;
  readonly #project: Project;
  readonly #hosts: HostDesk;
  readonly #material: ReleaseMaterial;
  readonly #at: ReleaseHosts;

  constructor(deps: ReleaseDeskDeps, project: Project, hosts = new HostDesk(deps, project)) {
    this.#deps = deps;
    this.#project = project;
    this.#hosts = hosts;
    this.#material = new ReleaseMaterial(deps, project);
    this.#at = new ReleaseHosts(deps, hosts);
  }

  /**
   * An application on its hosts, or on the members of its group that serve; without a name the only one there is.
   *
   * @param only these of its hosts
   * @throws UsageError `NoReleases`, `ReleaseNeeded`, `NoSuchRelease`, `NoSuchHost`; InfractlError `GroupNotFound`, `GroupEmpty`
   */
  async choose(name: string | undefined, only: readonly string[] = []): Promise<ReleasePlace[]> {
    const part = this.#part(name);
    if ('launchTemplate' in part.source) throw isImage(part);
    if (part.group) return groupPlaces(this.#rolls(), part, only);
    const hosts = this.#hosts.choose(only.length > 0 ? only : part.hosts);
    const stranger = hosts.find((host) => !part.hosts.includes(host.name));
    if (!stranger) return hosts.map((host) => ({ part, host }));
    throw new UsageError({
      code: 'NoSuchHost',
      message: `${part.name} is not released to the host ${stranger.name}.`,
      suggestions: [`Its hosts: ${part.hosts.join(', ')}`],
    });
  }

  /** An application that is an image, whose members AWS replaces; undefined for all others. */
  async images(name: string | undefined): Promise<ImageDesk | undefined> {
    const part = this.#part(name);
    if (!('launchTemplate' in part.source) || !part.group) return undefined;
    const { ImageDesk } = await import('./image-releases.ts');
    return new ImageDesk(this.#rolls(), part, part.group);
  }

  #part(name: string | undefined): ReleasePart {
    const { releases, name: project } = this.#project;
    const known = [...releases.keys()];
    const [first] = releases.values();
    if (!first) {
      throw new UsageError({
        code: 'NoReleases',
        message: `The project ${project} has no releases.`,
        suggestions: [
          'Add a section "releases:" to infractl.yaml: app: { host: web, source: { git: … }, port: 8501 }',
        ],
      });
    }
    const found = name === undefined ? (releases.size === 1 ? first : undefined) : releases.get(name);
    if (found) return found;
    const near = name === undefined ? undefined : nearest(name, known);
    throw new UsageError({
      code: name === undefined ? 'ReleaseNeeded' : 'NoSuchRelease',
      message:
        name === undefined
          ? `The project ${project} releases several applications: say which with --app.`
          : `The project ${project} releases no application "${name}".`,
      suggestions: [...(near ? [`Did you mean: ${near}`] : []), `They are: ${known.join(', ')}`],
    });
  }

  /** One host after the other, of a group some at a time; the first failure leaves the rest on what they run. */
  async deploy(places: readonly ReleasePlace[], choice: DeployChoice): Promise<ReleaseOutcome[]> {
    const { orderOf, parcel, group } = await this.#deploying(places, choice);
    if (!group) return this.#onHosts(places, orderOf, choice.limits, parcel);
    return rollOut(
      this.#rolls(),
      places,
      {
        look: async (some) =>
          (await this.#all(some, (place) => orderOf(place, true))).map((look) =>
            look.status === 'rejected' ? look : { status: look.status, value: unchanged(look.value.result) },
          ),
        go: (some, limits) => this.#all(some, orderOf, limits, parcel),
        undo: (place) => this.#ask(place, UNDO),
      },
      choice.limits,
    );
  }

  /** What a deploy would bring to each host. Nothing that runs is touched. */
  async plan(places: readonly ReleasePlace[], choice: DeployChoice): Promise<Planned[]> {
    const { orderOf } = await this.#deploying(places, choice);
    const looks = await this.#all(places, (place) => orderOf(place, true));
    return looks.map((look, at) => {
      if (look.status === 'rejected') throw look.reason;
      const { part, host } = places[at] as ReleasePlace;
      return { ...(look.value.result as Planned), release: part.name, host: host.name };
    });
  }

  async #deploying(places: readonly ReleasePlace[], choice: DeployChoice) {
    const [{ part: written }] = places as readonly [ReleasePlace];
    const part = withRef(written, choice.ref);
    const [values, parcel] = await Promise.all([this.#material.values(part), this.#material.parcel(part)]);
    const orderOf: OrderOf = ({ host }, dryRun = false) => ({
      ...deployOrder(part, values, parcel, part.user ?? loginUser(host)),
      action: 'deploy',
      dryRun,
      force: choice.force,
      wait: choice.wait / 1000,
      ...settled(choice.settle),
    });
    return { orderOf, parcel, group: part.group };
  }

  /**
   * Back to the release before, or to the one that is named by its id, its beginning or its commit. Of a group,
   * without a name, those members go back that run what was released last.
   */
  async rollback(places: readonly ReleasePlace[], choice: RollbackChoice): Promise<ReleaseOutcome[]> {
    const order = {
      action: 'rollback',
      release: choice.release,
      settle: choice.settle / 1000,
      wait: choice.wait / 1000,
    };
    const orderOf: OrderOf = () => order;
    if (!places[0]?.part.group) return this.#onHosts(places, orderOf, choice.limits);
    const seen = await this.#looks(places);
    const last = newestCommit(seen.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : [])));
    const there = (now: ReleaseStatus) =>
      choice.release ? isRelease(now, choice.release) : now.commit !== last;
    const first = new Map(places.map(({ host }, at) => [host.name, seen[at]]));
    return rollOut(
      this.#rolls(),
      places,
      {
        look: async (some) => {
          const known = some.map(({ host }) => first.get(host.name));
          const looks = known.every((look) => look !== undefined) ? known : await this.#looks(some);
          return looks.map((look) => {
            if (look.status === 'rejected') return look;
            const { release: id, commit, subject } = look.value;
            const already = { changed: false, id, commit, subject, previous: null };
            return { status: look.status, value: there(look.value) && id !== null ? already : undefined };
          });
        },
        go: (some, limits) => this.#all(some, orderOf, limits),
        // A rollback can be rolled back.
        undo: (place) => this.#ask(place, UNDO),
      },
      choice.limits,
    );
  }

  /** The same order for each, as one command where they are Systems Manager's. */
  #all(
    places: readonly ReleasePlace[],
    orderOf: OrderOf,
    limits?: HostLimits,
    parcel?: Parcel,
  ): Promise<readonly PromiseSettledResult<HostAnswer>[]> {
    if (isFleet(places) && haveSameOrder(places, orderOf)) {
      const [first] = places as readonly [ReleasePlace];
      const none = { concurrency: places.length, errors: places.length };
      return this.#at.askAll(places, orderOf(first), limits ?? none, parcel);
    }
    const work = (place: ReleasePlace) => {
      limits?.began?.(place);
      return this.#at.ask(place, orderOf(place), parcel);
    };
    return Promise.allSettled(places.map(work));
  }

  async #looks(
    places: readonly ReleasePlace[],
    fetch = false,
    login: object = {},
  ): Promise<readonly PromiseSettledResult<ReleaseStatus>[]> {
    const looks = await this.#all(places, ({ part }) => statusOrder(part, fetch, login));
    return looks.map((look) =>
      look.status === 'rejected' ? look : { status: look.status, value: look.value.result as ReleaseStatus },
    );
  }

  #rolls() {
    const { session, reporter, clock, signal } = this.#deps;
    return { session, reporter, clock, signal, text: (value: Value) => this.#material.text(value) };
  }

  /** Who is at the group of an application, or was when it died. */
  async rollOutOf(places: readonly ReleasePlace[]) {
    const group = places[0]?.part.group;
    return group && rollOutOf(this.#rolls(), group);
  }

  /** Puts that group back as it was before. */
  async stopRollOut(places: readonly ReleasePlace[]): Promise<void> {
    const group = places[0]?.part.group;
    if (group) await stopRollOut(this.#rolls(), group);
  }

  /** @param fetch look what the ref means now */
  async status(place: ReleasePlace, fetch: boolean): Promise<ReleaseStatus> {
    const values = fetch && 'git' in place.part.source ? await this.#material.login(place.part) : {};
    return (await this.#ask(place, statusOrder(place.part, fetch, values))).result as ReleaseStatus;
  }

  /** How it is on each host that answers; of the others a warning. @throws the first failure where none answers */
  async statuses(
    places: readonly ReleasePlace[],
    fetch: boolean,
  ): Promise<{ readonly place: ReleasePlace; readonly status: ReleaseStatus }[]> {
    const login = fetch && places[0] ? await this.#material.login(places[0].part) : {};
    const looks = await this.#looks(places, fetch, login);
    const failures: InfractlError[] = [];
    const found = looks.flatMap((look, at) => {
      if (look.status === 'fulfilled') return [{ place: places[at] as ReleasePlace, status: look.value }];
      if (!isInfractlError(look.reason) || look.reason.exit === Exit.interrupted) throw look.reason;
      failures.push(look.reason);
      return [];
    });
    if (found.length === 0 && failures[0]) throw failures[0];
    for (const { message } of failures) this.#deps.reporter.emit({ type: 'warning', message });
    return found;
  }

  async history(place: ReleasePlace, limit: number): Promise<readonly ReleaseEntry[]> {
    const { result } = await this.#ask(place, { action: 'history', limit });
    return (result as { entries: readonly ReleaseEntry[] }).entries;
  }

  async unlock(place: ReleasePlace): Promise<Unlocked> {
    return (await this.#ask(place, { action: 'unlock' })).result as Unlocked;
  }

  /** The releases that were removed, or would be. */
  async prune(
    place: ReleasePlace,
    choice: { keep?: number | undefined; dryRun: boolean; wait: number },
  ): Promise<readonly string[]> {
    const keep = choice.keep === undefined ? {} : { keep: choice.keep };
    const order = { action: 'prune', dryRun: choice.dryRun, wait: choice.wait / 1000, ...keep };
    return ((await this.#ask(place, order)).result as { removed: readonly string[] }).removed;
  }

  /** What a bare machine needs to run the application, made so or only told. */
  async setup(place: ReleasePlace, dryRun: boolean): Promise<readonly string[]> {
    const { part } = place;
    if (part.start === undefined) {
      throw new UsageError({
        code: 'StartNeeded',
        message: `It is not known how ${part.name} is started.`,
        suggestions: [`Add it to infractl.yaml: releases.${part.name}.start: python3 app.py --port $PORT`],
      });
    }
    const order = {
      action: 'setup',
      dryRun,
      wait: 0,
      start: part.start,
      user: part.user ?? loginUser(place.host),
    };
    return ((await this.#ask(place, order)).result as { changes: readonly string[] }).changes;
  }

  async https(
    place: ReleasePlace,
    act: HttpsAct,
  ): Promise<HttpsState & { changes?: readonly string[]; renewed?: boolean }> {
    const { part } = place;
    if (!part.site || part.nginx.host === undefined) {
      throw new UsageError({
        code: 'NoDomain',
        message: `${part.name} has no name that a certificate could be for.`,
        suggestions: [`Add it to infractl.yaml: releases.${part.name}.nginx: { host: www.example.com }`],
      });
    }
    const { action, ...more } = act;
    return (await this.#ask(place, { action: `https ${action}`, wait: 0, ...more })).result as HttpsState;
  }

  /** @throws UsageError `NotManaged` for limits on hosts that get it one after the other */
  async #onHosts(
    places: readonly ReleasePlace[],
    orderOf: OrderOf,
    limits: GroupLimits = {},
    parcel?: Parcel,
  ): Promise<ReleaseOutcome[]> {
    if (isFleet(places) && haveSameOrder(places, orderOf))
      return releaseTogether(this.#deps, places, limits, (each) => this.#all(places, orderOf, each, parcel));
    if (limits.batch ?? limits.errors) throw oneByOne();
    return releaseEach(this.#deps, places, (place) => this.#at.ask(place, orderOf(place), parcel));
  }

  #ask(place: ReleasePlace, order: HostOrder): Promise<HostAnswer> {
    return this.#at.ask(place, order);
  }

  close(): Promise<void> {
    return this.#at.close();
  }
}

type OrderOf = (place: ReleasePlace, dryRun?: boolean) => HostOrder;

const UNDO = { action: 'rollback', settle: 0, wait: 0 };

function haveSameOrder(places: readonly ReleasePlace[], orderOf: OrderOf): boolean {
  return new Set(places.map((place) => JSON.stringify(orderOf(place)))).size === 1;
}

/** What a look found, where a deploy would change nothing. */
function unchanged(result: unknown): object | undefined {
  const { changed, id, commit, subject } = result as Planned;
  return changed ? undefined : { changed: false, id, commit, subject, previous: null };
}

function statusOrder({ source }: ReleasePart, fetch: boolean, login: object = {}): HostOrder {
  const from = 'git' in source ? { source: { git: source.git, ref: source.ref, ...login } } : {};
  return { action: 'status', fetch, ...from };
}

function oneByOne(): UsageError {
  return new UsageError({
    code: 'NotManaged',
    message: '--batch and --max-errors are for a group, and for several hosts that Systems Manager reaches.',
    why: 'These hosts get the release one after the other, and the first failure stops it.',
    suggestions: ['Write "connect: ssm" at these hosts, or leave the flags out.'],
  });
}

/** Nobody where that is root: an application gets a user of its own then, which the host knows. */
function loginUser({ reach }: HostPart): string | undefined {
  return reach.user === 'root' ? undefined : reach.user;
}

function settled(settle: number | undefined): { settle?: number } {
  return settle === undefined ? {} : { settle: settle / 1000 };
}
