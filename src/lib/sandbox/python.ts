import { InfractlError, UsageError } from '../base/errors.ts';
import { run } from './tools.ts';

export interface Python {
  readonly command: string;
  /** `3.11.7` */
  readonly version: string;
}

const OLDEST = 10;
const NEWEST_TRIED = 15;
const QUICK = 15_000;
const ASK = 'import sys; print("%d.%d.%d" % sys.version_info[:3])';

/**
 * A Python 3.10 or newer: INFRACTL_PYTHON, else python3, else a python3.x of the PATH. Undefined where
 * there is none.
 *
 * @throws UsageError `PythonUnusable` when INFRACTL_PYTHON names something else.
 */
export async function findPython(env: NodeJS.ProcessEnv): Promise<Python | undefined> {
  if (env.INFRACTL_PYTHON) {
    const named = await ask(env.INFRACTL_PYTHON, env);
    if (named) return named;
    throw new UsageError({
      code: 'PythonUnusable',
      message: `INFRACTL_PYTHON is ${env.INFRACTL_PYTHON}, and that is no Python 3.${OLDEST} or newer.`,
      suggestions: ['Set INFRACTL_PYTHON to the path of a newer Python, or unset it.'],
    });
  }
  for (const command of candidates()) {
    const found = await ask(command, env);
    if (found) return found;
  }
  return undefined;
}

function candidates(): string[] {
  const named: string[] = [];
  for (let minor = NEWEST_TRIED; minor >= OLDEST; minor--) named.push(`python3.${minor}`);
  return ['python3', ...named, 'python'];
}

async function ask(command: string, env: NodeJS.ProcessEnv): Promise<Python | undefined> {
  const { ok, out } = await run(command, ['-c', ASK], { env, timeout: QUICK });
  if (!ok) return undefined;
  const [major, minor] = out.split('.').map(Number);
  return major === 3 && (minor ?? 0) >= OLDEST ? { command, version: out } : undefined;
}

export async function hasUv(env: NodeJS.ProcessEnv): Promise<boolean> {
  return (await run('uv', ['--version'], { env, timeout: QUICK })).ok;
}

export function pythonMissing(): InfractlError {
  return new InfractlError({
    code: 'PythonMissing',
    message: `The sandbox needs Python 3.${OLDEST} or newer, and there is none.`,
    suggestions: [
      'Debian, Ubuntu: `sudo apt-get install python3 python3-venv`',
      'Fedora: `sudo dnf install python3` · macOS: `brew install python`',
      'Or install uv, which brings its own Python. Or set INFRACTL_PYTHON to the path of one.',
    ],
  });
}

export function venvMissing(python: Python): InfractlError {
  const [major, minor] = python.version.split('.');
  return new InfractlError({
    code: 'PythonVenvMissing',
    message: `Python ${python.version} is there, but without its venv module.`,
    why: 'Debian and Ubuntu keep it in a package of its own.',
    suggestions: [
      `Install it: \`sudo apt-get install python${major}.${minor}-venv\` (or python3-venv)`,
      'Or install uv, which needs no venv module.',
    ],
  });
}
