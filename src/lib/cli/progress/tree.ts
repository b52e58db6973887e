import type { Awaited, ReportEvent } from '../../base/report.ts';

type StackReport = Extract<ReportEvent, { type: 'stack.event' }>;

/** A resource, or a stack with what is in it. Times are milliseconds of this machine's clock. */
export interface TreeNode {
  /** Logical id. */
  readonly id: string;
  type: string;
  status: string;
  /** When the work on it began. */
  since: number;
  /** Done in this phase: a rollback counts anew. */
  done: boolean;
  /** Why it failed by itself; it stays although the resource is deleted again. */
  failure?: { readonly status: string; readonly reason: string };
  /** By logical id, in order of first appearance. */
  readonly children: Map<string, TreeNode>;
}

export interface TreePart {
  readonly part: string;
  status: string;
  readonly since: number;
  readonly root: TreeNode;
  /** The newest line of a tool. */
  output: string;
  waiting: { readonly path: readonly string[]; readonly type: string; readonly since: number } | undefined;
  readonly clock: AwsClock;
}

/** Failures that only follow from another one. */
const CANCELLED = /cancelled/i;
/** Events that come later than this after the first ones came as they happened, in milliseconds. */
const LIVE_AFTER = 3_000;
/** A difference of clocks that is worth a correction: answers alone take seconds. */
const APART = 60_000;

/**
 * Times of AWS as this machine's clock has them. A clock that is wrong by an hour must not make an hour of
 * each wait: it is known to be wrong when events come from the future, or long after they happened though
 * they were waited for.
 */
export class AwsClock {
  #first: number | undefined;
  #ahead = 0;

  /** @param at ISO 8601, by AWS; `now` when it was read */
  local(at: string, now: number): number {
    const time = Date.parse(at);
    if (Number.isNaN(time)) return now;
    this.#first ??= now;
    const late = now - time;
    const live = now - this.#first > LIVE_AFTER;
    if (late < this.#ahead) this.#ahead = late;
    else if (live && late > APART && this.#ahead === 0) this.#ahead = late;
    return Math.min(now, time + this.#ahead);
  }
}

/** What runs, as a tree: part → stack → resources, nested stacks as branches. Fed with what is reported. */
export class ProgressTree {
  /** By name, in order of their start. Those that are done are gone. */
  readonly parts = new Map<string, TreePart>();
  readonly #redact: (text: string) => string;

  constructor(redact: (text: string) => string) {
    this.#redact = redact;
  }

  track(event: ReportEvent, now: number): void {
    if (event.type === 'part.started') {
      this.parts.set(event.part, newPart(event.part, this.#redact(event.doing), now));
      return;
    }
    const part = 'part' in event ? this.parts.get(event.part) : undefined;
    if (!part) return;
    switch (event.type) {
      case 'part.status':
        part.status = this.#redact(event.status);
        part.output = '';
        return;
      case 'tool.output':
        part.output = this.#redact(event.line);
        return;
      case 'stack.event':
        this.#stackEvent(part, event, now);
        return;
      case 'stack.waiting':
        part.waiting = event.on ? waitingOn(part, event.on, now) : undefined;
        return;
      case 'part.done':
      case 'part.failed':
      case 'part.skipped':
        this.parts.delete(event.part);
    }
  }

  #stackEvent(part: TreePart, event: StackReport, now: number): void {
    const at = part.clock.local(event.at, now);
    let node = part.root;
    for (const id of event.path) {
      const next = node.children.get(id) ?? newNode(id, at);
      node.children.set(id, next);
      node = next;
    }
    if (node.status !== event.status && isRunning(event.status)) {
      node.since = at;
      node.done = false;
      // What is taken back, or deleted, is counted anew.
      if (/^DELETE|ROLLBACK_IN/.test(event.status)) for (const child of node.children.values()) reset(child);
    }
    node.status = event.status;
    if (node !== part.root) node.type = event.resourceType;
    if (/_(?:COMPLETE|SKIPPED)$/.test(event.status)) {
      node.done = true;
      if (node.failure?.status === 'DELETE_FAILED' && event.status.startsWith('DELETE')) delete node.failure;
    }
    if (event.status.endsWith('_FAILED') && !CANCELLED.test(event.reason ?? ''))
      node.failure = { status: event.status, reason: this.#redact(event.reason ?? '') };
  }
}

export function isRunning(status: string): boolean {
  return status.endsWith('_IN_PROGRESS');
}

/** The resources of a tree without those that hold others, each with its path. */
export function leaves(
  root: TreeNode,
  path: readonly string[] = [],
): { node: TreeNode; path: readonly string[] }[] {
  return [...root.children.values()].flatMap((node) => {
    const here = [...path, node.id];
    return node.children.size > 0 ? leaves(node, here) : [{ node, path: here }];
  });
}

/** How many resources of a tree are worked on, and how many are done. */
export function counts(root: TreeNode): { readonly running: number; readonly done: number } {
  const all = leaves(root);
  return {
    running: all.filter(({ node }) => isRunning(node.status)).length,
    done: all.filter(({ node }) => node.done).length,
  };
}

/** What failed by itself, innermost: a nested stack that failed for what is in it says no more. */
export function failures(
  root: TreeNode,
  path: readonly string[] = [],
): { node: TreeNode; path: readonly string[] }[] {
  return [...root.children.values()].flatMap((node) => {
    const here = [...path, node.id];
    const inside = failures(node, here);
    return inside.length > 0 || !node.failure ? inside : [{ node, path: here }];
  });
}

function reset(node: TreeNode): void {
  node.done = false;
  for (const child of node.children.values()) reset(child);
}

function waitingOn(part: TreePart, on: Awaited, now: number): TreePart['waiting'] {
  return { path: on.path, type: on.resourceType, since: part.clock.local(on.since, now) };
}

function newNode(id: string, since: number): TreeNode {
  return { id, type: '', status: '', since, done: false, children: new Map() };
}

function newPart(part: string, status: string, since: number): TreePart {
  const root = newNode('', since);
  return { part, status, since, root, output: '', waiting: undefined, clock: new AwsClock() };
}
