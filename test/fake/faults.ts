import { type Duration, Hold } from './hold.ts';
import { FakeError } from './wire.ts';

/** What goes wrong with a request. `lost` is done first and then not answered: the caller cannot know. */
export type Fault =
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly status: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'lost' }
  /** Real milliseconds, whatever the clock: a slow network, not slow work. */
  | { readonly kind: 'delay'; readonly ms: Duration };

export interface When {
  /** How many requests it hits; default 1. */
  readonly times?: number;
  /** Hits every n-th matching request only. */
  readonly every?: number;
  /** Lets so many matching requests pass first. */
  readonly after?: number;
}

interface Rule {
  readonly pattern: string;
  readonly fault: Fault;
  readonly when: When;
  seen: number;
  hits: number;
}

/** What the services say that do not say Throttling. */
const THROTTLED: Readonly<Record<string, { code: string; message: string; status: number }>> = {
  lambda: { code: 'TooManyRequestsException', message: 'Rate exceeded', status: 429 },
  ec2: { code: 'RequestLimitExceeded', message: 'Request limit exceeded.', status: 503 },
};

/** Faults, scripted by action: `cloudformation:DescribeStackEvents`, `lambda:*`, `*`. */
export class Faults {
  #rules: Rule[] = [];

  add(pattern: string, fault: Fault, when: When = {}): this {
    this.#rules.push({ pattern, fault, when, seen: 0, hits: 0 });
    return this;
  }

  /** AWS's answer to too many requests; each service has its own code for it. */
  throttle(pattern: string, when: When = {}): this {
    const { code, message, status } = THROTTLED[pattern.split(':')[0] ?? ''] ?? {
      code: 'Throttling',
      message: 'Rate exceeded',
      status: 400,
    };
    return this.add(pattern, { kind: 'error', code, message, status }, when);
  }

  unavailable(pattern: string, when: When = {}): this {
    return this.add(
      pattern,
      { kind: 'error', code: 'ServiceUnavailable', message: 'Service Unavailable', status: 503 },
      when,
    );
  }

  reset(pattern: string, when: When = {}): this {
    return this.add(pattern, { kind: 'reset' }, when);
  }

  /** The request is carried out, its answer never arrives. */
  lost(pattern: string, when: When = {}): this {
    return this.add(pattern, { kind: 'lost' }, when);
  }

  /** The request waits for as long before it is carried out. */
  delay(pattern: string, ms: Duration, when: When = {}): this {
    return this.add(pattern, { kind: 'delay', ms }, when);
  }

  /** Stops one request that has arrived until it is released, whoever still waits for its answer. */
  hold(pattern: string, when: Pick<When, 'after'> = {}): Hold {
    const hold = new Hold();
    this.delay(pattern, hold, { ...when, times: 1 });
    return hold;
  }

  /** Until further notice by default, as it is with a token that has expired. */
  expired(pattern = '*', when: When = { times: Number.POSITIVE_INFINITY }): this {
    const message = 'The security token included in the request is expired';
    return this.add(pattern, { kind: 'error', code: 'ExpiredToken', message, status: 403 }, when);
  }

  /** AccessDenied in AWS's words, until further notice: an implicit deny unless `explicit` says whose policy denies it. */
  deny(
    pattern: string,
    options: When & { readonly who?: string; readonly resource?: string; readonly explicit?: string } = {},
  ): this {
    const { who = 'arn:aws:iam::123456789012:user/dev', resource = '*', explicit, ...when } = options;
    const because = explicit
      ? `with an explicit deny in ${explicit}`
      : `because no identity-based policy allows the ${pattern} action`;
    const message = `User: ${who} is not authorized to perform: ${pattern} on resource: ${resource} ${because}`;
    const fault = { kind: 'error', code: 'AccessDenied', message, status: 403 } as const;
    return this.add(pattern, fault, { times: Number.POSITIVE_INFINITY, ...when });
  }

  clear(): void {
    this.#rules = [];
  }

  /** The fault that hits this request, if any; counts it. */
  take(action: string): Fault | undefined {
    let fault: Fault | undefined;
    for (const rule of this.#rules) {
      if (!matches(rule.pattern, action)) continue;
      const { times = 1, every = 1, after = 0 } = rule.when;
      const turn = ++rule.seen - after;
      if (fault || turn <= 0 || rule.hits >= times || turn % every !== 0) continue;
      rule.hits++;
      fault = rule.fault;
    }
    return fault;
  }
}

function matches(pattern: string, action: string): boolean {
  return pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : pattern === action;
}

export function asError(fault: Extract<Fault, { kind: 'error' }>): FakeError {
  return new FakeError(fault.code, fault.message, fault.status);
}
