import { isInfractlError, messageOf } from '../../base/errors.ts';
import type { StackEvent, StacksPort } from '../port.ts';
import { readTemplate } from '../template/template.ts';
import { child, type Plain, plain } from '../template/yaml.ts';
import { isCustom } from './explain.ts';

/** What is read of CloudWatch Logs. */
export interface FunctionLogPort {
  /**
   * The lines of a log group between two times, oldest first: FilterLogEvents. Undefined when there is no
   * such group.
   */
  lines(
    group: string,
    window: { readonly from: Date; readonly to: Date },
  ): Promise<readonly { readonly at: Date; readonly text: string }[] | undefined>;
}

/** The log of the function behind a custom resource, or why it is not shown. */
export interface FunctionLog {
  /** Null where it could not be found out. */
  readonly functionName: string | null;
  /** The last ones, oldest first. */
  readonly lines: readonly string[];
  /** A sentence where there are no lines. */
  readonly note: string | null;
}

const LINES = 20;
/** Lines come a little after the answer that the function sent, and clocks differ. */
const MARGIN_MS = 5_000;

export interface LogDeps {
  readonly port: Pick<StacksPort, 'stack' | 'template' | 'resources'>;
  /** Opened on use only. */
  readonly logs: () => Promise<FunctionLogPort>;
}

/**
 * The last lines that the function behind a failed custom resource wrote while the resource was worked on.
 * Never throws: it only adds detail to a failure that is being told.
 *
 * @param events of the operation
 * @returns undefined when the failed resource is no custom one
 */
export async function customResourceLog(
  { port, logs }: LogDeps,
  cause: StackEvent,
  events: readonly StackEvent[],
): Promise<FunctionLog | undefined> {
  if (!isCustom(cause)) return undefined;
  let functionName: string | null = null;
  const without = (note: string): FunctionLog => ({ functionName, lines: [], note });
  try {
    functionName = (await functionBehind(port, cause, events)) ?? null;
    if (!functionName) return without(`Which function is behind ${cause.logicalId} could not be found out.`);
    const group = `/aws/lambda/${functionName}`;
    const began = events.find(
      ({ stackId, logicalId }) => stackId === cause.stackId && logicalId === cause.logicalId,
    );
    const window = {
      from: new Date((began ?? cause).at.getTime() - MARGIN_MS),
      to: new Date(cause.at.getTime() + MARGIN_MS),
    };
    const lines = await (await logs()).lines(group, window);
    if (!lines) return without(`There is no log group ${group}.`);
    if (lines.length === 0) return without(`The function ${functionName} wrote nothing in that time.`);
    return { functionName, lines: lines.slice(-LINES).map(({ text }) => text), note: null };
  } catch (error) {
    const why = isInfractlError(error) ? error.message : messageOf(error);
    const whose = functionName ? `the function ${functionName}` : `the function behind ${cause.logicalId}`;
    return without(`The log of ${whose} cannot be read: ${why}`);
  }
}

/**
 * The name of the function behind a custom resource. AWS gives its token with the events; where it does
 * not, it is read in the template, which after a rollback is the one from before.
 */
async function functionBehind(
  port: LogDeps['port'],
  cause: StackEvent,
  events: readonly StackEvent[],
): Promise<string | undefined> {
  const given = events.find(
    ({ stackId, logicalId, serviceToken }) =>
      serviceToken !== undefined && stackId === cause.stackId && logicalId === cause.logicalId,
  );
  if (given) return nameIn(given.serviceToken);
  const text = await port.template(cause.stackId);
  if (!text) return undefined;
  const { root } = readTemplate('template', text).tree;
  const resource = child(child(root, 'Resources'), cause.logicalId);
  const token = plain(child(child(resource, 'Properties'), 'ServiceToken') ?? null);
  const physical = async (logicalId: string): Promise<string | undefined> => {
    const seen = events.findLast(
      (event) => event.stackId === cause.stackId && event.logicalId === logicalId && event.physicalId !== '',
    );
    if (seen) return seen.physicalId;
    return (await port.resources(cause.stackId)).find((one) => one.logicalId === logicalId)?.physicalId;
  };
  const parameter = async (name: string) => (await port.stack(cause.stackId))?.parameters[name];
  return nameIn(await tokenText(token, physical, parameter));
}

type Lookup = (name: string) => Promise<string | undefined>;

/** The forms in which a token is written: text, a parameter, a function's `Arn`, a `Sub` of those. */
async function tokenText(token: Plain, physical: Lookup, parameter: Lookup): Promise<string | undefined> {
  if (typeof token === 'string') return token;
  if (typeof token !== 'object' || token === null || Array.isArray(token)) return undefined;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': sub } = token as Readonly<Record<string, Plain>>;
  if (typeof Ref === 'string') return parameter(Ref);
  if (Array.isArray(attribute)) return physical(String(attribute[0]));
  if (typeof sub !== 'string') return undefined;
  const named = /\$\{([A-Za-z0-9]+)(?:\.Arn)?\}/.exec(sub)?.[1];
  if (!named) return sub;
  return (await physical(named)) ?? (await parameter(named));
}

/** `arn:aws:lambda:…:function:name:alias` → `name`; a physical id is the name itself. */
function nameIn(token: string | undefined): string | undefined {
  if (!token) return undefined;
  const inArn = /:function:([^:]+)/.exec(token)?.[1];
  if (inArn) return inArn;
  return token.startsWith('arn:') ? undefined : token;
}
