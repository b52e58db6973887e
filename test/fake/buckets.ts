/** AWS's token buckets: how many requests, or how many of their items, an account may send in a region. */
export interface Limit {
  /** Tokens of a full bucket. */
  readonly capacity: number;
  /** Tokens that come back each second. */
  readonly refill: number;
}

/**
 * What Amazon EC2 publishes, as of 2026-11: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 * The first pattern that fits counts. A `#` names the items of a request: "resource tokens".
 */
export const EC2_LIMITS: readonly (readonly [pattern: string, limit: Limit])[] = [
  ['ec2:StartInstances#instances', { capacity: 1000, refill: 2 }],
  ['ec2:StopInstances#instances', { capacity: 1000, refill: 20 }],
  ['ec2:StartInstances', { capacity: 5, refill: 2 }],
  ['ec2:RunInstances', { capacity: 5, refill: 2 }],
  ['ec2:CreateSnapshot', { capacity: 100, refill: 5 }],
  ['ec2:CreateSnapshots', { capacity: 100, refill: 5 }],
  ['ec2:DeleteSnapshot', { capacity: 100, refill: 5 }],
  ['ec2:Describe*', { capacity: 100, refill: 20 }],
  ['ec2:Get*', { capacity: 100, refill: 20 }],
  ['ec2:*', { capacity: 50, refill: 5 }],
];

/** No limits until a test asks for them. Each action has a bucket of its own, as EC2's have. */
export class Buckets {
  #limits: readonly (readonly [string, Limit])[] = [];
  readonly #levels = new Map<string, { tokens: number; at: number }>();

  limit(limits: readonly (readonly [pattern: string, limit: Limit])[]): this {
    this.#limits = [...this.#limits, ...limits];
    return this;
  }

  /** Takes the tokens, all or none; false when there are too few. */
  take(action: string, now: number, count = 1): boolean {
    const limit = this.#limits.find(([pattern]) => fits(pattern, action))?.[1];
    if (!limit) return true;
    const level = this.#levels.get(action) ?? { tokens: limit.capacity, at: now };
    level.tokens = Math.min(limit.capacity, level.tokens + ((now - level.at) / 1000) * limit.refill);
    level.at = now;
    this.#levels.set(action, level);
    // Whole milliseconds make thirds of a token: what is missing must be more than rounding.
    if (level.tokens + 1e-9 < count) return false;
    level.tokens -= count;
    return true;
  }
}

/** A pattern without `#` is about requests, never about items. */
function fits(pattern: string, action: string): boolean {
  if (pattern.includes('#') !== action.includes('#')) return false;
  return pattern.endsWith('*') ? action.startsWith(pattern.slice(0, -1)) : pattern === action;
}
