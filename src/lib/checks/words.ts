/** What a check's failure is called, and what it most likely comes from. Pure. */

const SHOWN = 300;

/** The beginning of a body as one line that is safe on a terminal. */
export function excerpt(body: string): string {
  const start = [...body.slice(0, SHOWN * 2)].slice(0, SHOWN).join('');
  return escapeControls(start) + (start.length < body.length ? '…' : '');
}

/** Control characters and those that change the direction of text, written out. */
export function escapeControls(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[character];
    return known ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Codes of Node's network and TLS errors → words. */
const NETWORK: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its host name is not known (DNS)',
  EAI_AGAIN: 'its host name could not be looked up (DNS)',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_HEADERS_TIMEOUT: 'it gave no answer in time',
  UND_ERR_BODY_TIMEOUT: 'it gave no answer in time',
  TimeoutError: 'it gave no answer in time',
  EHOSTUNREACH: 'its host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another host name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its TLS certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its TLS certificate is signed by nobody that this machine trusts',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its TLS certificate is signed by nobody that this machine trusts',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its TLS certificate is signed by nobody that this machine trusts',
};

/** Why a request got no answer, in words. */
export function networkWords(error: unknown): string {
  for (let at = error; at instanceof Error; at = innerOf(at)) {
    const code = (at as { code?: unknown }).code;
    const known = NETWORK[typeof code === 'string' ? code : ''] ?? NETWORK[at.name];
    if (known) return known;
    if (typeof code === 'string' && /SSL|TLS|EPROTO/.test(code)) return `TLS failed (${code})`;
    if (!(innerOf(at) instanceof Error)) return at.message;
  }
  return String(error);
}

function innerOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : error.cause;
}

/** The likeliest reasons behind a status, the most useful first. `log`: the command that shows what is behind it. */
export function hints(status: number | undefined, log?: string): string[] {
  const words = reasons(status);
  const failed = status === undefined || status >= 500;
  return failed && log !== undefined ? [...words, log] : words;
}

function reasons(status: number | undefined): string[] {
  if (status === undefined) return ['Check the URL, and that what it leads to is deployed.'];
  if (status === 401 || status === 403) {
    return ['Something in front refuses it: an authorizer, an API key, a bucket or a firewall rule.'];
  }
  if (status === 404)
    return ['The address has no such route: look at `path` of the check, and the stage in the URL.'];
  if (status === 429)
    return ['It is throttled: look at the concurrency of the function and the limits of the API.'];
  if (status === 502)
    return ['An HTTP API says 502 when the function behind it failed: look at the log of the function.'];
  if (status === 503 || status === 504) {
    return [
      'What is behind it did not answer in time: look at its log, its timeout, and whether it reaches its database.',
    ];
  }
  if (status >= 500) return ['The application failed: its log says why.'];
  return ['Look at `expect` and `contains` of the check.'];
}
