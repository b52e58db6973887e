import { UsageError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import { listed, plural } from '../base/text.ts';
import { usedSecrets } from '../desks/secret-uses.ts';
import type { PastPart } from '../journal/index.ts';
import {
  isReference,
  type PartId,
  partKey,
  type Scalar,
  type SitePart,
  type Value,
} from '../project/model.ts';
import type { FileSource, Release, SiteDeps, SiteLook, SiteOrder, SiteResult } from '../sites/index.ts';
import { type Known, NotYetKnown } from './known.ts';
import type { Plan } from './plan.ts';
import type { Services } from './services.ts';
import type { Done } from './steps.ts';
import type { DeployContext, FileChange } from './types.ts';

type Sites = typeof import('../sites/index.ts');

/** A site as it goes back, or would. */
interface BackPlan {
  readonly change: 'back' | 'create' | 'unchanged' | 'blocked';
  readonly detail?: string;
  readonly files?: readonly FileChange[];
}

const AT_ONCE = 24;

/** How sites are made true: from this machine's folder, or from what is kept of an earlier release. */
export class SiteSteps {
  readonly #context: DeployContext;
  readonly #known: Known;
  readonly #services: Services;

  constructor(context: DeployContext, known: Known, services: Services) {
    this.#context = context;
    this.#known = known;
    this.#services = services;
  }

  async make(id: PartId): Promise<Done> {
    const [sites, deps] = await this.#open();
    const part = this.#part(id);
    if (part.build.length > 0 && !this.#context.options.skipBuild) await this.#build(sites, id, part);
    const { release, sources } = await this.#local(sites, part);
    return this.#publish(sites, deps, await this.#order(id, part, release), part, sources);
  }

  /** By reading alone: a dry run compares the folder as it is, and builds nothing. */
  async plan(id: PartId): Promise<Plan> {
    const [sites, deps] = await this.#open();
    const part = this.#part(id);
    const order = await this.#order(id, part, { id: '', files: [] });
    const builds = part.build.length > 0 && !this.#context.options.skipBuild;
    const local = await this.#local(sites, part).catch((error: unknown) => {
      if (builds && isMissing(error)) return undefined;
      throw error;
    });
    if (!local) return { outcome: 'build', detail: 'what changes is known once it is built' };
    const look = await sites.lookAtSite(deps, { ...order, release: local.release });
    const remark = builds ? 'the folder as it is now; it is built first' : '';
    if (sites.isAsWanted(look))
      return {
        outcome: 'unchanged',
        detail: [releaseWords(sites, local.release), remark].filter(Boolean).join('; '),
      };
    const detail = [planWords(sites, look, order), remark].filter(Boolean).join('; ');
    return {
      outcome: look.record?.release ? 'update' : 'create',
      detail,
      files: sites.changedFiles(look.plan),
    };
  }

  /** Puts back what the journal says was there. */
  async goBack(id: PartId, past: PastPart): Promise<Done> {
    const [sites, deps] = await this.#open();
    const part = this.#part(id);
    const release = await sites.readRelease(await deps.existingStore(), String(past.after?.release));
    return this.#publish(sites, deps, await this.#order(id, part, release), part);
  }

  /** @throws InfractlError `ReleaseGone` */
  async planBack(id: PartId, past: PastPart): Promise<BackPlan> {
    const [sites, deps] = await this.#open();
    const part = this.#part(id);
    const store = await deps.existingStore();
    const release = await sites.readRelease(store, String(past.after?.release));
    try {
      const order = await this.#order(id, part, release);
      const look = await sites.lookAtSite(deps, order);
      if (sites.isAsWanted(look)) return { change: 'unchanged', detail: releaseWords(sites, release) };
      const gone = await missingBytes(sites, store, look);
      if (gone.length > 0)
        return {
          change: 'blocked',
          detail: `the bytes of ${listed(gone.slice(0, 3))} of that time are not kept any more`,
        };
      return { change: 'back', detail: planWords(sites, look, order), files: sites.changedFiles(look.plan) };
    } catch (error) {
      if (!(error instanceof NotYetKnown)) throw error;
      return {
        change: 'create',
        detail: `${plural(release.files.length, 'file')} into the bucket that is made again`,
      };
    }
  }

  async #publish(
    sites: Sites,
    deps: SiteDeps,
    order: SiteOrder,
    part: SitePart,
    sources?: ReadonlyMap<string, FileSource>,
  ): Promise<Done> {
    const result = await sites.publishSite(deps, order, sources);
    const { before, outcome } = result;
    if (result.fresh === false) this.#stillThere(order);
    const { bucket, prefix } = order.place;
    return {
      outcome,
      detail: resultWords(sites, result),
      ...(before && before !== result.release ? { before: { release: before } } : {}),
      after: {
        bucket,
        ...(prefix ? { prefix } : {}),
        release: result.release,
        files: order.release.files.length,
        bytes: order.release.files.reduce((sum, { size }) => sum + size, 0),
        put: result.put,
        removed: result.removed,
        invalidated: result.invalidated,
        ...(order.distribution ? { distribution: order.distribution } : {}),
        ...(result.url ? { url: result.url } : {}),
      },
      config: siteConfig(part),
      ...(before !== undefined && before !== result.release && outcome === 'updated'
        ? {
            undo: {
              part: order.part,
              name: part.name,
              to: `release ${sites.shortRelease(before)}`,
              back: async () => {
                const release = await sites.readRelease(await deps.existingStore(), before);
                return sites.publishSite(deps, { ...order, release });
              },
              byHand: `infractl rollback${this.#context.where ?? ''}`,
            },
          }
        : {}),
    };
  }

  #stillThere({ part, distribution }: SiteOrder): void {
    this.#context.reporter.emit({
      type: 'warning',
      message: `${part}: the files are in place, but CloudFront has not let go of the old ones everywhere yet. See: aws cloudfront list-invalidations --distribution-id ${distribution}`,
    });
  }

  async #order(id: PartId, part: SitePart, release: Release): Promise<SiteOrder> {
    const { name: project, environment } = this.#context.project;
    const [bucket, distribution] = await Promise.all([
      this.#known.resolve(part.bucket),
      part.distribution === undefined ? undefined : this.#known.resolve(part.distribution),
    ]);
    return {
      part: partKey(id),
      owner: { project, environment, site: part.name },
      place: { bucket: bucket.value, prefix: part.prefix },
      distribution: distribution?.value,
      keep: part.keep,
      invalidate: part.invalidate,
      wait: part.wait,
      release,
    };
  }

  async #build(sites: Sites, id: PartId, part: SitePart): Promise<void> {
    const { env, reporter, signal, project } = this.#context;
    const values = await Promise.all(
      Object.entries(part.environment).map(
        async ([name, value]) => [name, (await this.#known.resolve(value)).value] as const,
      ),
    );
    await sites.buildSite(
      { reporter, signal },
      {
        part: partKey(id),
        command: part.build,
        cwd: project.root,
        env: { ...env, ...Object.fromEntries(values) },
      },
    );
  }

  async #local(sites: Sites, part: SitePart) {
    const { folder, prefix, exclude, allow, cache, headers, types } = part;
    return sites.localRelease({
      folder,
      prefix,
      exclude,
      allow,
      rules: { cache, headers, types },
      secrets: this.#secretsBeside(part),
      config: part.config && {
        path: part.config.file,
        global: part.config.global,
        values: await this.#values(part.config.values),
      },
    });
  }

  /** Literals keep their type. */
  async #values(values: Readonly<Record<string, Value>>): Promise<Record<string, Scalar>> {
    const entries = await Promise.all(
      Object.entries(values).map(async ([name, value]) => {
        if (!isReference(value)) return [name, value] as const;
        const found = await this.#known.resolve(value);
        // What is taken from the environment is named here to be public; a SecureString is named secret by its store.
        if (found.secret && 'ssm' in value) throw secretValue(name, value.ssm);
        return [name, found.value] as const;
      }),
    );
    return Object.fromEntries(entries);
  }

  /** What other parts take from the environment is secret; what this one takes is said to be public. */
  #secretsBeside({ name: site }: SitePart): { name: string; value: string }[] {
    const { variable, project } = this.#context;
    const beside = usedSecrets(project).filter(
      ({ store, usedBy }) => store === 'env' && !usedBy.some((use) => use.startsWith(`site ${site} `)),
    );
    return beside.flatMap(({ name }) => {
      const value = variable(name);
      return value === undefined ? [] : [{ name, value }];
    });
  }

  #part({ name }: PartId): SitePart {
    return this.#context.project.sites.get(name) as SitePart;
  }

  #open(): Promise<[Sites, SiteDeps]> {
    return Promise.all([import('../sites/index.ts'), this.#services.sites()]);
  }
}

/** What a rollback needs of a site's configuration: the manifest of its release holds the rest. */
function siteConfig({ name, bucket, prefix, distribution, keep, invalidate, wait }: SitePart) {
  return {
    name,
    bucket,
    prefix,
    ...(distribution === undefined ? {} : { distribution }),
    keep,
    invalidate,
    wait,
  };
}

function secretValue(name: string, parameter: string): UsageError {
  return new UsageError({
    code: 'SecretInSite',
    message: `The value ${name} of the site's configuration file would be public, but ${parameter} is a SecureString. Nothing was published.`,
    suggestions: ['Take it out of `config` of the site; or keep it as a String, if it is no secret.'],
  });
}

async function missingBytes(
  sites: Sites,
  store: Awaited<ReturnType<SiteDeps['existingStore']>>,
  { plan }: SiteLook,
): Promise<string[]> {
  const found = await sideBySide(plan.puts.flat(), AT_ONCE, async ({ file }) =>
    (await store?.has(sites.blobKey(file.sha256))) ? undefined : file.path,
  );
  return found.filter((path) => path !== undefined);
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'SiteFolderMissing';
}

function releaseWords({ shortRelease }: Sites, { id, files }: Release): string {
  return `release ${shortRelease(id)}, ${plural(files.length, 'file')}`;
}

const REASONS = [
  ['new', 'new'],
  ['changed', 'changed'],
  ['headers', 'with other headers'],
  ['mended', 'changed by hand'],
] as const;

/** `4 files to put (3 new, 1 changed), 2 to remove; 3 paths to invalidate; 5 files of others stay`. */
function planWords({ cdnPaths }: Sites, { plan, distribution, record }: SiteLook, order: SiteOrder): string {
  const puts = plan.puts.flat();
  const kinds = REASONS.flatMap(([why, words]) => {
    const count = puts.filter((put) => put.why === why).length;
    return count > 0 ? [`${count} ${words}`] : [];
  });
  const seen = typeof distribution === 'object' ? distribution : undefined;
  const stale = [...(record?.pending?.paths ?? []), ...plan.stale];
  const paths =
    order.distribution === undefined || order.invalidate === 'none'
      ? []
      : cdnPaths(order.invalidate === 'all' && plan.newRelease ? ['*'] : stale, order.place, seen);
  return [
    [
      ...(puts.length > 0 ? [`${plural(puts.length, 'file')} to put (${kinds.join(', ')})`] : []),
      ...(plan.removals.length > 0 ? [`${plural(plan.removals.length, 'file')} to remove`] : []),
      ...(puts.length + plan.removals.length === 0 ? ['no file to put'] : []),
    ].join(', '),
    ...(paths.length > 0 ? [`${plural(paths.length, 'path')} to invalidate`] : []),
    ...(plan.kept.length > 0 ? [`${plural(plan.kept.length, 'asset')} of earlier releases kept`] : []),
    ...(plan.foreign.length > 0 ? [`${plural(plan.foreign.length, 'file')} of others left alone`] : []),
  ].join('; ');
}

/** `release 1a2b3c4d5e6f: 4 files put, 2 removed, 3 paths invalidated`. */
function resultWords({ shortRelease }: Sites, result: SiteResult): string {
  const { put, removed, invalidated } = result;
  const words = [
    ...(put > 0 ? [`${plural(put, 'file')} put`] : []),
    ...(removed > 0 ? [`${removed} removed`] : []),
    ...(invalidated.length > 0 ? [`${plural(invalidated.length, 'path')} invalidated`] : []),
  ];
  return `release ${shortRelease(result.release)}${words.length > 0 ? `: ${words.join(', ')}` : ''}`;
}
