import { hasPublicPrices } from '../aws/partition.ts';
import type { AwsSession } from '../aws/session.ts';
import type { Clock } from '../base/clock.ts';
import { PriceBook, priceStore } from '../prices/index.ts';

/** Prices as this session may know them: the sandbox costs nothing, and nobody is asked about it. */
export async function openPrices(
  session: AwsSession,
  clock: Clock,
  env: NodeJS.ProcessEnv,
): Promise<PriceBook> {
  const store = priceStore(env);
  if (session.sandbox || !hasPublicPrices(session.region)) return new PriceBook({ store, clock });
  const list = async () => (await import('../aws/price-list.ts')).priceListPort(session);
  return new PriceBook({ list, store, clock });
}
