import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../base/folders.ts';
import type { Candidate } from './complete.ts';
import type { FarKind } from './kinds.ts';

/** So long names count as fresh, in milliseconds. Older ones are offered too, while new ones are fetched. */
export const FRESH = 300_000;

/** Whose names they are. */
export interface NamesOf {
  /** Absolute path of `infractl.yaml`. */
  readonly file: string;
  readonly environment: string;
  readonly sandbox: boolean;
}

export interface Remembered {
  /** When they were read, in milliseconds since 1970. */
  readonly at: number;
  readonly names: readonly Candidate[];
}

function fileOf(kind: FarKind, of: NamesOf, env: NodeJS.ProcessEnv): string {
  const place = [kind, of.file, of.environment, of.sandbox ? 'sandbox' : ''].join('\0');
  const key = createHash('sha256').update(place).digest('hex').slice(0, 32);
  return join(cacheFolder('names', env), `${key}.json`);
}

/** Keeps names that a command has just shown, for the shell's completion. It only helps: a failure is no matter. */
export function rememberNames(
  kind: FarKind,
  of: NamesOf,
  remembered: Remembered,
  env: NodeJS.ProcessEnv = process.env,
): void {
  try {
    const file = fileOf(kind, of, env);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(remembered), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A full disk or a home that cannot be written costs a completion, not the command.
  }
}

export function recallNames(
  kind: FarKind,
  of: NamesOf,
  env: NodeJS.ProcessEnv = process.env,
): Remembered | undefined {
  try {
    const found = JSON.parse(readFileSync(fileOf(kind, of, env), 'utf8')) as Remembered;
    return Array.isArray(found.names) && typeof found.at === 'number' ? found : undefined;
  } catch {
    return undefined;
  }
}
