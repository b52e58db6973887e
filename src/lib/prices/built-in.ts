import { DATABASE_CLASSES, DATABASES_FROM, MYSQL, POSTGRES, T4G, T4G_FROM } from './databases.ts';
import { type PricedItem, type Quote, unitOf } from './items.ts';
import { CACHE_FROM, CACHE_NODES, rateOf } from './rates.ts';
import {
  DATABASE_STORAGE,
  LIVE_TAIL,
  LOGS_FROM,
  LOGS_SCANNED,
  SNAPSHOTS,
  SNAPSHOTS_FROM,
  VOLUMES,
  VOLUMES_FROM,
  VOLUMES_SINCE,
} from './storage.ts';
import { INSTANCES_FROM, LARGE, SAME_AS, SIZES } from './table.ts';

type Figure = readonly [usd: number | undefined, from: { readonly source: string; readonly asOf: string }];

/** The price of the built-in tables; undefined where they have none: nothing is guessed. Pure. */
export function builtIn(region: string, item: PricedItem): Quote | undefined {
  const [usd, { source, asOf }] = figureOf(region, item);
  return usd === undefined ? undefined : { usd, per: unitOf(item), source, asOf };
}

function figureOf(region: string, item: PricedItem): Figure {
  switch (item.kind) {
    case 'instance':
      return [instanceHour(region, item.type), INSTANCES_FROM];
    case 'database':
      return databaseHour(region, item);
    case 'logs-scanned':
      return [LOGS_SCANNED[region], LOGS_FROM];
    case 'live-tail':
      return [LIVE_TAIL[region], LOGS_FROM];
    case 'cache':
      return [CACHE_NODES[region]?.[item.type], CACHE_FROM];
    case 'rate': {
      const rate = rateOf(region, item.of);
      return [rate?.usd, rate ?? CACHE_FROM];
    }
    default:
      return storageMonth(region, item.of);
  }
}

function instanceHour(region: string, type: string): number | undefined {
  const [family = '', size = ''] = type.split('.');
  const large = LARGE[SAME_AS[region] ?? region]?.[family];
  const factor = SIZES[size];
  return large === undefined || factor === undefined ? undefined : large * factor;
}

function databaseHour(
  region: string,
  { class: type, engine, multiZone }: Extract<PricedItem, { kind: 'database' }>,
): Figure {
  const table = /^postgres/.test(engine) ? POSTGRES : /^(mysql|mariadb)/.test(engine) ? MYSQL : undefined;
  const zones = multiZone ? 2 : 1;
  const t4g = table && T4G[SAME_AS[region] ?? region]?.[type];
  if (t4g !== undefined) return [t4g * zones, T4G_FROM];
  const column = (name: string) => {
    const at = (DATABASE_CLASSES as readonly string[]).indexOf(name);
    return at < 0 ? undefined : table?.[region]?.[at];
  };
  const [, family = '', size = ''] = /^(db\.\w+)\.(\w+)$/.exec(type) ?? [];
  const factor = SIZES[size] ?? 0;
  const large = factor > 1 ? column(`${family}.large`) : undefined;
  const hour = column(type) ?? (large === undefined ? undefined : large * factor);
  return [hour === undefined ? undefined : hour * zones, DATABASES_FROM];
}

function storageMonth(region: string, of: Extract<PricedItem, { kind: 'storage' }>['of']): Figure {
  if (of === 'snapshot') return [SNAPSHOTS[region], SNAPSHOTS_FROM];
  if (of === 'rds-gp2' || of === 'rds-gp3')
    return [DATABASE_STORAGE[region]?.[of === 'rds-gp2' ? 'gp2' : 'gp3'], SNAPSHOTS_FROM];
  const since = VOLUMES_SINCE[region];
  return since?.[of] === undefined ? [VOLUMES[region]?.[of], VOLUMES_FROM] : [since[of], since];
}
