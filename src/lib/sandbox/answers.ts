import { request } from 'node:http';

/** The machines behind EC2 instances. */
export interface MachinesAnswer {
  readonly all: readonly { readonly instance: string; readonly state: string; readonly address: string }[];
  /** Why further instances are records without a machine; absent where they are machines. */
  readonly reason?: string;
}

/** What the emulator says of itself at `/_infractl/status`. */
export interface EmulatorStatus {
  readonly id: string;
  readonly pid: number;
  readonly version: string;
  readonly stacks: number;
  readonly functions: number;
  readonly containers: number;
  readonly machines: MachinesAnswer;
  readonly engine: { readonly command: string; readonly version?: string; readonly reason?: string };
}

/** Does the sandbox with this process answer on this port? Waits 3 s at most. */
export async function answersAs(pid: number, port: number): Promise<boolean> {
  const said = await ask(port, 'GET', '/_infractl/ready', 3000);
  return (said as { pid?: number } | undefined)?.pid === pid;
}

/** Undefined where nothing answers within 20 s (a container engine may be slow to say that it is there). */
export async function askStatus(port: number): Promise<EmulatorStatus | undefined> {
  return (await ask(port, 'GET', '/_infractl/status', 20_000)) as EmulatorStatus | undefined;
}

/** Empties the emulator: `POST /_ministack/reset`. False where it did not answer within 60 s. */
export async function askReset(port: number): Promise<boolean> {
  return (await ask(port, 'POST', '/_ministack/reset', 60_000)) !== undefined;
}

/** `fetch` would refuse some ports (1, 6000, 6667 …) that a user may well choose. */
function ask(port: number, method: string, path: string, timeout: number): Promise<unknown> {
  return new Promise((resolve) => {
    const nothing = () => resolve(undefined);
    const signal = AbortSignal.timeout(timeout);
    const asked = request({ host: '127.0.0.1', port, method, path, agent: false, signal }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
      });
      answer.on('error', nothing);
      answer.on('end', () => resolve(answer.statusCode === 200 ? parse(text) : undefined));
    });
    asked.on('error', nothing);
    asked.end();
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
