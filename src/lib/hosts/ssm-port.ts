/** How a command is on one instance, as Systems Manager tells it. */
export interface Invocation {
  /** `Pending`, `InProgress`, `Delayed`, `Success`, `Cancelled`, `TimedOut`, `Failed`, `Cancelling`. */
  readonly status: string;
  /** The same more exactly: `Undeliverable`, `Delivery Timed Out`, `Execution Timed Out`, `Terminated`, … */
  readonly detail: string;
  /** Of the script; -1 where it did not come to an end. */
  readonly exitCode: number;
  /** At most the first 24,000 characters. */
  readonly stdout: string;
  /** At most the first 8,000 characters. */
  readonly stderr: string;
}

/** An instance as Systems Manager knows it. */
export interface ManagedInstance {
  /** `Online`, `ConnectionLost`, `Inactive`. */
  readonly ping: string;
  /** When its agent was heard of last. */
  readonly heard?: Date | undefined;
  readonly agent?: string | undefined;
}

export interface SsmOrder {
  /** At most 50. */
  readonly instances: readonly string[];
  readonly script: string;
  /** What the history of commands calls it; at most 100 characters count. */
  readonly comment: string;
  /** Seconds that the script may take on an instance. */
  readonly seconds: number;
  /** How many instances at a time, and after how many failures no further one is begun: `10`, `25%`. */
  readonly concurrency?: string | undefined;
  readonly errors?: string | undefined;
}

/**
 * Run Command and Session Manager of AWS Systems Manager, as far as hosts need them.
 *
 * `send` makes a command each time that it is called; all others may be called again.
 */
export interface SsmPort {
  readonly region: string;
  /**
   * SendCommand of AWS-RunShellScript.
   *
   * @returns the command's id
   * @throws InfractlError `InvalidInstanceId` where an instance is not managed, or does not answer
   */
  send(order: SsmOrder): Promise<string>;
  /** GetCommandInvocation; undefined while it is not known yet. */
  look(command: string, instance: string): Promise<Invocation | undefined>;
  /** CancelCommand; on all instances unless one is named. */
  cancel(command: string, instance?: string): Promise<void>;
  /** ListCommandInvocations: how a command is on each instance that is known by now, without what it printed. */
  statuses(command: string): Promise<ReadonlyMap<string, Pick<Invocation, 'status' | 'detail'>>>;
  /** DescribeInstanceInformation, of at most 50; those that never reported are left out. */
  managed(instances: readonly string[]): Promise<ReadonlyMap<string, ManagedInstance>>;
  /** StartSession: what the Session Manager plugin takes, as AWS answered it. A login until it is used. */
  session(instance: string, port?: number): Promise<PluginSession>;
}

export interface PluginSession {
  /** JSON with the token of the session: a secret. */
  readonly answer: string;
  /** JSON of what was asked for. */
  readonly asked: string;
  readonly endpoint: string;
}

/** Where bytes lie between this machine and a host, for the moment that they are on their way. */
export interface Crossing {
  /** Lays them down; the URL gives them to whoever has it, for a while. */
  give(bytes: Uint8Array): Promise<string>;
  /** A URL to which the host may put bytes, and what reads and removes them. */
  expect(): Promise<{ readonly url: string; take(): Promise<Uint8Array> }>;
  /** Removes what `give` laid down. */
  clear(): Promise<void>;
}

const ENDED = new Set(['Success', 'Cancelled', 'TimedOut', 'Failed']);

export function hasEnded({ status }: Pick<Invocation, 'status'>): boolean {
  return ENDED.has(status);
}
