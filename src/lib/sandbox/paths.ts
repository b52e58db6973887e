import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InfractlError } from '../base/errors.ts';

/** Where the sandbox of one user lives; everything below `root`, which nobody else can read. */
export interface SandboxPaths {
  readonly root: string;
  /** Which process is the sandbox, and where it answers. */
  readonly running: string;
  readonly lock: string;
  /** The emulator's output since its last start; the run before it is `<log>.1`. */
  readonly log: string;
  /** What the sandbox's AWS holds: state, objects, image layers. */
  readonly data: string;
  /** Names the containers of this sandbox: another user's, or another folder's, differ. */
  readonly id: string;
}

/** The sandbox's folder: `$XDG_DATA_HOME/infractl/sandbox`, by default `~/.local/share/infractl/sandbox`. */
export function sandboxPaths(env: NodeJS.ProcessEnv = process.env): SandboxPaths {
  // The XDG specification says to ignore a relative path.
  const given = env.XDG_DATA_HOME && isAbsolute(env.XDG_DATA_HOME) ? env.XDG_DATA_HOME : undefined;
  const root = join(given ?? join(env.HOME || homedir(), '.local', 'share'), 'infractl', 'sandbox');
  const id = createHash('sha256')
    .update(`${process.getuid?.() ?? ''} ${root}`)
    .digest('hex')
    .slice(0, 16);
  return {
    root,
    running: join(root, 'running.json'),
    lock: join(root, 'lock'),
    log: join(root, 'emulator.log'),
    data: join(root, 'data'),
    id,
  };
}

/** The folder of the Python part: beside this file in the sources, at the top of the bundle in the package. */
export function emulatorFolder(from: string = import.meta.url): string {
  let folder = dirname(fileURLToPath(from));
  for (let up = 0; up < 5; up++) {
    const candidate = join(folder, 'emulator');
    if (existsSync(join(candidate, 'infractl_sandbox', '__main__.py'))) return candidate;
    folder = dirname(folder);
  }
  throw new InfractlError({
    code: 'BrokenInstallation',
    message: 'infractl is not installed completely: the sandbox is missing from it.',
    suggestions: ['Install infractl again.'],
  });
}

/** The last lines of the emulator's log that say something; empty where there is no log. */
export function logTail(paths: SandboxPaths, count: number): string {
  try {
    return lastLines(readFileSync(paths.log, 'utf8'), count);
  } catch {
    return '';
  }
}

/** The last lines that say something, without passwords that URLs may carry. */
export function lastLines(text: string, count: number): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-count)
    .join('\n')
    .replaceAll(/\/\/[^/@\s]+@/g, '//***@');
}
