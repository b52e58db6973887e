import type { StackEvent } from '../../port.ts';

/** What AWS said of a failure, without its noise. */
export interface Reason {
  readonly text: string;
  /** The class of failure by the resource's handler: `AlreadyExists`, `NotStabilized`, … */
  readonly handlerCode?: string;
  /** The service's own: `DependencyViolation`. Older resource types give it. */
  readonly serviceCode?: string;
}

/** The part of an event that a cause is found by. */
export type Failed = Pick<StackEvent, 'reason' | 'logicalId' | 'physicalId' | 'resourceType'>;

/** The named groups of a cause's words. */
export type Groups = Readonly<Record<string, string | undefined>>;

/** A row of the tables of causes: how AWS says it, what it means, what to do. */
export interface Cause {
  /** Stable, for programs: `NameTaken`, `AccessDenied`. */
  readonly code: string;
  /** Matched against the cleaned reason, then against the service's code. */
  readonly words?: RegExp;
  /** The resource's type, where the words alone may mean something else. */
  readonly type?: RegExp;
  readonly handlerCodes?: readonly string[];
  /** Why, in a sentence; undefined where AWS's own words say it. */
  readonly why?: (event: Failed, groups: Groups) => string | undefined;
  /** What to do, the likeliest first. */
  readonly advice: (event: Failed, groups: Groups) => string[];
}

/** A cause that was recognised. */
export interface Known {
  readonly code: string;
  readonly why: string | null;
  readonly advice: readonly string[];
}

/** `RDS` of `AWS::RDS::DBInstance`. */
export function serviceOf({ resourceType }: Pick<StackEvent, 'resourceType'>): string {
  return resourceType.split('::')[1] ?? resourceType;
}

/** The resource as AWS knows it, or as the template does. */
export function nameOf({ physicalId, logicalId }: Pick<StackEvent, 'physicalId' | 'logicalId'>): string {
  return physicalId || logicalId;
}

/** Takes request ids and wrappers off, and what only a machine can read: they help nobody who reads it. */
export function cleanReason(reason: string | undefined): Reason {
  const raw = reason?.trim() ?? '';
  const handlerCode = /HandlerErrorCode:\s*(\w+)/.exec(raw)?.[1];
  const serviceCode = /\(Service:[^)]*Error Code:\s*([\w.]+)/.exec(raw)?.[1];
  let text = raw
    .replace(/\s*\((?:RequestToken|HandlerErrorCode):[^)]*\)/g, '')
    .replace(/\s*\(Service:[^)]*\)/g, '')
    .replace(/\s*\(SDK Attempt Count:[^)]*\)/g, '')
    .replace(/,?\s*\(?RequestId: [0-9a-f-]{36}\)?/gi, '')
    .replace(/\s*Encoded authorization failure message:\s*[\w-]+\.?/g, '')
    .trim();
  text = /^Resource handler returned message: "([\s\S]*)"$/.exec(text)?.[1]?.trim() ?? text;
  return { text, ...(handlerCode ? { handlerCode } : {}), ...(serviceCode ? { serviceCode } : {}) };
}
