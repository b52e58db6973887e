import { randomBytes } from 'node:crypto';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InfractlError, isInfractlError } from '../base/errors.ts';
import { whyNotWritten } from '../base/folders.ts';
import { newSshKey, type SshKey } from './ssh-key.ts';
import type { PlannedFile, ProjectPlan } from './types.ts';

const SECRET_BYTES = 48;

/**
 * Writes a planned project: all of it, or nothing. Everything is written to a folder beside the target (in
 * it, where it exists) and moved into place at the end.
 *
 * @throws InfractlError `ProjectNotWritten` when the disk refuses; what was written is gone then.
 */
export async function createProject(plan: ProjectPlan): Promise<void> {
  const { target, targetExists } = plan;
  const parent = targetExists ? target : dirname(target);
  let madeParent: string | undefined;
  let staging: string | undefined;
  try {
    madeParent = await mkdir(parent, { recursive: true });
    staging = await mkdtemp(join(parent, '.infractl-init-'));
    const content = join(staging, 'project');
    await makeFolder(content);
    const key = plan.blueprint.sshKey ? newSshKey(plan.name) : undefined;
    for (const file of plan.files) await writeFileOf(plan, file, content, key);
    if (targetExists) await moveInside(content, target);
    else await rename(content, target);
    await rm(staging, { recursive: true, force: true });
  } catch (error) {
    if (staging !== undefined) await rm(staging, { recursive: true, force: true }).catch(() => {});
    if (madeParent !== undefined) await removeEmpty(parent, madeParent);
    throw isInfractlError(error) ? error : notWritten(target, error);
  }
}

async function writeFileOf(
  plan: ProjectPlan,
  file: PlannedFile,
  content: string,
  key: SshKey | undefined,
): Promise<void> {
  const path = join(content, file.path);
  await makeFolders(content, dirname(file.path));
  if (!('source' in file)) {
    const isPrivate = file.kind === 'private-key';
    const text = isPrivate ? key?.private : `${key?.public}\n`;
    await writeFile(path, text ?? '', { mode: isPrivate ? 0o600 : 0o644, flag: 'wx' });
    return;
  }
  if (file.kind === 'copy') {
    await copyFile(file.source, path);
    // Neither the umask nor a read-only installation may decide: Lambda runs an image as a user of its own,
    // who must be able to read the application.
    await chmod(path, (await stat(file.source)).mode & 0o100 ? 0o755 : 0o644);
    return;
  }
  const text = await readFile(file.source, 'utf8');
  if (file.kind === 'secrets') {
    await writeFile(path, withSecrets(text, plan.blueprint.generate), { mode: 0o600, flag: 'wx' });
  } else {
    const settled = withPublicKey(withSettings(text, plan), plan, key);
    await writeFile(path, settled, { mode: 0o644, flag: 'wx' });
  }
}

/** `infractl.yaml` under the project's own name and region; the rest of the text, comments too, stays. */
export function withSettings(text: string, { name, region }: Pick<ProjectPlan, 'name' | 'region'>): string {
  const named = text.replace(/^(project:\s*)\S+/m, (_all, key) => `${key}${name}`);
  return region === undefined ? named : named.replace(/^(region:\s*)\S+/m, (_all, key) => `${key}${region}`);
}

/** `infractl.yaml` with the public key of a new key pair. */
function withPublicKey(text: string, { blueprint }: ProjectPlan, key: SshKey | undefined): string {
  if (!blueprint.sshKey || !key) return text;
  const line = new RegExp(`^( *${blueprint.sshKey.parameter}: ).*$`, 'm');
  return text.replace(line, (_all, before) => `${before}${key.public}`);
}

/** `.env.secrets` from its example: the lines of `keys` get a random value. */
export function withSecrets(
  text: string,
  keys: readonly string[],
  random = () => randomBytes(SECRET_BYTES).toString('base64url'),
): string {
  return keys.reduce(
    (lines, key) => lines.replace(new RegExp(`^${key}=$`, 'm'), () => `${key}=${random()}`),
    text,
  );
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o755);
}

async function makeFolders(root: string, path: string): Promise<void> {
  let at = root;
  for (const name of path === '.' ? [] : path.split('/')) {
    at = join(at, name);
    await makeFolder(at);
  }
}

/** Moves the entries one by one, since replacing the folder would pull it away under the user's shell. */
async function moveInside(content: string, target: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const entry of await readdir(content)) {
      const to = join(target, entry);
      if (await stat(to).catch(() => undefined)) throw notWritten(target, { code: 'ENOTEMPTY' });
      await rename(join(content, entry), to);
      moved.push(to);
    }
  } catch (error) {
    for (const path of moved) await rm(path, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Takes away the folders that were made on the way to the target, unless something is in them by now. */
async function removeEmpty(from: string, upTo: string): Promise<void> {
  for (let folder = from; folder.startsWith(upTo); folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
  }
}

function notWritten(target: string, cause: unknown): InfractlError {
  return new InfractlError({
    code: 'ProjectNotWritten',
    message: `The project could not be written to ${target}.`,
    why: whyNotWritten(cause, { EEXIST: 'A part of the path is a file.' }),
    suggestions: [
      'Nothing was left behind: run the command again once that is mended, or name another folder.',
    ],
    cause,
  });
}
