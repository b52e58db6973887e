/** What running things costs, as far as the built-in table knows. Pure: nothing is asked of AWS. */
import { AS_OF, DATABASES, LARGE, SAME_AS, SIZES, SOURCE } from './table.ts';

export {
  STORAGE_PRICES_NOTE,
  STORAGE_PRICES_SOURCE,
  type StoragePrices,
  storagePrices,
} from './storage.ts';

/** Hours of a month as AWS's own calculators count them. */
const HOURS = 730;

/** Where the figures come from and how old they are, for people. */
export const PRICE_NOTE = `${SOURCE} of ${AS_OF}, before taxes and discounts`;

/**
 * USD a month of an EC2 instance that runs all the time: Linux, on demand, without its disks and traffic.
 * Undefined when the table has no such price.
 */
export function instanceMonth(region: string, type: string): number | undefined {
  const [family = '', size = ''] = type.split('.');
  const large = LARGE[SAME_AS[region] ?? region]?.[family];
  const factor = SIZES[size];
  return large === undefined || factor === undefined ? undefined : large * factor * HOURS;
}

/** USD a month of an open-source RDS database that runs all the time, without its storage and backups. */
export function databaseMonth(
  region: string,
  {
    class: type,
    engine,
    multiZone,
  }: { readonly class: string; readonly engine: string; readonly multiZone: boolean },
): number | undefined {
  if (!/^(postgres|mysql|mariadb)/.test(engine)) return undefined;
  const hour = DATABASES[SAME_AS[region] ?? region]?.[type];
  return hour === undefined ? undefined : hour * (multiZone ? 2 : 1) * HOURS;
}
