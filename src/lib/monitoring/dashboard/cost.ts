import type { BilledLine, CostLine, InstanceLine } from './picture.ts';

/**
 * What the instances and databases that run now come to in a month: all that is known without asking the bill.
 *
 * @param priceNote where the prices are from
 * @param billed what the bill says, where that is known
 */
export function costOf(
  instances: readonly InstanceLine[] | undefined,
  priceNote: string,
  billed: BilledLine | null,
): CostLine {
  const priced = (instances ?? []).flatMap(({ costUsdMonth }) => costUsdMonth ?? []);
  return {
    monthUsd: priced.length === 0 ? null : priced.reduce((sum, one) => sum + one, 0),
    known: priced.length,
    unknown: (instances?.length ?? 0) - priced.length,
    note: `Instances and databases as they run now, without disks, traffic and functions. ${priceNote}`.trim(),
    billed,
  };
}
