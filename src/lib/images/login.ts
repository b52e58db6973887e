import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfractlError, messageOf } from '../base/errors.ts';

/** A Docker configuration of our own, for one login. */
export interface PrivateConfig {
  /** What the container command must get to use it. */
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  /** Removes it with everything in it. */
  remove(): void;
}

const PREFIX = 'infractl-docker-';
/** What decides which engine is used and how: linked, so that the user's own setup goes on working. */
const LINKED = ['cli-plugins', 'contexts', 'ca.pem', 'cert.pem', 'key.pem'];
/** Where the user's logins are, and what would carry the token to a keychain that outlives the push. */
const LEFT_OUT = ['auths', 'credsStore', 'credHelpers'];

const open = new Set<string>();

/**
 * Makes a folder that only the user can read, with the user's Docker settings but none of the logins.
 * It is removed by `remove`, at the latest when this process exits; one that a killed process left
 * behind is removed by the next.
 *
 * @throws InfractlError `NoPrivateFolder`
 */
export function privateConfig(host: string, env: NodeJS.ProcessEnv): PrivateConfig {
  const root =
    env.XDG_RUNTIME_DIR && existsSync(env.XDG_RUNTIME_DIR) ? env.XDG_RUNTIME_DIR : env.TMPDIR || tmpdir();
  let folder: string | undefined;
  try {
    sweep(root);
    // mkdtemp gives mode 0700.
    folder = mkdtempSync(join(root, `${PREFIX}${process.pid}-`));
    fill(folder, host, env);
    return guarded(folder);
  } catch (cause) {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    throw new InfractlError({
      code: 'NoPrivateFolder',
      message: `No private folder could be made in ${root} for the login to the registry.`,
      why: messageOf(cause),
      suggestions: ['Make room there, or name another folder with TMPDIR.'],
      cause,
    });
  }
}

function fill(folder: string, host: string, env: NodeJS.ProcessEnv): void {
  const own = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker');
  const settings = Object.entries(readSettings(join(own, 'config.json'))).filter(
    ([key]) => !LEFT_OUT.includes(key),
  );
  // An entry for the host keeps docker from looking for a keychain to use by default.
  const config = { ...Object.fromEntries(settings), auths: { [host]: {} } };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config), { mode: 0o600 });
  for (const name of LINKED) {
    if (existsSync(join(own, name))) symlinkSync(join(own, name), join(folder, name));
  }
}

/** Makes sure that the folder goes, whichever way this process ends. */
function guarded(folder: string): PrivateConfig {
  if (open.size === 0) process.once('exit', removeAll);
  open.add(folder);
  return {
    folder,
    env: { DOCKER_CONFIG: folder, REGISTRY_AUTH_FILE: join(folder, 'auth.json') },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      open.delete(folder);
      if (open.size === 0) process.off('exit', removeAll);
    },
  };
}

function removeAll(): void {
  for (const folder of open) rmSync(folder, { recursive: true, force: true });
}

function readSettings(file: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return typeof read === 'object' && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    // None, or one that docker itself only warns about.
    return {};
  }
}

/** A process that was killed could not remove its folder. */
function sweep(root: string): void {
  for (const name of readdirSync(root)) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || alive(Number(pid))) continue;
    try {
      rmSync(join(root, name), { recursive: true, force: true });
    } catch {
      // Another user's, which that user's next run removes.
    }
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
