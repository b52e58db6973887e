import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../../base/folders.ts';

/** So many command lines are offered again. */
const MOST = 3;

/** @param folder the folder of the project, or where there is none the one that the menu was opened in */
function fileOf(folder: string): string {
  const key = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  return join(cacheFolder('menu'), `${key}.json`);
}

/** The last command lines that the menu ran in a project, the newest first. */
export function recentLines(folder: string): string[] {
  try {
    const lines: unknown = JSON.parse(readFileSync(fileOf(folder), 'utf8'));
    return Array.isArray(lines) ? lines.filter((line) => typeof line === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** Whether the last command of the menu worked in the sandbox: who opens it again goes on there, not in an account. */
export function wasInSandbox(folder: string): boolean {
  return /^sandbox start\b| --sandbox\b/.test(recentLines(folder)[0] ?? '');
}

/** It only helps: where nothing can be kept, nothing is. No command line of infractl holds a secret. */
export function rememberLine(folder: string, line: string): void {
  try {
    const file = fileOf(folder);
    const lines = [line, ...recentLines(folder).filter((other) => other !== line)].slice(0, MOST);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(lines), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A full disk or a home that cannot be written costs a line of the menu.
  }
}
