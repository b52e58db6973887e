import { createHash } from 'node:crypto';
import type { ArtifactStore } from '../../artifacts/store.ts';
import { InfractlError } from '../../base/errors.ts';
import { loadTemplate } from '../template/load.ts';
import { isStoreType } from '../template/parameters.ts';
import { shownPath } from '../template/shown-path.ts';
import { LARGEST_BYTES, type Template } from '../template/template.ts';
import { capabilitiesOf } from './capabilities.ts';
import { checkLocalPaths } from './check.ts';
import { type Parcel, pack } from './parcels.ts';
import { type Place, placesIn } from './places.ts';
import { type Where, whereIn } from './where.ts';

export { checkLocalPaths } from './check.ts';
export type { Where } from './where.ts';

/** A template whose local paths are packed, but not uploaded yet. */
export interface PackagedTemplate {
  /** The keys of the parcels in the artifact store; those of nested templates rest on the bucket. */
  readonly keys: readonly string[];
  /**
   * Whether what becomes of the template depends on more than its text and what it names on this machine.
   * Where it does not, equal packaged texts mean that nothing differs in any nested template either.
   */
  readonly openEnded: boolean;
  /** What the nested templates want to have acknowledged. */
  readonly capabilities: readonly string[];
  /** The text as AWS gets it when the parcels are in this bucket. */
  text(where: Where): string;
  /**
   * Uploads what the store does not have.
   *
   * @throws InfractlError `TemplateTooLarge` for a nested template, before anything is uploaded.
   */
  upload(store: ArtifactStore): Promise<void>;
  /** Uploads the nested templates alone: what AWS must read to say what would change. */
  uploadTemplates(store: ArtifactStore): Promise<void>;
  /** The text of a nested template, by its file, when the parcels are in this bucket. */
  nestedText(file: string, where: Where): string | undefined;
  /** The bucket that a deployed text takes its parcels from; undefined when it names none. */
  whereIn(deployed: string): Where | undefined;
}

/** A template with everything that it names: files, and further templates. */
interface Tree {
  readonly template: Template;
  readonly pieces: readonly { readonly place: Place; readonly content: Parcel | Tree }[];
}

/** Whether a template names anything on this machine. Reads no file. */
export function hasLocalPaths(template: Template): boolean {
  return placesIn(template).places.length > 0;
}

/**
 * Packs what a template and its nested templates name on this machine. Reads files, calls nothing. What is
 * named several times is packed once.
 *
 * @throws UsageError as `checkLocalPaths` and `zipFolder`.
 */
export async function packageTemplate(template: Template): Promise<PackagedTemplate> {
  await checkLocalPaths(template);
  const tree = await grow(template, new Map());
  const all = [...branches(tree)];
  const nested = all.filter((one) => one !== tree);
  const parcels = new Map(
    all.flatMap(({ pieces }) =>
      pieces.flatMap(({ content }) => (isTree(content) ? [] : [[content.key, content]])),
    ),
  );
  return {
    keys: [...parcels.keys()],
    openEnded: all.some((one) => isOpen(one, one !== tree)),
    capabilities: [...new Set(nested.flatMap(({ template }) => capabilitiesOf(template)))],
    text: (where) => rewritten(tree, where),
    whereIn,
    async uploadTemplates(store) {
      await Promise.all(nested.map((one) => uploadOnce(store, nestedParcel(one, store))));
    },
    nestedText(file, where) {
      const found = nested.find(({ template }) => template.file === file);
      return found && rewritten(found, where);
    },
    async upload(store) {
      const texts = nested.map((one) => nestedParcel(one, store));
      const unique = new Map([...parcels, ...texts.map((parcel) => [parcel.key, parcel] as const)]);
      await Promise.all([...unique.values()].map((parcel) => uploadOnce(store, parcel)));
    },
  };
}

async function grow(template: Template, packs: Map<string, Promise<Parcel>>): Promise<Tree> {
  const pieces = await Promise.all(
    placesIn(template).places.map(async (place) => {
      if (place.kind === 'template')
        return { place, content: await grow(await loadTemplate(place.path), packs) };
      const same = `${place.kind} ${place.path}`;
      const packed = packs.get(same) ?? pack(place);
      packs.set(same, packed);
      return { place, content: await packed };
    }),
  );
  return { template, pieces };
}

function isTree(content: Parcel | Tree): content is Tree {
  return 'template' in content;
}

function* branches(tree: Tree): Generator<Tree> {
  yield tree;
  for (const { content } of tree.pieces) if (isTree(content)) yield* branches(content);
}

function isOpen({ template, pieces }: Tree, nested: boolean): boolean {
  if (placesIn(template).open) return true;
  // A parameter of a nested stack that is read from Parameter Store may have another value each time.
  if (nested && [...template.parameters.values()].some(({ type }) => isStoreType(type))) return true;
  return pieces.some(
    ({ place, content }) =>
      place.kind === 'snippet' && !isTree(content) && Buffer.from(content.bytes).includes('Fn::Transform'),
  );
}

/** Replaces each place and leaves every other character as it was written. */
function rewritten({ template: { text }, pieces }: Tree, where: Where): string {
  let made = '';
  let done = 0;
  for (const { place, content } of pieces) {
    const key = isTree(content) ? nestedKey(rewritten(content, where)) : content.key;
    made += text.slice(done, place.from) + written(place.written(where, key));
    done = place.to;
  }
  return made + text.slice(done);
}

/** As JSON, which is YAML too: one way of writing serves both. Bucket names and keys need no escapes. */
function written(location: string | Readonly<Record<string, string>>): string {
  if (typeof location === 'string') return `"${location}"`;
  const pairs = Object.entries(location).map(([key, value]) => `"${key}": "${value}"`);
  return `{${pairs.join(', ')}}`;
}

function nestedKey(text: string): string {
  return `templates/${createHash('sha256').update(text).digest('hex')}.yaml`;
}

function nestedParcel(tree: Tree, where: Where): Parcel {
  const text = rewritten(tree, where);
  const bytes = Buffer.from(text);
  if (bytes.length > LARGEST_BYTES)
    throw new InfractlError({
      code: 'TemplateTooLarge',
      message: `With the places of its code the nested template ${shownPath(tree.template.file)} has ${bytes.length} bytes; CloudFormation takes no more than ${LARGEST_BYTES}.`,
      suggestions: ['Split it into several nested stacks.'],
    });
  return { key: nestedKey(text), bytes, contentType: 'text/yaml' };
}

async function uploadOnce(store: ArtifactStore, { key, bytes, contentType }: Parcel): Promise<void> {
  if (await store.has(key)) return;
  await store.put(key, bytes, { ...(contentType ? { contentType } : {}), ifAbsent: true });
}
