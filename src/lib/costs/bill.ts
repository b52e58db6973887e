import { InfractlError } from '../base/errors.ts';

/** What AWS billed for one service in one month. */
export interface Billed {
  /** `2026-11` */
  readonly month: string;
  /** As Cost Explorer calls it: `AWS Lambda`. */
  readonly service: string;
  /** The part of the project, by its tag; empty where it carries none, or was not asked for. */
  readonly part: string;
  /** Unblended, with credits and refunds: what the account pays before taxes of the bill. In the bill's currency. */
  readonly amount: number;
  /** The same in US dollars; null where AWS bills in something else. */
  readonly usd: number | null;
}

export interface BillOrder {
  /** The first day and the day after the last one: `2026-10-01`. */
  readonly from: string;
  readonly to: string;
  /** Only what carries these tags; undefined: the whole account. */
  readonly tags: Readonly<Record<string, string>> | undefined;
}

/** The order, as Cost Explorer answered it. */
export interface Bill extends BillOrder {
  readonly amounts: readonly Billed[];
  /** ISO 4217: `USD`, in China `CNY`. */
  readonly currency: string;
  /** When AWS was asked: ISO 8601 in UTC. */
  readonly askedAt: string;
  /** Questions that were asked, $0.01 each. */
  readonly questions: number;
}

export interface BillPort {
  /** Cost Explorer GetCostAndUsage, by month and service, and where tags are given by part. */
  ask(order: BillOrder): Promise<Pick<Bill, 'amounts' | 'currency' | 'questions'>>;
}

/** What is kept between runs: that somebody agreed to the price, and the answers of the day. */
export interface BillStore {
  agreed(): boolean;
  agree(now: number): void;
  read(key: string): Bill | undefined;
  write(key: string, bill: Bill): void;
}

export interface BillDeps {
  readonly port: () => Promise<BillPort>;
  readonly store: BillStore;
  readonly now: () => number;
  /** Asks whether a question may cost $0.01; throws where it may not. */
  readonly agree: () => Promise<void>;
}

/**
 * What AWS billed. It is asked once a day for the same question: AWS itself has new figures no more often. Somebody
 * agrees to the price once, and for good.
 *
 * @param account the 12 digits: the answer of one is none for another
 * @throws InfractlError `CostExplorerOff`, `NoBillYet` (1), `AccessDenied` (4); what `agree` throws
 */
export async function readBill(deps: BillDeps, account: string, order: BillOrder): Promise<Bill> {
  const { store } = deps;
  const key = keyOf(account, order);
  const known = store.read(key);
  if (known && known.askedAt.slice(0, 10) === dayOf(deps.now())) return known;
  if (!store.agreed()) {
    await deps.agree();
    store.agree(deps.now());
  }
  const found = await (await deps.port()).ask(order);
  const bill = { ...order, ...found, askedAt: new Date(deps.now()).toISOString() };
  store.write(key, bill);
  return bill;
}

/** As far back as anybody asks. */
const MOST_MONTHS = 12;

/** The newest answer of today with the month that runs, whatever was asked beside it; nobody is asked. */
export function billOfToday(
  store: BillStore,
  account: string,
  tags: BillOrder['tags'],
  now: number,
): Bill | undefined {
  const known = Array.from({ length: MOST_MONTHS }, (_, at) =>
    store.read(keyOf(account, { ...periodOf(at + 1, now), tags })),
  );
  return known
    .filter((bill) => bill?.askedAt.slice(0, 10) === dayOf(now))
    .toSorted((a, b) => ((a?.askedAt ?? '') < (b?.askedAt ?? '') ? 1 : -1))[0];
}

/** The last full months and the one that runs, up to today. @param months full ones */
export function periodOf(months: number, now: number): Pick<BillOrder, 'from' | 'to'> {
  const today = new Date(now);
  const first = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth() - months, 1));
  return { from: dayOf(first.getTime()), to: dayOf(now) };
}

function keyOf(account: string, { from, to, tags }: BillOrder): string {
  return JSON.stringify([account, { from, to, tags }]);
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

export function costExplorerOff(why: string): InfractlError {
  return new InfractlError({
    code: 'CostExplorerOff',
    message: 'Cost Explorer is not switched on for this account.',
    why,
    suggestions: [
      'Switch it on in the Billing console (Cost Explorer, Launch): in the management account of an organisation. It has figures a day later.',
      'Until then, what the project should cost: infractl costs',
    ],
  });
}

/** @param region one of GovCloud */
export function noBillHere(region: string): InfractlError {
  return new InfractlError({
    code: 'NoBillHere',
    message: `Cost Explorer is not in GovCloud (${region}).`,
    why: 'AWS bills the standard account that the GovCloud account was opened from.',
    suggestions: [
      'Ask with credentials of that account, in one of its regions: infractl costs actual --account --profile NAME --region us-east-1',
    ],
  });
}

export function noBillYet(why: string): InfractlError {
  return new InfractlError({
    code: 'NoBillYet',
    message: 'Cost Explorer has no figures for this account yet.',
    why,
    suggestions: [
      'A day after it was switched on there are some.',
      'Until then, what the project should cost: infractl costs',
    ],
  });
}
