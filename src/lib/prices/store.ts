import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../base/folders.ts';
import type { Kept, PriceStore } from './book.ts';

/** A file in the user's cache. One that is missing, damaged or cannot be written is no reason to fail. */
export function priceStore(env: NodeJS.ProcessEnv = process.env): PriceStore {
  const folder = cacheFolder('prices', env);
  const file = join(folder, 'prices.json');
  return {
    read() {
      try {
        const { format, prices } = JSON.parse(readFileSync(file, 'utf8')) as {
          format: number;
          prices: Record<string, Kept>;
        };
        return format === 1 && typeof prices === 'object' ? prices : {};
      } catch {
        return {};
      }
    },
    write(prices) {
      try {
        mkdirSync(folder, { recursive: true });
        // Two runs may write at the same moment: each file is whole.
        const fresh = `${file}.${process.pid}`;
        writeFileSync(fresh, JSON.stringify({ format: 1, prices }));
        renameSync(fresh, file);
      } catch {
        // It is asked again the next time.
      }
    },
  };
}
