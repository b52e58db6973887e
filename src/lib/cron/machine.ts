import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { dirname } from 'node:path';
import { isInfractlError } from '../base/errors.ts';
import { type RunResult, run } from '../base/process.ts';

/** The machine that a schedule is installed on, as far as that touches it. */
export interface Machine {
  readonly root: boolean;
  readonly home: string;
  readonly user: string;
  /** Undefined when there is no such command. */
  run(command: string, args: readonly string[], input?: string): Promise<RunResult | undefined>;
  read(file: string): string | undefined;
  /** Whole or not at all. `mode` as chmod has it; as the umask says without. */
  write(file: string, text: string, mode?: number): void;
  remove(file: string): void;
  makeFolder(folder: string): void;
  exists(path: string): boolean;
}

const PATIENCE = 10 * 60_000;

export function thisMachine(env: NodeJS.ProcessEnv, signal: AbortSignal): Machine {
  return {
    root: process.getuid?.() === 0,
    home: env.HOME || homedir(),
    user: userInfo().username,
    async run(command, args, input) {
      try {
        const given = input === undefined ? {} : { input };
        return await run(command, args, { env, signal, timeout: PATIENCE, ...given });
      } catch (error) {
        if (isInfractlError(error) && error.code === 'CommandNotFound') return undefined;
        throw error;
      }
    },
    read(file) {
      try {
        return readFileSync(file, 'utf8');
      } catch {
        return undefined;
      }
    },
    write(file, text, mode) {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.new`, text, { mode: mode ?? 0o666 });
      renameSync(`${file}.new`, file);
    },
    remove: (file) => rmSync(file, { force: true }),
    makeFolder: (folder) => void mkdirSync(folder, { recursive: true }),
    exists: existsSync,
  };
}

/** What cron gives a command: nothing of the shell that it was typed in. */
export async function runBare(machine: Machine, line: string): Promise<RunResult | undefined> {
  const bare = [
    `HOME=${machine.home}`,
    `LOGNAME=${machine.user}`,
    `USER=${machine.user}`,
    'PATH=/usr/bin:/bin',
    'SHELL=/bin/sh',
  ];
  return machine.run('env', ['-i', ...bare, '/bin/sh', '-c', line]);
}
