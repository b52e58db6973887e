import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Milliseconds: what is over sooner is drawn too shortly for anybody to type into it. */
const SOON = 300;
/** Milliseconds that setting the terminal may take. */
const PATIENCE = 1_000;

/**
 * Whether the terminal shows what is typed. While something is drawn in place it must not: a line that the terminal
 * begins by itself is one that nobody clears away. Only the echo is off, no raw mode, so that Ctrl-C, Ctrl-Z and what is
 * typed ahead for the shell stay what they are. Where the process ends without `show`, Node puts the terminal back as it
 * found it.
 */
export class Echo {
  #wanted = true;
  #off = false;
  #timer: NodeJS.Timeout | undefined;

  /** Something is drawn. */
  hide(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    // The shell has its own settings while this is stopped by Ctrl-Z.
    process.on('SIGCONT', this.#hideNow);
    this.#timer = setTimeout(this.#hideNow, SOON).unref();
  }

  /** Nothing is drawn any more. */
  show(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    clearTimeout(this.#timer);
    process.off('SIGCONT', this.#hideNow);
    if (this.#off) set('echo');
    this.#off = false;
  }

  readonly #hideNow = (): void => {
    this.#off = set('-echo') || this.#off;
  };
}

/** Sets the terminal of this process; false where it cannot, or where somebody else works on it now. */
function set(mode: 'echo' | '-echo'): boolean {
  if (!inForeground()) return false;
  const { status } = spawnSync('sh', ['-c', `stty ${mode} </dev/tty`], {
    stdio: 'ignore',
    timeout: PATIENCE,
  });
  return status === 0;
}

/** A process in the background that sets the terminal is stopped by that. */
function inForeground(): boolean {
  try {
    // Behind its name: state, parent, process group, session, terminal, the group in the foreground.
    const [, , group, , , front] = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return group === front;
  } catch {
    const options = { encoding: 'utf8', timeout: PATIENCE } as const;
    return (spawnSync('ps', ['-o', 'stat=', '-p', String(process.pid)], options).stdout ?? '').includes('+');
  }
}
