import { type Clock, systemClock } from '../base/clock.ts';
import { isInfractlError } from '../base/errors.ts';
import type { ReportEvent, Reporter } from '../base/report.ts';
import type { Released, ReleaseLook, ReleasePort, ReleasesKept } from '../deploy/release-port.ts';
import type { Project, ReleasePart } from '../project/model.ts';
import type { ReleaseOutcome } from '../releases/index.ts';
import { FreshHosts } from './fresh-hosts.ts';
import type { ImageDesk, ImageRelease } from './image-releases.ts';
import { ReleaseDesk, type ReleaseDeskDeps } from './release-desk.ts';
import type { ReleasePlace } from './release-place.ts';

export interface WalkDeps extends ReleaseDeskDeps {
  /** Milliseconds to wait for somebody else who is at work on a host. */
  readonly wait: number;
}

const PAUSE = 5_000;
/** So many releases of a host are looked through at the most. */
const MOST = 100;

/** The desk of releases, as a deploy that walks its graph works with it. */
export class WalkReleases implements ReleasePort {
  readonly #deps: WalkDeps;
  readonly #hosts: FreshHosts;
  readonly #desk: ReleaseDesk;
  readonly #clock: Clock;
  /** Release and place → what was looked at. */
  readonly #places = new Map<string, ReleasePlace>();
  /** Host → the work on it that was begun last: what two applications install is one after the other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(deps: WalkDeps, project: Project, clock = systemClock) {
    const reporter = folded(deps.reporter, project);
    this.#deps = { ...deps, reporter };
    this.#clock = clock;
    this.#hosts = new FreshHosts(deps, project, clock);
    this.#desk = new ReleaseDesk(this.#deps, project, this.#hosts);
  }

  async look(part: ReleasePart, patience: number): Promise<readonly ReleaseLook[]> {
    const images = await this.#desk.images(part.name);
    if (images) return [imageLook(await images.status())];
    const places = await this.#reach(part, patience);
    return (await this.#desk.plan(places, this.#choice)).map((planned) => {
      const { host: place, changed, id, commit, subject, brings } = planned;
      return { place, changed, id, commit, subject, brings: brings?.length ?? null };
    });
  }

  async #reach(part: ReleasePart, patience: number): Promise<ReleasePlace[]> {
    const places = await this.#find(part, patience);
    await Promise.all(places.map(({ host }) => this.#hosts.reach(host, patience, this.#told(part))));
    return places;
  }

  /** The members of a group that was just made come into service a while after it. */
  async #find(part: ReleasePart, patience: number): Promise<ReleasePlace[]> {
    const until = this.#clock.now() + patience;
    for (;;) {
      try {
        const places = (await this.#desk.choose(part.name)).map((place) => ({ ...place, part }));
        for (const place of places) this.#places.set(`${part.name} ${place.host.name}`, place);
        return places;
      } catch (error) {
        const empty = isInfractlError(error) && error.code === 'GroupEmpty';
        if (!empty || this.#clock.now() >= until) throw error;
        this.#told(part)('waiting for members of its group');
        await this.#clock.sleep(PAUSE, this.#deps.signal);
      }
    }
  }

  async prepare(part: ReleasePart, name: string): Promise<void> {
    const place = this.#place(part, name);
    await this.#inTurn([place], async () => {
      await this.#hosts.booted(place.host, this.#told(part));
      await this.#desk.setup(place, false);
    });
  }

  async deploy(part: ReleasePart, names: readonly string[]): Promise<readonly Released[]> {
    const images = await this.#desk.images(part.name);
    if (images) return [imageReleased(await images.deploy())];
    const places = names.map((name) => ({ ...this.#place(part, name), part }));
    const done = await this.#inTurn(places, () => this.#desk.deploy(places, this.#choice));
    return done.map(releasedOf);
  }

  async kept(part: ReleasePart, patience: number): Promise<readonly ReleasesKept[]> {
    const images = await this.#desk.images(part.name);
    if (images) return [imagesKept(await images.status())];
    const places = await this.#reach(part, patience);
    return Promise.all(
      places.map(async (place) => {
        const entries = await this.#desk.history(place, MOST);
        const kept = entries.filter(({ here, result }) => here && result === 'good').map(({ id }) => id);
        const running = entries.find((entry) => entry.running)?.id ?? null;
        return { place: place.host.name, running, kept };
      }),
    );
  }

  async back(
    part: ReleasePart,
    names: readonly string[],
    id: string,
    settle: number,
  ): Promise<readonly Released[]> {
    const images = await this.#desk.images(part.name);
    if (images) return [imageReleased(await images.rollback(id.replace(/^version /, '')))];
    const places = names.map((name) => this.#place(part, name));
    const order = { release: id, settle, wait: this.#deps.wait };
    const done = await this.#inTurn(places, () => this.#desk.rollback(places, order));
    return done.map(releasedOf);
  }

  get #choice() {
    return { force: false, wait: this.#deps.wait };
  }

  #told({ name }: ReleasePart) {
    return (status: string) =>
      this.#deps.reporter.emit({ type: 'part.status', part: `release ${name}`, status });
  }

  #place(part: ReleasePart, name: string): ReleasePlace {
    return this.#places.get(`${part.name} ${name}`) as ReleasePlace;
  }

  async #inTurn<T>(places: readonly ReleasePlace[], work: () => Promise<T>): Promise<T> {
    const names = places.map(({ host }) => host.name);
    const before = names.map((name) => this.#turns.get(name));
    const mine = Promise.allSettled(before).then(work);
    for (const name of names) this.#turns.set(name, mine);
    return mine;
  }

  close(): Promise<void> {
    return this.#desk.close();
  }
}

/** What is said of the only host of an application is said of the part: the deploy tells how it begins and ends. */
function folded(reporter: Reporter, { releases }: Project): Reporter {
  const alone = (name = '') => (releases.get(name)?.hosts.length ?? 0) < 2;
  return {
    emit(event) {
      const [, name] = ('part' in event && /^release (\S+) on /.exec(event.part)) || [];
      const isGroup = name !== undefined && releases.get(name)?.group !== undefined;
      if (name === undefined || isGroup || !alone(name)) reporter.emit(event);
      else if (!TOLD_BY_DEPLOY.has(event.type))
        reporter.emit({ ...event, part: `release ${name}` } as ReportEvent);
    },
  };
}

const TOLD_BY_DEPLOY = new Set<ReportEvent['type']>(['part.started', 'part.done', 'part.failed']);

function releasedOf({ host, changed, id, commit, previous }: ReleaseOutcome): Released {
  return { place: host, changed, id, commit, previous: changed ? previous : null };
}

type ImageStatus = Awaited<ReturnType<ImageDesk['status']>>;

function imageLook({ group, current, newest, members }: ImageStatus): ReleaseLook {
  const known = members.filter((version) => version !== undefined);
  const id = known.length > 0 ? version(Math.min(...known)) : null;
  return { place: group, changed: !current, id, commit: null, subject: version(newest), brings: null };
}

function imageReleased({ group, changed, version: now, previous }: ImageRelease): Released {
  return {
    place: group,
    changed,
    id: version(now),
    commit: null,
    previous: previous === null ? null : version(previous),
  };
}

/** Any version of a launch template can be gone back to. */
function imagesKept({ group, newest, members }: ImageStatus): ReleasesKept {
  const [running, ...others] = [...new Set(members)];
  const one = others.length === 0 && running !== undefined ? version(running) : null;
  const kept = Array.from({ length: newest }, (_, at) => version(at + 1));
  return { place: group, running: one, kept };
}

function version(number: number): string {
  return `version ${number}`;
}
