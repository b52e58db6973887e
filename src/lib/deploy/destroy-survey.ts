import { Exit, InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { listed, plural } from '../base/text.ts';
import { buildGraph, partIds, partsNamed, selectGraph } from '../project/index.ts';
import { type Project, partKey } from '../project/model.ts';
import type { EndingResource, StackState, StacksPort } from '../stacks/index.ts';
import type { SiteGoing } from './destroy-sites.ts';
import type { DeployContext } from './types.ts';

/** Something that must be empty before its stack can be deleted. */
export interface Holding {
  /** The part whose stack owns it: `stack app`. */
  readonly part: string;
  readonly kind: 'bucket' | 'repository';
  readonly name: string;
  /** Objects with all their versions, or images. */
  readonly count: number;
  /** Bytes. */
  readonly size: number;
  /** There is more than was counted. */
  readonly more: boolean;
}

/** A stack that is there, and what its deletion would do. */
export interface Ending {
  readonly part: string;
  readonly state: StackState;
  readonly resources: readonly EndingResource[];
}

/** What a destroy would take away. */
export interface Inventory {
  readonly stacks: readonly {
    readonly part: string;
    readonly stackName: string;
    readonly status: string;
    readonly protected: boolean;
    /** Resources that hold data which goes with them. */
    readonly data: readonly EndingResource[];
    /** Resources that stay, by their policy, as they are or as a snapshot. */
    readonly stays: readonly EndingResource[];
  }[];
  readonly repositories: readonly { readonly part: string; readonly uri: string }[];
  /** Sites whose files are taken out of their buckets. */
  readonly sites: readonly SiteGoing[];
  /** Applications on hosts, which end with their machines or stay with them. */
  readonly releases: readonly ReleaseEnding[];
  /** Buckets and repositories that are emptied first. */
  readonly holdings: readonly Holding[];
  /** Parts that were asked to stay, and what they need. */
  readonly kept: readonly string[];
  /** The bucket with the journal, which stays. */
  readonly bucket?: string;
}

/** What `--keep` says: whole parts, and single resources that AWS can leave. */
export interface Kept {
  /** Keys of parts that stay, with all that they need. */
  readonly parts: ReadonlySet<string>;
  /** Stack part → logical ids. */
  readonly retain: ReadonlyMap<string, readonly string[]>;
}

type Place = Pick<DeployContext, 'session' | 'clock' | 'signal'>;

const HOLDS: Readonly<Record<string, Holding['kind']>> = {
  'AWS::S3::Bucket': 'bucket',
  'AWS::ECR::Repository': 'repository',
};

/**
 * What stands in the way of a deletion: buckets and repositories that are not empty. One of another account is
 * not looked at.
 *
 * @param going of each stack the resources that go with it
 */
export async function holdingsOf(
  context: Place,
  going: readonly Pick<Ending, 'part' | 'resources'>[],
): Promise<Holding[]> {
  const owners = going.flatMap(({ part, resources }) =>
    resources.flatMap(({ type, physicalId }) => {
      const kind = HOLDS[type];
      return kind && physicalId ? [{ part, kind, name: physicalId }] : [];
    }),
  );
  const found = await Promise.all(
    owners.map(async (owner) => ({ ...owner, ...(await fill(context, owner)) })),
  );
  return found.filter(({ count }) => count > 0);
}

async function fill({ session, clock, signal }: Place, { kind, name }: Pick<Holding, 'kind' | 'name'>) {
  try {
    if (kind === 'bucket') {
      const [{ contentsOf }, { bucketsPort }, { account }] = await Promise.all([
        import('../buckets/index.ts'),
        import('../aws/bucket-emptying.ts'),
        session.identity(),
      ]);
      return await contentsOf({ port: bucketsPort(session, account), clock, signal }, name);
    }
    const { storedImages } = await import('../aws/inventory.ts');
    const images = await storedImages(session, name);
    return { count: images.length, size: images.reduce((sum, { size }) => sum + size, 0), more: false };
  } catch (error) {
    // Gone by hand, or of another account, or not to be looked at: then it is not emptied either.
    if (isInfractlError(error) && /NotFound|NoSuch|AccessDenied/.test(error.code)) return NOTHING;
    throw error;
  }
}

const NOTHING = { count: 0, size: 0, more: false } as const;

/**
 * Refuses what AWS would refuse half way, before anything is deleted: protection, and exports that stacks
 * import which stay. ListImports.
 *
 * @throws InfractlError `StackProtected`, `ExportInUse` (exit 5)
 */
export async function checkEndings(
  port: Pick<StacksPort, 'importers'>,
  endings: readonly Ending[],
  where: string,
): Promise<void> {
  const guarded = endings.filter(({ state }) => state.terminationProtection);
  if (guarded.length > 0) throw protectedStacks(guarded, where);
  const going = new Set(endings.map(({ state }) => state.stackName));
  const lines: string[] = [];
  for (const { state } of endings)
    for (const name of Object.values(state.exports ?? {})) {
      const importers = await port.importers(name).catch((error: unknown) => {
        // Without the right to look, AWS itself refuses the one stack.
        if (isInfractlError(error) && error.code === 'AccessDenied') return [];
        throw error;
      });
      const others = importers.filter((importer) => !going.has(importer));
      if (others.length > 0)
        lines.push(
          `${listed(others)} ${others.length === 1 ? 'imports' : 'import'} ${name} of ${state.stackName}.`,
        );
    }
  if (lines.length === 0) return;
  throw new InfractlError({
    code: 'ExportInUse',
    message: 'Stacks that stay import values of stacks that would go. Nothing was deleted.',
    why: lines.join('\n'),
    suggestions: [
      'Delete those stacks first, or put parameters in place of !ImportValue in their templates and deploy them.',
      `Or keep the stack that exports: infractl destroy${where} --keep NAME`,
    ],
    exit: Exit.declined,
  });
}

function protectedStacks(guarded: readonly Ending[], where: string): InfractlError {
  const names = guarded.map(({ part }) => part.replace(/^stack /, ''));
  return new InfractlError({
    code: 'StackProtected',
    message: `${plural(guarded.length, 'stack')} ${guarded.length === 1 ? 'is' : 'are'} protected against deletion: ${listed(guarded.map(({ state }) => state.stackName))}. Nothing was deleted.`,
    why: 'Termination protection is on.',
    suggestions: [
      `If it is to go: set \`terminationProtection: false\` in infractl.yaml, run infractl deploy --create-stack${where}, then run this again.`,
      `Or delete the rest: infractl destroy${where} ${names.map((name) => `--keep stack:${name}`).join(' ')}`,
    ],
    exit: Exit.declined,
  });
}

/** All that a destroy names before it asks, each in a line: what is emptied and deleted, and whose data goes. Pure. */
export function whatGoes({ stacks, sites, repositories, holdings }: Inventory): string[] {
  return [
    ...stacks.flatMap(({ stackName, data }) => [
      `the stack ${stackName}`,
      ...data.map(
        ({ logicalId, type, physicalId }) => `${logicalId} (${type} ${physicalId}) of ${stackName}`,
      ),
    ]),
    ...sites.map(({ part }) => `the ${part}`),
    ...repositories.map(({ uri }) => `the images in ${uri}`),
    ...holdings.map(({ kind, name }) => `what is in the ${kind} ${name}`),
  ];
}

/** The error of a destroy that would delete what nobody has seen. */
export function changedMeanwhile(
  { name, environment }: Pick<Project, 'name' | 'environment'>,
  more: readonly string[],
): InfractlError {
  return new InfractlError({
    code: 'ChangedMeanwhile',
    message: `Somebody else changed ${name} ${environment} after it was shown what goes. Nothing was deleted.`,
    why: `This would go too: ${listed(more)}.`,
    suggestions: ['Run the same command again: it shows what is there now.'],
    exit: Exit.busy,
  });
}

/**
 * What `--keep` means. Pure. A part stays with all that it needs. Of a stack that goes AWS leaves a single
 * resource only when its `DeletionPolicy` says so, or when a deletion failed at it before (`RetainResources`).
 *
 * @throws UsageError `NoSuchPart`, `KeepNeedsPolicy`
 */
export function keptBy(
  project: Project,
  endings: readonly Ending[],
  words: readonly string[],
  where = '',
): Kept {
  const graph = buildGraph(project);
  const all = partIds(project).filter(({ kind }) => ['stack', 'image', 'site'].includes(kind));
  const retain = new Map<string, string[]>();
  const chosen = words.flatMap((word) => {
    const parts = partsNamed(all, word);
    if (parts.length > 0) return parts;
    const owners = endings.filter(({ resources }) => resources.some(({ logicalId }) => logicalId === word));
    if (owners.length === 0)
      throw new UsageError({
        code: 'NoSuchPart',
        message: `--keep ${word}: the project ${project.name} has no such part, and no stack of it has such a resource.`,
        suggestions: [`Its parts: ${all.map((id) => partKey(id).replace(' ', ':')).join(', ')}`],
      });
    for (const owner of owners) keepOne(retain, owner, word, where);
    return [];
  });
  return { parts: new Set(selectGraph(graph, chosen, true).nodes.map(partKey)), retain };
}

function keepOne(
  retain: Map<string, string[]>,
  { part, state, resources }: Ending,
  logicalId: string,
  where: string,
): void {
  const named = resources.filter((resource) => resource.logicalId === logicalId);
  if (named.every(({ fate }) => fate === 'retained')) return;
  // `RetainResources` takes resources of the stack itself: those of a nested one stay with that one alone.
  const failed = named.some(({ path, status }) => path.length === 1 && status === 'DELETE_FAILED');
  if (state.status === 'DELETE_FAILED' && failed) {
    retain.set(part, [...(retain.get(part) ?? []), logicalId]);
    return;
  }
  throw new UsageError({
    code: 'KeepNeedsPolicy',
    message: `--keep ${logicalId}: AWS cannot leave this one resource out when it deletes the stack ${state.stackName}.`,
    why: 'It leaves a resource whose DeletionPolicy says so, or one at which a deletion has failed.',
    suggestions: [
      `Add \`DeletionPolicy: Retain\` to ${logicalId} in the template, run infractl deploy --create-stack${where}, then run this again.`,
      `Or keep the whole stack: --keep ${part.replace(' ', ':')}`,
    ],
  });
}

/** An application on hosts, and whether they go. What is on a host is left alone: it ends with its machine. */
export interface ReleaseEnding {
  readonly part: string;
  readonly hosts: readonly string[];
  readonly goes: boolean;
}

/** What becomes of the applications on hosts when these stacks go. Pure. */
export function releaseEndings(project: Project, endings: readonly Pick<Ending, 'part'>[]): ReleaseEnding[] {
  const graph = buildGraph(project);
  const going = new Set(endings.map(({ part }) => part));
  return [...project.releases.values()].map(({ name, hosts }) => {
    const id = { kind: 'release', name } as const;
    return { part: partKey(id), hosts, goes: graph.needs(id).some((need) => going.has(partKey(need))) };
  });
}
