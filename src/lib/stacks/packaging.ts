import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { isMap, isScalar } from 'yaml';
import type { ArtifactStore } from '../artifacts/store.ts';
import { UsageError } from '../base/errors.ts';
import type { Template } from './template.ts';
import { child, entries, quoted, scalarText } from './yaml.ts';

/** A property that may name code on this machine, and how its place in S3 is written. */
interface Packaged {
  readonly type: string;
  readonly property: string;
  readonly location: (bucket: string, key: string) => Readonly<Record<string, string>>;
}

const PACKAGED: readonly Packaged[] = [
  {
    type: 'AWS::Serverless::Function',
    property: 'CodeUri',
    location: (Bucket, Key) => ({ Bucket, Key }),
  },
  {
    type: 'AWS::Lambda::Function',
    property: 'Code',
    location: (S3Bucket, S3Key) => ({ S3Bucket, S3Key }),
  },
];

/** SAM's `Globals` hold defaults for all resources of a type, under a name of their own. */
const GLOBALS: Readonly<Record<string, string>> = { 'AWS::Serverless::Function': 'Function' };

/** A piece of local code, and where in the template's text it is named. */
interface Place {
  /** Where the code is: a folder or an archive. */
  readonly path: string;
  /** Offsets in the text of the value to replace. */
  readonly from: number;
  readonly to: number;
  readonly location: Packaged['location'];
}

/** Code as it goes to S3: known by its content. */
interface Parcel {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** A template whose local code is packed, but not uploaded yet. */
export interface PackagedTemplate {
  /** The keys of the parcels in the artifact store. */
  readonly keys: readonly string[];
  /** The text as AWS gets it when the parcels are in this bucket. */
  text(bucket: string): string;
  /** Uploads what the store does not have. */
  upload(store: ArtifactStore): Promise<void>;
  /** The bucket that a deployed text takes the parcels from; undefined when it holds others. */
  bucketIn(deployed: string): string | undefined;
}

/** Whether a template names code on this machine. Reads no file. */
export function hasLocalCode(template: Template): boolean {
  return places(template).length > 0;
}

/**
 * Packs the local code that a template names. Reads files, calls nothing.
 *
 * @throws UsageError `CodeMissing` when a path does not exist or is neither a folder nor an archive.
 */
export async function packageTemplate(template: Template): Promise<PackagedTemplate> {
  const found = places(template);
  const packs = new Map<string, Promise<Parcel>>();
  const parcels = await Promise.all(
    found.map((place) => {
      const known = packs.get(place.path) ?? pack(template, place);
      packs.set(place.path, known);
      return known;
    }),
  );
  const replaced = found.map((place, index) => ({ ...place, key: parcels[index]?.key ?? '' }));
  const unique = new Map(parcels.map((parcel) => [parcel.key, parcel]));
  return {
    keys: [...unique.keys()],
    text: (bucket) => rewritten(template.text, replaced, bucket),
    async upload(store) {
      await Promise.all(
        [...unique.values()].map(async ({ key, bytes }) => {
          if (await store.has(key)) return;
          await store.put(key, bytes, { contentType: 'application/zip', ifAbsent: true });
        }),
      );
    },
    bucketIn(deployed) {
      const buckets = new Set(replaced.map(({ key }) => bucketBeside(deployed, key)));
      const [only] = buckets;
      return buckets.size === 1 ? only : undefined;
    },
  };
}

/** Replaces each place and leaves every other character as it was written. */
function rewritten(
  text: string,
  replaced: readonly (Place & { readonly key: string })[],
  bucket: string,
): string {
  let made = '';
  let done = 0;
  for (const { from, to, location, key } of replaced.toSorted((a, b) => a.from - b.from)) {
    made += text.slice(done, from) + written(location(bucket, key));
    done = to;
  }
  return made + text.slice(done);
}

/** As JSON, which is YAML too: one way of writing serves both. Bucket names and keys need no escapes. */
function written(location: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(location).map(([key, value]) => `"${key}": "${value}"`);
  return `{${pairs.join(', ')}}`;
}

/** The bucket that `written` put before this key. */
function bucketBeside(deployed: string, key: string): string | undefined {
  const at = deployed.indexOf(`"${key}"`);
  return at < 0 ? undefined : /"(?:S3)?Bucket": "([^"]+)", "(?:S3)?Key": $/.exec(deployed.slice(0, at))?.[1];
}

function places(template: Template): Place[] {
  const { root } = template.tree;
  const found: Place[] = [];
  const look = (properties: unknown, { property, location }: Packaged) => {
    const node = child(properties, property);
    if (!isScalar(node) || node.tag?.startsWith('!') || !node.range) return;
    const named = scalarText(node);
    if (!named || /^(s3|https?):\/\//i.test(named)) return;
    found.push({ path: local(template, named), from: node.range[0], to: node.range[1], location });
  };
  for (const packaged of PACKAGED) {
    for (const { value } of entries(child(root, 'Resources')))
      if (isMap(value) && scalarText(child(value, 'Type')) === packaged.type)
        look(child(value, 'Properties'), packaged);
    const shared = GLOBALS[packaged.type];
    if (shared) look(child(child(root, 'Globals'), shared), packaged);
  }
  return found;
}

/** Paths are relative to the template that names them. */
function local(template: Template, named: string): string {
  return isAbsolute(named) ? named : resolve(dirname(template.file), named);
}

async function pack(template: Template, place: Place): Promise<Parcel> {
  const found = await stat(place.path).catch(() => undefined);
  if (found?.isDirectory()) {
    const { zipFolder } = await import('../artifacts/zip.ts');
    const { bytes, sha256 } = await zipFolder(place.path, {});
    return { key: codeKey(sha256), bytes };
  }
  if (found?.isFile() && /\.(zip|jar)$/i.test(place.path)) {
    const bytes = await readFile(place.path);
    return { key: codeKey(createHash('sha256').update(bytes).digest('hex')), bytes };
  }
  const at = template.tree.position(place.from);
  const name = relative(dirname(template.file), place.path) || '.';
  throw new UsageError({
    code: 'CodeMissing',
    message: `${template.file}:${at.line}:${at.column}: ${found ? `${name} is neither a folder nor a .zip` : `there is no code at ${name}`}.`,
    why: quoted(template.text, at),
    suggestions: [
      'Name a folder or a .zip, relative to the template; build it first if a build step makes it.',
    ],
  });
}

function codeKey(sha256: string): string {
  return `code/${sha256}.zip`;
}
