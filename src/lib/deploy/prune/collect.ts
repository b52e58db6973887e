import type { ArtifactStore, StoredObject } from '../../artifacts/index.ts';
import type { AwsSession } from '../../aws/session.ts';
import { isInfractlError } from '../../base/errors.ts';
import {
  asItIs,
  type JournalEntry,
  listJournal,
  makesState,
  standingAt,
  witness,
} from '../../journal/index.ts';
import {
  containerAsUser,
  type Item,
  isShared,
  keptRuns,
  namesIn,
  runAsUser,
  type User,
} from '../../prune/index.ts';
import { PROJECT_TAG, type StackState, type StacksPort } from '../../stacks/index.ts';

export interface CollectOrder {
  readonly session: AwsSession;
  readonly store: ArtifactStore | undefined;
  readonly stacks: StacksPort;
  readonly project: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly keep: { readonly newest: number; readonly within: number };
}

export interface Collection {
  readonly items: readonly Item[];
  readonly users: readonly User[];
  /** Ids of journal entries that stay, with the reason. */
  readonly kept: ReadonlyMap<string, string>;
  /** Those that have a journal, whether infractl.yaml still has them or not. */
  readonly environments: readonly string[];
  /** Runs that are under way now. */
  readonly running: readonly JournalEntry[];
  /** What was not looked at, in sentences. */
  readonly notes: readonly string[];
}

const ENTRY = /^journal\/([^/]+)\/(\d{8}T\d{9}Z-[0-9a-f]{6})\.json$/;
/** Where a deploy puts what it makes; other objects of the bucket are no business of this. */
const PLACES = ['code/', 'files/', 'functions/', 'templates/', 'sites/blobs/', 'sites/manifests/'];
/** What each site's bucket holds now. */
const SITES = 'sites/state/';
/** What names further objects, by a hash of its own. */
const NAMING = [
  { key: (hash: string) => `templates/${hash}.yaml`, what: 'the template' },
  { key: (hash: string) => `sites/manifests/${hash}.json`, what: 'the release of a site' },
] as const;
const ALL = 100_000;

/** What there is of a project in one account and region, in all of its environments, and all that uses it. Reads only. */
export async function collect(order: CollectOrder): Promise<Collection> {
  const { session, store, stacks, project } = order;
  const [objects, states, { account }] = await Promise.all([
    list(store),
    stacks.stacks(),
    session.identity(),
  ]);
  const ours = states.filter(({ tags }) => tags[PROJECT_TAG] === project);
  const [journal, deployed, functions, repositories] = await Promise.all([
    readJournals(order, objects),
    readTemplates(stacks, ours),
    versionsAsUsers(session),
    ourRepositories(stacks, ours),
  ]);
  const sites = await sitesAsUsers(store);
  const users = [...states.map(stackAsUser), ...deployed, ...functions, ...sites, ...journal.users];
  const texts = await namingTexts(store, users, new Set(objects.map(({ key }) => key)));
  const images = await imagesIn(session, repositories, account);
  const containers = await containersAsUsers(session, images.items);
  return {
    items: [...images.items, ...objectItems(store, objects)],
    users: [...users, ...texts, ...images.users, ...containers.users],
    kept: journal.kept,
    environments: journal.environments,
    running: journal.running,
    notes: [...images.notes, ...containers.notes],
  };
}

async function list(store: ArtifactStore | undefined): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for (const prefix of store ? [...PLACES, 'journal/'] : [])
    for await (const object of store?.list(prefix) ?? []) found.push(object);
  return found;
}

function objectItems(store: ArtifactStore | undefined, objects: readonly StoredObject[]): Item[] {
  return objects.flatMap(({ key, size, modifiedAt }): Item[] => {
    const entry = ENTRY.exec(key)?.[2];
    if (key.startsWith('journal/') && entry === undefined) return [];
    const facts = { place: store?.bucket ?? '', size, at: modifiedAt.getTime(), tags: [], children: [] };
    return [entry ? { kind: 'entry', id: key, ...facts } : { kind: 'object', id: key, ...facts }];
  });
}

/** The journals of all environments that ever were, also of those that infractl.yaml does not have any more. */
async function readJournals({ store, now, keep }: CollectOrder, objects: readonly StoredObject[]) {
  const environments = new Set(objects.flatMap(({ key }) => ENTRY.exec(key)?.[1] ?? []));
  const kept = new Map<string, string>();
  const users: User[] = [];
  const running: JournalEntry[] = [];
  const who = witness(now);
  for (const environment of environments) {
    if (!store) continue;
    const entries = (await listJournal(store, environment, ALL))
      .map((entry) => asItIs(entry, who))
      .toReversed();
    const restsOn = ({ id }: JournalEntry) => [...standingAt(entries, id).values()].map(({ entry }) => entry);
    const stay = keptRuns(entries, { ...keep, now }, restsOn, makesState);
    for (const entry of entries) {
      const reason = stay.get(entry.id);
      if (reason === undefined) continue;
      kept.set(`journal/${environment}/${entry.id}.json`, reason);
      users.push(runAsUser(entry));
    }
    running.push(...entries.filter(({ result }) => result === 'running'));
    // One that cannot be read may name anything: it stays, and so it is told.
    const known = new Set(entries.map(({ id }) => id));
    for (const { key } of objects) {
      const [, of, id] = ENTRY.exec(key) ?? [];
      if (of === environment && id && !known.has(id)) kept.set(key, 'it cannot be read');
    }
  }
  return { kept, users, running, environments: [...environments] };
}

/** What a stack was given and gives; of stacks of others too, since an image's digest may be anywhere. */
function stackAsUser({ stackName, parameters, outputs }: StackState): User {
  return { who: `the stack ${stackName}`, text: JSON.stringify([parameters, outputs]) };
}

async function readTemplates(stacks: StacksPort, ours: readonly StackState[]): Promise<User[]> {
  return Promise.all(
    ours.map(async ({ stackId, stackName }) => ({
      who: `the template of the stack ${stackName}`,
      text: (await stacks.template(stackId)) ?? '',
    })),
  );
}

async function versionsAsUsers(session: AwsSession): Promise<User[]> {
  const { runningVersions } = await import('../../aws/lambda-inventory.ts');
  return (await runningVersions(session)).map(({ functionName, version, codeSha256, imageUri = '' }) => ({
    who: version === '$LATEST' ? `the function ${functionName}` : `version ${version} of ${functionName}`,
    text: [imageUri, codeSha256, Buffer.from(codeSha256, 'base64').toString('hex')].join(' '),
  }));
}

async function ourRepositories(stacks: StacksPort, ours: readonly StackState[]): Promise<string[]> {
  const found = await Promise.all(ours.map(({ stackId }) => stacks.resources(stackId)));
  const names = found
    .flat()
    .flatMap(({ type, physicalId }) => (type === 'AWS::ECR::Repository' ? [physicalId] : []));
  return [...new Set(names.filter(Boolean))];
}

/** What a site's bucket holds is used: the release that is there, and assets of earlier ones. */
async function sitesAsUsers(store: ArtifactStore | undefined): Promise<User[]> {
  const users: User[] = [];
  for await (const { key } of store?.list(SITES) ?? []) {
    const text = new TextDecoder().decode((await store?.get(key)) ?? new Uint8Array());
    const [environment, site] = key
      .slice(SITES.length)
      .replace(/\.json$/, '')
      .split('/');
    users.push({ who: `the site ${site} of ${environment}`, text });
  }
  return users;
}

/**
 * Templates that stay are users too, of the code and of the nested templates that they name, and so on; and so are
 * releases of sites, of their files.
 */
async function namingTexts(
  store: ArtifactStore | undefined,
  users: readonly User[],
  keys: ReadonlySet<string>,
): Promise<User[]> {
  const read = new Map<string, User>();
  for (let open = users; open.length > 0; ) {
    const named = new Set(open.flatMap(({ text }) => [...namesIn(text)]));
    const wanted = [...named]
      .flatMap((hash) => NAMING.map(({ key, what }) => ({ key: key(hash), what, hash })))
      .filter(({ key }) => keys.has(key) && !read.has(key));
    open = await Promise.all(
      wanted.map(async ({ key, what, hash }) => {
        const text = new TextDecoder().decode((await store?.get(key)) ?? new Uint8Array());
        const user = { who: `${what} ${hash.slice(0, 12)} that is kept`, text };
        read.set(key, user);
        return user;
      }),
    );
  }
  return [...read.values()];
}

async function imagesIn(session: AwsSession, repositories: readonly string[], account: string) {
  const { repositoryPolicy, storedImages } = await import('../../aws/inventory.ts');
  const items: Item[] = [];
  const users: User[] = [];
  const notes: string[] = [];
  for (const place of repositories) {
    const images = await storedImages(session, place);
    items.push(
      ...images.map(
        ({ digest, pushedAt, ...rest }): Item => ({
          kind: 'image',
          id: digest,
          place,
          at: pushedAt,
          ...rest,
        }),
      ),
    );
    if (!isShared(await repositoryPolicy(session, place), account)) continue;
    notes.push(
      `The repository ${place} lets other accounts pull, where nobody can look from here: its images stay.`,
    );
    users.push({
      who: 'another account that may pull it',
      text: images.map(({ digest }) => digest).join(' '),
    });
  }
  return { items, users, notes };
}

/** What ECS runs or may start. Where it may not be looked at, no image can be judged: all of them stay. */
async function containersAsUsers(session: AwsSession, images: readonly Item[]) {
  if (images.length === 0) return { users: [], notes: [] };
  const { containerImages } = await import('../../aws/ecs-inventory.ts');
  try {
    const found = await containerImages(session);
    return { users: found.map((one) => containerAsUser(one, images)), notes: [] };
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
    const who = 'a task of ECS, which may not be looked at,';
    return {
      users: [{ who: `perhaps ${who}`, text: images.map(({ id }) => id).join(' ') }],
      notes: [`What ECS runs cannot be seen, so all images stay. ${error.message}`],
    };
  }
}
