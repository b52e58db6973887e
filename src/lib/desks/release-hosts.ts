import type { Clock } from '../base/clock.ts';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { machine } from '../base/machine.ts';
import type { Reporter } from '../base/report.ts';
import type { FleetPort, HostPort } from '../hosts/index.ts';
import type { HostPart } from '../project/model.ts';
import { type AgentEvent, baseOrder, callAgent, callAgents, type Parcel } from '../releases/index.ts';
import type { HostDesk } from './host-desk.ts';
import { partName, type ReleasePlace } from './release-place.ts';

export interface ReleaseHostsDeps {
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** When the command began, as `clock` counts. */
  readonly began: number;
}

export interface HostOrder {
  readonly action: string;
  readonly [key: string]: unknown;
}

/** What a host answered, and milliseconds until requests went to a new release. */
export interface HostAnswer {
  readonly result: unknown;
  readonly switchedAfter: number | null;
}

/** How many hosts at a time, and how many may fail before no further one is begun. */
export interface HostLimits {
  readonly concurrency: number;
  readonly errors: number;
  readonly sent?: (command: string) => void;
  readonly began?: (place: ReleasePlace) => void;
}

const STOPPING = 'The host takes everything back; where it has begun to switch, it goes to the end first.';
/** What the host may take beside the times of the configuration, in milliseconds. */
const ROOM = 60_000;

/** The hosts of applications, each asked by one program; those of Systems Manager several by one command. */
export class ReleaseHosts {
  readonly #deps: ReleaseHostsDeps;
  readonly #hosts: HostDesk;
  readonly #open = new Map<string, Promise<HostPort>>();
  #fleet: Promise<FleetPort> | undefined;

  constructor(deps: ReleaseHostsDeps, hosts: HostDesk) {
    this.#deps = deps;
    this.#hosts = hosts;
  }

  async ask(place: ReleasePlace, order: HostOrder, parcel?: Parcel): Promise<HostAnswer> {
    const { signal } = this.#deps;
    const { host } = place;
    const told = this.#telling(place);
    const port = await this.#port(host);
    return this.#stoppable(order, async () => {
      try {
        const result = await callAgent(port, {
          order: this.#whole(place, order),
          sudo: host.reach.user !== 'root',
          signal,
          grace: graceOf(place),
          onEvent: told.event,
          ...(parcel ? { parcel } : {}),
        });
        return { result, switchedAfter: told.switchedAfter() };
      } catch (error) {
        throw lostWords(error);
      }
    });
  }

  /**
   * All of them the same, as one command of Systems Manager.
   *
   * @returns in their order
   */
  async askAll(
    places: readonly ReleasePlace[],
    order: HostOrder,
    limits: HostLimits,
    parcel?: Parcel,
  ): Promise<PromiseSettledResult<HostAnswer>[]> {
    const [first] = places;
    if (!first) return [];
    const { signal, reporter } = this.#deps;
    const all = new Map(places.map((place) => [place.host.name, { place, told: this.#telling(place) }]));
    const { reach } = first.host;
    this.#fleet ??= this.#hosts.fleet(reach.via === 'ssm' ? reach.bucket : undefined);
    const fleet = await this.#fleet;
    const targets = await Promise.all(places.map(({ host }) => this.#hosts.managed(host)));
    const answers = await this.#stoppable(order, () =>
      callAgents(fleet, targets, {
        order: this.#whole(first, order),
        concurrency: limits.concurrency,
        errors: limits.errors,
        signal,
        grace: graceOf(first),
        say: (text) => reporter.emit({ type: 'note', message: `${first.part.name}: ${text}` }),
        onSent: limits.sent,
        onBegin: (host) => {
          const one = all.get(host);
          if (!one) return;
          one.told.begin();
          limits.began?.(one.place);
        },
        onEvent: (host, event) => all.get(host)?.told.event(event),
        ...(parcel ? { parcel } : {}),
      }),
    );
    const byHost = new Map(answers.map((answer) => [answer.host, answer]));
    return places.map(({ host }): PromiseSettledResult<HostAnswer> => {
      const answer = byHost.get(host.name);
      if (answer && 'result' in answer) {
        const switchedAfter = all.get(host.name)?.told.switchedAfter() ?? null;
        return { status: 'fulfilled', value: { result: answer.result, switchedAfter } };
      }
      return { status: 'rejected', reason: lostWords(answer?.error) };
    });
  }

  #whole(place: ReleasePlace, order: HostOrder): HostOrder {
    const { user, host } = machine();
    return { ...baseOrder(place.part, `${user}@${host}`), ...order };
  }

  /** What a host says, to whoever watches. */
  #telling(place: ReleasePlace) {
    const { reporter, clock, began } = this.#deps;
    const part = partName(place);
    let switched: number | null = null;
    let begun: number | undefined;
    return {
      begin: () => {
        begun = clock.now();
      },
      event: (event: AgentEvent) => {
        if (event.t === 'step') reporter.emit({ type: 'part.status', part, status: event.text });
        else if (event.t === 'line') reporter.emit({ type: 'tool.output', part, line: event.text });
        else if (event.t === 'warning') reporter.emit({ type: 'warning', message: event.text });
        // What a command of many prints may come at its end alone: then the host's own count says when.
        else if (event.t === 'switched')
          switched = (begun === undefined ? clock.now() : begun + Math.round(event.seconds * 1000)) - began;
      },
      switchedAfter: () => switched,
    };
  }

  /** Whoever interrupts is told what a host does then. */
  async #stoppable<T>({ action }: HostOrder, work: () => Promise<T>): Promise<T> {
    const { signal, reporter } = this.#deps;
    const onAbort = () => reporter.emit({ type: 'note', message: STOPPING });
    if (action === 'deploy' || action === 'rollback')
      signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await work();
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

  async close(): Promise<void> {
    await Promise.all([this.#fleet?.then((fleet) => fleet.close()), this.#hosts.close()]);
  }
}

/** Milliseconds that a host may go on with what must not be stopped in the middle. */
function graceOf({ part }: ReleasePlace): number {
  return part.health.timeout * 2 + part.health.settle + part.drain + ROOM;
}

function lostWords(error: unknown): unknown {
  if (!isInfractlError(error) || error.code !== 'HostConnectionLost') return error;
  return new InfractlError({
    code: error.code,
    message: error.message,
    why: 'Before the switch the host takes everything back by itself; once it switches it goes on to the end.',
    suggestions: ['See how it ended: infractl redeploy status', 'Running the same command again is safe.'],
    cause: error,
  });
}
