import { InfractlError } from '../../../src/lib/base/errors.ts';
import type { OpenReleases, ReleasePort } from '../../../src/lib/deploy/release-port.ts';
import type { Project, ReleasePart } from '../../../src/lib/project/model.ts';

interface Host {
  ready: boolean;
  running: string | null;
  readonly kept: string[];
}

/** Hosts that a deploy releases to: what is theirs is the name of the release, which `code` says. */
export class Hosts {
  readonly hosts = new Map<string, Host>();
  /** What was done on hosts, in order: `deploy web1 one`. */
  readonly did: string[] = [];
  /** What a deploy would bring. */
  code = 'one';
  /** Hosts on which the next release is not healthy. */
  readonly sick = new Set<string>();
  /** Milliseconds that were waited for a machine at each look. */
  readonly patience: number[] = [];

  readonly open: OpenReleases = async ({ project, resolve }) => this.#port(project, resolve);

  host(name: string): Host {
    const known = this.hosts.get(name) ?? { ready: false, running: null, kept: [] };
    this.hosts.set(name, known);
    return known;
  }

  #port(project: Project, resolve: Parameters<OpenReleases>[0]['resolve']): ReleasePort {
    const reached = (part: ReleasePart) =>
      Promise.all(
        part.hosts.map(async (place) => {
          const { address } = project.hosts.get(place) ?? {};
          if (address !== undefined) await resolve(address);
          return place;
        }),
      );
    return {
      look: async (part, patience) => {
        this.patience.push(patience);
        return (await reached(part)).map((place) => {
          const { running: id } = this.host(place);
          return { place, changed: id !== this.code, id, commit: null, subject: this.code, brings: null };
        });
      },
      prepare: async (_, place) => {
        this.did.push(`prepare ${place}`);
        this.host(place).ready = true;
      },
      deploy: async ({ source }, places) =>
        places.map((place) => {
          const id = 'git' in source && source.ref !== 'main' ? source.ref : this.code;
          this.did.push(`deploy ${place} ${id}`);
          return this.#switch(place, id);
        }),
      kept: async (part) =>
        (await reached(part)).map((place) => ({
          place,
          running: this.host(place).running,
          kept: this.host(place).kept,
        })),
      back: async (_, places, id) =>
        places.map((place) => {
          this.did.push(`back ${place} ${id}`);
          return this.#switch(place, id);
        }),
    };
  }

  #switch(place: string, id: string) {
    const host = this.host(place);
    const previous = host.running;
    if (this.sick.has(place)) {
      throw new InfractlError({
        code: 'ReleaseUnhealthy',
        message: `The release ${id} is not healthy: it answered 500.`,
        why: `${previous} serves, as before.`,
        exit: 8,
      });
    }
    host.running = id;
    host.kept.push(id);
    return { place, changed: previous !== id, id, commit: id, previous: previous === id ? null : previous };
  }
}
