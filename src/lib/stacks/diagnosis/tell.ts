import { isInfractlError, messageOf } from '../../base/errors.ts';
import type { StacksPort } from '../port.ts';
import { denialAdvice, denialFromDecoded, denialWhy, encodedMessage } from './causes/denial.ts';
import { causeOf, type Known } from './causes.ts';
import { ecsEvidence } from './ecs-tasks.ts';
import type { FailedEvent } from './explain.ts';
import { type FunctionLog, functionLog, isFunctionOfLambda, lambdaState } from './function-log.ts';
import { logMeaning } from './init-error.ts';
import { locate, type Place } from './locate.ts';
import type { Evidence, Lookups } from './lookups.ts';

/** So many causes are looked into; all are named. */
const MOST_LOOKED_INTO = 3;

/** One cause with all that could be found out about it. */
export interface Told {
  readonly event: FailedEvent;
  readonly known: Known | undefined;
  readonly place: Place | undefined;
  /** Of the function behind a custom resource, or of the function itself. */
  readonly log: FunctionLog | undefined;
  readonly evidence: readonly Evidence[];
}

export interface TellDeps {
  readonly port: Pick<StacksPort, 'stack' | 'template' | 'resources'>;
  /** None: only what the events say. */
  readonly lookups?: Lookups | undefined;
}

/**
 * What the failures of an operation mean: their cause, their place in the templates of this machine, and what
 * AWS keeps beside the events. Never throws: what cannot be read is said in a note.
 *
 * @param events of the operation
 * @param file the outermost template on this machine
 */
export function tell(
  deps: TellDeps,
  causes: readonly FailedEvent[],
  events: readonly FailedEvent[],
  file: string | undefined,
): Promise<Told[]> {
  return Promise.all(
    causes.map(async (event, index): Promise<Told> => {
      const path = event.path ?? [event.logicalId];
      const place = file === undefined ? undefined : await locate(file, path);
      const found = { event, known: causeOf(event), place };
      if (index >= MOST_LOOKED_INTO || !deps.lookups) return { ...found, log: undefined, evidence: [] };
      const [log, evidence] = await Promise.all([
        functionLog(deps.port, deps.lookups, event, events),
        evidenceFor(deps.lookups, event),
      ]);
      return { ...found, log, evidence };
    }),
  );
}

/** What to do about a cause, what was looked up first: it knows more than the words of the event. */
export function adviceOf({ known, log, evidence }: Told): string[] {
  const fromLog = log ? (logMeaning(log.lines)?.advice ?? []) : [];
  return [...fromLog, ...evidence.flatMap(({ advice }) => advice), ...(known?.advice ?? [])];
}

/** Why, in words; null where AWS's own say all. */
export function whyOf({ known, log, evidence }: Told): string | null {
  const found = evidence.find(({ why }) => why !== null)?.why;
  return (log && logMeaning(log.lines)?.why) ?? found ?? known?.why ?? null;
}

async function evidenceFor(lookups: Lookups, event: FailedEvent): Promise<Evidence[]> {
  const found = await Promise.all([
    attempt('The refusal', () => decoded(lookups, event)),
    /^AWS::ECS::(?:Service|TaskSet)$/.test(event.resourceType)
      ? attempt(`What ECS says of ${event.logicalId}`, () => ecsEvidence(lookups, event))
      : undefined,
    isFunctionOfLambda(event)
      ? attempt(`The state of ${event.logicalId}`, () => lambdaState(lookups, event))
      : undefined,
  ]);
  return found.filter((one) => one !== undefined);
}

async function attempt(
  what: string,
  look: () => Promise<Evidence | undefined>,
): Promise<Evidence | undefined> {
  try {
    return await look();
  } catch (error) {
    const why = isInfractlError(error) ? error.message : messageOf(error);
    const note = `${what} could not be read: ${why}`;
    return { about: '', lines: [], note, why: null, advice: [] };
  }
}

async function decoded(lookups: Lookups, event: FailedEvent): Promise<Evidence | undefined> {
  const message = encodedMessage(event.reason);
  if (!message) return undefined;
  const denial = denialFromDecoded(await lookups.decode(message));
  if (!denial) return undefined;
  return {
    about: 'Decoded, the refusal says:',
    lines: [denialWhy(denial)],
    note: null,
    why: denialWhy(denial),
    advice: denialAdvice(denial),
  };
}
