import type { Readable } from 'node:stream';
import type { InfractlError } from '../base/errors.ts';
import type { SsmTarget } from './ssm.ts';

/** One command for a host: words, never a line. They are quoted once, where they leave this machine. */
export interface HostCommand {
  readonly argv: readonly [string, ...string[]];
  /** Run it as root through `sudo -n`: a sudo that wants a password fails at once, in words. */
  readonly sudo?: boolean;
  /**
   * Written to its standard input: the way for secrets, which must be in no argument. A stream is passed on as it
   * comes where the port has `sync`; elsewhere it is read to its end first.
   */
  readonly input?: string | Uint8Array | Readable;
  /** Milliseconds; the command and all that it started are then killed on the host. */
  readonly timeout?: number;
  /** What a stopped command gets to end by itself before it is killed outright, in milliseconds. Default: 5 s. */
  readonly grace?: number;
  /** Aborting kills the command on the host too. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every line as it comes, without its end. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** How many characters of each stream are kept for the result: the last ones. Default: 8 Mi. */
  readonly keep?: number;
}

export interface HostResult {
  /** Of the command. A command that a signal ended has 128 and the signal's number, as in a shell. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CopyOptions {
  readonly timeout?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Files of a local folder for a folder of the host that is there already. */
export interface SyncOrder {
  /** The local folder, absolute. */
  readonly from: string;
  /** Paths in it, with `/`. Links are followed. */
  readonly files: readonly string[];
  /** Absolute path of a folder that the user who logs in may write to. */
  readonly to: string;
  readonly signal?: AbortSignal | undefined;
}

export interface SyncOutcome {
  /** How many files differed. */
  readonly changed: number;
  /** Bytes that were sent. */
  readonly sent: number;
}

/**
 * A host that can be worked on, whichever way leads to it. A non-zero exit code is a result, not an error.
 * Every method rejects with an InfractlError:
 *
 * - `HostUnreachable`, `HostKeyChanged` (exit 5), `HostKeyUnknown` (exit 5), `HostLoginRefused` (exit 4),
 *   `HostConnectionLost`: the way there
 * - `SudoNeedsPassword` (exit 4): the command itself was not begun
 * - `HostTimeout` (exit 7): the command was stopped after its timeout
 * - `Interrupted` (exit 130): the signal was aborted
 */
export interface HostPort {
  /** The host's name in infractl.yaml, for messages. */
  readonly name: string;
  /** Where it is, for messages: `ubuntu@13.38.50.18`, `i-0123456789abcdef0`. */
  readonly where: string;
  run(command: HostCommand): Promise<HostResult>;
  /** Copies a local file or folder (its content) to a path of the host; folders on the way are made. */
  upload(from: string, to: string, options?: CopyOptions): Promise<void>;
  /** Copies a file or folder (its content) of the host to a local path. */
  download(from: string, to: string, options?: CopyOptions): Promise<void>;
  /**
   * Brings files by rsync, only what differs; further files there are left alone. Undefined where it could not:
   * rsync must be on both ends. Absent where the way in carries no conversation at all.
   */
  readonly sync?: (order: SyncOrder) => Promise<SyncOutcome | undefined>;
  /** Ends the connection. Safe to call again; nothing can be run afterwards. */
  close(): Promise<void>;
}

/** How a command ended on one of several hosts. */
export type FleetOutcome =
  | { readonly host: string; readonly result: HostResult }
  | { readonly host: string; readonly error: InfractlError };

/** One command for several hosts, run as root. */
export interface FleetCommand extends Pick<HostCommand, 'argv'> {
  /** Written to its standard input on each of them. */
  readonly input: Uint8Array;
  /** On so many at a time. */
  readonly concurrency: number;
  /** After more failures than that it is begun on no further one. A non-zero exit code is a failure. */
  readonly errors: number;
  /** What a stopped command gets to end by itself before it is killed outright, in milliseconds. */
  readonly grace: number;
  /** How many characters of each stream are kept for the result: the last ones. */
  readonly keep: number;
  /** Aborting stops it where it runs, and begins it nowhere else. */
  readonly signal: AbortSignal;
  /** The id of the command in Systems Manager: of each where it takes several. */
  readonly onSent?: (id: string) => void;
  readonly onBegin: (host: string) => void;
  readonly onLine: (host: string, line: string, stream: 'stdout' | 'stderr') => void;
}

/**
 * Several instances of Systems Manager that get a command at once: one SendCommand of up to 50, whose own engine
 * keeps to the limits of concurrency and errors. Each has an outcome: beside what `HostPort` rejects with
 * `HostNotBegun`, where too many had failed, and `HostKeyLost`.
 */
export interface FleetPort {
  /** @throws InfractlError what AWS refuses for all of them */
  run(targets: readonly SsmTarget[], command: FleetCommand): Promise<FleetOutcome[]>;
  /** Removes what is left on them. */
  close(): Promise<void>;
}
