/** What the emulator says of itself at `/_infractl/status`. */
export interface EmulatorStatus {
  readonly id: string;
  readonly pid: number;
  readonly version: string;
  readonly stacks: number;
  readonly functions: number;
  readonly containers: number;
  readonly engine: { readonly command: string; readonly version?: string; readonly reason?: string };
}

const QUICK = 3000;

/** Does the sandbox with this process answer on this port? */
export async function answersAs(pid: number, port: number): Promise<boolean> {
  const said = await ask<{ pid: number }>(port, 'ready', QUICK);
  return said?.pid === pid;
}

/** Undefined where nothing answers within 20 s (a container engine may be slow to say that it is there). */
export function askStatus(port: number): Promise<EmulatorStatus | undefined> {
  return ask<EmulatorStatus>(port, 'status', 20_000);
}

/** Empties the emulator: `POST /_ministack/reset`. */
export async function askReset(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/_ministack/reset`, {
      method: 'POST',
      signal: AbortSignal.timeout(60_000),
    });
    return answer.ok;
  } catch {
    return false;
  }
}

async function ask<T>(port: number, what: string, timeout: number): Promise<T | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/_infractl/${what}`, {
      signal: AbortSignal.timeout(timeout),
      headers: { connection: 'close' },
    });
    return answer.ok ? ((await answer.json()) as T) : undefined;
  } catch {
    return undefined;
  }
}
