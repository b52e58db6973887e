import {
  type CostChange,
  changesCosts,
  changeWords,
  estimating,
  type StackCostChange,
} from '../costs/index.ts';
import { openPrices } from '../desks/prices.ts';
import { USAGE } from '../project/index.ts';
import type { Inventory, Weigh } from '../stacks/index.ts';
import type { DeployContext } from './types.ts';

/**
 * What the changes of a run do to what the project costs a month, by the prices that are at hand: nothing is asked
 * of AWS for it.
 */
export class CostsOfChanges {
  readonly #context: DeployContext;
  readonly #stacks = new Map<string, StackCostChange>();

  constructor(context: DeployContext) {
    this.#context = context;
  }

  async weigh(...[part, before, after]: Parameters<Weigh>): Promise<StackCostChange> {
    const { session, clock, env, project } = this.#context;
    const [{ changeOf, estimateStack, pricer }, book] = await Promise.all([
      estimating(),
      openPrices(session, clock, env),
    ]);
    const price = pricer((region, item) => book.known(region, item), session.region);
    const said = project.costs.get(part.replace(/^stack /, ''));
    const of = (resources: Inventory) => estimateStack(resources, { usage: USAGE, said, price });
    const change = changeOf(part, before && of(before), of(after));
    this.#stacks.set(part, change);
    return change;
  }

  /** Of the stacks that were weighed, in the order of the project. */
  async total(): Promise<CostChange> {
    const stacks = [...this.#context.project.stacks.keys()].flatMap(
      (name) => this.#stacks.get(`stack ${name}`) ?? [],
    );
    return (await estimating()).changeOfAll(stacks);
  }
}

/** Says before AWS begins what it will cost; the sandbox costs nothing, and a dry run says it at its end. */
export function tellCosts({ reporter, session, options }: DeployContext, change: StackCostChange): void {
  if (session.sandbox || options.dryRun || !changesCosts(change)) return;
  reporter.emit({ type: 'note', message: `${change.part}, a month: ${changeWords(change)}.` });
}
