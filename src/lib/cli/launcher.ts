import { join } from 'node:path';

/** Where infractl in one file says which file it is: what it unpacked may be gone tomorrow. */
const SINGLE_FILE = Symbol.for('infractl.file');

/**
 * The program that starts infractl as it was started now, for a crontab or a process of its own.
 *
 * @param root the folder of the package
 * @returns the path of Node and of the file that it runs
 */
export function launcher(root: string): readonly [node: string, file: string] {
  const file = (globalThis as Record<symbol, unknown>)[SINGLE_FILE];
  return [process.execPath, typeof file === 'string' ? file : join(root, 'bin', 'run.js')];
}
