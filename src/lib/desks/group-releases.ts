import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { InfractlError, isInfractlError, UsageError } from '../base/errors.ts';
import { machine } from '../base/machine.ts';
import type { Reporter } from '../base/report.ts';
import type { Share } from '../base/share.ts';
import { age } from '../base/text.ts';
import { cancelWaiting } from '../hosts/index.ts';
import type { ReleaseGroup, ReleasePart, Value } from '../project/model.ts';
import { type ReleaseOutcome, readMark, recoverGroup, rollGroup } from '../releases/index.ts';
import type { HostAnswer, HostLimits } from './release-hosts.ts';
import { outcomeOf, partName, type ReleasePlace } from './release-place.ts';

export interface GroupDeps {
  readonly session: () => Promise<AwsSession>;
  readonly reporter: Reporter;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly text: (value: Value) => Promise<string>;
}

export interface GroupWork {
  /** What is so already on each; undefined where it must be made so. */
  readonly look: (
    places: readonly ReleasePlace[],
  ) => Promise<readonly PromiseSettledResult<object | undefined>[]>;
  readonly go: (
    places: readonly ReleasePlace[],
    limits: HostLimits,
  ) => Promise<readonly PromiseSettledResult<HostAnswer>[]>;
  readonly undo: (place: ReleasePlace) => Promise<unknown>;
}

/** What a command says of how many at a time and how many may fail; else the configuration does. */
export interface GroupLimits {
  readonly batch?: Share | undefined;
  readonly errors?: Share | undefined;
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
  limits: GroupLimits = {},
): Promise<ReleaseOutcome[]> {
  const { reporter, clock, signal } = deps;
  const [{ part, named }] = places as readonly [ReleasePlace];
  const { name, batch, maxErrors, timeout, reach } = part.group as ReleaseGroup;
  const begun = new Map<string, number>();
  const at = (id: string) => memberPlace(part, id);
  const begin = (id: string) => {
    if (begun.has(id)) return;
    begun.set(id, clock.now());
    reporter.emit({ type: 'part.started', part: partName(at(id)), doing: 'looking' });
  };
  const began = ({ host }: ReleasePlace) => begin(host.name);
  const { user, host } = machine();
  const all = await rollGroup<ReleaseOutcome>(
    { ...(await recovering(deps)), reporter, signal },
    {
      group: await deps.text(name),
      by: `${user}@${host}`,
      batch: limits.batch ?? batch,
      errors: limits.errors ?? maxErrors,
      walks: reach.via === 'ssm',
      timeout,
      ...(named ? { only: places.map(({ host: { name: id } }) => id) } : {}),
      async look(ids) {
        const looks = await work.look(ids.map(at));
        return looks.map((look, which) =>
          mapped(look, (already) => already && outcomeOf(at(ids[which] ?? ''), already, null)),
        );
      },
      async release(ids, { concurrency, errors, sent }) {
        const results = await work.go(ids.map(at), { concurrency, errors, sent, began });
        return results.map((result, which) =>
          mapped(result, (one) => outcomeOf(at(ids[which] ?? ''), one.result, one.switchedAfter)),
        );
      },
      undo: async (id) => void (await work.undo(at(id))),
      told(id, status) {
        begin(id);
        reporter.emit({ type: 'part.status', part: partName(at(id)), status });
      },
      ended(id, result) {
        if (isInfractlError(result) && result.code === 'Interrupted' && !begun.has(id)) return;
        begin(id);
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
  await recoverGroup(await recovering(deps), await deps.text(group.name));
}

function mapped<A, B>(result: PromiseSettledResult<A>, to: (value: A) => B): PromiseSettledResult<B> {
  return result.status === 'rejected' ? result : { status: 'fulfilled', value: to(result.value) };
}

async function recovering(deps: GroupDeps) {
  const cancel = async (command: string) => {
    const { ssmPort } = await import('../aws/ssm-hosts.ts');
    await cancelWaiting(ssmPort(await deps.session(), deps.clock), command);
  };
  return { port: await port(deps), clock: deps.clock, cancel };
}

async function port({ session, clock }: GroupDeps) {
  return (await import('../aws/group-rolls.ts')).rollPort(await session(), clock);
}
