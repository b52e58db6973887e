import { partitionOf } from '../aws/partition.ts';
import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { InfractlError } from '../base/errors.ts';
import { sideBySide } from '../base/side-by-side.ts';
import {
  type BillReport,
  billing,
  type EnvironmentEstimate,
  estimating,
  type PartEstimate,
} from '../costs/index.ts';
import { HOURS, type PriceBook, type PricedItem } from '../prices/index.ts';
import { USAGE } from '../project/index.ts';
import { isReference, type Project, type StackPart, type UsageName, type Value } from '../project/model.ts';
import { ENVIRONMENT_TAG, type Inventory, PROJECT_TAG, readInventory } from '../stacks/index.ts';
import { openPrices } from './prices.ts';

export interface CostDeskDeps {
  readonly session: AwsSession;
  readonly clock: Clock;
  readonly env: NodeJS.ProcessEnv;
}

export interface BillWish {
  /** Full months before the one that runs. */
  readonly months: number;
  /** All of the account, not only what carries the project's tags. */
  readonly wholeAccount: boolean;
  /** Asks whether a question may cost $0.01; throws where it may not. */
  readonly agree: () => Promise<void>;
}

/** Questions to the price list side by side. */
const AT_ONCE = 8;

/** What a project costs: by its templates, and as it was billed. */
export class CostDesk {
  readonly #deps: CostDeskDeps;
  readonly #project: Project;

  constructor(deps: CostDeskDeps, project: Project) {
    this.#deps = deps;
    this.#project = project;
  }

  /**
   * What the environment costs a month by its templates, with what is deployed out of sight: it needs no credentials.
   *
   * @param refresh asks AWS's price list for every price first
   * @throws UsageError as `loadTemplate`
   */
  async estimate({ refresh }: { readonly refresh: boolean }): Promise<EnvironmentEstimate> {
    const { session, clock, env } = this.#deps;
    const { name, environment, stacks, costs } = this.#project;
    const { region } = session;
    const [{ estimateStack, itemsIn, plus, pricer, sourcesOf }, book] = await Promise.all([
      estimating(),
      openPrices(session, clock, env),
    ]);
    const read = await Promise.all(
      [...stacks.values()].map(async (stack) => [stack, await this.#inventory(stack)] as const),
    );
    if (refresh) {
      const items = read.flatMap(([stack, resources]) =>
        itemsIn(resources, { usage: USAGE, said: costs.get(stack.name) }),
      );
      await askAll(book, region, items);
    }
    const price = pricer((where, item) => book.known(where, item), region);
    const parts = read.map(([stack, resources]): PartEstimate => {
      const said = costs.get(stack.name);
      const estimate = estimateStack(resources, { usage: USAGE, said, price });
      return {
        part: `stack ${stack.name}`,
        stackName: stack.stackName,
        ...estimate,
        usage: this.#usageIn(stack, estimate),
      };
    });
    const trouble = refresh ? (book.trouble ?? (book.canAsk ? undefined : noList(session))) : undefined;
    return {
      project: name,
      environment,
      region,
      currency: 'USD',
      hours: HOURS,
      month: plus(...parts.map(({ month }) => month)),
      parts,
      sources: sourcesOf(
        parts.flatMap(({ lines }) => lines),
        clock.now(),
      ),
      ...(trouble ? { trouble } : {}),
    };
  }

  /**
   * What AWS billed, and how far the estimate explains it.
   *
   * @throws InfractlError `SandboxIsFree` (1), and as `readBill`
   */
  async bill({ months, wholeAccount, agree }: BillWish): Promise<BillReport> {
    const { session, clock, env } = this.#deps;
    const { name, environment } = this.#project;
    const { unpriced } = await estimating();
    const { billStore, compare, comparedMonth, costExplorerOff, noBillHere, noBillYet, periodOf, readBill } =
      await billing();
    if (session.sandbox) throw sandboxIsFree();
    if (partitionOf(session.region).id === 'aws-us-gov') throw noBillHere(session.region);
    const { account } = await session.identity();
    const tags = wholeAccount ? undefined : { [PROJECT_TAG]: name, [ENVIRONMENT_TAG]: environment };
    const port = async () => {
      const { billPort } = await import('../aws/cost-explorer.ts');
      return billPort(session, { off: costExplorerOff, noData: noBillYet });
    };
    const began = clock.now();
    const deps = { port, store: billStore(env), now: () => clock.now(), agree };
    const [{ tags: _, ...bill }, estimate] = await Promise.all([
      readBill(deps, account, { ...periodOf(months, began), tags }),
      this.estimate({ refresh: false }),
    ]);
    // An account holds more than one environment: beside its estimate that would say nothing.
    const beside = !wholeAccount && bill.currency === 'USD';
    const month = beside ? comparedMonth(bill.amounts, bill.to) : undefined;
    const lines = estimate.parts.flatMap((part) => part.lines);
    const stackOf = new Map(estimate.parts.flatMap(({ part, lines: of }) => of.map((line) => [line, part])));
    const usageOf = (line: (typeof lines)[number], used: UsageName) => {
      const said = this.#project.costs.get((stackOf.get(line) ?? '').replace(/^stack /, ''));
      return said?.resources[line.resource]?.[used] ?? said?.usage[used] ?? USAGE[used];
    };
    return {
      project: name,
      environment,
      account,
      of: wholeAccount ? 'account' : 'tags',
      ...bill,
      again: Date.parse(bill.askedAt) < began,
      compared: month ? { ...month, services: compare(bill.amounts, lines, month, usageOf) } : null,
      notCounted: estimate.parts.flatMap((part) => [...part.notCounted, ...unpriced(part)]),
    };
  }

  #inventory({ template, parameters }: StackPart): Promise<Inventory> {
    const known: Record<string, string> = {};
    const open: string[] = [];
    for (const [name, value] of Object.entries(parameters)) {
      const items = [value].flat() as Value[];
      if (items.some(isReference)) open.push(name);
      else known[name] = items.join(',');
    }
    const { region } = this.#deps.session;
    return readInventory({ templateFile: template, parameters: known, open, region });
  }

  #usageIn({ name }: StackPart, { lines }: Pick<PartEstimate, 'lines'>): PartEstimate['usage'] {
    const said = this.#project.costs.get(name)?.usage ?? {};
    const names = [...new Set(lines.flatMap(({ on }) => on))];
    return Object.fromEntries(
      names.map((one) => {
        const { low, typical, high } = said[one] ?? USAGE[one];
        return [one, { low, typical, high, said: said[one] !== undefined }];
      }),
    );
  }
}

function noList({ sandbox, region }: AwsSession): string {
  return sandbox ? 'the sandbox has no price list' : `AWS's public price list is not that of ${region}`;
}

/** One refusal ends it: the book asks no more then. */
async function askAll(book: PriceBook, region: string, items: readonly PricedItem[]): Promise<void> {
  const each = new Map(items.map((item) => [JSON.stringify(item), item]));
  await sideBySide([...each.values()], AT_ONCE, (item) => book.quote(region, item));
}

function sandboxIsFree(): InfractlError {
  return new InfractlError({
    code: 'SandboxIsFree',
    message: 'The sandbox costs nothing, so there is no bill.',
    suggestions: ['What the project would cost on AWS: infractl costs --sandbox'],
  });
}
