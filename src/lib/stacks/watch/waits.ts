import type { StacksPort } from '../port.ts';
import { isFinal } from '../states.ts';
import { attributeUses, usesIn } from '../template/references.ts';
import { readTemplate } from '../template/template.ts';
import { child, entries } from '../template/yaml.ts';
import { isNestedStack, isStackLevel, type PlacedEvent, pathWords } from './events.ts';

/** What a stack's template says of the order of the work: a resource → those it needs. */
export interface Needs {
  readonly of: ReadonlyMap<string, ReadonlySet<string>>;
  /** Resources that a condition may leave out: that they did not begin says nothing. */
  readonly optional: ReadonlySet<string>;
}

/** The needs of a template as GetTemplate gave it. Pure; an unreadable one throws. */
export function needsOf(text: string): Needs {
  const { root } = readTemplate('template', text).tree;
  const resources = entries(child(root, 'Resources'));
  const known = new Set(resources.map(({ key }) => key));
  const of = new Map(
    resources.map(({ key, value }) => {
      const uses = [...usesIn(child(value, 'Properties')), ...attributeUses(value)];
      const names = uses.filter(({ of, name }) => of !== 'condition' && known.has(name) && name !== key);
      return [key, new Set(names.map(({ name }) => name))] as const;
    }),
  );
  const conditional = resources.filter(({ value }) => child(value, 'Condition') !== undefined);
  return { of, optional: new Set(conditional.map(({ key }) => key)) };
}

/** How far the work on one stack is, by logical id. */
export interface Work {
  readonly running: readonly string[];
  /** Those that are done, or failed. */
  readonly over: ReadonlySet<string>;
  /** A deletion goes against the needs. */
  readonly backwards: boolean;
  /** Whether every resource is worked on: an update leaves out what is as it should be. */
  readonly whole: boolean;
}

/**
 * The running resources that all of the rest waits for; none where the rest waits for several of them
 * together. Where only one runs, everything waits for it. Pure.
 *
 * @param needs undefined: nothing is known of the template
 */
export function waitedFor(needs: Needs | undefined, work: Work): string[] {
  const { running } = work;
  if (running.length <= 1) return [...running];
  if (!needs || !work.whole) return [];
  const busy = new Set(running);
  const waiting = [...needs.of.keys()].filter(
    (id) => !busy.has(id) && !work.over.has(id) && !needs.optional.has(id),
  );
  if (waiting.length === 0) return [];
  const order = work.backwards ? reversed(needs.of) : needs.of;
  const behind = waiting.map((id) => allNeeds(order, id));
  return running.filter((id) => behind.every((needed) => needed.has(id)));
}

function allNeeds(order: Needs['of'], id: string): ReadonlySet<string> {
  const found = new Set<string>();
  const due = [id];
  for (let next = due.pop(); next !== undefined; next = due.pop())
    for (const needed of order.get(next) ?? [])
      if (!found.has(needed)) {
        found.add(needed);
        due.push(needed);
      }
  return found;
}

function reversed(order: Needs['of']): Needs['of'] {
  const back = new Map<string, Set<string>>([...order.keys()].map((id) => [id, new Set()]));
  for (const [id, needed] of order) for (const one of needed) back.get(one)?.add(id);
  return back;
}

/**
 * Finds the one resource that a whole operation waits for, down through nested stacks. Templates are read
 * (GetTemplate, once a stack) only when several resources run at once; without that permission only a
 * resource that runs alone is named.
 */
export class Bottleneck {
  readonly #port: Pick<StacksPort, 'template'>;
  readonly #needs = new Map<string, Promise<Needs | undefined>>();

  constructor(port: Pick<StacksPort, 'template'>) {
    this.#port = port;
  }

  /** @param events of the operation so far; `working` those that began what runs now */
  async find(
    stackId: string,
    events: readonly PlacedEvent[],
    working: readonly PlacedEvent[],
  ): Promise<PlacedEvent | undefined> {
    const own = events.filter((event) => event.stackId === stackId);
    const status = own.findLast(isStackLevel)?.status ?? '';
    const inside = own.filter((event) => !isStackLevel(event));
    const newest = new Map(inside.map((event) => [event.logicalId, event]));
    const running = [...newest.values()].filter((event) => !isFinal(event.status));
    const work: Work = {
      running: running.map(({ logicalId }) => logicalId),
      over: new Set([...newest.values()].filter(({ status }) => isFinal(status)).map((e) => e.logicalId)),
      backwards: status.startsWith('DELETE'),
      whole: /^(?:CREATE|DELETE)_IN_PROGRESS$/.test(status),
    };
    const needs = running.length > 1 && work.whole ? await this.#needsOf(stackId) : undefined;
    const [first] = waitedFor(needs, work);
    const found = first === undefined ? undefined : newest.get(first);
    if (!found) return undefined;
    const inner = isNestedStack(found) ? await this.find(found.physicalId, events, working) : undefined;
    return inner ?? working.find(({ path }) => pathWords(path) === pathWords(found.path)) ?? found;
  }

  #needsOf(stackId: string): Promise<Needs | undefined> {
    const known = this.#needs.get(stackId);
    if (known) return known;
    const asked = this.#port
      .template(stackId)
      .then((text) => (text === undefined ? undefined : needsOf(text)))
      // It only names what takes long: a missing permission, or a text that is no template, must not end the wait.
      .catch(() => undefined);
    this.#needs.set(stackId, asked);
    return asked;
  }
}
