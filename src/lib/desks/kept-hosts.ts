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
    opening.catch(() => this.#kept.delete(part.name));
    return opening;
  }

  /** The next one who asks connects anew. */
  async forget(name: string): Promise<void> {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    const port = await kept?.catch(() => undefined);
    if (port) await this.release(port);
  }
}
