import type { Clock } from '../base/clock.ts';
import { Exit, InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { machine } from '../base/machine.ts';
import type { Reporter } from '../base/report.ts';
import { nearest } from '../base/text.ts';
import type { HostPort } from '../hosts/index.ts';
import type { HostPart, Project, ReleasePart, Value } from '../project/model.ts';
import {
  type AgentEvent,
  baseOrder,
  callAgent,
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
import { groupPlaces, type MemberWork, rollOut, rollOutOf, stopRollOut } from './group-releases.ts';
import { HostDesk, type HostDeskDeps } from './host-desk.ts';
import type { ImageDesk } from './image-releases.ts';
import { isImage, ReleaseMaterial, withRef } from './release-material.ts';
import { outcomeOf, partName, type ReleasePlace, withRest } from './release-place.ts';

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

const STOPPING = 'The host takes everything back; where it has begun to switch, it goes to the end first.';
/** What the host may take beside the times of the configuration, in milliseconds. */
const ROOM = 60_000;

/** Releasing the applications of a project, and looking at them: on each host one program, fed through one connection. */
export class ReleaseDesk {
  readonly #deps: ReleaseDeskDeps;
  readonly #project: Project;
  readonly #hosts: HostDesk;
  readonly #material: ReleaseMaterial;
  readonly #open = new Map<string, Promise<HostPort>>();

  constructor(deps: ReleaseDeskDeps, project: Project, hosts = new HostDesk(deps, project)) {
    this.#deps = deps;
    this.#project = project;
    this.#hosts = hosts;
    this.#material = new ReleaseMaterial(deps, project);
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
    const deploying = await this.#deploying(places, choice);
    if (!deploying.part.group) return this.#each(places, deploying.go);
    return rollOut(this.#rolls(), places, {
      look: async (place) => {
        const { result } = await deploying.go(place, true);
        const found = result as Planned;
        if (found.changed) return undefined;
        const { id, commit, subject } = found;
        return { changed: false, id, commit, subject, previous: null };
      },
      go: deploying.go,
      undo: (place) => this.#ask(place, { action: 'rollback', settle: 0, wait: 0 }),
    });
  }

  /** What a deploy would bring to each host. Nothing that runs is touched. */
  async plan(places: readonly ReleasePlace[], choice: DeployChoice): Promise<Planned[]> {
    const { go } = await this.#deploying(places, choice);
    return Promise.all(
      places.map(async (place) => {
        const { result } = await go(place, true);
        return { ...(result as Planned), release: place.part.name, host: place.host.name };
      }),
    );
  }

  async #deploying(places: readonly ReleasePlace[], choice: DeployChoice) {
    const [{ part: written }] = places as readonly [ReleasePlace];
    const part = withRef(written, choice.ref);
    const [values, parcel] = await Promise.all([this.#material.values(part), this.#material.parcel(part)]);
    const go: MemberWork = (place, dryRun = false) => {
      const order = deployOrder(part, values, parcel, part.user ?? loginUser(place.host));
      const more = {
        ...order,
        action: 'deploy',
        dryRun,
        force: choice.force,
        wait: choice.wait / 1000,
        ...settled(choice.settle),
      };
      return this.#ask({ ...place, part }, more, dryRun ? undefined : parcel);
    };
    return { part, go };
  }

  /**
   * Back to the release before, or to the one that is named by its id, its beginning or its commit. Of a group,
   * without a name, those members go back that run what was released last.
   */
  async rollback(
    places: readonly ReleasePlace[],
    choice: { readonly release?: string | undefined; readonly settle: number; readonly wait: number },
  ): Promise<ReleaseOutcome[]> {
    const order = {
      action: 'rollback',
      release: choice.release,
      settle: choice.settle / 1000,
      wait: choice.wait / 1000,
    };
    const go: MemberWork = (place) => this.#ask(place, order);
    if (!places[0]?.part.group) return this.#each(places, go);
    const statuses = await Promise.all(places.map((place) => this.status(place, false)));
    const last = newestCommit(statuses);
    return rollOut(this.#rolls(), places, {
      look: async (place) => {
        const now = await this.status(place, false);
        const there = choice.release ? isRelease(now, choice.release) : now.commit !== last;
        const { release: id, commit, subject } = now;
        return there && id !== null ? { changed: false, id, commit, subject, previous: null } : undefined;
      },
      go,
      // A rollback can be rolled back.
      undo: (place) => this.#ask(place, { action: 'rollback', settle: 0, wait: 0 }),
    });
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
    const { source } = place.part;
    const values = fetch && 'git' in source ? await this.#material.login(place.part) : {};
    const order = 'git' in source ? { source: { git: source.git, ref: source.ref, ...values } } : {};
    return (await this.#ask(place, { action: 'status', fetch, ...order })).result as ReleaseStatus;
  }

  /** How it is on each host that answers; of the others a warning. @throws the first failure where none answers */
  async statuses(
    places: readonly ReleasePlace[],
    fetch: boolean,
  ): Promise<{ readonly place: ReleasePlace; readonly status: ReleaseStatus }[]> {
    const failures: InfractlError[] = [];
    const look = async (place: ReleasePlace) => {
      try {
        return [{ place, status: await this.status(place, fetch) }];
      } catch (error) {
        if (!isInfractlError(error) || error.exit === Exit.interrupted) throw error;
        failures.push(error);
        return [];
      }
    };
    const found = (await Promise.all(places.map(look))).flat();
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

  async #each(places: readonly ReleasePlace[], work: MemberWork): Promise<ReleaseOutcome[]> {
    const { reporter, clock } = this.#deps;
    const outcomes: ReleaseOutcome[] = [];
    for (const place of places) {
      const part = partName(place);
      const started = clock.now();
      reporter.emit({ type: 'part.started', part, doing: 'connecting' });
      try {
        const { result, switchedAfter } = await work(place);
        const done = outcomeOf(place, result, switchedAfter);
        outcomes.push(done);
        const outcome = done.changed ? 'updated' : 'unchanged';
        reporter.emit({ type: 'part.done', part, outcome, detail: done.id, ms: clock.now() - started });
      } catch (error) {
        if (!isInfractlError(error)) throw error;
        reporter.emit({ type: 'part.failed', part, error, ms: clock.now() - started });
        throw withRest(error, places.slice(outcomes.length + 1), outcomes);
      }
    }
    return outcomes;
  }

  async #ask(
    place: ReleasePlace,
    order: { readonly action: string; readonly [key: string]: unknown },
    parcel?: Parcel,
  ): Promise<{ result: unknown; switchedAfter: number | null }> {
    const { reporter, clock, began, signal } = this.#deps;
    const { part, host } = place;
    const name = partName(place);
    let switchedAfter: number | null = null;
    const onEvent = (event: AgentEvent) => {
      if (event.t === 'step') reporter.emit({ type: 'part.status', part: name, status: event.text });
      else if (event.t === 'line') reporter.emit({ type: 'tool.output', part: name, line: event.text });
      else if (event.t === 'warning') reporter.emit({ type: 'warning', message: event.text });
      else if (event.t === 'switched') switchedAfter = clock.now() - began;
    };
    const port = await this.#port(host);
    const { user, host: from } = machine();
    const whole = { ...baseOrder(part, `${user}@${from}`), ...order };
    const grace = part.health.timeout * 2 + part.health.settle + part.drain + ROOM;
    const sudo = host.reach.user !== 'root';
    const onAbort = () => reporter.emit({ type: 'note', message: STOPPING });
    if (order.action === 'deploy' || order.action === 'rollback')
      signal.addEventListener('abort', onAbort, { once: true });
    try {
      const result = await callAgent(port, {
        order: whole,
        sudo,
        signal,
        grace,
        onEvent,
        ...(parcel ? { parcel } : {}),
      });
      return { result, switchedAfter };
    } catch (error) {
      if (!isInfractlError(error) || error.code !== 'HostConnectionLost') throw error;
      throw new InfractlError({
        code: error.code,
        message: error.message,
        why: 'Before the switch the host takes everything back by itself; once it switches it goes on to the end.',
        suggestions: [
          'See how it ended: infractl redeploy status',
          'Running the same command again is safe.',
        ],
        cause: error,
      });
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #port(host: HostPart): Promise<HostPort> {
    let port = this.#open.get(host.name);
    if (!port) {
      port = this.#hosts.open(host);
      this.#open.set(host.name, port);
    }
    return port;
  }

  close(): Promise<void> {
    return this.#hosts.close();
  }
}

/** Nobody where that is root: an application gets a user of its own then, which the host knows. */
function loginUser({ reach }: HostPart): string | undefined {
  return reach.user === 'root' ? undefined : reach.user;
}

function settled(settle: number | undefined): { settle?: number } {
  return settle === undefined ? {} : { settle: settle / 1000 };
}
