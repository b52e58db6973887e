import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

/** The connections of a client, by way of a proxy. */
export interface ProxyAgents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

const VARIABLES = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'] as const;
/** As the SDK has it where it makes them itself. */
const USUAL = { keepAlive: true, maxSockets: 50 };

/**
 * Agents that go by `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, as the AWS CLI and the other SDKs do; that of JavaScript
 * does not by itself. Undefined where none is named, and for an endpoint on this machine. It takes a Node that knows
 * `proxyEnv`: 22.21, or 24.5 and later (https://nodejs.org/api/http.html#built-in-proxy-support).
 */
export async function proxyAgents(
  env: NodeJS.ProcessEnv,
  endpoint: string | undefined,
): Promise<ProxyAgents | undefined> {
  if (!VARIABLES.slice(0, 2).some((name) => named(env, name)) || isHere(endpoint)) return undefined;
  const proxyEnv = Object.fromEntries(VARIABLES.map((name) => [name, named(env, name)]));
  const [http, https] = await Promise.all([import('node:http'), import('node:https')]);
  return {
    httpAgent: new http.Agent({ ...USUAL, proxyEnv }),
    httpsAgent: new https.Agent({ ...USUAL, proxyEnv }),
  };
}

/** The password in the address of each proxy: nothing may show it. */
export function proxyPasswords(env: NodeJS.ProcessEnv): string[] {
  return VARIABLES.slice(0, 2).flatMap((name) => {
    const url = URL.parse(named(env, name) ?? '');
    return url?.password ? [url.password, decodeURIComponent(url.password)] : [];
  });
}

/** Small letters go first, as with curl. */
function named(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name.toLowerCase()] || env[name] || undefined;
}

function isHere(endpoint: string | undefined): boolean {
  const host = URL.parse(endpoint ?? '')?.hostname ?? '';
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.');
}
