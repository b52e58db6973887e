import type { Clock } from '../base/clock.ts';
import { Exit, type InfractlError, isInfractlError } from '../base/errors.ts';
import { age } from '../base/text.ts';
import { builtIn } from './built-in.ts';
import { keyOf, type PricedItem, type Quote, unitOf } from './items.ts';

/** AWS's own price list. */
export interface PriceListPort {
  /** Pricing GetProducts; undefined where the list has no such price. */
  price(
    region: string,
    item: PricedItem,
    signal: AbortSignal,
  ): Promise<{ readonly usd: number; readonly asOf: string } | undefined>;
}

/** What the price list has answered, kept between runs. A null: it had no such price. */
export interface PriceStore {
  read(): Readonly<Record<string, Kept>>;
  write(kept: Readonly<Record<string, Kept>>): void;
}

export type Kept =
  | { readonly usd: number; readonly asOf: string; readonly readAt: number }
  | { readonly usd: null; readonly readAt: number };

export interface PriceBookDeps {
  /** Absent where there is no price list to be asked: in the sandbox, in partitions without one. */
  readonly list?: () => Promise<PriceListPort>;
  readonly store: PriceStore;
  readonly clock: Clock;
}

const DAY = 86_400_000;
/** AWS changes its prices a few times a year. */
const FRESH = 7 * DAY;
/** Milliseconds for an answer: a price is never worth a long wait. */
const PATIENCE = 3_000;

/**
 * Prices, from the best source that there is: AWS's price list, its answer of at most a week ago, the built-in
 * tables. Undefined where none knows: nothing is guessed. A price never fails a command.
 */
export class PriceBook {
  readonly #deps: PriceBookDeps;
  readonly #given = new Map<string, Quote>();
  readonly #asked = new Map<string, Promise<Quote | undefined>>();
  #kept: Record<string, Kept> | undefined;
  #trouble: string | undefined;
  #lacks = false;

  constructor(deps: PriceBookDeps) {
    this.#deps = deps;
  }

  /** What is known without a call. */
  known(region: string, item: PricedItem): Quote | undefined {
    const key = keyOf(region, item);
    if (this.#keep()[key]?.usd === null) this.#lacks = true;
    return this.#give(key, this.#remembered(key, item) ?? builtIn(region, item));
  }

  /** The same; where nothing is known, the price list is asked once a day. */
  async lookUp(region: string, item: PricedItem): Promise<Quote | undefined> {
    const known = this.known(region, item);
    if (known) return known;
    const kept = this.#keep()[keyOf(region, item)];
    if (kept && this.#deps.clock.now() - kept.readAt < DAY) return undefined;
    return this.#ask(region, item);
  }

  /** The price list's own answer, of at most a week ago; else what is known. */
  async quote(region: string, item: PricedItem): Promise<Quote | undefined> {
    const key = keyOf(region, item);
    const kept = this.#remembered(key, item);
    if (kept?.readAt !== undefined && this.#deps.clock.now() - kept.readAt < FRESH)
      return this.#give(key, kept);
    return (await this.#ask(region, item)) ?? this.known(region, item);
  }

  /** Whether there is a price list that can be asked. */
  get canAsk(): boolean {
    return this.#deps.list !== undefined;
  }

  /** Where the prices that were given so far come from, and how old they are: for people. */
  get note(): string {
    const now = this.#deps.clock.now();
    const words = [...this.#given.values()].map(({ source, asOf, readAt }) =>
      readAt === undefined ? `${source} of ${asOf}` : `${source} of ${asOf}, read ${age(now - readAt)} ago`,
    );
    if (words.length === 0) return `No price is known here: ${this.#why}`;
    const sources = [...new Set(words)].slice(0, 3).join('; ');
    return `On-demand list prices before taxes and discounts: ${sources}${this.#trouble ? `; ${this.#trouble}` : ''}`;
  }

  get #why(): string {
    if (this.#trouble) return this.#trouble;
    if (!this.#deps.list) return 'there is no price list to ask';
    if (this.#lacks) return "AWS's price list has none";
    return "AWS's price list was not asked (infractl manage stop --dry-run asks it)";
  }

  /** The same for programs. */
  get sources(): readonly Pick<Quote, 'source' | 'asOf'>[] {
    const seen = new Map(
      [...this.#given.values()].map(({ source, asOf }) => [source + asOf, { source, asOf }]),
    );
    return [...seen.values()];
  }

  /** Why the price list gave no answer; undefined where it did, or was not asked. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  #ask(region: string, item: PricedItem): Promise<Quote | undefined> {
    const key = keyOf(region, item);
    const running = this.#asked.get(key) ?? this.#fetch(region, item, key);
    this.#asked.set(key, running);
    return running;
  }

  async #fetch(region: string, item: PricedItem, key: string): Promise<Quote | undefined> {
    const { list, clock, store } = this.#deps;
    // One refusal is enough: what is not allowed for one price is not for the others.
    if (!list || this.#trouble) return undefined;
    const readAt = clock.now();
    try {
      const found = await (await list()).price(region, item, AbortSignal.timeout(PATIENCE));
      const kept: Kept = found ? { ...found, readAt } : { usd: null, readAt };
      if (!found) this.#lacks = true;
      this.#kept = { ...this.#keep(), [key]: kept };
      store.write(this.#kept);
      return this.#give(key, this.#remembered(key, item));
    } catch (error) {
      if (!isInfractlError(error)) throw error;
      this.#trouble = troubleOf(error);
      return undefined;
    }
  }

  #remembered(key: string, item: PricedItem): Quote | undefined {
    const kept = this.#keep()[key];
    if (!kept || kept.usd === null) return undefined;
    const { usd, asOf, readAt } = kept;
    return { usd, per: unitOf(item), source: "AWS's price list", asOf, readAt };
  }

  #keep(): Record<string, Kept> {
    this.#kept ??= { ...this.#deps.store.read() };
    return this.#kept;
  }

  #give(key: string, quote: Quote | undefined): Quote | undefined {
    if (quote) this.#given.set(key, quote);
    return quote;
  }
}

function troubleOf({ exit, code }: InfractlError): string {
  if (exit !== Exit.credentials) return "AWS's price list did not answer";
  return code === 'AccessDenied'
    ? "AWS's price list may not be read: pricing:GetProducts"
    : "AWS's price list wants credentials that are good";
}
