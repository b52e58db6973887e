import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { freePort } from './ports.ts';
import { type Running, running, until } from './until.ts';

export const appFolder = path.resolve(import.meta.dirname, '../../templates/auth-manager/app');
export const SECRET = 'a secret of the tests, 32 characters or more';

/** A real process of the application, and what it printed. */
export interface AppProcess extends Running {
  readonly child: ChildProcess;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  stop(): Promise<number | null>;
}

export function runApp(env: Readonly<Record<string, string>>): AppProcess {
  const child = spawn(process.execPath, ['src/main.js'], {
    cwd: appFolder,
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { ended, output } = running(child);
  const stop = () => {
    child.kill('SIGTERM');
    return ended;
  };
  return { child, output, ended, stop };
}

/** The application as a plain server on a free port of this machine, answering. */
export async function serveApp(env: Readonly<Record<string, string>> = {}) {
  const port = await freePort();
  const app = runApp({ JWT_SECRET: SECRET, PORT: String(port), ...env });
  await until(() => app.output().includes('Listening on'), app);
  const url = `http://127.0.0.1:${port}`;
  const post = (at: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}${at}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return { ...app, url, post };
}

/** What the application told the Runtime API. */
export interface RuntimeAnswer {
  readonly path: string;
  readonly body: string;
  readonly headers: IncomingMessage['headers'];
}

/**
 * The Lambda Runtime API as the documentation has it: `next` waits until there is an event, one
 * invocation at a time.
 */
export async function startRuntimeApi(host = '127.0.0.1') {
  const events: { readonly id: string; readonly event: unknown }[] = [];
  const answers: RuntimeAnswer[] = [];
  let waiting: ServerResponse | undefined;
  let count = 0;

  const give = () => {
    const next = waiting && events.shift();
    if (!waiting || !next) return;
    waiting.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': next.id,
      'lambda-runtime-deadline-ms': String(Date.now() + 30_000),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-3:000000000000:function:auth:live',
      'lambda-runtime-trace-id': 'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1',
    });
    waiting.end(JSON.stringify(next.event));
    waiting = undefined;
  };

  const server = createServer(async (request, response) => {
    const at = (request.url ?? '').replace('/2018-06-01/runtime', '');
    if (at === '/invocation/next') {
      waiting = response;
      give();
      return;
    }
    let body = '';
    for await (const chunk of request) body += String(chunk);
    answers.push({ path: at, body, headers: request.headers });
    response.writeHead(202).end();
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;

  return {
    address: `127.0.0.1:${port}`,
    answers,
    /** Hands an event to the function and gives what came back for it. */
    async invoke(event: unknown): Promise<RuntimeAnswer> {
      count++;
      const id = `request-${count}`;
      events.push({ id, event });
      give();
      const found = () => answers.find((answer) => answer.path.startsWith(`/invocation/${id}/`));
      return until(found);
    },
    /** Whether the function waits for an event. */
    get idle() {
      return waiting !== undefined;
    },
    close(): Promise<void> {
      server.closeAllConnections();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
