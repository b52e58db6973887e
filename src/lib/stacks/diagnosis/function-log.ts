import { isInfractlError, messageOf } from '../../base/errors.ts';
import type { StackEvent, StacksPort } from '../port.ts';
import { readTemplate } from '../template/template.ts';
import { child, type Plain, plain } from '../template/yaml.ts';
import { isCustom } from './explain.ts';
import type { Evidence, Lookups } from './lookups.ts';

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
/** What Lambda writes around each call; what the function wrote is what tells. */
const PLATFORM = /^(?:START RequestId|END RequestId|REPORT RequestId|INIT_START )/;
/** Lines come a little after the answer that the function sent, and clocks differ. */
const MARGIN_MS = 5_000;

type Port = Pick<StacksPort, 'stack' | 'template' | 'resources'>;

/** Whether a resource is a function of Lambda, or something that a function must start for. */
export function isFunctionOfLambda({ resourceType }: Pick<StackEvent, 'resourceType'>): boolean {
  return /^AWS::Lambda::(?:Function|Version|Alias)$/.test(resourceType);
}

/**
 * The last lines that the function behind a failed custom resource, or a function that failed itself, wrote
 * while the resource was worked on. Never throws: it only adds detail to a failure that is being told.
 *
 * @param events of the operation
 * @returns undefined when no function is behind the failed resource
 */
export async function functionLog(
  port: Port,
  lookups: Lookups,
  cause: StackEvent,
  events: readonly StackEvent[],
): Promise<FunctionLog | undefined> {
  const custom = isCustom(cause);
  if (!custom && !isFunctionOfLambda(cause)) return undefined;
  let functionName: string | null = null;
  const without = (note: string): FunctionLog => ({ functionName, lines: [], note });
  try {
    functionName = (custom ? await functionBehind(port, cause, events) : nameOf(cause)) ?? null;
    if (!functionName) {
      // Of a function that never came to be there is no log, and nothing to be said of it.
      return custom
        ? without(`Which function is behind ${cause.logicalId} could not be found out.`)
        : undefined;
    }
    const group = await groupOf(lookups, functionName);
    const began = events.find(
      ({ stackId, logicalId }) => stackId === cause.stackId && logicalId === cause.logicalId,
    );
    const window = {
      from: new Date((began ?? cause).at.getTime() - MARGIN_MS),
      to: new Date(cause.at.getTime() + MARGIN_MS),
    };
    const lines = await (await lookups.logs()).lines(group, window);
    if (!lines) return custom ? without(`There is no log group ${group}.`) : undefined;
    if (lines.length === 0)
      return custom ? without(`The function ${functionName} wrote nothing in that time.`) : undefined;
    const texts = lines.map(({ text }) => text);
    const own = texts.filter((text) => !PLATFORM.test(text));
    return { functionName, lines: (own.length > 0 ? own : texts).slice(-LINES), note: null };
  } catch (error) {
    const why = isInfractlError(error) ? error.message : messageOf(error);
    const whose = functionName ? `the function ${functionName}` : `the function behind ${cause.logicalId}`;
    return without(`The log of ${whose} cannot be read: ${why}`);
  }
}

/** A function may write to a group of its own choice; without the permission to ask, the usual one is taken. */
async function groupOf(lookups: Lookups, functionName: string): Promise<string> {
  const usual = `/aws/lambda/${functionName}`;
  try {
    return (await (await lookups.functions()).configuration(functionName))?.logGroup ?? usual;
  } catch {
    return usual;
  }
}

/**
 * What Lambda says of a function that failed: its state, and why its last update failed.
 *
 * @throws what the lookup throws
 */
export async function lambdaState(lookups: Lookups, cause: StackEvent): Promise<Evidence | undefined> {
  const functionName = nameOf(cause);
  if (!functionName) return undefined;
  const found = await (await lookups.functions()).configuration(functionName);
  const about = `Lambda says of the function ${functionName}:`;
  const none = { about, lines: [], why: null, advice: [] };
  if (!found) return { ...none, note: `The function ${functionName} is gone: it was taken back.` };
  const { state, stateReason, updateStatus, updateReason } = found;
  const line = (name: string, value: string | undefined, reason: typeof stateReason) =>
    `${name} ${value}${reason.code ? ` (${reason.code})` : ''}${reason.text ? `: ${reason.text}` : ''}`;
  const lines = [
    ...(state === 'Failed' || stateReason.text ? [line('state', state, stateReason)] : []),
    ...(updateStatus === 'Failed' ? [line('last update', updateStatus, updateReason)] : []),
  ];
  return lines.length > 0 ? { ...none, lines, note: null } : undefined;
}

/**
 * The name of the function behind a custom resource. AWS gives its token with the events; where it does
 * not, it is read in the template, which after a rollback is the one from before.
 */
async function functionBehind(
  port: Port,
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

/** The physical id of a function is its name; that of a version or an alias is an ARN, once there is one. */
function nameOf({ resourceType, physicalId }: StackEvent): string | undefined {
  return resourceType === 'AWS::Lambda::Function' || physicalId.startsWith('arn:')
    ? nameIn(physicalId)
    : undefined;
}

/** `arn:aws:lambda:…:function:name:alias` → `name`; a physical id is the name itself. */
function nameIn(token: string | undefined): string | undefined {
  if (!token) return undefined;
  const inArn = /:function:([^:]+)/.exec(token)?.[1];
  if (inArn) return inArn;
  return token.startsWith('arn:') ? undefined : token;
}
