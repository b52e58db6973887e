import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { hostImage } from './host-image.ts';
import { docker } from './images.ts';
import { until } from './until.ts';

export { noHost } from './host-image.ts';

/**
 * A real Debian machine for tests: systemd, sshd, nginx, git, Python, cron. A container, reached at its own
 * address. Its user is `ubuntu`, who may sudo, as on an EC2 instance.
 *
 * ssh of this machine would read the configuration and the known hosts of whoever runs the tests, whatever
 * HOME says. So `bin` holds an `ssh` that reads the test's own instead: put it first in the PATH.
 */
export class TestHost {
  readonly user = 'ubuntu';
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'infractl-host-'));
  readonly identity = path.join(this.#folder, 'id_ed25519');
  readonly knownHosts = path.join(this.#folder, 'known_hosts');
  readonly bin = path.join(this.#folder, 'bin');
  /** Of the container. */
  id = '';
  address = '';

  /** @param limits of the container, as docker takes them: `--memory=200m`, `--tmpfs=/srv:size=20m` */
  static async start(limits: readonly string[] = []): Promise<TestHost> {
    const host = new TestHost();
    await host.#start(await hostImage(), limits);
    return host;
  }

  /** The PATH with the ssh of the test in front. */
  get path(): string {
    return `${this.bin}${path.delimiter}${process.env.PATH ?? ''}`;
  }

  async #start(image: string, limits: readonly string[]): Promise<void> {
    this.#makeSsh();
    const options = [
      '--cap-add=SYS_ADMIN',
      '--security-opt=seccomp=unconfined',
      '--tmpfs=/run',
      '--tmpfs=/tmp:exec',
    ];
    const cgroup = '--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw';
    this.id = dockerRun([
      'run',
      '--detach',
      '--label=infractl-test-host',
      ...options,
      ...limits,
      cgroup,
      '--env=container=docker',
      image,
      '/sbin/init',
    ]);
    this.write('/home/ubuntu/.ssh/authorized_keys', readFileSync(`${this.identity}.pub`, 'utf8'));
    this.exec('chown', '-R', 'ubuntu:ubuntu', '/home/ubuntu/.ssh');
    await this.ready();
  }

  /** Until systemd and sshd are up: after a start, a restart. */
  async ready(): Promise<void> {
    this.address = dockerRun([
      'inspect',
      '--format',
      '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
      this.id,
    ]);
    const up = () => this.attempt('systemctl', 'is-active', 'ssh').stdout.trim() === 'active';
    await until(up, undefined, 300_000).catch((error) => {
      const status = this.attempt('systemctl', 'status', '--no-pager').stdout;
      throw new Error(`The test host did not start: ${error.message}\n${status}`);
    });
    this.trust();
  }

  #makeSsh(): void {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', this.identity]);
    const config = path.join(this.#folder, 'config');
    writeFileSync(
      config,
      `Host *\n  User ${this.user}\n  IdentityFile ${this.identity}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${this.knownHosts}\n  GlobalKnownHostsFile /dev/null\n`,
    );
    mkdirSync(this.bin);
    const ssh = execFileSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).trim();
    writeFileSync(path.join(this.bin, 'ssh'), `#!/bin/sh\nexec ${ssh} -F ${config} "$@"\n`, { mode: 0o755 });
  }

  /** Knows the host's keys as they are now. */
  trust(): void {
    const keys = this.exec('sh', '-c', 'cat /etc/ssh/ssh_host_*_key.pub');
    const lines = keys
      .trim()
      .split('\n')
      .map((key) => `${this.address} ${key}\n`);
    writeFileSync(this.knownHosts, lines.join(''));
  }

  /** Knows no host. */
  forget(): void {
    writeFileSync(this.knownHosts, '');
  }

  /** Its ed25519 public key, as in known_hosts. */
  get hostKey(): string {
    return this.exec('cat', '/etc/ssh/ssh_host_ed25519_key.pub').split(' ').slice(0, 2).join(' ').trim();
  }

  /** Runs a command as root inside, past ssh; what it printed. Throws when it fails. */
  exec(...argv: string[]): string {
    return dockerRun(['exec', this.id, ...argv]);
  }

  /** The same, without an opinion of how it ends. */
  attempt(...argv: string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(docker, ['exec', this.id, ...argv], { encoding: 'utf8' });
  }

  /** The same, while this process goes on: for commands that ask something of it. */
  run(...argv: string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      execFile(docker, ['exec', this.id, ...argv], { encoding: 'utf8' }, (error, stdout, stderr) => {
        const code = error ? (typeof error.code === 'number' ? error.code : null) : 0;
        resolve({ status: code, stdout, stderr });
      });
    });
  }

  /** A line of shell, as root. */
  sh(line: string): string {
    return this.exec('sh', '-c', line);
  }

  /** Writes a file as root; its folder is made. */
  write(file: string, text: string, mode = '644'): void {
    const line = 'mkdir -p "$(dirname "$1")" && cat > "$1" && chmod "$2" "$1"';
    execFileSync(docker, ['exec', '-i', this.id, 'sh', '-c', line, 'sh', file, mode], { input: text });
  }

  read(file: string): string {
    return this.exec('cat', file);
  }

  /** Freezes it: connections hang, as with a network that is cut. */
  pause(): void {
    dockerRun(['pause', this.id]);
  }

  unpause(): void {
    dockerRun(['unpause', this.id]);
  }

  remove(): void {
    if (this.id) spawnSync(docker, ['rm', '--force', '--volumes', this.id], { stdio: 'ignore' });
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Call it inside `describe.skipIf(noHost)`: a host runs before the first test and is gone after the last. */
export function useHost(limits: readonly string[] = []): { readonly host: TestHost } {
  const used = {} as { host: TestHost };
  beforeAll(async () => {
    used.host = await TestHost.start(limits);
  }, 900_000);
  afterAll(() => used.host?.remove());
  return used;
}

function dockerRun(args: readonly string[]): string {
  const done = spawnSync(docker, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (done.status !== 0) throw new Error(`docker ${args.join(' ')}: ${done.stderr || done.error?.message}`);
  return done.stdout.trim();
}
