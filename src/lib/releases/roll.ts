import { randomBytes } from 'node:crypto';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError, isInfractlError, withMore } from '../base/errors.ts';
import type { Reporter } from '../base/report.ts';
import { age, listed } from '../base/text.ts';
import { batchSize, markText, type RollMark, readMark, SILENT } from './roll-mark.ts';
import type { RollGroup, RollMember, RollPort } from './roll-port.ts';

export interface RollDeps {
  readonly port: RollPort;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

export interface RollOrder<T> {
  readonly group: string;
  readonly by: string;
  readonly batch: { readonly count: number } | { readonly percent: number };
  /** Milliseconds that a member may take to leave the load balancer, and to be healthy in it again. */
  readonly timeout: number;
  /** Only these members. */
  readonly only?: readonly string[];
  /** What a member is at, for whoever watches. */
  readonly told: (member: string, status: string) => void;
  /** How it ended on a member that was released to. */
  readonly ended: (member: string, result: T | InfractlError) => void;
  /** What is so already on a member; undefined where it must be made so. Changes nothing. */
  readonly look: (member: string) => Promise<T | undefined>;
  readonly release: (member: string) => Promise<T>;
  /** Back to what served before, on a member that the load balancer does not find healthy. */
  readonly undo: (member: string) => Promise<void>;
}

/** Milliseconds. */
const PAUSE = 3_000;
const BEAT = 60_000;

/**
 * Releases to the members of an auto scaling group a few at a time. Each is put into standby: it leaves its load
 * balancers, which let its connections end, and the group neither replaces it while its service restarts nor ends
 * it when it shrinks; a member in standby is seen by everybody, where a suspended process of the group is not. Then
 * it is released to, put back, and waited for until its target groups find it healthy. The first failure stops
 * it, with the rest on what they run. The only member of a group is released to in place.
 *
 * @returns of each member in the order in which it was done
 * @throws InfractlError `GroupBusy` and `GroupTaken` (6), `GroupNotFound`, `MemberUnhealthy` (8), `Interrupted` (130); what `release` throws
 */
export async function rollGroup<T>(deps: RollDeps, order: RollOrder<T>): Promise<ReadonlyMap<string, T>> {
  const roll = new Roll(deps, order);
  await roll.begin();
  try {
    return await roll.all();
  } finally {
    await roll.end();
  }
}

/** Puts a group back that somebody left in the middle; what was put back. */
export async function recoverGroup(
  deps: Pick<RollDeps, 'port' | 'clock'>,
  name: string,
): Promise<RollMark | undefined> {
  const group = await found(deps.port, name);
  const mark = readMark(group.mark);
  if (!mark) return undefined;
  await putBack(deps.port, group, mark);
  await deps.port.setMark(name, undefined);
  return mark;
}

class Roll<T> {
  readonly #deps: RollDeps;
  readonly #order: RollOrder<T>;
  readonly #run = randomBytes(3).toString('hex');
  readonly #over = new AbortController();
  readonly #done = new Map<string, T>();
  #min = 0;
  #out: readonly string[] = [];

  constructor(deps: RollDeps, order: RollOrder<T>) {
    this.#deps = deps;
    this.#order = order;
  }

  /** Takes the group, and puts back what somebody left who is gone. */
  async begin(): Promise<void> {
    const { port, clock, reporter, signal } = this.#deps;
    const { group: name } = this.#order;
    const group = await found(port, name);
    const mark = readMark(group.mark);
    if (mark && clock.now() - mark.beat < SILENT) throw busy(name, mark, clock);
    if (mark) {
      reporter.emit({ type: 'note', message: `Putting back what ${mark.by} left in ${name}.` });
      await putBack(port, group, mark);
    }
    this.#min = mark?.min ?? group.min;
    await this.#mark();
    // Of two who began in the same moment the last one to write has it; both look after that.
    await clock.sleep(1_000, signal);
    const now = readMark((await found(port, name)).mark);
    if (now && now.run !== this.#run) throw busy(name, now, clock);
    void this.#beat();
  }

  async #mark(): Promise<void> {
    const { port, clock } = this.#deps;
    const { group, by } = this.#order;
    const facts = { by, run: this.#run, beat: clock.now(), min: this.#min, out: this.#out };
    await port.setMark(group, markText(facts));
  }

  async #beat(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#over.signal.aborted) {
      await clock.sleep(BEAT, this.#over.signal).catch(() => {});
      // A lost sign of life is no reason to stop; the next one comes.
      if (!this.#over.signal.aborted) await this.#markAgain().catch(() => {});
    }
  }

  /** Unless somebody took the group from us. */
  async #markAgain(): Promise<void> {
    const { mark } = await found(this.#deps.port, this.#order.group);
    if (readMark(mark)?.run === this.#run) await this.#mark();
  }

  async all(): Promise<ReadonlyMap<string, T>> {
    const { port, clock, signal } = this.#deps;
    const { group: name, timeout } = this.#order;
    let until: number | undefined;
    for (;;) {
      throwIfAborted(signal);
      const group = await found(port, name);
      if (readMark(group.mark)?.run !== this.#run) throw takenOver(name);
      const serving = group.members.filter(inService);
      const open = this.#wanted(serving).filter(({ id }) => !this.#done.has(id));
      const needing = await this.#looked(open.map(({ id }) => id));
      if (needing.length > 0) {
        await this.#batch(needing.slice(0, batchSize(this.#order.batch, serving.length)), serving.length);
        continue;
      }
      // Whoever is on the way in may have begun with the release of before.
      if (!this.#wanted(group.members).some(({ lifecycle }) => /^Pending/.test(lifecycle))) return this.#done;
      until ??= clock.now() + timeout;
      if (clock.now() > until) {
        const message = `Members of ${name} are still starting: run the same command again when they serve.`;
        this.#deps.reporter.emit({ type: 'warning', message });
        return this.#done;
      }
      await clock.sleep(PAUSE, signal);
    }
  }

  #wanted(members: readonly RollMember[]): readonly RollMember[] {
    const { only } = this.#order;
    return only ? members.filter(({ id }) => only.includes(id)) : members;
  }

  /** Those of the members that must be released to; the others are done. */
  async #looked(ids: readonly string[]): Promise<string[]> {
    const looks = await Promise.all(ids.map(async (id) => [id, await this.#order.look(id)] as const));
    for (const [id, already] of looks) if (already !== undefined) this.#done.set(id, already);
    return looks.flatMap(([id, already]) => (already === undefined ? [id] : []));
  }

  async #batch(ids: readonly string[], serving: number): Promise<void> {
    const alone = serving <= ids.length;
    if (!alone && !(await this.#takeOut(ids))) return;
    const results = await Promise.allSettled(ids.map((id) => this.#order.release(id)));
    if (!alone) await this.#putIn(ids);
    const healthy = await Promise.allSettled(
      ids.map((id, at) => this.#settled(id, results[at]?.status === 'fulfilled')),
    );
    for (const [at, id] of ids.entries()) {
      const failed = [results[at], healthy[at]].find((one) => one?.status === 'rejected');
      const result = results[at];
      if (failed?.status === 'rejected' && isInfractlError(failed.reason))
        this.#order.ended(id, failed.reason);
      else if (!failed && result?.status === 'fulfilled') {
        this.#done.set(id, result.value);
        this.#order.ended(id, result.value);
      }
    }
    const failed = [...results, ...healthy].find(({ status }) => status === 'rejected');
    if (failed) throw await this.#withRest((failed as PromiseRejectedResult).reason, ids);
  }

  async #takeOut(ids: readonly string[]): Promise<boolean> {
    const { port } = this.#deps;
    const { group: name } = this.#order;
    const group = await found(port, name);
    this.#out = ids;
    // Written down first: killed in between, the next run puts back what there is.
    await this.#mark();
    if (group.desired - ids.length < group.min)
      await port.setMin(name, Math.max(0, group.desired - ids.length));
    for (const id of ids) this.#status(id, 'leaving the load balancer');
    if (!(await port.leave(name, ids))) {
      // One of them has gone since it was looked at. Who is left is found out anew.
      await this.#putIn(ids);
      return false;
    }
    await this.#until(ids, 'left the load balancer', async (now) => {
      const away = ids.every((id) => ['Standby', undefined].includes(lifecycleOf(now, id)));
      const targets = await this.#targets(now, ids);
      return away && targets.every(({ state }) => state !== 'draining');
    });
    return true;
  }

  async #putIn(ids: readonly string[]): Promise<void> {
    const { port } = this.#deps;
    const group = await found(port, this.#order.group);
    await putBack(port, group, { min: this.#min, out: ids });
    this.#out = [];
    await this.#mark();
  }

  /** Waits until a member serves; one that does not with a new release gets the one of before. */
  async #settled(id: string, released: boolean): Promise<void> {
    this.#status(id, 'waiting until the load balancer finds it healthy');
    try {
      await this.#until([id], 'were healthy in the load balancer', async (now) => {
        // One that the group has ended meanwhile is nobody's to wait for.
        if (lifecycleOf(now, id) === undefined) return true;
        if (lifecycleOf(now, id) !== 'InService') return false;
        const states = await this.#targets(now, [id]);
        return (
          states.length === now.targetGroups.length &&
          states.every(({ state, reason }) => state === 'healthy' || reason === 'Target.NotInUse')
        );
      });
    } catch (error) {
      if (!released || !isInfractlError(error) || error.code !== 'GroupTimeout') throw error;
      this.#status(id, 'going back: the load balancer does not find it healthy');
      await this.#order.undo(id);
      throw new InfractlError({
        code: 'MemberUnhealthy',
        message: `The load balancer does not find ${id} healthy with the new release.`,
        why: 'On the instance itself it was healthy. It went back to the release of before.',
        suggestions: [
          'Compare the health check of the target group with "health" of the release: port, path, status.',
        ],
        exit: Exit.unhealthy,
      });
    }
  }

  async #targets(group: RollGroup, ids: readonly string[]) {
    const found = await Promise.all(group.targetGroups.map((one) => this.#deps.port.health(one, ids)));
    return found.flatMap((states) => [...states.values()]);
  }

  async #until(
    ids: readonly string[],
    what: string,
    done: (group: RollGroup) => Promise<boolean>,
  ): Promise<void> {
    const { port, clock, signal } = this.#deps;
    const { group, timeout } = this.#order;
    for (const until = clock.now() + timeout; ; await clock.sleep(PAUSE, signal)) {
      if (await done(await found(port, group))) return;
      if (clock.now() < until) continue;
      throw new InfractlError({
        code: 'GroupTimeout',
        message: `Members of ${group} had not ${what} after ${age(timeout)}: ${listed(ids)}.`,
        suggestions: ['Look at the group and its target groups: infractl manage status'],
        exit: Exit.timedOut,
      });
    }
  }

  #status(id: string, status: string): void {
    this.#order.told(id, status);
  }

  async #withRest(reason: unknown, ids: readonly string[]): Promise<unknown> {
    if (!isInfractlError(reason) || reason.code === 'Interrupted') return reason;
    const group = await found(this.#deps.port, this.#order.group);
    const has = [...this.#done.keys()];
    const rest = this.#wanted(group.members).filter(({ id }) => !has.includes(id) && !ids.includes(id));
    const words = [
      has.length > 0 ? `${listed(has)} ${has.length === 1 ? 'has' : 'have'} it.` : '',
      rest.length > 0 ? `Not begun, and as before: ${listed(rest.map(({ id }) => id))}.` : '',
    ];
    return withMore(reason, {
      why: words,
      suggestions: [
        ...(has.length > 0 ? ['Those that have it go back with: infractl redeploy rollback'] : []),
        'Mended, the same command goes on with the rest.',
      ],
    });
  }

  /** Nobody stays out, and the group is as it was, however it ended. */
  async end(): Promise<void> {
    this.#over.abort();
    const { port, reporter } = this.#deps;
    const { group: name } = this.#order;
    try {
      const group = await found(port, name);
      // Somebody else has it: it is theirs to put back.
      if (readMark(group.mark)?.run !== this.#run) return;
      await putBack(port, group, { min: this.#min, out: this.#out });
      await port.setMark(name, undefined);
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      const message = `The group ${name} was not put back (${error.message}): infractl redeploy unlock does it.`;
      reporter.emit({ type: 'warning', message });
    }
  }
}

async function putBack(
  port: RollPort,
  group: RollGroup,
  { min, out }: Pick<RollMark, 'min' | 'out'>,
): Promise<void> {
  const standby = out.filter((id) => /Standby$/.test(lifecycleOf(group, id) ?? ''));
  if (standby.length > 0) await port.join(group.name, standby);
  if (group.min < min) await port.setMin(group.name, min);
}

async function found(port: RollPort, name: string): Promise<RollGroup> {
  const group = await port.group(name);
  if (group) return group;
  throw new InfractlError({
    code: 'GroupNotFound',
    message: `There is no auto scaling group ${name} in this account and region.`,
    suggestions: ['Check the profile, the region and the environment.'],
  });
}

function inService({ lifecycle, healthy }: RollMember): boolean {
  return lifecycle === 'InService' && healthy;
}

function lifecycleOf({ members }: RollGroup, id: string): string | undefined {
  return members.find((member) => member.id === id)?.lifecycle;
}

function takenOver(name: string): InfractlError {
  return new InfractlError({
    code: 'GroupTaken',
    message: `Somebody took the lock of the group ${name}: it was left as it is.`,
    suggestions: ['See what its members run: infractl redeploy status'],
    exit: Exit.busy,
  });
}

function busy(name: string, { by, beat }: RollMark, clock: Clock): InfractlError {
  return new InfractlError({
    code: 'GroupBusy',
    message: `Somebody else releases to the group ${name}.`,
    why: `${by}, heard of ${age(clock.now() - beat)} ago.`,
    suggestions: [
      'Wait for it. When it is gone, the group is free after 5 minutes.',
      'If nobody is at work any more: infractl redeploy unlock',
    ],
    exit: Exit.busy,
  });
}
