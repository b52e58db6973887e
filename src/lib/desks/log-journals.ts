import { InfractlError } from '../base/errors.ts';
import { journalCommand, journalEvent, type LiveSource, type LogEvent } from '../logs/index.ts';
import type { HostDesk } from './host-desk.ts';

export interface JournalDeps {
  /** The hosts of the project, opened on first use. */
  readonly hosts: () => Promise<HostDesk>;
  readonly signal: AbortSignal;
}

/** Events that are handed on together. */
const BATCH = 1000;
/** Of what journalctl says last, in characters. */
const LAST_WORDS = 2000;

/** The journal of a host in a window of time, in batches as it is read: its services, or all where it names none. */
export async function* readJournal(
  deps: JournalDeps,
  host: string,
  group: string,
  window: { readonly from: number; readonly to: number },
): AsyncGenerator<LogEvent[]> {
  let batch: LogEvent[] = [];
  let over = false;
  let wake = () => {};
  const put = (event: LogEvent) => {
    batch.push(event);
    if (batch.length >= BATCH) wake();
  };
  const done = journal(deps, host, group, window, put).finally(() => {
    over = true;
    wake();
  });
  // It is awaited at the end; until then a failure must not count as unhandled.
  done.catch(() => {});
  while (!over || batch.length > 0) {
    if (!over && batch.length < BATCH)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    const ready = batch;
    batch = [];
    if (ready.length > 0) yield ready;
  }
  await done;
}

/** The journal of a host from a moment on, as it is written. */
export function followJournal(deps: JournalDeps, host: string, group: string, from: number): LiveSource {
  return { group, run: (put) => journal(deps, host, group, { from }, put) };
}

async function journal(
  { hosts, signal }: JournalDeps,
  host: string,
  group: string,
  window: { readonly from: number; readonly to?: number },
  put: (event: LogEvent) => void,
): Promise<void> {
  const desk = await hosts();
  for (const part of desk.choose([host])) {
    const port = await desk.open(part);
    const argv = journalCommand({ units: part.services, ...window, follow: window.to === undefined });
    const onLine = (line: string) => {
      const event = journalEvent(line, group);
      if (event) put(event);
    };
    const { exitCode, stderr } = await port.run({ argv, sudo: true, signal, onLine, keep: LAST_WORDS });
    if (exitCode !== 0 || window.to === undefined) throw journalEnded(host, exitCode, stderr.trim());
  }
}

/** journalctl ends by itself at the end of a window only, and only then with 0. */
function journalEnded(host: string, exitCode: number, why: string): InfractlError {
  return new InfractlError({
    code: 'HostJournalEnded',
    message: `journalctl on the host ${host} ended with exit code ${exitCode}.`,
    ...(why ? { why } : {}),
    suggestions: [`Try it there: infractl host run --host ${host} --sudo -- journalctl --lines=5`],
  });
}
