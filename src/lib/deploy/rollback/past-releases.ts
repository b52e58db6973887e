import { InfractlError, isInfractlError } from '../../base/errors.ts';
import { listed } from '../../base/text.ts';
import type { PastPart } from '../../journal/index.ts';
import type { PartId, ReleasePart } from '../../project/model.ts';
import { NotYetKnown } from '../known.ts';
import type { Released, ReleasePort, ReleasesKept } from '../release-port.ts';
import { commitOf, groupId, isNoWay, type ReleaseSteps } from '../release-steps.ts';
import type { Done } from '../steps.ts';

interface PastPlace {
  readonly place: string;
  readonly id: string;
  readonly commit?: string;
}

/** How one place of an application goes back. */
interface Way {
  readonly place: string;
  readonly running: string | null;
  /** The release to go back to; with `again` the commit that is released once more. */
  readonly to: string;
  readonly commit: string | null;
  readonly how: 'same' | 'kept' | 'again' | 'gone';
}

export interface BackPlan {
  readonly change: 'back' | 'create' | 'unchanged' | 'blocked';
  readonly detail: string;
}

/** Applications as they were on their hosts: from what a host has kept, else from git once more. */
export class PastReleases {
  readonly #steps: ReleaseSteps;

  constructor(steps: ReleaseSteps) {
    this.#steps = steps;
  }

  async plan(id: PartId, past: PastPart): Promise<BackPlan> {
    const part = this.#steps.part(id);
    try {
      const port = await this.#steps.open();
      const ways = waysBack(part, past, await port.kept(part, 0));
      const gone = ways.filter(({ how }) => how === 'gone');
      if (gone.length > 0) return { change: 'blocked', detail: goneWords(part, gone) };
      const moving = ways.filter(({ how }) => how !== 'same');
      if (moving.length === 0) return { change: 'unchanged', detail: waysWords(ways) };
      return { change: 'back', detail: waysWords(moving) };
    } catch (error) {
      if (error instanceof NotYetKnown) return onNewHost(part, past);
      if (isInfractlError(error) && isNoWay(error)) return { change: 'blocked', detail: error.message };
      throw error;
    }
  }

  /** @throws InfractlError `ReleaseGone`; those of a release, with exit 8 where what served serves again */
  async goBack(id: PartId, past: PastPart): Promise<Done> {
    const part = this.#steps.part(id);
    const port = await this.#steps.open();
    const ways = waysBack(part, past, await port.kept(part, this.#steps.patience));
    const gone = ways.filter(({ how }) => how === 'gone');
    if (gone.length > 0) {
      throw new InfractlError({
        code: 'ReleaseGone',
        message: `The release ${part.name} cannot go back: ${goneWords(part, gone)}.`,
        suggestions: ['Check out the commit of that time and release it: infractl redeploy'],
      });
    }
    const released: Released[] = ways.flatMap(({ place, to, commit, how }) =>
      how === 'same' ? [{ place, changed: false, id: to, commit, previous: null }] : [],
    );
    released.push(...(await bringBack(port, part, ways)));
    return { ...this.#steps.done(part, released), ...(past.config ? { config: past.config } : {}) };
  }
}

/** Members of a group go together, in their own order: where one has not kept it, all get the commit once more. */
export async function bringBack(
  port: Pick<ReleasePort, 'back' | 'deploy' | 'prepare'>,
  part: ReleasePart,
  ways: readonly Way[],
): Promise<Released[]> {
  const moving = ways.filter(({ how }) => how !== 'same');
  const { settle } = part.health;
  for (const { place, running, how } of moving)
    if (how === 'again' && running === null && part.start !== undefined) await port.prepare(part, place);
  const [first] = moving;
  if (part.group && first) {
    const again = moving.find(({ how }) => how === 'again');
    return again
      ? [...(await port.deploy(atCommit(part, again.to), namesOf(moving)))]
      : [...(await port.back(part, namesOf(moving), groupId(part, first.to), settle))];
  }
  const released: Released[] = [];
  for (const { place, to, how } of moving)
    released.push(
      ...(how === 'kept'
        ? await port.back(part, [place], to, settle)
        : await port.deploy(atCommit(part, to), [place])),
    );
  return released;
}

/** Which way each place goes back. Pure. */
export function waysBack(part: ReleasePart, past: PastPart, there: readonly ReleasesKept[]): Way[] {
  const places = (past.after?.places ?? []) as readonly PastPlace[];
  const known = new Map(places.map((one) => [one.place, one]));
  return there.map(({ place, running, kept }) => {
    // A member that came to a group later gets what the others had.
    const then = known.get(place) ?? places[0];
    const id = then?.id ?? '';
    const same = kept.includes(id) ? id : kept.findLast((one) => one.endsWith(`-${commitOf(id)}`));
    const facts = { place, running, commit: then?.commit ?? null };
    if (same !== undefined) return { ...facts, to: same, how: same === running ? 'same' : 'kept' };
    if ('git' in part.source && then?.commit) return { ...facts, to: then.commit, how: 'again' };
    return { ...facts, to: id, how: 'gone' };
  });
}

function atCommit(part: ReleasePart, ref: string): ReleasePart {
  return 'git' in part.source ? { ...part, source: { ...part.source, ref } } : part;
}

function namesOf(ways: readonly Way[]): string[] {
  return ways.map(({ place }) => place);
}

function waysWords(ways: readonly Way[]): string {
  const words = ways.map(({ place, running, to, how }) => {
    if (how === 'same') return `${to} on ${place}`;
    const what = how === 'again' ? `${to.slice(0, 7)} from git once more` : to;
    return `${running ?? 'nothing'} → ${what} on ${place}`;
  });
  return words.join('; ');
}

function goneWords({ source }: ReleasePart, gone: readonly Way[]): string {
  const where = listed(namesOf(gone));
  const why =
    'folder' in source ? 'and the folder of that time is on no machine' : 'and nothing says its commit';
  return `${gone[0]?.to} is not kept on ${where} any more, ${why}`;
}

/** The machine is made again by this rollback, so it holds no release of before. */
function onNewHost(part: ReleasePart, past: PastPart): BackPlan {
  const [one] = (past.after?.places ?? []) as readonly PastPlace[];
  if ('git' in part.source && one?.commit)
    return {
      change: 'create',
      detail: `${one.commit.slice(0, 7)} from git onto the host that is made again`,
    };
  return {
    change: 'blocked',
    detail: `its host is made again, and the folder of that time is kept nowhere; afterwards: infractl redeploy --app ${part.name}`,
  };
}
