import { createHash, randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Exit, isInfractlError, messageOf } from '../../base/errors.ts';
import { type ChangeSetOrder, makeChangeSet, withdraw } from '../change/change-set.ts';
import { type LocatedFinding, locateFindings } from '../diagnosis/findings.ts';
import type { Change, StacksPort } from '../port.ts';
import type { StackDeps } from '../types.ts';

/** What AWS says that it would do. */
export interface Seen {
  /** Undefined: it would do nothing. */
  readonly changes: readonly SeenChange[] | undefined;
  readonly warnings: readonly LocatedFinding[];
}

/** A change, with those inside of a nested stack. */
export interface SeenChange extends Change {
  /** Undefined where they could not be read. */
  readonly inside?: readonly SeenChange[];
}

/** How long AWS may work out a change set that is made to be looked at. Milliseconds. */
export const LOOK_TIMEOUT = 300_000;
const MARK = 'infractl-look-';
/** Nested stacks in nested stacks; AWS itself goes no deeper in practice. */
const DEEPEST = 8;

/**
 * Makes a change set, reads it with the values of its properties and those of nested stacks, and removes it
 * with the empty stack that it made: also when that fails or is interrupted.
 *
 * @throws as `makeChangeSet`
 */
export async function look(
  deps: StackDeps,
  order: Omit<ChangeSetOrder, 'deadline' | 'look'> & { readonly keep: readonly string[] },
): Promise<Seen> {
  const { keep, ...rest } = order;
  const name = lookName(deps.clock.now());
  const made = await makeChangeSet(deps, {
    ...rest,
    deadline: deps.clock.now() + LOOK_TIMEOUT,
    look: { name, keep },
  });
  if (!made) return { changes: undefined, warnings: [] };
  try {
    const [changes, findings] = await Promise.all([
      withNested(deps.port, made.state.changes, true),
      deps.port.validationFindings(made.id),
    ]);
    const warnings = await locateFindings(findings, order.spec.stackName, order.template);
    return { changes, warnings };
  } finally {
    await withdraw(deps, order, made);
  }
}

/** Changes with those of the nested stacks' own change sets; with the values of properties where asked. */
export async function withNested(
  port: StacksPort,
  changes: readonly Change[],
  values: boolean,
  depth = 0,
): Promise<SeenChange[]> {
  return Promise.all(
    changes.map(async (change): Promise<SeenChange> => {
      if (change.changeSetId === undefined || depth >= DEEPEST) return change;
      const nested = await port.changeSet(change.changeSetId, { values });
      if (!nested) return change;
      return { ...change, inside: await withNested(port, nested.changes, values, depth + 1) };
    }),
  );
}

/** `infractl-look-20260105T090000Z-<machine>-<process>-<4 hex digits>`: tells who may still need it. */
function lookName(now: number): string {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '');
  return `${MARK}${time}-${machineMark()}-${process.pid}-${randomBytes(2).toString('hex')}`;
}

function machineMark(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
}

/** Whether whoever made a change set to look at it is gone, and left it behind. */
export function isLeftBehind(
  { name, createdAt }: { readonly name: string; readonly createdAt?: Date },
  now: number,
  alive: (pid: number) => boolean,
): boolean {
  const found = /^infractl-look-\w+-([0-9a-f]{6})-(\d+)-[0-9a-f]{4}$/.exec(name);
  if (!found) return false;
  if (found[1] === machineMark() && !alive(Number(found[2]))) return true;
  return createdAt !== undefined && now - createdAt.getTime() > 2 * LOOK_TIMEOUT;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes the change sets of a run that was killed while it looked. The empty stack that came with them stays:
 * whoever looks next takes its place in it, and removes it then. What others look at in this moment stays.
 */
export async function sweep(deps: StackDeps, stackName: string): Promise<void> {
  try {
    const now = deps.clock.now();
    const all = await deps.port.changeSets(stackName);
    for (const { id } of all.filter((one) => isLeftBehind(one, now, isAlive)))
      await withdraw(deps, { spec: { stackName }, type: 'UPDATE' }, { id, stackId: stackName });
  } catch (error) {
    deps.reporter.emit({
      type: 'warning',
      message: `Whether an earlier look at the stack ${stackName} left something behind could not be told: ${messageOf(error)}`,
    });
  }
}

/** Whether AWS does not let these credentials look, so that reading has to do. */
export function mayNotLook(error: unknown): boolean {
  return isInfractlError(error) && error.code === 'AccessDenied' && error.exit === Exit.credentials;
}
