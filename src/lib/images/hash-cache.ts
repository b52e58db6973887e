import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, type Stats, writeFileSync } from 'node:fs';

import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { cacheFolder } from '../base/folders.ts';

/**
 * The hashes of files that have not changed since they were last read. A file counts as unchanged when
 * size, modification time, change time and inode are what they were; one that was touched in the last
 * two seconds before it was looked at is never trusted, for it may change again within the same tick.
 */
export interface HashCache {
  lookup(path: string, stats: Stats): string | undefined;
  store(path: string, stats: Stats, hash: string): void;
  /** Keeps what was seen for the next run. Never fails: a cache that cannot be written is none. */
  save(): void;
}

/** Milliseconds. */
const TOO_FRESH = 2_000;
const FORMAT = 1;

type Known = readonly [size: number, modified: number, changed: number, inode: number, hash: string];

/** `key` tells contexts apart: one file each, in `$XDG_CACHE_HOME/infractl/images`. */
export function openHashCache(key: string, env: NodeJS.ProcessEnv, clock: Clock): HashCache {
  const folder = cacheFolder('images', env);
  const file = join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 24)}.json`);
  const before = load(file);
  const seen = new Map<string, Known>();
  const opened = clock.now();
  let hits = 0;
  return {
    lookup(path, stats) {
      const known = before.get(path);
      if (!known || !same(known, stats)) return undefined;
      seen.set(path, known);
      hits++;
      return known[4];
    },
    store(path, stats, hash) {
      if (Math.max(stats.mtimeMs, stats.ctimeMs) > opened - TOO_FRESH) return;
      seen.set(path, [stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino, hash]);
    },
    save() {
      if (hits === seen.size && seen.size === before.size) return;
      write(folder, file, seen);
    },
  };
}

function same(known: Known, stats: Stats): boolean {
  return (
    known[0] === stats.size &&
    known[1] === stats.mtimeMs &&
    known[2] === stats.ctimeMs &&
    known[3] === stats.ino
  );
}

function load(file: string): Map<string, Known> {
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as { format: number; files: [string, Known][] };
    return read.format === FORMAT ? new Map(read.files) : new Map();
  } catch {
    // Absent, cut short or of another version: everything is read again.
    return new Map();
  }
}

function write(folder: string, file: string, seen: ReadonlyMap<string, Known>): void {
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(draft, JSON.stringify({ format: FORMAT, files: [...seen] }), { mode: 0o600 });
    chmodSync(draft, 0o600);
    renameSync(draft, file);
  } catch {
    rmSync(draft, { force: true });
  }
}
