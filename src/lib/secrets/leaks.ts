import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { throwIfAborted } from '../base/clock.ts';
import { run } from '../base/process.ts';
import { BatchReader } from './batch.ts';

/** A value that must be nowhere but in its store. */
export interface KnownSecret {
  /** `JWT_SECRET`, `auth/jwt key`: what is said in place of the value. */
  readonly name: string;
  readonly value: string;
}

/** Where a secret was found. Never with any of its value. */
export interface Leak {
  readonly secret: string;
  readonly where: 'git history' | 'file';
  /** Relative to the project's folder. */
  readonly path: string;
  /** A git object that holds it: `git log --all --find-object=…` names the commits. */
  readonly object?: string;
}

/** Shorter values are found everywhere by chance. */
const SHORTEST = 8;
/** A file beyond that is no configuration. Bytes. */
const LARGEST = 4 * 1024 ** 2;
const NOT_LOOKED_AT = new Set(['.git', 'node_modules', '.venv', '__pycache__']);
const GIT_PATIENCE = 120_000;

export interface LeakSearch {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** The values that are long enough to be looked for. */
export function searchable(secrets: readonly KnownSecret[]): KnownSecret[] {
  return secrets.filter(({ value }) => value.length >= SHORTEST);
}

/** Files of the project that other users of this machine can read and that hold a secret. */
export async function leaksInFiles(
  { root, signal }: LeakSearch,
  secrets: readonly KnownSecret[],
): Promise<Leak[]> {
  if (process.platform === 'win32') return [];
  const leaks: Leak[] = [];
  const wanted = bytesOf(secrets);
  for await (const file of filesBelow(root)) {
    throwIfAborted(signal);
    const facts = await lstat(file);
    if (!facts.isFile() || facts.size > LARGEST || (facts.mode & 0o044) === 0) continue;
    for (const secret of namesInBytes(await readFile(file), wanted))
      leaks.push({ secret, where: 'file', path: relative(root, file) });
  }
  return leaks;
}

/** Everything that git has ever committed in the project's repository and that holds a secret. No value is given to git. */
export async function leaksInHistory(
  { root, env, signal }: LeakSearch,
  secrets: readonly KnownSecret[],
): Promise<Leak[]> {
  const paths = new Map<string, string>();
  const options = { cwd: root, env: { ...env, GIT_OPTIONAL_LOCKS: '0' }, signal, timeout: GIT_PATIENCE };
  const listing = await run('git', ['rev-list', '--objects', '--all'], {
    ...options,
    onLine: (line, stream) => {
      const [object = '', ...path] = line.split(' ');
      if (stream === 'stdout' && path.length > 0) paths.set(object, path.join(' '));
    },
  });
  if (listing.exitCode !== 0 || paths.size === 0) return [];
  const leaks: Leak[] = [];
  const wanted = bytesOf(secrets);
  const reader = new BatchReader(LARGEST, (object, content) => {
    for (const secret of namesInBytes(content, wanted))
      leaks.push({ secret, where: 'git history', path: paths.get(object) ?? object, object });
  });
  await run('git', ['cat-file', '--batch', '--buffer'], {
    ...options,
    input: Readable.from([...paths.keys()].map((object) => `${object}\n`)),
    output: reader,
  });
  return leaks;
}

type Wanted = readonly { readonly name: string; readonly bytes: Buffer }[];

const bytesOf = (secrets: readonly KnownSecret[]): Wanted =>
  secrets.map(({ name, value }) => ({ name, bytes: Buffer.from(value) }));

function namesInBytes(content: Buffer, wanted: Wanted): string[] {
  return wanted.filter(({ bytes }) => content.includes(bytes)).map(({ name }) => name);
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (NOT_LOOKED_AT.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}
