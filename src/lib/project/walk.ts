import { type Graph, reverseGraph } from './graph.ts';
import { type PartId, partKey } from './model.ts';

export interface WalkOptions {
  /** What needs a part is visited before it: to destroy. */
  readonly reverse?: boolean;
  /** How many visits run at the same time. Default: as many as can. */
  readonly concurrency?: number;
  /** Aborted: no new visit starts; the running ones get the signal and end as they will. */
  readonly signal?: AbortSignal | undefined;
}

export interface WalkResult {
  readonly done: readonly PartId[];
  /** In the order in which they failed. */
  readonly failed: readonly { readonly id: PartId; readonly error: unknown }[];
  readonly skipped: readonly Skipped[];
  readonly interrupted: boolean;
}

export interface Skipped {
  readonly id: PartId;
  /** A sentence's end: `stack app failed`. */
  readonly because: string;
}

/**
 * Visits every part of the graph. A part starts as soon as all that it needs is done; there are no
 * levels to wait for. After the first failure none starts, those that run are waited for. Never rejects.
 */
export function walkGraph(
  graph: Graph,
  visit: (id: PartId, signal: AbortSignal) => Promise<void>,
  options: WalkOptions = {},
): Promise<WalkResult> {
  const walked = options.reverse ? reverseGraph(graph) : graph;
  const signal = options.signal ?? new AbortController().signal;
  const concurrency = Math.max(1, options.concurrency ?? Number.POSITIVE_INFINITY);
  const open = new Map(walked.nodes.map((node) => [partKey(node), walked.needs(node).length]));
  const ready = walked.nodes.filter((node) => open.get(partKey(node)) === 0);
  const started = new Set<string>();
  const done: PartId[] = [];
  const failed: { id: PartId; error: unknown }[] = [];
  let running = 0;

  return new Promise((resolve) => {
    const finished = (id: PartId, outcome: { error: unknown } | undefined) => {
      running--;
      if (outcome) failed.push({ id, error: outcome.error });
      else {
        done.push(id);
        for (const next of walked.neededBy(id)) {
          const left = (open.get(partKey(next)) ?? 0) - 1;
          open.set(partKey(next), left);
          if (left === 0) ready.push(next);
        }
      }
      step();
    };
    const start = (id: PartId) => {
      running++;
      started.add(partKey(id));
      visitOnce(visit, id, signal).then((outcome) => finished(id, outcome));
    };
    const step = () => {
      while (ready.length > 0 && running < concurrency && failed.length === 0 && !signal.aborted) {
        start(ready.shift() as PartId);
      }
      if (running > 0) return;
      const skipped = whySkipped(walked, started, failed, signal.aborted);
      resolve({ done, failed, skipped, interrupted: signal.aborted });
    };
    step();
  });
}

async function visitOnce(
  visit: (id: PartId, signal: AbortSignal) => Promise<void>,
  id: PartId,
  signal: AbortSignal,
): Promise<{ error: unknown } | undefined> {
  try {
    await visit(id, signal);
    return undefined;
  } catch (error) {
    return { error };
  }
}

function whySkipped(
  graph: Graph,
  started: ReadonlySet<string>,
  failed: readonly { readonly id: PartId }[],
  interrupted: boolean,
): Skipped[] {
  const blame = new Map(failed.map(({ id }) => [partKey(id), partKey(id)]));
  const first = failed[0];
  return graph.nodes.flatMap((id) => {
    if (started.has(partKey(id))) return [];
    const culprit = graph
      .needs(id)
      .map((need) => blame.get(partKey(need)))
      .find((key) => key !== undefined);
    if (culprit) {
      blame.set(partKey(id), culprit);
      return [{ id, because: `${culprit} failed` }];
    }
    if (interrupted || first === undefined) return [{ id, because: 'interrupted' }];
    return [{ id, because: `not started after ${partKey(first.id)} failed` }];
  });
}
