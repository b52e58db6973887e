import { UsageError } from '../base/errors.ts';
import { gitFacts } from '../base/git.ts';
import { valueResolver } from '../deploy/values.ts';
import type { Project, ReleasePart, Value } from '../project/model.ts';
import type { Parcel, ReleaseValues } from '../releases/index.ts';
import type { HostDeskDeps } from './host-desk.ts';

/** Never part of a folder's release: secrets of this machine, and what is built on the host. */
const NEVER = ['.env.secrets', '.env.secrets.*', '.infractl.env', 'node_modules', '.venv'];
const LARGEST = {
  bytes: 1_073_741_824,
  what: 'a release',
  suggestions: ['Leave out what it does not need: `exclude: [...]` of its source in infractl.yaml.'],
};

/** What a release is made of beside its configuration: values from elsewhere, and the files of a folder. */
export class ReleaseMaterial {
  readonly #deps: HostDeskDeps;
  readonly #resolve: ReturnType<typeof valueResolver>;

  constructor(deps: HostDeskDeps, project: Project) {
    this.#deps = deps;
    this.#resolve = deps.resolve ?? valueResolver(deps, project);
  }

  async text(value: Value): Promise<string> {
    return (await this.#resolve(value)).value;
  }

  async values(part: ReleasePart): Promise<ReleaseValues> {
    const environment = await Promise.all(
      Object.entries(part.environment).map(async ([name, value]) => [name, await this.text(value)] as const),
    );
    return { environment: Object.fromEntries(environment), ...(await this.login(part)) };
  }

  /** What git logs in with. */
  async login({ source }: ReleasePart): Promise<{ key?: string; token?: string }> {
    if (!('git' in source)) return {};
    return {
      ...(source.key === undefined ? {} : { key: await this.text(source.key) }),
      ...(source.token === undefined ? {} : { token: await this.text(source.token) }),
    };
  }

  async parcel({ source }: ReleasePart): Promise<Parcel | undefined> {
    if (!('folder' in source)) return undefined;
    const [{ filesToPack, zipFiles }, { contentOf }] = await Promise.all([
      import('../artifacts/zip.ts'),
      import('../artifacts/content.ts'),
    ]);
    const { folder, exclude } = source;
    const exclusion = '`exclude` of its source';
    const files = await filesToPack(folder, { exclude: [...NEVER, ...exclude], largest: LARGEST, exclusion });
    const [sha256, git] = await Promise.all([
      contentOf(files),
      gitFacts(folder, this.#deps.env, this.#deps.signal),
    ]);
    let archive: Promise<Uint8Array> | undefined;
    return {
      folder,
      files,
      sha256,
      archive: () => {
        archive ??= zipFiles(files).then(({ bytes }) => bytes);
        return archive;
      },
      dirty: git?.dirty ?? false,
      ...(git ? { commit: git.commit } : {}),
    };
  }
}

/** @throws UsageError `NoRef` for a folder */
export function withRef(part: ReleasePart, ref: string | undefined): ReleasePart {
  if (ref === undefined) return part;
  if ('git' in part.source) return { ...part, source: { ...part.source, ref } };
  throw new UsageError({ code: 'NoRef', message: `${part.name} is not released from git: it has no refs.` });
}

/** What works on the hosts of a release has none to work on where each is made of an image. */
export function isImage({ name }: ReleasePart): UsageError {
  return new UsageError({
    code: 'ReleasedAsImage',
    message: `${name} is released as an image: there is nothing to do on its members one by one.`,
    suggestions: ['What there is for it: infractl redeploy deploy, status, history, rollback'],
  });
}
