import { jsonService } from './json.ts';
import { FakeError, type Parameters } from './wire.ts';

/** What one service cost on one day, and the tags that it was under. */
export interface FakeCost {
  /** `2026-01-04` */
  readonly day: string;
  readonly service: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly usd: number;
}

export interface CostExplorerState {
  /** Off until the account's owner switches it on. */
  enabled: boolean;
  /** Tags that are activated for cost allocation: by others nothing is found. */
  readonly activeTags: Set<string>;
  readonly costs: FakeCost[];
  /** What all of it is in. */
  currency: string;
  /** Groups of one page; without a limit there is one page. */
  pageSize: number;
}

export function newCostExplorerState(): CostExplorerState {
  return {
    enabled: true,
    activeTags: new Set(),
    costs: [],
    currency: 'USD',
    pageSize: Number.POSITIVE_INFINITY,
  };
}

interface Filter {
  readonly And?: readonly Filter[];
  readonly Tags?: { readonly Key: string; readonly Values: readonly string[] };
}

interface Group {
  readonly Type: 'DIMENSION' | 'TAG';
  readonly Key: string;
}

/** Cost Explorer, in us-east-1 and, for China, cn-northwest-1: GetCostAndUsage by month. */
export const costExplorer = jsonService('ce', {
  GetCostAndUsage(p: Parameters, { state, region }) {
    const { enabled, activeTags, costs, currency, pageSize } = state.costExplorer;
    if (!['us-east-1', 'cn-northwest-1'].includes(region))
      throw new Error(`Cost Explorer has no endpoint in ${region}`);
    if (!enabled) throw new FakeError('AccessDeniedException', 'User not enabled for cost explorer access');
    const { Start, End } = p.TimePeriod as { Start: string; End: string };
    if (Start >= End)
      throw new FakeError('ValidationException', 'Start date (and hour) should be before end date');
    if (costs.length === 0)
      throw new FakeError(
        'DataUnavailableException',
        'Data is not available. Please try to adjust the time period.',
      );
    const value = (one: FakeCost, key: string) => (activeTags.has(key) ? (one.tags?.[key] ?? '') : '');
    const fits = (one: FakeCost, { And, Tags }: Filter): boolean =>
      (And ?? []).every((inner) => fits(one, inner)) && (!Tags || Tags.Values.includes(value(one, Tags.Key)));
    const groupBy = (p.GroupBy ?? []) as Group[];
    const found = costs.filter(
      (one) => one.day >= Start && one.day < End && fits(one, (p.Filter ?? {}) as Filter),
    );
    const sums = new Map<string, { month: string; keys: string[]; usd: number }>();
    for (const one of found) {
      const month = one.day.slice(0, 7);
      const keys = groupBy.map(({ Type, Key }) =>
        Type === 'DIMENSION' ? one.service : `${Key}$${value(one, Key)}`,
      );
      const id = [month, ...keys].join('\n');
      sums.set(id, { month, keys, usd: (sums.get(id)?.usd ?? 0) + one.usd });
    }
    const all = [...sums.values()].sort((a, b) => a.month.localeCompare(b.month));
    const from = Number(p.NextPageToken ?? 0);
    const page = all.slice(from, from + pageSize);
    const months = [...new Set(page.map(({ month }) => month))];
    return {
      GroupDefinitions: groupBy,
      ResultsByTime: months.map((month) => ({
        TimePeriod: { Start: `${month}-01`, End: nextMonth(month) },
        Total: {},
        Groups: page
          .filter((one) => one.month === month)
          .map(({ keys, usd }) => ({
            Keys: keys,
            Metrics: { UnblendedCost: { Amount: usd.toFixed(10), Unit: currency } },
          })),
        Estimated: End.startsWith(month),
      })),
      ...(from + pageSize < all.length ? { NextPageToken: String(from + pageSize) } : {}),
    };
  },
});

function nextMonth(month: string): string {
  const [year = 0, of = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, of, 1)).toISOString().slice(0, 10);
}
