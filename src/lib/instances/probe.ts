import { connect } from 'node:net';
import type { HttpAnswer, ProbePort } from './port.ts';

/** Codes of Node's network errors → words. */
const WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known (DNS)',
  EAI_AGAIN: 'its name could not be looked up (DNS)',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  ETIMEDOUT: 'no answer',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody that this machine trusts',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody that this machine trusts',
};
const DAY = 86_400_000;

/** Knocks from this machine. */
export const systemProbe: ProbePort = {
  tcp: (host, port, timeout) =>
    new Promise((resolve) => {
      const socket = connect({ host, port });
      const end = (trouble: string | undefined) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(trouble);
      };
      const timer = setTimeout(() => end('no answer'), timeout);
      socket.once('connect', () => end(undefined));
      socket.once('error', (error) => end(wordsOf(error)));
    }),
  http,
};

const MOST_REDIRECTS = 5;

/**
 * One GET, redirects followed. The certificate is looked at and judged, but one that is not trusted does not
 * end the conversation: an answer behind it is worth knowing.
 */
async function http(url: string, timeout: number): Promise<HttpAnswer> {
  const began = performance.now();
  const over = AbortSignal.timeout(timeout);
  let certificate: HttpAnswer['certificate'];
  let at = url;
  try {
    for (let turn = 0; ; turn++) {
      const answer = await get(new URL(at), over);
      certificate ??= answer.certificate;
      if (answer.location && turn < MOST_REDIRECTS) {
        at = new URL(answer.location, at).href;
        continue;
      }
      return { url, status: answer.status, trouble: undefined, ms: performance.now() - began, certificate };
    }
  } catch (error) {
    const trouble = over.aborted ? 'no answer' : wordsOf(error);
    return { url, status: undefined, trouble, ms: performance.now() - began, certificate };
  }
}

interface Got {
  readonly status: number;
  readonly location: string | undefined;
  readonly certificate: HttpAnswer['certificate'];
}

async function get(url: URL, signal: AbortSignal): Promise<Got> {
  const secure = url.protocol === 'https:';
  const { request } = secure ? await import('node:https') : await import('node:http');
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        signal,
        agent: false,
        headers: { 'user-agent': 'infractl', accept: '*/*', connection: 'close' },
        ...(secure ? { rejectUnauthorized: false } : {}),
      },
      (answer) => {
        const { statusCode = 0, headers } = answer;
        const certificate = secure ? certificateOf(answer.socket) : undefined;
        answer.destroy();
        const redirects = statusCode >= 300 && statusCode < 400;
        resolve({ status: statusCode, location: redirects ? headers.location : undefined, certificate });
      },
    );
    asked.once('error', reject);
    asked.end();
  });
}

function certificateOf(socket: unknown): HttpAnswer['certificate'] {
  const { getPeerCertificate, authorizationError } = socket as {
    getPeerCertificate?: () => { valid_to?: string };
    authorizationError?: Error | string | null;
  };
  const until = Date.parse(getPeerCertificate?.call(socket).valid_to ?? '');
  if (Number.isNaN(until)) return undefined;
  const code =
    typeof authorizationError === 'string'
      ? authorizationError
      : (authorizationError as { code?: string } | null)?.code;
  return {
    daysLeft: Math.floor((until - Date.now()) / DAY),
    problem: authorizationError
      ? (WORDS[code ?? ''] ?? `its certificate is not trusted (${code ?? 'unknown'})`)
      : undefined,
  };
}

function wordsOf(error: unknown): string {
  const inner = error instanceof AggregateError ? error.errors[0] : error;
  const { code, message } = inner as NodeJS.ErrnoException;
  return WORDS[code ?? ''] ?? message;
}
