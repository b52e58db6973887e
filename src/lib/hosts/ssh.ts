import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throwIfAborted } from '../base/clock.ts';
import { InfractlError, Interrupted, isInfractlError } from '../base/errors.ts';
import { type RunOptions, type RunResult, run } from '../base/process.ts';
import { downloadTo, uploadFrom } from './copy.ts';
import type { CopyOptions, HostCommand, HostPort, HostResult, SyncOrder, SyncOutcome } from './port.ts';
import { rsyncTo } from './rsync.ts';
import {
  destination,
  hostOptions,
  type NewKeys,
  pinnedLine,
  quietOptions,
  type SshTarget,
  tunnelOptions,
} from './ssh-options.ts';
import {
  connectError,
  connectionLost,
  hostTimeout,
  isUnknownKey,
  type ShownKey,
  shownKey,
  sudoError,
  unknownKeyError,
} from './ssh-words.ts';
import { afterBeginning, beginning, killLine, wrappedLine } from './wrap.ts';

export interface SshDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Whether a key that was never seen is right. Without it, it is not. */
  readonly trust?: ((key: ShownKey, where: string) => Promise<boolean>) | undefined;
  /** Milliseconds to connect; default 15 s. */
  readonly patience?: number;
  /** Seconds that the connection lives on while nothing is asked; default 30. */
  readonly idle?: number;
}

const PATIENCE = 15_000;
/** What a command on the host gets to clean up after itself, in milliseconds. */
const GRACE = 5_000;
/** The connection lives on for so long while nothing is asked, and when infractl was killed. Seconds. */
const IDLE = 30;
/** A path of a socket has at most 104 characters on macOS, and ssh adds 17 while it makes it. */
const LONGEST_FOLDER = 70;

/**
 * Connects to a host with the OpenSSH of this machine: one connection, which all commands share.
 *
 * @throws InfractlError as `HostPort` says; `CommandNotFound` where there is no ssh.
 */
export async function openSsh(target: SshTarget, deps: SshDeps): Promise<HostPort> {
  throwIfAborted(deps.signal);
  const temporary = tmpdir();
  const folder = mkdtempSync(join(temporary.length > LONGEST_FOLDER ? '/tmp' : temporary, 'infractl-'));
  const host = new SshHost(target, deps, folder);
  try {
    await host.connect();
    return host;
  } catch (error) {
    await host.close();
    throw missingSsh(error);
  }
}

class SshHost implements HostPort {
  readonly name: string;
  readonly where: string;
  readonly #target: SshTarget;
  readonly #deps: SshDeps;
  readonly #folder: string;
  readonly #pinned: string | undefined;
  #open = false;

  constructor(target: SshTarget, deps: SshDeps, folder: string) {
    this.name = target.name;
    this.where = destination(target);
    this.#target = target;
    this.#deps = deps;
    this.#folder = folder;
    const { hostKey } = target.reach;
    if (hostKey) {
      this.#pinned = join(folder, 'known_hosts');
      writeFileSync(this.#pinned, pinnedLine(hostKey), { mode: 0o600 });
    }
  }

  async connect(): Promise<void> {
    const first = await this.#master('refuse');
    if (first.exitCode === 0) return;
    if (this.#pinned || !isUnknownKey(first.stderr)) throw connectError(this.#target, first.stderr);
    // Only its verbose words have the fingerprint, through jump hosts too.
    const again = await this.#connection(['-v', ...this.#common('refuse'), this.where, 'true'], {});
    const key = shownKey(again.stderr);
    if (!key || !this.#deps.trust || !(await this.#deps.trust(key, this.where)))
      throw unknownKeyError(this.#target, key);
    const accepted = await this.#master('accept');
    if (accepted.exitCode !== 0) throw connectError(this.#target, accepted.stderr);
  }

  async #master(newKeys: NewKeys): Promise<RunResult> {
    const patience = this.#deps.patience ?? PATIENCE;
    const keep = ['-o', 'ControlMaster=yes', '-o', `ControlPersist=${this.#deps.idle ?? IDLE}`];
    const result = await this.#connection([...this.#common(newKeys), ...keep, '-N', '-f', this.where], {
      // Jump hosts and a slow sshd come on top of the connection's own timeout.
      timeout: 3 * patience,
    });
    if (result.timedOut) throw connectError(this.#target, `${result.stderr}\nConnection timed out`);
    this.#open = result.exitCode === 0;
    return result;
  }

  #common(newKeys: NewKeys): string[] {
    const seconds = Math.ceil((this.#deps.patience ?? PATIENCE) / 1000);
    return [
      ...hostOptions(this.#target, this.#pinned, newKeys),
      ...quietOptions(seconds),
      '-o',
      `ControlPath=${this.#socket}`,
    ];
  }

  get #socket(): string {
    return join(this.#folder, 's');
  }

  async run(command: HostCommand): Promise<HostResult> {
    return this.#run(command, {});
  }

  async #run(command: HostCommand, more: Partial<RunOptions>): Promise<HostResult> {
    throwIfAborted(command.signal);
    const mark = `infractl-${randomBytes(6).toString('hex')}`;
    const sudo = command.sudo ?? false;
    let pid: number | undefined;
    let stopped: 'aborted' | 'timeout' | undefined;
    const client = new AbortController();
    let late: NodeJS.Timeout | undefined;
    const stop = (why: 'aborted' | 'timeout') => {
      if (stopped) return;
      stopped = why;
      // One that has not said its process group yet is killed as soon as it does.
      if (pid !== undefined) void this.#kill(pid, 'TERM', sudo);
      late = setTimeout(() => {
        const last = pid === undefined ? Promise.resolve() : this.#kill(pid, 'KILL', sudo);
        void last.finally(() => client.abort());
      }, command.grace ?? GRACE);
    };
    const onAbort = () => stop('aborted');
    command.signal?.addEventListener('abort', onAbort, { once: true });
    const timer = command.timeout ? setTimeout(() => stop('timeout'), command.timeout) : undefined;
    try {
      const result = await this.#session(wrappedLine(mark, command.argv, sudo), {
        ...(command.input === undefined ? {} : { input: command.input }),
        ...(command.keep === undefined ? {} : { keep: command.keep }),
        ...more,
        signal: client.signal,
        onLine: (line, stream) => {
          if (pid === undefined && stream === 'stderr') {
            pid = beginning(mark, line);
            if (pid !== undefined && stopped) void this.#kill(pid, 'TERM', sudo);
          } else if (pid !== undefined || stream === 'stdout') command.onLine?.(line, stream);
        },
      });
      if (stopped) throw this.#stopError(stopped, command);
      if (pid === undefined) throw this.#notBegun(result, sudo);
      if (result.exitCode === undefined || (result.exitCode === 255 && !(await this.#alive())))
        throw connectionLost(this.#target, true);
      const stderr = afterBeginning(mark, result.stderr);
      return { exitCode: result.exitCode, stdout: result.stdout, stderr };
    } catch (error) {
      if (stopped && isInfractlError(error) && error.code === 'Interrupted')
        throw this.#stopError(stopped, command);
      throw error;
    } finally {
      clearTimeout(timer);
      clearTimeout(late);
      command.signal?.removeEventListener('abort', onAbort);
    }
  }

  #notBegun(result: RunResult, sudo: boolean): InfractlError {
    const refused = sudo ? sudoError(this.name, this.where, result.stderr) : undefined;
    if (refused) return refused;
    if (result.exitCode === 255 || result.exitCode === undefined) return connectionLost(this.#target, false);
    return new InfractlError({
      code: 'HostLoginShell',
      message: `The login shell of the host ${this.name} (${this.where}) began no command.`,
      why: result.stderr.trim().split('\n').slice(-3).join('\n'),
      suggestions: [`Try it by hand: ssh ${this.where} true`],
    });
  }

  #stopError(why: 'aborted' | 'timeout', { argv, timeout, signal }: HostCommand): Error {
    if (why === 'timeout') return hostTimeout(this.name, argv[0], timeout ?? 0);
    return signal?.reason instanceof InfractlError ? signal.reason : new Interrupted();
  }

  /** A session of the shared connection. Where that is gone no other is made: `false` connects to nothing. */
  #session(line: string, options: Partial<RunOptions>): Promise<RunResult> {
    if (!this.#open) throw connectionLost(this.#target, false);
    return this.#ssh([...this.#shared(), this.where, line], options);
  }

  #shared(): string[] {
    return ['-o', 'ControlMaster=no', '-o', 'ProxyCommand=false', ...this.#common('refuse')];
  }

  #kill(pid: number, signal: 'TERM' | 'KILL', sudo: boolean): Promise<unknown> {
    // Whoever interrupts wants just this to be done still.
    return this.#session(killLine(pid, signal, sudo), { timeout: GRACE, signal: undefined }).catch(() => {});
  }

  async #alive(): Promise<boolean> {
    const { exitCode } = await this.#control('check');
    return exitCode === 0;
  }

  #control(what: 'check' | 'exit'): Promise<RunResult> {
    const args = ['-o', `ControlPath=${this.#socket}`, '-O', what, this.where];
    return run('ssh', args, { env: this.#deps.env, timeout: GRACE });
  }

  /** An ssh that connects, and does not share what is connected. */
  async #connection(args: readonly string[], options: Partial<RunOptions>): Promise<RunResult> {
    const tunnel = await this.#target.tunnel?.();
    if (!tunnel) return this.#ssh(args, options);
    return this.#ssh([...tunnelOptions(tunnel), ...args], {
      ...options,
      env: { ...this.#deps.env, ...tunnel.env },
    });
  }

  #ssh(args: readonly string[], options: Partial<RunOptions>): Promise<RunResult> {
    return run('ssh', args, { env: this.#deps.env, signal: this.#deps.signal, ...options });
  }

  upload(from: string, to: string, options: CopyOptions = {}): Promise<void> {
    return uploadFrom((command, more) => this.#run(command, more), this, from, to, options);
  }

  download(from: string, to: string, options: CopyOptions = {}): Promise<void> {
    return downloadTo((command, more) => this.#run(command, more), this, from, to, options);
  }

  async sync(order: SyncOrder): Promise<SyncOutcome | undefined> {
    if (!this.#open) throw connectionLost(this.#target, false);
    const { name, where } = this;
    const done = await rsyncTo({ name, where, ssh: ['ssh', ...this.#shared()], env: this.#deps.env }, order);
    if (done === undefined && !(await this.#alive())) throw connectionLost(this.#target, true);
    return done;
  }

  async close(): Promise<void> {
    if (this.#open) {
      this.#open = false;
      await this.#control('exit').catch(() => {});
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function missingSsh(error: unknown): unknown {
  if (!isInfractlError(error) || error.code !== 'CommandNotFound') return error;
  return new InfractlError({
    code: 'CommandNotFound',
    message: 'The command ssh was not found.',
    suggestions: ['Install the OpenSSH client (Debian and Ubuntu: apt install openssh-client).'],
    cause: error,
  });
}
