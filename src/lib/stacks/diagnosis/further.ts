import { basename, relative } from 'node:path';
import { causeLine, type Failure, failedEvents, failureOf, type StackFailure } from './explain.ts';
import type { Place } from './locate.ts';
import type { Evidence } from './lookups.ts';
import { adviceOf, type TellDeps, type Told, tell, whyOf } from './tell.ts';

/** How many lines of a function's log an error has; `explain` shows more. */
const LOG_LINES = 8;

/**
 * A failed operation with what AWS keeps beside its events: the log of a function, why tasks of ECS stopped,
 * a refusal decoded, the lines in nested templates. Reading calls only; never throws.
 */
export async function explainFurther(deps: TellDeps, { failure }: StackFailure): Promise<StackFailure> {
  const file = failure.template?.file;
  const told = await tell(deps, failedEvents(failure), failure.events, file);
  return failureOf(failure, {
    causes: told.flatMap((one) => lines(one, failure)),
    advice: told.flatMap(adviceOf),
  });
}

/** `, infra/database.yaml:12`, and what it was made from. */
export function placeWords(place: Place | undefined): string {
  if (!place) return '';
  const near = relative(process.cwd(), place.file);
  const line = `${near.startsWith('..') ? basename(place.file) : near}:${place.line}`;
  return place.from === undefined ? `, ${line}` : `, made from ${place.from}, ${line}`;
}

function lines(told: Told, failure: Failure): string[] {
  const why = whyOf(told);
  return [
    causeLine(told.event, failure, placeWords(told.place)),
    ...(why ? [why] : []),
    ...told.evidence.flatMap(evidenceLines),
    ...logLines(told),
  ];
}

function evidenceLines({ about, lines, note }: Evidence): string[] {
  return note ? [note] : [about, ...lines.map((line) => `  ${line}`)];
}

function logLines({ log }: Told): string[] {
  if (!log) return [];
  if (log.note) return [log.note];
  return [
    `The last lines of the function ${log.functionName}:`,
    ...log.lines.slice(-LOG_LINES).map((line) => `  ${line}`),
  ];
}
