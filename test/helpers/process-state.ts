import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** The state letter of a process, `Z` for one that has ended and is not waited for; empty when it is gone. */
export function processState(pid: number): string {
  // A bare Debian has no ps.
  if (existsSync('/proc/self/stat')) {
    try {
      return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
    } catch {
      return '';
    }
  }
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
}
