import { hashFiles, type KnownSecret } from './content.ts';
import { readFolder } from './folder.ts';
import { type HeaderRules, headersOf } from './headers.ts';
import { releaseOf, sha256 } from './release.ts';
import type { FileSource, Release } from './types.ts';

/** A site as it is on this machine. */
export interface LocalSite {
  readonly folder: string;
  readonly prefix: string;
  readonly exclude: readonly string[];
  readonly allow: readonly string[];
  readonly rules: HeaderRules;
  /** Values that must not be published. */
  readonly secrets: readonly KnownSecret[];
  /** A file that is put into the site beside those of the folder; it wins over one of the same name. */
  readonly config?: ConfigFile | undefined;
}

export interface ConfigFile {
  /** Path in the site; `.json`, or `.js` that sets the global variable. */
  readonly path: string;
  readonly values: Readonly<Record<string, string | number | boolean>>;
  readonly global: string;
}

/**
 * The release that a folder makes, and where its bytes are, by their hash.
 *
 * @throws as `readFolder` and `hashFiles`
 */
export async function localRelease(
  site: LocalSite,
): Promise<{ readonly release: Release; readonly sources: ReadonlyMap<string, FileSource> }> {
  const { config } = site;
  const found = await readFolder(site);
  const files = found.filter(({ path }) => path !== config?.path);
  const hashes = await hashFiles(files, site);
  const headers = headersOf(site.rules);
  const sources = new Map<string, FileSource>();
  const listed = files.map(({ path, file, size }) => {
    const hash = hashes.get(path) ?? '';
    sources.set(hash, { file, size });
    return { path, sha256: hash, size, headers: headers(path) };
  });
  if (config) {
    const bytes = Buffer.from(configText(config));
    const hash = sha256(bytes);
    sources.set(hash, { bytes });
    listed.push({ path: config.path, sha256: hash, size: bytes.byteLength, headers: headers(config.path) });
  }
  return { release: releaseOf(listed), sources };
}

/** The text of a configuration file. Pure: equal values give equal bytes. */
export function configText({ path, values, global }: ConfigFile): string {
  const sorted = Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
  const json = JSON.stringify(sorted, null, 2);
  // What ends a script element must not stand in one, should a page take the file in as it is.
  return path.endsWith('.json')
    ? `${json}\n`
    : `globalThis.${global} = ${json.replaceAll('<', '\\u003c')};\n`;
}
