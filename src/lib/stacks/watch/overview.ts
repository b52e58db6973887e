import { isInfractlError } from '../../base/errors.ts';
import type { StackState, StacksPort } from '../port.ts';
import { ENVIRONMENT_TAG, PART_TAG, PROJECT_TAG } from '../types.ts';
import { type Mood, statusWords } from './status-words.ts';

export interface OverviewOrder {
  /** Absent: the stacks of all, and of none. */
  readonly project?: string;
  readonly environment?: string;
  /** Those of the configuration, in its order. */
  readonly stacks: readonly { readonly name: string; readonly stackName: string }[];
}

/** One stack of an environment. Times are ISO 8601 in UTC. */
export interface StackOverview {
  /** The part's name; null for one that is in AWS and not in infractl.yaml. */
  readonly stack: string | null;
  readonly stackName: string;
  /** Whether infractl.yaml has it. */
  readonly configured: boolean;
  /** Null: it is not there. */
  readonly status: string | null;
  /** The status in words. */
  readonly words: string;
  readonly mood: Mood | 'absent';
  /** When it was first created, and when the newest operation on it began. */
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
  /** How many resources it has; null where that could not be read. */
  readonly resources: number | null;
  readonly terminationProtection: boolean | null;
  /** What AWS found when drift was last looked for: `IN_SYNC`, `DRIFTED`, `NOT_CHECKED`, `UNKNOWN`. */
  readonly drift: string | null;
  readonly driftCheckedAt: string | null;
  /** The project that its tag names; null where it has none. */
  readonly project: string | null;
}

export interface Overview {
  readonly stacks: readonly StackOverview[];
  /** What could not be seen, in a sentence. */
  readonly note?: string;
}

/**
 * The stacks of an environment as they are: DescribeStacks for all of them at once, ListStackResources for
 * each. Stacks that carry the project's tag but are not in the configuration come last.
 */
export async function overview(
  port: Pick<StacksPort, 'stack' | 'stacks' | 'resources'>,
  order: OverviewOrder,
): Promise<Overview> {
  const { states, note } = await present(port, order);
  const configured = order.stacks.map(({ name, stackName }) => ({
    name,
    stackName,
    state: states.find((state) => state.stackName === stackName),
  }));
  const names = new Set(order.stacks.map(({ stackName }) => stackName));
  const others = states
    .filter((state) => !names.has(state.stackName) && isOurs(state, order))
    .sort((a, b) => (a.stackName < b.stackName ? -1 : 1));
  const rows = await Promise.all([
    ...configured.map(async ({ name, stackName, state }) =>
      row(name, stackName, state, state && (await countOf(port, state))),
    ),
    ...others.map(async (state) => row(null, state.stackName, state, await countOf(port, state))),
  ]);
  return { stacks: rows, ...(note ? { note } : {}) };
}

/** All stacks; where only some may be looked at, those of the configuration. */
async function present(
  port: Pick<StacksPort, 'stack' | 'stacks'>,
  { stacks }: OverviewOrder,
): Promise<{ states: readonly StackState[]; note?: string }> {
  try {
    return { states: await port.stacks() };
  } catch (error) {
    if (!isInfractlError(error) || error.code !== 'AccessDenied') throw error;
    const states = await Promise.all(stacks.map(({ stackName }) => port.stack(stackName)));
    return {
      states: states.filter((state) => state !== undefined),
      note: `Stacks that are not in infractl.yaml could not be looked for: ${error.message}`,
    };
  }
}

/** Tags spread to nested stacks; those belong to the stack around them. */
function isOurs({ tags, parentId }: StackState, { project, environment }: OverviewOrder): boolean {
  if (parentId !== undefined) return false;
  if (project === undefined) return true;
  if (tags[PROJECT_TAG] !== project) return false;
  return (tags[ENVIRONMENT_TAG] ?? environment) === environment;
}

async function countOf(port: Pick<StacksPort, 'resources'>, state: StackState): Promise<number | undefined> {
  try {
    return (await port.resources(state.stackId)).length;
  } catch {
    // A count is no reason to show nothing.
    return undefined;
  }
}

function row(
  stack: string | null,
  stackName: string,
  state: StackState | undefined,
  resources: number | undefined,
): StackOverview {
  const known = state ? statusWords(state.status) : undefined;
  return {
    stack: stack ?? state?.tags[PART_TAG] ?? null,
    stackName,
    configured: stack !== null,
    status: state?.status ?? null,
    words: known?.words ?? 'not deployed',
    mood: known?.mood ?? 'absent',
    createdAt: state?.createdAt?.toISOString() ?? null,
    updatedAt: state?.updatedAt?.toISOString() ?? null,
    resources: resources ?? null,
    terminationProtection: state?.terminationProtection ?? null,
    drift: state ? (state.drift?.status ?? 'NOT_CHECKED') : null,
    driftCheckedAt: state?.drift?.checkedAt?.toISOString() ?? null,
    project: state?.tags[PROJECT_TAG] ?? null,
  };
}
