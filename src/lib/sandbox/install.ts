import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { throwIfAborted } from '../base/clock.ts';
import { InfractlError } from '../base/errors.ts';
import { emulatorFolder, lastLines, type SandboxPaths } from './paths.ts';
import { findPython, hasUv, type Python, pythonMissing, venvMissing } from './python.ts';
import { makePrivateFolder } from './running.ts';
import { type Ran, run } from './tools.ts';

const INSTALL_TIMEOUT = 15 * 60_000;

export interface InstallOptions {
  readonly paths: SandboxPaths;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** A short status: what is being done. */
  readonly onStatus?: (status: string) => void;
}

/**
 * The Python of the sandbox's private environment; installs it from PyPI where it is not there yet, at
 * pinned versions with pinned hashes. Its name carries the hash of the list, so a newer infractl makes a
 * new one. Call it under the sandbox's lock.
 *
 * @throws InfractlError `PythonMissing`, `PythonVenvMissing`, `DiskFull`, `NoNetwork`, `HashMismatch`, `InstallFailed`
 */
export async function ensureInstalled(options: InstallOptions): Promise<string> {
  const { paths } = options;
  const requirements = join(emulatorFolder(), 'requirements.txt');
  const link = join(paths.root, await venvName(requirements));
  const python = join(link, 'bin', 'python');
  if (await hasPackages(python, options)) return python;

  makePrivateFolder(paths.root);
  await removeOthers(paths.root);
  options.onStatus?.('installing MiniStack (once)');
  const env = withoutPythonSettings(options.env);
  const system = await findPython(env);
  const uv = await hasUv(env);
  if (!system && !uv) throw pythonMissing();
  const install = uv && !(system && speaksToPip(env)) ? installWithUv : installWithPip;
  // A name of its own: an installer whose infractl was killed may still be writing into its folder.
  const folder = `${link}-${randomBytes(4).toString('hex')}`;
  await install({ ...options, env }, folder, requirements, system);
  const imports = ['-c', 'import ministack.app, samtranslator'];
  await check(await run(join(folder, 'bin', 'python'), imports, runOptions(options, env)), folder);
  // The link is what says that it is whole; it appears in one step.
  await symlink(basename(folder), `${link}.new`);
  await rename(`${link}.new`, link);
  return python;
}

/**
 * After an upgrade of the system's Python its link in the environment dangles, or leads to a version that has other
 * packages than these: then the environment is made again.
 */
async function hasPackages(python: string, options: InstallOptions): Promise<boolean> {
  if (!existsSync(python)) return false;
  const look = "import importlib.util as u; print('there' if u.find_spec('ministack') else 'missing')";
  const env = withoutPythonSettings(options.env);
  const { out } = await run(python, ['-c', look], runOptions(options, env));
  return out !== 'missing';
}

export async function venvName(requirements = join(emulatorFolder(), 'requirements.txt')): Promise<string> {
  const hash = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  return `venv-${hash.slice(0, 12)}`;
}

type Installer = (
  options: InstallOptions,
  folder: string,
  requirements: string,
  system: Python | undefined,
) => Promise<void>;

const installWithPip: Installer = async (options, folder, requirements, system) => {
  if (!system) throw pythonMissing();
  const made = await run(system.command, ['-m', 'venv', folder], runOptions(options));
  if (!made.ok && /ensurepip|No module named venv/.test(made.all)) {
    await rm(folder, { recursive: true, force: true });
    throw venvMissing(system);
  }
  await check(made, folder);
  const pip = ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--progress-bar', 'off'];
  const args = [...pip, '--require-hashes', '--requirement', requirements];
  await check(await run(join(folder, 'bin', 'python'), args, runOptions(options)), folder, options.signal);
};

const installWithUv: Installer = async (options, folder, requirements, system) => {
  const wanted = system?.command ?? '>=3.10';
  await check(await run('uv', ['venv', '--quiet', '--python', wanted, folder], runOptions(options)), folder);
  const target = ['--python', join(folder, 'bin', 'python')];
  const args = ['pip', 'install', ...target, '--require-hashes', '--requirement', requirements];
  await check(await run('uv', args, runOptions(options)), folder, options.signal);
};

function runOptions(options: InstallOptions, env = options.env) {
  return { env, timeout: INSTALL_TIMEOUT, signal: options.signal };
}

/** A user's PYTHONPATH or PYTHONHOME would mix other packages into the private environment. */
function withoutPythonSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { PYTHONPATH: _path, PYTHONHOME: _home, VIRTUAL_ENV: _venv, ...rest } = env;
  return rest;
}

/** uv does not read pip's settings: a user who has some, and none for uv, is served by pip. */
function speaksToPip(env: NodeJS.ProcessEnv): boolean {
  const names = Object.keys(env);
  if (names.some((name) => /^UV_(INDEX|DEFAULT_INDEX|EXTRA_INDEX|CONFIG_FILE|OFFLINE)/.test(name)))
    return false;
  if (
    names.some((name) =>
      /^PIP_(INDEX_URL|EXTRA_INDEX_URL|CONFIG_FILE|CERT|PROXY|FIND_LINKS|TRUSTED_HOST)/.test(name),
    )
  ) {
    return true;
  }
  const home = env.HOME || homedir();
  const config = env.XDG_CONFIG_HOME || join(home, '.config');
  const files = [join(config, 'pip', 'pip.conf'), join(home, '.pip', 'pip.conf'), '/etc/pip.conf'];
  return files.some((file) => existsSync(file));
}

async function check(ran: Ran, folder: string, signal?: AbortSignal): Promise<void> {
  if (ran.ok) return;
  await rm(folder, { recursive: true, force: true });
  throwIfAborted(signal);
  throw installError(ran.all);
}

/** Says in one sentence why the install failed, with the installer's last words. */
export function installError(output: string): InfractlError {
  const why = lastLines(output, 6);
  const known = KNOWN.find(({ sign }) => sign.test(output));
  return new InfractlError({
    code: known?.code ?? 'InstallFailed',
    message: known?.message ?? 'MiniStack, the sandbox, could not be installed.',
    why,
    suggestions: known?.suggestions ?? ['Mend what the lines above say, then start it again.'],
  });
}

const KNOWN = [
  {
    sign: /No space left on device|ENOSPC|Disk quota exceeded/i,
    code: 'DiskFull',
    message: 'There is no room on the disk for the sandbox.',
    suggestions: ['It needs about 250 MB. Make room, or set XDG_DATA_HOME to a folder on another disk.'],
  },
  {
    sign: /DO NOT MATCH THE HASHES|hash mismatch/i,
    code: 'HashMismatch',
    message: 'A package that was downloaded is not the one that infractl knows. Nothing was installed.',
    suggestions: [
      'The package index, or a proxy before it, serves other files: look into it before anything else.',
    ],
  },
  {
    sign: /name resolution|Failed to establish a new connection|NewConnectionError|dns error|error sending request|Max retries exceeded|Connection refused|Network is unreachable|timed out|ProxyError|client error \(Connect\)/i,
    code: 'NoNetwork',
    message: 'The package index cannot be reached, and the sandbox has to be installed once.',
    suggestions: [
      'Mend the connection or the proxy (pip and uv have their own settings for it), then start it again.',
    ],
  },
] as const;

/** Removes halves of installations, and those of other versions of the list. */
async function removeOthers(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith('venv-')) await rm(join(root, name), { recursive: true, force: true, maxRetries: 3 });
  }
}
