import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withLock } from '../../src/lib/sandbox/lock.ts';
import { root } from './cli.ts';
import { docker, dockers } from './images.ts';

const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'nginx-light',
  'git',
  'python3',
  'python3-venv',
  'iproute2',
  'procps',
  'sudo',
  'cron',
  'curl',
  'rsync',
];

/** What a container cannot have, and what only waits for the network or for a console. */
const MASKED = [
  'systemd-udevd.service',
  'systemd-networkd-wait-online.service',
  'console-getty.service',
  'getty.target',
  'systemd-logind.service',
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'fstrim.timer',
  'e2scrub_all.timer',
];

const RELEASE = 'bookworm';
/** Changes with what is done to the tree after debootstrap. */
const LAYOUT = 2;

const recipe = createHash('sha256')
  .update(JSON.stringify([PACKAGES, MASKED, RELEASE, LAYOUT, process.arch]))
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

/**
 * The image of a Debian machine with systemd, sshd, nginx, git and Python. Made once by debootstrap, which
 * takes a minute or two, and kept as a file of `.cache`.
 */
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

function bootstrap(): void {
  const work = mkdtempSync(path.join(tmpdir(), 'infractl-host-image-'));
  const tree = path.join(work, 'tree');
  try {
    const options = ['--variant=minbase', `--include=${PACKAGES.join(',')}`];
    execFileSync('debootstrap', [...options, RELEASE, tree, ...mirror()], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    for (const unit of MASKED) {
      const link = path.join(tree, 'etc/systemd/system', unit);
      rmSync(link, { force: true, recursive: true });
      execFileSync('ln', ['-s', '/dev/null', link]);
    }
    execFileSync('chroot', [tree, 'useradd', '--create-home', '--shell', '/bin/bash', 'ubuntu']);
    writeFileSync(path.join(tree, 'etc/sudoers.d/ubuntu'), 'ubuntu ALL=(ALL) NOPASSWD:ALL\n', {
      mode: 0o440,
    });
    for (const cache of [
      'var/cache/apt/archives',
      'var/lib/apt/lists',
      'usr/share/doc',
      'usr/share/locale',
      'usr/share/man',
    ])
      rmSync(path.join(tree, cache), { recursive: true, force: true });
    execFileSync('tar', ['--numeric-owner', '-C', tree, '-cf', `${archive}.part`, '.']);
    renameSync(`${archive}.part`, archive);
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(`${archive}.part`, { force: true });
  }
}

/** The mirror that this machine's apt uses, where it has Debian; else debootstrap's own choice. */
function mirror(): string[] {
  const asked = spawnSync(
    'apt-get',
    ['indextargets', '--format', '$(SITE)', 'Created-By: Packages', `Codename: ${RELEASE}`],
    {
      encoding: 'utf8',
    },
  );
  const site = (asked.stdout ?? '').split('\n').find((line) => /^https?:\/\/.*\/debian\/?$/.test(line));
  return site ? [site] : [];
}
