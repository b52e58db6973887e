import { randomBytes } from 'node:crypto';
import { throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError, isInfractlError, withMore } from '../base/errors.ts';
import { age, listed } from '../base/text.ts';
import { busy, found, inService, isGone, lifecycleOf, putBack, takeBack, takenOver } from './roll-group.ts';
import { batchSize, markText, mostFailures, readMark, SILENT } from './roll-mark.ts';
import type { RollDeps, RollLimits, RollOrder } from './roll-order.ts';
import type { RollGroup, RollMember } from './roll-port.ts';

/** Milliseconds. */
const PAUSE = 3_000;
const BEAT = 60_000;

/**
 * Releases to the members of an auto scaling group a few at a time. Each is put into standby: it leaves its load
 * balancers, which let its connections end, and the group neither replaces it while its service restarts nor ends
 * it when it shrinks; a member in standby is seen by everybody, where a suspended process of the group is not. Then
 * it is released to, put back, and waited for until its target groups find it healthy. More failures than are allowed
 * stop it, with the rest on what they run. The only member of a group is released to in place; so are all members
 * where no load balancer sends them anything and the way in walks by itself: they are one batch then.
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

class Roll<T> {
  readonly #deps: RollDeps;
  readonly #order: RollOrder<T>;
  readonly #run = randomBytes(3).toString('hex');
  readonly #over = new AbortController();
  readonly #done = new Map<string, T>();
  readonly #failed = new Map<string, unknown>();
  /** Looked at: they do not have it. */
  readonly #needing = new Set<string>();
  #mostFailures: number | undefined;
  #min = 0;
  #out: readonly string[] = [];
  #command: string | undefined;

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
      await takeBack(this.#deps, group, mark);
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
    const facts = {
      by,
      run: this.#run,
      beat: clock.now(),
      min: this.#min,
      out: this.#out,
      command: this.#command,
    };
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
      const needing = await this.#look(this.#wanted(serving).map(({ id }) => id));
      if (needing.length > 0) {
        await this.#next(needing, group, serving.length);
        continue;
      }
      // Whoever is on the way in may have begun with the release of before.
      if (!this.#wanted(group.members).some(({ lifecycle }) => /^Pending/.test(lifecycle))) break;
      until ??= clock.now() + timeout;
      if (clock.now() > until) {
        const message = `Members of ${name} are still starting: run the same command again when they serve.`;
        this.#deps.reporter.emit({ type: 'warning', message });
        break;
      }
      await clock.sleep(PAUSE, signal);
    }
    // Fewer failures than stop it are failures all the same.
    for (const reason of this.#failed.values()) throw await this.#withRest(reason);
    return this.#done;
  }

  #wanted(members: readonly RollMember[]): readonly RollMember[] {
    const { only } = this.#order;
    return only ? members.filter(({ id }) => only.includes(id)) : members;
  }

  /** Those of the members that must be released to; each is looked at once. */
  async #look(ids: readonly string[]): Promise<string[]> {
    const open = ids.filter((id) => !this.#done.has(id) && !this.#failed.has(id));
    const fresh = open.filter((id) => !this.#needing.has(id));
    this.#mostFailures ??= mostFailures(this.#order.errors, ids.length);
    if (fresh.length > 0) {
      const looks = await this.#order.look(fresh);
      const failed: string[] = [];
      for (const [at, id] of fresh.entries()) {
        const look = looks[at];
        if (look?.status === 'rejected') {
          failed.push(id);
          this.#failed.set(id, look.reason);
        } else if (look?.value === undefined) this.#needing.add(id);
        else this.#done.set(id, look.value);
      }
      await this.#judge(failed);
    }
    return open.filter((id) => this.#needing.has(id) && !this.#done.has(id) && !this.#failed.has(id));
  }

  async #next(needing: readonly string[], group: RollGroup, serving: number): Promise<void> {
    const { batch, walks } = this.#order;
    const left = (this.#mostFailures ?? 0) - this.#failed.size;
    if (group.balanced || !walks) {
      const ids = needing.slice(0, batchSize(batch, serving));
      await this.#batch(ids, serving, { concurrency: ids.length, errors: left, sent: () => {} });
      return;
    }
    let marking = Promise.resolve();
    const sent = (command: string) => {
      this.#command = command;
      // With it in the mark the next one who comes can stop it; a lost one comes with the next sign of life.
      marking = this.#mark().catch(() => {});
    };
    const concurrency = batchSize(batch, serving, serving);
    const results = await this.#order.release(needing, { concurrency, errors: left, sent });
    await marking;
    this.#command = undefined;
    await this.#took(needing, results);
  }

  async #batch(ids: readonly string[], serving: number, limits: RollLimits): Promise<void> {
    const alone = serving <= ids.length;
    if (!alone && !(await this.#takeOut(ids))) return;
    const results = await this.#order.release(ids, limits);
    if (!alone) await this.#putIn(ids);
    const healthy = await Promise.allSettled(
      ids.map((id, at) => this.#settled(id, results[at]?.status === 'fulfilled')),
    );
    const both = results.map((result, at) => {
      const health = healthy[at];
      return result.status === 'fulfilled' && health?.status === 'rejected' ? health : result;
    });
    await this.#took(ids, both);
  }

  /** Remembers how it ended on each; those that were not begun stay open. */
  async #took(ids: readonly string[], results: readonly PromiseSettledResult<T>[]): Promise<void> {
    const failed: string[] = [];
    const unbegun: unknown[] = [];
    for (const [at, id] of ids.entries()) {
      const result = results[at];
      if (result?.status === 'fulfilled') {
        this.#done.set(id, result.value);
        this.#order.ended(id, result.value);
      } else if (isInfractlError(result?.reason) && result.reason.code === 'HostNotBegun')
        unbegun.push(result.reason);
      else {
        failed.push(id);
        this.#failed.set(id, result?.reason);
      }
    }
    await this.#judge(failed);
    // An engine that begins with nobody, for nobody's failure, must not be asked for ever.
    if (unbegun.length === ids.length) throw unbegun[0];
  }

  /** Goes on, or stops with what has failed. A member that the group has ended meanwhile is nobody's failure. */
  async #judge(failed: readonly string[]): Promise<void> {
    if (failed.length === 0) return;
    const reasons = failed.map((id) => this.#failed.get(id));
    const group = await found(this.#deps.port, this.#order.group);
    for (const [at, id] of failed.entries()) {
      const reason = reasons[at];
      if (isGone(group, id)) {
        this.#failed.delete(id);
        const message = `${id} was ended by its group meanwhile: it is left out.`;
        this.#deps.reporter.emit({ type: 'note', message });
      } else if (isInfractlError(reason)) this.#order.ended(id, reason);
    }
    const stop = reasons.find((reason) => !isInfractlError(reason) || reason.code === 'Interrupted');
    if (stop !== undefined) throw stop;
    const [first] = failed.filter((id) => this.#failed.has(id));
    if (first !== undefined && this.#failed.size > (this.#mostFailures ?? 0))
      throw await this.#withRest(this.#failed.get(first));
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

  async #withRest(reason: unknown): Promise<unknown> {
    if (!isInfractlError(reason)) return reason;
    const group = await found(this.#deps.port, this.#order.group);
    const has = [...this.#done.keys()];
    const failed = [...this.#failed].flatMap(([id, why]) => (why === reason ? [] : [id]));
    const rest = this.#wanted(group.members).filter(({ id }) => !this.#done.has(id) && !this.#failed.has(id));
    const words = [
      has.length > 0 ? `${listed(has)} ${has.length === 1 ? 'has' : 'have'} it.` : '',
      failed.length > 0 ? `It failed on ${listed(failed)} too.` : '',
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
      reporter.emit({
        type: 'warning',
        message: `The group ${name} was not put back: ${error.message} To put it back: infractl redeploy unlock`,
      });
    }
  }
}
