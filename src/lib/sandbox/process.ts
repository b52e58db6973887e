import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process started, in words that no later process with its number can share; undefined where
 * there is none (or only a zombie that nobody has collected).
 */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? startOnLinux(pid) : startElsewhere(pid);
}

/** Is this the very process that was noted, and not another that got its number? */
export function isSameProcess(pid: number, start: string): boolean {
  return processStart(pid) === start;
}

/** Resident memory in bytes; undefined where it cannot be seen. */
export function processMemory(pid: number): number | undefined {
  try {
    const kib =
      process.platform === 'linux'
        ? readFileSync(`/proc/${pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB/m)?.[1]
        : ps(pid, 'rss=');
    return kib ? Number(kib) * 1024 : undefined;
  } catch {
    return undefined;
  }
}

function startOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in brackets, may itself hold brackets and spaces: the fields follow the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
    return `${bootId()} ${fields[19]}`;
  } catch {
    return undefined;
  }
}

/** Some containers hide it; the start in ticks since the boot is good enough there. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '-';
  }
}

function startElsewhere(pid: number): string | undefined {
  try {
    return ps(pid, 'lstart=') || undefined;
  } catch {
    return undefined;
  }
}

function ps(pid: number, what: string): string {
  const options = {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
  };
  return execFileSync('ps', ['-o', what, '-p', String(pid)], options as { encoding: 'utf8' }).trim();
}
