import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { machine } from '../base/machine.ts';
import type { Reporter } from '../base/report.ts';
import { age } from '../base/text.ts';
import type { ReleaseGroup, ReleasePart, Value } from '../project/model.ts';
import { type ReleaseOutcome, readMark, recoverGroup, rollGroup } from '../releases/index.ts';
import { outcomeOf, partName, type ReleasePlace } from './release-place.ts';

export interface GroupDeps {
  readonly session: () => Promise<AwsSession>;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly text: (value: Value) => Promise<string>;
}

/** What is done on one host, and what it tells of it. */
export type MemberWork = (
  place: ReleasePlace,
  dryRun?: boolean,
) => Promise<{ result: unknown; switchedAfter: number | null }>;

export interface GroupWork {
  /** What is so already; undefined where it must be made so. */
  readonly look: (place: ReleasePlace) => Promise<object | undefined>;
  readonly go: MemberWork;
  readonly undo: (place: ReleasePlace) => Promise<unknown>;
}

/**
 * The members of a group that serve, as hosts.
 *
 * @param only these instances
 */
export async function groupPlaces(
  deps: GroupDeps,
  part: ReleasePart,
  only: readonly string[],
): Promise<ReleasePlace[]> {
  const name = await deps.text((part.group as ReleaseGroup).name);
  const group = await (await port(deps)).group(name);
  const serving = (group?.members ?? [])
    .filter(({ lifecycle }) => lifecycle === 'InService')
    .map(({ id }) => id)
    .sort();
  const stranger = only.find((id) => !serving.includes(id));
  if (group && stranger !== undefined) {
    throw new UsageError({
      code: 'NoSuchHost',
      message: `The group ${name} has no member ${stranger} in service.`,
      suggestions: [`Its members: ${serving.join(', ') || 'none'}`],
    });
  }
  if (serving.length === 0) {
    throw new InfractlError({
      code: group ? 'GroupEmpty' : 'GroupNotFound',
      message: group
        ? `The auto scaling group ${name} has no members in service: there is nothing to release to.`
        : `There is no auto scaling group ${name} in this account and region.`,
      suggestions: [
        group
          ? `Start it: infractl manage start --id ${name}`
          : 'Check the profile, the region and the environment.',
      ],
    });
  }
  return serving
    .filter((id) => only.length === 0 || only.includes(id))
    .map((id) => ({ ...memberPlace(part, id), named: only.length > 0 }));
}

function memberPlace(part: ReleasePart, id: string): ReleasePlace {
  const { reach } = part.group as ReleaseGroup;
  return { part, host: { name: id, instance: id, reach, health: { path: '', ports: [] }, services: [] } };
}

/** Releases to the members of a group: see `rollGroup`. Those that come meanwhile get it too. */
export async function rollOut(
  deps: GroupDeps,
  places: readonly ReleasePlace[],
  work: GroupWork,
): Promise<ReleaseOutcome[]> {
  const { reporter, clock, signal } = deps;
  const [{ part, named }] = places as readonly [ReleasePlace];
  const { name, batch, timeout } = part.group as ReleaseGroup;
  const begun = new Map<string, number>();
  const at = (id: string) => memberPlace(part, id);
  const begin = (id: string) => {
    if (begun.has(id)) return;
    begun.set(id, clock.now());
    reporter.emit({ type: 'part.started', part: partName(at(id)), doing: 'looking' });
  };
  const { user, host } = machine();
  const all = await rollGroup<ReleaseOutcome>(
    { port: await port(deps), clock, reporter, signal },
    {
      group: await deps.text(name),
      by: `${user}@${host}`,
      batch,
      timeout,
      ...(named ? { only: places.map(({ host: { name: id } }) => id) } : {}),
      async look(id) {
        const already = await work.look(at(id));
        return already && outcomeOf(at(id), already, null);
      },
      async release(id) {
        begin(id);
        const { result, switchedAfter } = await work.go(at(id));
        return outcomeOf(at(id), result, switchedAfter);
      },
      undo: async (id) => void (await work.undo(at(id))),
      told(id, status) {
        begin(id);
        reporter.emit({ type: 'part.status', part: partName(at(id)), status });
      },
      ended(id, result) {
        const facts = { part: partName(at(id)), ms: clock.now() - (begun.get(id) ?? clock.now()) };
        if (isInfractlError(result)) reporter.emit({ type: 'part.failed', ...facts, error: result });
        else reporter.emit({ type: 'part.done', ...facts, outcome: 'updated', detail: result.id });
      },
    },
  );
  return [...all.values()];
}

/** Who is at a group, or was when they died. */
export async function rollOutOf(deps: GroupDeps, group: ReleaseGroup) {
  const found = await (await port(deps)).group(await deps.text(group.name));
  const mark = readMark(found?.mark);
  if (!mark) return undefined;
  const { by, beat, out } = mark;
  return { by, heard: age(deps.clock.now() - beat), out: out.join(', ') || 'none' };
}

/** Puts a group back that a dead run left. */
export async function stopRollOut(deps: GroupDeps, group: ReleaseGroup): Promise<void> {
  await recoverGroup({ port: await port(deps), clock: deps.clock }, await deps.text(group.name));
}

async function port({ session, clock }: GroupDeps) {
  return (await import('../aws/group-rolls.ts')).rollPort(await session(), clock);
}
