import { createHash, hash } from 'node:crypto';
import {
  createReadStream,
  type Dirent,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { throwIfAborted } from '../base/clock.ts';
import { InfractlError, messageOf } from '../base/errors.ts';
import type { HashCache } from './hash-cache.ts';
import type { FolderState, IgnoreRules } from './ignore.ts';

/** One thing of a build context that reaches the builder. */
export interface ContextEntry {
  /** Relative to the context, with slashes. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link' | 'special';
  readonly executable: boolean;
  /** A file's SHA-256 in hex, a link's target; empty for the others. */
  readonly content: string;
}

/** Larger files are streamed, a few at a time; smaller ones are quicker read in one go. */
const LARGE = 1024 * 1024;
const STREAMS = 4;
/** How long the event loop is kept at most, in milliseconds, so that progress still moves. */
const SLICE = 10;

interface Found {
  readonly path: string;
  readonly full: string;
  readonly stats: Stats;
}

/**
 * Everything in the folder that the rules let through, with the hash of every file, in no particular
 * order. Synchronous calls in short slices take a third of the processor time of as many promises.
 *
 * @throws InfractlError `ContextUnreadable`, `ContextChanged`
 */
export async function scanContext(
  context: string,
  rules: IgnoreRules,
  cache: HashCache,
  signal?: AbortSignal,
): Promise<ContextEntry[]> {
  const entries: ContextEntry[] = [];
  const breathe = breather(signal);
  const files = await walk(context, rules, entries, breathe);
  const large: Found[] = [];
  for (const file of files) {
    const known = cache.lookup(file.path, file.stats);
    if (known !== undefined) entries.push(fileEntry(file, known));
    else if (file.stats.size > LARGE) large.push(file);
    else {
      const content = reading(file.full, () => hash('sha256', readFileSync(file.full), 'hex'));
      cache.store(file.path, file.stats, content);
      entries.push(fileEntry(file, content));
    }
    await breathe();
  }
  const queue = large.values();
  await Promise.all(
    Array.from({ length: Math.min(STREAMS, large.length) }, async () => {
      for (const file of queue) {
        const content = await streamHash(file.full, signal);
        cache.store(file.path, file.stats, content);
        entries.push(fileEntry(file, content));
      }
    }),
  );
  return entries;
}

/** Puts folders, links and special files into `entries`; gives the files back. */
async function walk(
  context: string,
  rules: IgnoreRules,
  entries: ContextEntry[],
  breathe: () => Promise<void>,
): Promise<Found[]> {
  const files: Found[] = [];
  const folders: { path: string; state: FolderState }[] = [{ path: '', state: rules.root }];
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    const at = join(context, folder.path);
    for (const child of reading(at, () => readdirSync(at, { withFileTypes: true }))) {
      const path = folder.path === '' ? child.name : `${folder.path}/${child.name}`;
      const state = rules.enter(folder.state, path);
      if (child.isDirectory()) {
        if (!state.ignored) entries.push({ path, kind: 'folder', executable: false, content: '' });
        if (!state.ignored || rules.mayHoldException(path)) folders.push({ path, state });
      } else if (!state.ignored) {
        take(path, join(at, child.name), child, entries, files);
      }
    }
    await breathe();
  }
  return files;
}

function take(path: string, full: string, child: Dirent, entries: ContextEntry[], files: Found[]): void {
  if (child.isFile()) files.push({ path, full, stats: reading(full, () => lstatSync(full)) });
  else if (child.isSymbolicLink()) {
    const content = reading(full, () => readlinkSync(full));
    entries.push({ path, kind: 'link', executable: false, content });
    // No builder takes a socket.
  } else if (!child.isSocket()) entries.push({ path, kind: 'special', executable: false, content: '' });
}

function fileEntry({ path, stats }: Found, content: string): ContextEntry {
  return { path, kind: 'file', executable: (stats.mode & 0o111) !== 0, content };
}

async function streamHash(full: string, signal?: AbortSignal): Promise<string> {
  const sum = createHash('sha256');
  try {
    for await (const chunk of createReadStream(full, { highWaterMark: LARGE })) {
      throwIfAborted(signal);
      sum.update(chunk);
    }
  } catch (error) {
    throw readError(full, error);
  }
  return sum.digest('hex');
}

function breather(signal?: AbortSignal): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < SLICE) return;
    await turn();
    throwIfAborted(signal);
    since = performance.now();
  };
}

export function reading<T>(full: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw readError(full, error);
  }
}

function readError(full: string, error: unknown): InfractlError {
  if (error instanceof InfractlError) return error;
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return contextChanged(`${full} has gone.`);
  return new InfractlError({
    code: 'ContextUnreadable',
    message: `${full} is part of a build context and cannot be read.`,
    why: messageOf(error),
    suggestions: ['Let your user read it, or name it in .dockerignore.'],
    cause: error,
  });
}

/** Files changed while they were read: what would be built has no certain content. */
export function contextChanged(why: string): InfractlError {
  return new InfractlError({
    code: 'ContextChanged',
    message: 'The build context changed while it was read.',
    why,
    suggestions: [
      'Run the same command again.',
      'If something writes there all the time (logs, .git), name it in .dockerignore.',
    ],
  });
}
