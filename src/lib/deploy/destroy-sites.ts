import { InfractlError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import { type PartId, type Project, partKey } from '../project/model.ts';
import type { SiteEnding, SiteOwner } from '../sites/index.ts';
import type { Services } from './services.ts';

/** A site whose files go. */
export interface SiteGoing {
  readonly part: string;
  readonly bucket: string;
  /** The folder of the bucket; empty, or with a slash at its end. */
  readonly prefix: string;
  /** Put by us, and still ours. */
  readonly files: number;
}

/** The sites of an environment that is destroyed: first what is there, then its end. */
export class DestroySites {
  readonly #project: Project;
  readonly #services: Services;
  readonly #endings = new Map<string, SiteEnding>();

  constructor({ project }: { readonly project: Project }, services: Services) {
    this.#project = project;
    this.#services = services;
  }

  /**
   * What is there of sites that do not stay. Reads only; what was put is known from the project's bucket, so a
   * site whose stack is gone is found too.
   *
   * @param kept keys of parts that stay
   * @param staying buckets that stay, with what is in them
   */
  async look(kept: ReadonlySet<string>, staying: ReadonlySet<string>): Promise<SiteGoing[]> {
    const store = this.#project.sites.size > 0 ? await this.#services.existingArtifacts() : undefined;
    if (!store) return [];
    const [{ siteEnding }, deps] = await Promise.all([import('../sites/index.ts'), this.#services.sites()]);
    this.#endings.clear();
    for (const name of this.#project.sites.keys()) {
      const part = `site ${name}`;
      const ending = kept.has(part) ? undefined : await siteEnding(deps, store, this.#owner(name));
      if (ending && !staying.has(ending.place.bucket)) this.#endings.set(part, ending);
    }
    return [...this.#endings].map(([part, { place, files }]) => ({
      part,
      ...place,
      files: files.length,
    }));
  }

  /** @throws InfractlError `SiteNotRemoved` where S3 keeps files */
  async delete(id: PartId): Promise<{ outcome: 'deleted' | 'unchanged'; detail?: string }> {
    const ending = this.#endings.get(partKey(id));
    if (!ending) return { outcome: 'unchanged', detail: 'was not there' };
    const [{ removeSite }, deps, store] = await Promise.all([
      import('../sites/index.ts'),
      this.#services.sites(),
      this.#services.artifacts(),
    ]);
    const { removed, stuck } = await removeSite(deps, store, this.#owner(id.name), ending);
    if (stuck.length > 0) throw notRemoved(id, ending, stuck);
    const others = ending.others > 0 ? `; ${plural(ending.others, 'file')} of others left alone` : '';
    return { outcome: 'deleted', detail: `${plural(removed, 'file')} removed${others}` };
  }

  #owner(site: string): SiteOwner {
    return { project: this.#project.name, environment: this.#project.environment, site };
  }
}

function notRemoved(
  id: PartId,
  { place }: SiteEnding,
  stuck: readonly { readonly path: string; readonly reason: string }[],
): InfractlError {
  return new InfractlError({
    code: 'SiteNotRemoved',
    message: `${plural(stuck.length, 'file')} of the ${partKey(id)} could not be removed from ${place.bucket}.`,
    why: stuck
      .slice(0, 5)
      .map(({ path, reason }) => `${path}: ${reason}`)
      .join('\n'),
    suggestions: ['Look at the policy of the bucket, then run the same command again.'],
  });
}
