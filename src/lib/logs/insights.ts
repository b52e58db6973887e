import { untilAnswered } from '../aws/retry.ts';
import { type Clock, throwIfAborted } from '../base/clock.ts';
import { Exit, InfractlError } from '../base/errors.ts';

/** A query of CloudWatch Logs Insights. Times are milliseconds since 1970. */
export interface InsightsQuery {
  readonly groups: readonly string[];
  readonly query: string;
  readonly from: number;
  readonly to: number;
  readonly limit?: number | undefined;
}

export interface InsightsState {
  /** `Scheduled`, `Running`, `Complete`, `Failed`, `Cancelled`, `Timeout`. */
  readonly status: string;
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly recordsMatched: number;
  readonly recordsScanned: number;
  readonly bytesScanned: number;
}

export interface InsightsPort {
  /** StartQuery. Gives the id of the query. */
  start(query: InsightsQuery): Promise<string>;
  /** GetQueryResults. */
  look(id: string): Promise<InsightsState>;
  /** StopQuery: what is scanned is paid for. */
  stop(id: string): Promise<void>;
}

export interface InsightsDeps {
  readonly port: InsightsPort;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (state: InsightsState) => void;
}

/** AWS ends a query after an hour by itself. */
const LONGEST = 3_600_000;
const FIRST = 250;
const SLOWEST = 2000;

/**
 * Runs a query to its end, over answers that are throttled or cut. One that nobody waits for any more is stopped in AWS
 * too: the bytes that it scans are paid for.
 *
 * @throws InfractlError `QueryFailed`, `QueryTimedOut` (exit 7); Interrupted (exit 130)
 */
export async function runQuery(deps: InsightsDeps, query: InsightsQuery): Promise<InsightsState> {
  const { port, clock, signal, onProgress } = deps;
  throwIfAborted(signal);
  const id = await port.start(query);
  const began = clock.now();
  let pause = FIRST;
  let ended = false;
  try {
    for (;;) {
      const state = await untilAnswered({ clock, signal }, () => port.look(id));
      if (state.status === 'Complete') return state;
      ended = state.status !== 'Running' && state.status !== 'Scheduled';
      if (ended) throw failed(state);
      onProgress?.(state);
      if (clock.now() - began > LONGEST) throw failed({ ...state, status: 'Timeout' });
      await clock.sleep(pause, signal);
      pause = Math.min(SLOWEST, pause * 1.5);
    }
  } catch (error) {
    if (!ended) await port.stop(id).catch(() => {});
    throw error;
  }
}

function failed({ status }: InsightsState): InfractlError {
  const timedOut = status === 'Timeout';
  return new InfractlError({
    code: timedOut ? 'QueryTimedOut' : 'QueryFailed',
    message: timedOut ? 'The query took longer than AWS lets it.' : `The query ended as ${status}.`,
    suggestions: ['Choose less time with --since and --until, fewer groups, or a filter near its beginning.'],
    exit: timedOut ? Exit.timedOut : Exit.failed,
  });
}
