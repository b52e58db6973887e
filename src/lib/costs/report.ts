import type { Range, UsageName } from '../project/model.ts';
import type { Bill, Billed } from './bill.ts';
import type { Compared, ComparedMonth } from './explain.ts';
import type { PriceSource } from './price.ts';
import type { NotCounted, StackEstimate } from './types.ts';

/** The estimate of one stack. */
export interface PartEstimate extends StackEstimate {
  /** `stack app`. */
  readonly part: string;
  readonly stackName: string;
  /** What of the usage its figures rest on, and whether the project says it. */
  readonly usage: Readonly<Partial<Record<UsageName, Range & { readonly said: boolean }>>>;
}

/** What an environment should cost. */
export interface EnvironmentEstimate {
  readonly project: string;
  readonly environment: string;
  readonly region: string;
  readonly currency: 'USD';
  /** Of a month. */
  readonly hours: number;
  readonly month: Range;
  readonly parts: readonly PartEstimate[];
  readonly sources: readonly PriceSource[];
  /** Why AWS's price list was not asked although it should have been. */
  readonly trouble?: string;
}

/** What an environment, or a whole account, was billed. */
export interface BillReport extends Omit<Bill, 'amounts' | 'tags'> {
  readonly project: string;
  readonly environment: string;
  readonly account: string;
  /** What was asked for: what carries the tags of the project, or all of the account. */
  readonly of: 'tags' | 'account';
  readonly amounts: readonly Billed[];
  /** The answer is one of earlier this day. */
  readonly again: boolean;
  /** Null: nothing was billed that can be compared, or not in the dollars that are estimated. */
  readonly compared: (ComparedMonth & { readonly services: readonly Compared[] }) | null;
  /** What the estimate does not count. */
  readonly notCounted: readonly NotCounted[];
}
