import { isInfractlError, UsageError } from '../base/errors.ts';
import type { ReleaseGroup, ReleasePart } from '../project/model.ts';
import type { GroupTemplate, Refresh, Refreshed, RefreshOrder, RefreshPort } from '../releases/index.ts';
import { planRefresh, refreshBack, refreshToNewest } from '../releases/index.ts';
import type { GroupDeps } from './group-releases.ts';

export interface ImageRelease extends Refreshed {
  readonly release: string;
  readonly group: string;
}

export interface ImageStatus extends GroupTemplate {
  readonly release: string;
  readonly group: string;
  /** Members are as the newest version of the launch template has them. */
  readonly current: boolean;
  readonly refresh: Refresh | null;
}

/** An application that is an image: the members of its group are replaced by AWS. */
export class ImageDesk {
  readonly #deps: GroupDeps;
  readonly #part: ReleasePart;
  readonly #group: ReleaseGroup;

  constructor(deps: GroupDeps, part: ReleasePart, group: ReleaseGroup) {
    this.#deps = deps;
    this.#part = part;
    this.#group = group;
  }

  async deploy(): Promise<ImageRelease> {
    return this.#watched((deps, order) => refreshToNewest(deps, order));
  }

  /** @param version of the launch template; without it the one of before */
  async rollback(version: string | undefined): Promise<ImageRelease> {
    if (version !== undefined && !/^[1-9]\d*$/.test(version)) {
      throw new UsageError({
        code: 'NoSuchRelease',
        message: `"${version}" is no version of a launch template.`,
        suggestions: ['Versions are numbers. See them: infractl redeploy status'],
      });
    }
    const wanted = version === undefined ? undefined : Number(version);
    return this.#watched((deps, order) => refreshBack(deps, order, wanted));
  }

  async status(): Promise<ImageStatus> {
    const [group, port] = await Promise.all([this.#name(), this.#port()]);
    const [{ changed, ...template }, [refresh]] = await Promise.all([
      planRefresh(port, group),
      port.refreshes(group, 1),
    ]);
    return { release: this.#part.name, group, current: !changed, ...template, refresh: refresh ?? null };
  }

  async history(limit: number): Promise<readonly Refresh[]> {
    const [group, port] = await Promise.all([this.#name(), this.#port()]);
    return port.refreshes(group, Math.min(limit, 100));
  }

  async #watched(
    work: (deps: Parameters<typeof refreshToNewest>[0], order: RefreshOrder) => Promise<Refreshed>,
  ): Promise<ImageRelease> {
    const { reporter, clock, signal } = this.#deps;
    const group = await this.#name();
    const part = `release ${this.#part.name} on ${group}`;
    const { batch, timeout } = this.#group;
    const began = clock.now();
    reporter.emit({ type: 'part.started', part, doing: 'looking' });
    try {
      const deps = { port: await this.#port(), clock, reporter, signal };
      const done = await work(deps, { group, part, batch, timeout });
      const outcome = done.changed ? 'updated' : 'unchanged';
      const detail = `version ${done.version}`;
      reporter.emit({ type: 'part.done', part, outcome, detail, ms: clock.now() - began });
      return { ...done, release: this.#part.name, group };
    } catch (error) {
      if (isInfractlError(error))
        reporter.emit({ type: 'part.failed', part, error, ms: clock.now() - began });
      throw error;
    }
  }

  #name(): Promise<string> {
    return this.#deps.text(this.#group.name);
  }

  async #port(): Promise<RefreshPort> {
    const { refreshPort } = await import('../aws/group-refreshes.ts');
    return refreshPort(await this.#deps.session(), this.#deps.clock);
  }
}
