import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from '../../src/lib/sandbox/lock.ts';
import { root } from './cli.ts';
import { docker, dockers } from './images.ts';

const emulator = path.join(root, 'src/lib/sandbox/emulator');

/** The same as the sandbox's machines are made of: Debian with systemd, sshd, nginx, git and Python. */
const recipe = createHash('sha256')
  .update(readFileSync(path.join(emulator, 'infractl_sandbox/machines/recipe.json')))
  .update(process.arch)
  .digest('hex')
  .slice(0, 12);

const tag = `infractl-test-host:${recipe}`;
const folder = path.join(root, '.cache', 'test-images');
const archive = path.join(folder, `host-${recipe}.tar`);

/** Why there can be no test host here; undefined where there can. In CI its lack is a failure. */
export const noHost: string | undefined = process.env.CI
  ? undefined
  : dockers.length === 0
    ? 'no container engine answers'
    : process.platform !== 'linux'
      ? 'only Linux can run a machine with systemd in a container'
      : present() || existsSync(archive)
        ? undefined
        : process.getuid?.() !== 0
          ? 'only root can make the image of a host'
          : spawnSync('debootstrap', ['--version']).status === 0
            ? undefined
            : 'debootstrap is not installed';

function present(): boolean {
  return spawnSync(docker, ['image', 'inspect', tag], { stdio: 'ignore' }).status === 0;
}

/** The image of a Debian machine. Made once by debootstrap, which takes a minute or two, and kept as a file of `.cache`. */
export async function hostImage(): Promise<string> {
  if (present()) return tag;
  mkdirSync(folder, { recursive: true });
  await withLock(path.join(folder, 'host.lock'), { timeout: 900_000 }, async () => {
    if (present()) return;
    if (!existsSync(archive)) bootstrap();
    execFileSync(docker, ['import', archive, tag], { stdio: 'ignore' });
  });
  return tag;
}

/** The sandbox's own way to make it, where the engine cannot build from an image. */
function bootstrap(): void {
  const module = ['-m', 'infractl_sandbox.machines.image', archive];
  execFileSync('python3', module, { env: { ...process.env, PYTHONPATH: emulator }, stdio: 'pipe' });
}
