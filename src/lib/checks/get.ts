import type { IncomingMessage, RequestOptions } from 'node:http';
import { InfractlError } from '../base/errors.ts';

/** What was got: the body is its beginning. */
export interface Got {
  readonly status: number;
  readonly body: string;
}

export interface GetOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Characters that are read of a body at most. */
  readonly most: number;
}

/** As many as browsers follow. */
const REDIRECTS = 20;
const REDIRECTED: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

/**
 * A GET over a connection of its own, redirects followed. By Node's http and not by its fetch, which takes as long to
 * load as half of Node itself; every deploy ends with a check.
 *
 * @throws Error of Node's network; InfractlError `TooManyRedirects`
 */
export async function get(url: URL, options: GetOptions): Promise<Got> {
  let at = url;
  for (let count = 0; count <= REDIRECTS; count++) {
    const response = await answerOf(at, options);
    const { statusCode: status = 0, headers } = response;
    if (!REDIRECTED.has(status) || headers.location === undefined)
      return { status, body: await beginning(response, options.most) };
    response.destroy();
    at = new URL(headers.location, at);
  }
  throw new InfractlError({ code: 'TooManyRedirects', message: 'it redirects without end' });
}

async function answerOf(url: URL, { headers, signal }: GetOptions): Promise<IncomingMessage> {
  const { request } = url.protocol === 'https:' ? await import('node:https') : await import('node:http');
  const how: RequestOptions = { headers, signal, agent: false };
  return new Promise((resolve, reject) => {
    request(url, how, resolve).once('error', reject).end();
  });
}

async function beginning(response: IncomingMessage, most: number): Promise<string> {
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) {
    text += chunk as string;
    if (text.length >= most) break;
  }
  return text.slice(0, most);
}
