import { createServer } from 'node:http';
import { MAX_BODY } from './app.js';

/** @import { IncomingMessage, Server, ServerResponse } from 'node:http' */
/** @import { createApp } from './app.js' */
/** @typedef {ReturnType<typeof createApp>} App */

/**
 * The application as a plain HTTP server.
 *
 * @param {App} app
 * @param {{ host: string, port: number }} address Port 0 takes a free one.
 * @returns {Promise<Server>} Listening.
 */
export function serve(app, { host, port }) {
  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    answer(app, server, request, response).catch(() => response.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve(server));
  });
}

/**
 * @param {App} app
 * @param {Server} server
 * @param {IncomingMessage} request
 * @param {ServerResponse} response
 */
async function answer(app, server, request, response) {
  const body = await readBody(request);
  const {
    status,
    headers,
    body: text,
  } = await app.handle({
    method: request.method ?? 'GET',
    path: pathOf(request.url ?? '/'),
    headers: joined(request.headers),
    body,
  });
  // Neither is what is left of a far too large body waited for, nor, while stopping, the next request.
  if (body.length > MAX_BODY || !server.listening) response.setHeader('connection', 'close');
  response.writeHead(status, headers).end(text);
}

/**
 * Keeps no more than it takes to see that a body is too large. A little more is read and thrown away,
 * since many clients look at the answer only after they have sent everything.
 *
 * @param {IncomingMessage} request
 * @returns {Promise<Buffer>}
 */
async function readBody(request) {
  /** @type {Buffer[]} */
  const chunks = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (length <= MAX_BODY) chunks.push(chunk);
    length += chunk.length;
    if (length > 16 * MAX_BODY) break;
  }
  return Buffer.concat(chunks);
}

/** @param {string} url */
function pathOf(url) {
  return url.split('?', 1)[0] ?? '/';
}

/** @param {IncomingMessage['headers']} headers */
function joined(headers) {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );
}
