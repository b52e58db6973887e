import { Exit, type InfractlError, isInfractlError, withMore } from '../base/errors.ts';
import { listed, plural } from '../base/text.ts';
import type { PartId, ReleasePart } from '../project/model.ts';
import { type Known, NotYetKnown } from './known.ts';
import type { Plan } from './plan.ts';
import type { Released, ReleaseLook, ReleasePort } from './release-port.ts';
import type { Services } from './services.ts';
import type { Done } from './steps.ts';
import { takeBack, type Undo, withTakenBack } from './taking-back.ts';
import type { DeployContext } from './types.ts';

/** How long a machine that was just made may take to let anybody in, in milliseconds. */
const BOOT = 300_000;

/** How applications are released to their hosts in a deploy. */
export class ReleaseSteps {
  readonly #context: DeployContext;
  readonly #known: Known;
  readonly #services: Services;
  /** How long a machine may take to let anybody in, in milliseconds. */
  patience = 0;

  constructor(context: DeployContext, known: Known, services: Services) {
    this.#context = context;
    this.#known = known;
    this.#services = services;
  }

  /** A stack was changed: the machines that it made may still be starting. */
  expectNewHosts(): void {
    this.patience = BOOT;
  }

  async make(id: PartId): Promise<Done> {
    const part = this.part(id);
    const port = await this.open();
    const looks = await port.look(part, this.patience).catch((error) => Promise.reject(withSkip(error)));
    if (looks.every(({ changed }) => !changed)) return this.#unchanged(part, looks);
    const released: Released[] = [];
    try {
      for (const { place, id: running } of looks)
        if (running === null && part.start !== undefined) await port.prepare(part, place);
      // A group has its own order; hosts get it one after the other.
      const turns = part.group ? [looks] : looks.map((look) => [look]);
      for (const turn of turns)
        released.push(
          ...(await port.deploy(
            part,
            turn.map(({ place }) => place),
          )),
        );
    } catch (error) {
      const rest = part.group ? [] : looks.slice(released.length + 1).map(({ place }) => place);
      throw await this.#withOthersBack(port, part, released, withRest(error, released, rest));
    }
    return this.done(part, released, this.#undo(port, part, released));
  }

  /** By reading alone; a host that cannot be looked at keeps the rest of the plan from nobody. */
  async plan(id: PartId): Promise<Plan> {
    const part = this.part(id);
    try {
      const port = await this.open();
      return planOf(await port.look(part, 0));
    } catch (error) {
      if (error instanceof NotYetKnown)
        return { outcome: 'create', detail: `${whereOf(part)} does not exist yet` };
      if (isInfractlError(error) && isNoWay(error)) return { outcome: 'unknown', detail: error.message };
      throw error;
    }
  }

  open(): Promise<ReleasePort> {
    const { project } = this.#context;
    return this.#services.releases({ project, resolve: (value) => this.#known.resolve(value) });
  }

  part({ name }: PartId): ReleasePart {
    return this.#context.project.releases.get(name) as ReleasePart;
  }

  /** What is told and written down of places that have a release now. */
  done(part: ReleasePart, released: readonly Released[], undo?: Undo): Done {
    const changed = released.filter((one) => one.changed);
    const before = changed.flatMap(({ place, previous }) => (previous ? [{ place, id: previous }] : []));
    const isFirst = changed.length > 0 && before.length === 0;
    return {
      outcome: changed.length === 0 ? 'unchanged' : isFirst ? 'created' : 'updated',
      detail: wordsOf(released),
      ...(before.length > 0 ? { before: { places: before } } : {}),
      after: {
        places: released.map(({ place, id, commit }) => ({ place, id, ...(commit ? { commit } : {}) })),
      },
      config: this.#config(part),
      ...(undo ? { undo } : {}),
    };
  }

  #unchanged(part: ReleasePart, looks: readonly ReleaseLook[]): Done {
    return this.done(
      part,
      looks.map(({ place, id, commit }) => ({ place, changed: false, id: id ?? '', commit, previous: null })),
    );
  }

  /** What a rollback needs: the application, and which machines it was on. No path of this machine. */
  #config(part: ReleasePart): Readonly<Record<string, unknown>> {
    const { source } = part;
    const machines = part.hosts.flatMap((name) => {
      const host = this.#context.project.hosts.get(name);
      if (!host || !('identity' in host.reach)) return host ?? [];
      const { identity: _, ...reach } = host.reach;
      return { ...host, reach };
    });
    return { ...part, ...('folder' in source ? { source: { ...source, folder: '' } } : {}), machines };
  }

  #undo(port: ReleasePort, part: ReleasePart, released: readonly Released[]): Undo | undefined {
    const back = released.flatMap(({ changed, place, previous }) =>
      changed && previous ? [{ place, id: previous }] : [],
    );
    if (back.length === 0) return undefined;
    return {
      part: `release ${part.name}`,
      name: part.name,
      to: listed([...new Set(back.map(({ id }) => id))]),
      back: async () => {
        const [first] = back as [(typeof back)[number]];
        const turns = part.group
          ? [{ places: back.map(({ place }) => place), id: groupId(part, first.id) }]
          : back.map(({ place, id }) => ({ places: [place], id }));
        for (const { places, id } of turns) await port.back(part, places, id, 0);
      },
      byHand: `infractl redeploy rollback --app ${part.name}${this.#context.where ?? ''}`,
    };
  }

  /** One host has gone back by itself; those that had the release before it do too, unless a person interrupted. */
  async #withOthersBack(
    port: ReleasePort,
    part: ReleasePart,
    released: readonly Released[],
    error: unknown,
  ): Promise<unknown> {
    const undo = this.#undo(port, part, released);
    const interrupted = isInfractlError(error) && error.exit === Exit.interrupted;
    // What a person stopped, or a rollback, stays as it is.
    if (!undo || interrupted || this.#context.recipe) return error;
    return withTakenBack(error, await takeBack(this.#context, [undo], () => {}), []);
  }
}

/** Why a host could not be looked at, where the rest of a plan stands all the same. */
const NO_WAY =
  /^(HostUnreachable|HostKeyUnknown|HostKeyChanged|HostLoginRefused|HostNotManaged|HostConnectionLost|InstanceNotRunning|InstanceNotFound|NoAddress|MissingReference|GroupNotFound|GroupEmpty|HostWithoutPython|SudoNeedsPassword|HostBusy)$/;

/** Whether an error says that there is no way to a host now. */
export function isNoWay({ code }: InfractlError): boolean {
  return NO_WAY.test(code);
}

/** With several hosts: which have it, and which do not. */
function withRest(error: unknown, released: readonly Released[], rest: readonly string[]): unknown {
  if (!isInfractlError(error) || released.length + rest.length === 0) return error;
  const has = released.length > 0 ? `It was on ${listed(released.map(({ place }) => place))} by then.` : '';
  const words = [has, rest.length > 0 ? `Not begun: ${listed(rest)}.` : ''].filter(Boolean).join(' ');
  return withMore(error, { why: [words] });
}

/** Whoever has no way to the hosts now may want the rest to be deployed. */
function withSkip(error: unknown): unknown {
  if (!isInfractlError(error) || !isNoWay(error)) return error;
  return withMore(error, { suggestions: ['To leave hosts out of a deploy: --skip-releases'] });
}

function whereOf({ hosts, group }: ReleasePart): string {
  if (group) return 'its group';
  return hosts.length === 1 ? `the host ${hosts[0]}` : `one of the hosts ${listed(hosts)}`;
}

function planOf(looks: readonly ReleaseLook[]): Plan {
  const changed = looks.filter((look) => look.changed);
  if (changed.length === 0) return { outcome: 'unchanged', detail: wordsOf(looks) };
  const [{ subject, commit, brings }] = changed as [ReleaseLook];
  const what = [subject, commit && `(${commit.slice(0, 7)})`].filter(Boolean).join(' ');
  const words = [what, brings ? plural(brings, 'commit') : ''].filter(Boolean);
  const where = listed(changed.map(({ place }) => place));
  return {
    outcome: changed.every(({ id }) => id === null) ? 'create' : 'update',
    detail: words.length > 0 ? `${listed(words)}, to ${where}` : `to ${where}`,
  };
}

/** `20260105T090000Z-a1b2c3d`; of several places which ones have which. */
function wordsOf(places: readonly { readonly place: string; readonly id: string | null }[]): string {
  const ids = [...new Set(places.map(({ id }) => id ?? 'nothing'))];
  if (places.length === 1) return ids.join('');
  return ids
    .map(
      (id) =>
        `${id} on ${listed(places.flatMap((one) => ((one.id ?? 'nothing') === id ? [one.place] : [])))}`,
    )
    .join('; ');
}

/** The commit at the end of a release's id, seven characters of it. */
export function commitOf(id: string): string {
  return id.split('-').at(-1) ?? '';
}

/** What all members of a group know a release by: its id is another on each. */
export function groupId({ source }: ReleasePart, id: string): string {
  return 'launchTemplate' in source ? id : commitOf(id);
}
