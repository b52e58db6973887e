import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { throwIfAborted } from '../base/clock.ts';
import { isInfractlError } from '../base/errors.ts';
import { insideRepository } from '../base/git.ts';
import { type RunResult, run } from '../base/process.ts';
import { isSecretName } from '../base/secret-words.ts';
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
  /** Relative to the project's folder; in the history of git, to the folder of the repository. */
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

/**
 * The values that are long enough to be looked for. Of a JSON object also what its fields hold whose names say that
 * they are secrets: who writes a password down writes it without the braces around it.
 */
export function searchable(secrets: readonly KnownSecret[]): KnownSecret[] {
  return secrets
    .flatMap((secret) => [secret, ...fieldsOf(secret)])
    .filter(({ value }) => value.length >= SHORTEST);
}

function fieldsOf({ name, value }: KnownSecret): KnownSecret[] {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed !== 'object' || parsed === null) return [];
    return Object.entries(parsed).flatMap(([field, inner]) =>
      typeof inner === 'string' && isSecretName(field) ? [{ name: `${name} ${field}`, value: inner }] : [],
    );
  } catch {
    return [];
  }
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
    const facts = await unlessOutOfReach(lstat(file));
    if (!facts?.isFile() || facts.size > LARGEST || (facts.mode & 0o044) === 0) continue;
    const content = await unlessOutOfReach(readFile(file));
    for (const secret of content ? namesInBytes(content, wanted) : [])
      leaks.push({ secret, where: 'file', path: relative(root, file) });
  }
  return leaks;
}

/** What of the history was looked through. */
export interface HistorySearch {
  readonly leaks: readonly Leak[];
  /** Why not all of it was looked at: git's own words, or that this clone has a part of it only. */
  readonly gap?: string;
}

/** Everything that git has ever committed in the project's repository and that holds a secret. No value is given to git. */
export async function leaksInHistory(
  search: LeakSearch,
  secrets: readonly KnownSecret[],
): Promise<HistorySearch> {
  if (!insideRepository(search.root)) return { leaks: [] };
  const leaks: Leak[] = [];
  try {
    const gap = await searchHistory(search, secrets, leaks);
    return { leaks, ...(gap === undefined ? {} : { gap }) };
  } catch (error) {
    if (!isInfractlError(error) || !error.code.startsWith('CommandNot')) throw error;
    return { leaks, gap: error.message };
  }
}

/** @returns why not all was looked at */
async function searchHistory(
  { root, env, signal }: LeakSearch,
  secrets: readonly KnownSecret[],
  leaks: Leak[],
): Promise<string | undefined> {
  const paths = new Map<string, string>();
  const options = { cwd: root, env: { ...env, GIT_OPTIONAL_LOCKS: '0' }, signal, timeout: GIT_PATIENCE };
  const shallow = await run('git', ['rev-parse', '--is-shallow-repository'], options);
  if (shallow.exitCode !== 0) return failure(shallow);
  const listing = await run('git', ['rev-list', '--objects', '--all', '--reflog'], {
    ...options,
    onLine: (line, stream) => {
      const [object = '', ...path] = line.split(' ');
      if (stream === 'stdout' && path.length > 0) paths.set(object, path.join(' '));
    },
  });
  if (listing.exitCode !== 0) return failure(listing);
  const wanted = bytesOf(secrets);
  const reader = new BatchReader(LARGEST, (object, content) => {
    for (const secret of namesInBytes(content, wanted))
      leaks.push({ secret, where: 'git history', path: paths.get(object) ?? object, object });
  });
  const reading = await run('git', ['cat-file', '--batch', '--buffer'], {
    ...options,
    input: Readable.from([...paths.keys()].map((object) => `${object}\n`)),
    output: reader,
  });
  if (reading.exitCode !== 0) return failure(reading);
  return shallow.stdout.trim() === 'true'
    ? 'this clone has the newest commits only (git fetch --unshallow gets the others)'
    : undefined;
}

function failure({ stderr, exitCode, timedOut }: RunResult): string {
  if (timedOut) return `git took longer than ${GIT_PATIENCE / 1000} s`;
  return stderr.trim().split('\n')[0] || `git ended with ${exitCode ?? 'a signal'}`;
}

type Wanted = readonly { readonly name: string; readonly forms: readonly Buffer[] }[];

/** A value as it is stored, as Windows ends its lines, and as JSON and `.env` files write it in one line. */
const bytesOf = (secrets: readonly KnownSecret[]): Wanted =>
  secrets.map(({ name, value }) => {
    const text = value.trim() || value;
    const forms = new Set([text, text.replace(/\r?\n/g, '\r\n'), JSON.stringify(text).slice(1, -1)]);
    return { name, forms: [...forms].map((form) => Buffer.from(form)) };
  });

function namesInBytes(content: Buffer, wanted: Wanted): string[] {
  return wanted.filter(({ forms }) => forms.some((form) => content.includes(form))).map(({ name }) => name);
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for (const entry of (await unlessOutOfReach(readdir(folder, { withFileTypes: true }))) ?? []) {
    if (NOT_LOOKED_AT.has(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* filesBelow(path);
    else if (entry.isFile()) yield path;
  }
}

/** What is gone meanwhile, and what another user keeps from us, such as the data of a container: others cannot read it either. */
async function unlessOutOfReach<T>(read: Promise<T>): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (/^(?:ENOENT|ENOTDIR|EACCES|EPERM)$/.test((error as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw error;
  }
}
