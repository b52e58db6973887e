import type { HostPort } from '../hosts/index.ts';
import type { HostPart } from '../project/model.ts';
import { HostDesk } from './host-desk.ts';

/** Hosts that are asked again and again: one connection each, made anew after it was lost. */
export class KeptHosts extends HostDesk {
  readonly #kept = new Map<string, Promise<HostPort>>();

  override open(part: HostPart): Promise<HostPort> {
    const kept = this.#kept.get(part.name);
    if (kept) return kept;
    const opening = super.open(part);
    this.#kept.set(part.name, opening);
    // What could not be opened is tried again by whoever comes next.
    opening.catch(() => this.#drop(part.name, opening));
    return opening;
  }

  /** The next one who asks connects anew; a connection that somebody else has made meanwhile stays. */
  async forget(name: string, which = this.#kept.get(name)): Promise<void> {
    this.#drop(name, which);
    const port = await which?.catch(() => undefined);
    if (port) await this.release(port);
  }

  #drop(name: string, which: Promise<HostPort> | undefined): void {
    if (this.#kept.get(name) === which) this.#kept.delete(name);
  }
}
