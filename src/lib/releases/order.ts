import { createHash } from 'node:crypto';
import { UsageError } from '../base/errors.ts';
import type { ReleasePart } from '../project/model.ts';

/** The values of a release that come from elsewhere, as texts. */
export interface ReleaseValues {
  readonly environment: Readonly<Record<string, string>>;
  readonly key?: string;
  readonly token?: string;
}

/** The files of a folder. */
export interface Parcel {
  /** Absolute. */
  readonly folder: string;
  readonly files: readonly { readonly path: string; readonly executable: boolean }[];
  /** Of what is in them: see `contentOf`. */
  readonly sha256: string;
  /** All of them as one zip, made when it is asked for. */
  readonly archive: () => Promise<Uint8Array>;
  /** The commit that the folder is on; undefined outside of git. */
  readonly commit?: string;
  readonly dirty: boolean;
}

/** What every order needs to know. Seconds, where the configuration has milliseconds. */
export function baseOrder(part: ReleasePart, by: string) {
  const { health } = part;
  return {
    by,
    path: part.path,
    unit: part.unit,
    ports: part.ports,
    strategy: part.strategy,
    nginx: part.nginx,
    site: part.site,
    build: part.build,
    keep: part.keep,
    drain: part.drain / 1000,
    settle: health.settle / 1000,
    source: publicSource(part),
    health: {
      path: health.path ?? null,
      streamlit: health.streamlit,
      expect: health.expect.length > 0 ? health.expect : Array.from({ length: 100 }, (_, i) => 200 + i),
      timeout: health.timeout / 1000,
    },
  };
}

function publicSource({ source }: ReleasePart): Record<string, unknown> {
  return 'git' in source ? { git: source.git, ref: source.ref } : { folder: true };
}

/** The order of a release: what is built from what, with which environment. */
export function deployOrder(
  part: ReleasePart,
  values: ReleaseValues,
  parcel: Parcel | undefined,
  user: string | undefined,
) {
  const envText = environmentText(environmentOf(part, values));
  const { build, shared } = part;
  const source =
    'git' in part.source
      ? { git: part.source.git, ref: part.source.ref, key: values.key, token: values.token }
      : parcelSource(parcel);
  return {
    source,
    build,
    shared,
    envText,
    user,
    buildTimeout: part.buildTimeout / 1000,
    // Another build or environment is another release, also of the same commit.
    wanted: createHash('sha256')
      .update(JSON.stringify([build, shared, envText, user, part.strategy, part.ports]))
      .digest('hex'),
  };
}

function parcelSource(parcel: Parcel | undefined) {
  if (!parcel) return {};
  const content = parcel.sha256.slice(0, 40);
  const subject = parcel.commit
    ? `a folder at ${parcel.commit.slice(0, 8)}${parcel.dirty ? ' with changes that were not committed' : ''}`
    : 'a folder';
  return { folder: true, commit: content, subject };
}

/** What the application gets beside its own: where to listen, and Streamlit's check switched on. */
function environmentOf(part: ReleasePart, values: ReleaseValues): Record<string, string> {
  return {
    ...(part.strategy === 'restart' && part.ports[0] ? { PORT: String(part.ports[0]) } : {}),
    ...(part.health.streamlit ? { STREAMLIT_SERVER_SCRIPT_HEALTH_CHECK_ENABLED: 'true' } : {}),
    ...values.environment,
  };
}

/**
 * The lines of a systemd EnvironmentFile. Inside of double quotes systemd reads a backslash before a quote,
 * a backslash, a dollar or a backtick as that sign, and a line break as itself.
 *
 * @throws UsageError `BadEnvironment` for a value that no such file can hold
 */
export function environmentText(values: Readonly<Record<string, string>>): string {
  return Object.keys(values)
    .sort()
    .map((name) => {
      const value = values[name] ?? '';
      if (value.includes('\0')) {
        throw new UsageError({
          code: 'BadEnvironment',
          message: `The value of ${name} has a zero byte in it.`,
        });
      }
      return `${name}="${value.replace(/["\\$`]/g, '\\$&')}"\n`;
    })
    .join('');
}
