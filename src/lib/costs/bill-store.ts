import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../base/folders.ts';
import type { Bill, BillStore } from './bill.ts';

/** 2: with the currency. */
const FORMAT = 2;

/** Files in the user's cache, for the user alone. One that is missing, damaged or cannot be written fails nothing. */
export function billStore(env: NodeJS.ProcessEnv): BillStore {
  const folder = cacheFolder('costs', env);
  const agreement = join(folder, 'agreed.json');
  const fileOf = (key: string) =>
    join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);
  const read = (file: string): unknown => {
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch {
      return undefined;
    }
  };
  const write = (file: string, content: object) => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      // Two runs may write at the same moment: each file is whole.
      const fresh = `${file}.${process.pid}`;
      writeFileSync(fresh, JSON.stringify(content), { mode: 0o600 });
      renameSync(fresh, file);
    } catch {
      // It is asked again the next time.
    }
  };
  return {
    agreed: () => read(agreement) !== undefined,
    agree: (now) => write(agreement, { agreedAt: new Date(now).toISOString() }),
    read(key) {
      const found = read(fileOf(key)) as { format?: number; bill?: Bill } | undefined;
      return found?.format === FORMAT ? found.bill : undefined;
    },
    write: (key, bill) => write(fileOf(key), { format: FORMAT, bill }),
  };
}
