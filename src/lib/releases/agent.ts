import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { Exit, type ExitCode, InfractlError } from '../base/errors.ts';
import type { HostPort } from '../hosts/index.ts';
import { type Asking, archiveOf, Bringing } from './bringing.ts';
import type { Parcel } from './order.ts';

/** Reads its own text from standard input, where no process list shows it, and leaves the rest there. */
const BOOT =
  'import sys,zlib;n=int(sys.stdin.buffer.readline());exec(compile(zlib.decompress(sys.stdin.buffer.read(n)),"infractl","exec"))';

export const AGENT = ['python3', '-c', BOOT] as const;

/** What the host says while it works. */
export type AgentEvent =
  | { readonly t: 'step'; readonly text: string }
  | { readonly t: 'warning'; readonly text: string }
  /** A line of a build. */
  | { readonly t: 'line'; readonly text: string }
  /** Requests go to the new release; seconds since the host began. */
  | { readonly t: 'switched'; readonly seconds: number };

export type Ending =
  | { readonly t: 'done'; readonly result: unknown }
  | {
      readonly t: 'error';
      readonly code: string;
      readonly message: string;
      readonly why: string;
      readonly suggestions: readonly string[];
      readonly exit: ExitCode;
      readonly lines?: readonly string[];
    };

export interface AgentCall {
  /** JSON; it may hold secrets: it travels on standard input. */
  readonly order: { readonly action: string; readonly [key: string]: unknown };
  /** The files of a folder, for an order that may ask for them. */
  readonly parcel?: Parcel;
  readonly sudo: boolean;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that it may go on with what must not be stopped in the middle. */
  readonly grace: number;
  readonly onEvent: (event: AgentEvent) => void;
}

/**
 * Runs infractl's program on a host with one order, and gives its result.
 *
 * @throws InfractlError as the host words it; those of `HostPort`; `HostWithoutPython`
 */
export async function callAgent(host: HostPort, call: AgentCall): Promise<unknown> {
  const order = orderBytes(call.order);
  const say = (text: string) => call.onEvent({ t: 'step', text });
  const bringing = talkOf(host, call, order, say);
  let ending: Ending | undefined;
  const result = await host
    .run({
      argv: AGENT,
      sudo: call.sudo,
      input:
        bringing?.words ??
        Buffer.concat([order, ...(call.parcel ? [await archiveOf(call.parcel, say)] : [])]),
      signal: call.signal,
      grace: call.grace,
      keep: 10_000,
      onLine(line, stream) {
        const event = stream === 'stdout' ? parsed(line) : undefined;
        if (event === undefined) return;
        if (event.t === 'wants' || event.t === 'ready') bringing?.hear(event);
        else if (event.t === 'done' || event.t === 'error') {
          ending = event;
          bringing?.end();
        } else call.onEvent(event);
      },
    })
    .catch((error: unknown) => {
      // Whoever interrupted wants to know how it ended all the same.
      if (ending) return undefined;
      throw error;
    })
    .finally(() => bringing?.end());
  if (bringing?.failure !== undefined) throw bringing.failure;
  if (ending?.t === 'done') return ending.result;
  if (ending) throw agentError(ending);
  throw brokenAgent(host, result?.exitCode ?? -1, result?.stderr ?? '');
}

/** What the host reads first: the program, and its order. */
export function orderBytes(order: AgentCall['order']): Uint8Array {
  const program = agentProgram();
  const head = Buffer.from(`${program.length}\n`);
  return Buffer.concat([head, program, Buffer.from(`${JSON.stringify(order)}\n`)]);
}

/** Where the way in carries a conversation, and the host may ask for files. */
function talkOf(
  host: HostPort,
  { parcel, signal }: AgentCall,
  order: Uint8Array,
  say: (text: string) => void,
) {
  const sync = host.sync?.bind(host);
  if (!parcel || !sync) return undefined;
  return new Bringing({ sync, parcel, signal, say }, order);
}

/** What a line of the host says; undefined where it is nobody's. */
export function parsed(line: string): AgentEvent | Asking | Ending | undefined {
  try {
    return JSON.parse(line) as AgentEvent | Asking | Ending;
  } catch {
    // The login shell of a host may print what it likes.
    return undefined;
  }
}

export function agentError({
  code,
  message,
  why,
  suggestions,
  exit,
  lines = [],
}: Extract<Ending, { t: 'error' }>) {
  const said = lines.length > 0 ? `Its last lines:\n${lines.map((line) => `  ${line}`).join('\n')}\n` : '';
  return new InfractlError({ code, message, why: `${said}${why}`, suggestions, exit });
}

export function brokenAgent(
  { name, where }: Pick<HostPort, 'name' | 'where'>,
  exitCode: number,
  stderr: string,
): InfractlError {
  if (exitCode === 127) {
    return new InfractlError({
      code: 'HostWithoutPython',
      message: `The host ${name} (${where}) has no python3.`,
      suggestions: [`Install it: infractl host run --host ${name} --sudo -- apt-get install -y python3`],
    });
  }
  return new InfractlError({
    code: 'HostFailed',
    message: `The host ${name} (${where}) ended without a word on how it went.`,
    why: stderr.trim().split('\n').slice(-5).join('\n') || `Exit code ${exitCode}.`,
    suggestions: ['Look at it: infractl redeploy status'],
    exit: Exit.failed,
  });
}

let program: Uint8Array | undefined;

/** The program for hosts, packed: its files in the order of their names. */
export function agentProgram(): Uint8Array {
  program ??= deflateSync(Buffer.from(agentText()), { level: 9 });
  return program;
}

export function agentText(): string {
  const folder = agentFolder();
  return readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
}

/** Beside this file in the sources, at the top of the bundle in the package. */
function agentFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (let up = 0; up < 5; up++) {
    const candidate = join(folder, 'agent');
    if (existsSync(join(candidate, '9_main.py'))) return candidate;
    folder = dirname(folder);
  }
  throw new InfractlError({
    code: 'BrokenInstallation',
    message: 'infractl is not installed completely: what runs on hosts is missing from it.',
    suggestions: ['Install infractl again.'],
  });
}
