import { execa } from 'execa';

export interface Ran {
  readonly ok: boolean;
  /** Standard output, trimmed. */
  readonly out: string;
  /** Both streams in order, trimmed: what a person would have seen. */
  readonly all: string;
  /** The program is not there at all. */
  readonly missing: boolean;
}

export interface RunOptions {
  /** Milliseconds. */
  readonly timeout: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end without a shell. Never throws: what happened is in the answer. */
export async function run(command: string, args: readonly string[], options: RunOptions): Promise<Ran> {
  const child = execa(command, args, {
    env: options.env,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    timeout: options.timeout,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
  });
  if (options.onLine) {
    const { onLine } = options;
    void (async () => {
      for await (const line of child.iterable({ from: 'all' })) onLine(String(line));
    })().catch(() => {});
  }
  const done = await child;
  const missing = done.code === 'ENOENT';
  return {
    ok: !done.failed,
    out: (done.stdout ?? '').trim(),
    all: done.timedOut
      ? `${done.all ?? ''}\nNo answer in ${options.timeout / 1000} s.`.trim()
      : (done.all ?? '').trim(),
    missing,
  };
}
