import { execFileSync, spawnSync } from 'node:child_process';
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

/** The processor time that a process has used, all its threads together. Milliseconds, in steps of ten. */
export function processorTime(pid: number): number {
  if (existsSync('/proc/self/stat')) {
    // Behind the name, which may hold anything: state, ten numbers, then user and system time in hundredths.
    const [, , , , , , , , , , , user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/.*\) /s, '')
      .split(' ');
    return 10 * (Number(user) + Number(system));
  }
  const [minutes, seconds] = execFileSync('ps', ['-o', 'time=', '-p', String(pid)], {
    encoding: 'utf8',
  }).split(':');
  return 1000 * (60 * Number(minutes) + Number(seconds));
}
