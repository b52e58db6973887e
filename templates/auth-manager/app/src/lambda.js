import { start } from './start.js';

/** @import { Request, Response } from './app.js' */

/**
 * The fields that are read of an event of API Gateway: payload version 2.0 (HTTP API) and 1.0 (REST API).
 *
 * @typedef {object} GatewayEvent
 * @property {string} [rawPath]
 * @property {string} [path]
 * @property {string} [httpMethod]
 * @property {Record<string, string | undefined> | null} [headers]
 * @property {string | null} [body]
 * @property {boolean} [isBase64Encoded]
 * @property {{ stage?: string, requestId?: string, http?: { method: string } }} [requestContext]
 */

// One environment answers one request at a time, so one connection is all it can use.
const { app } = await start({ connections: 1 });

/**
 * @param {GatewayEvent} event
 */
export async function handler(event) {
  const request = toRequest(event);
  if (request === undefined) {
    return toResult({
      status: 400,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify({
        error: { code: 'NotAnHttpEvent', message: 'This function takes events of API Gateway.' },
      }),
    });
  }
  return toResult(await app.handle(request));
}

/**
 * @param {GatewayEvent} event
 * @returns {Request | undefined}
 */
function toRequest(event) {
  const method = event?.requestContext?.http?.method ?? event?.httpMethod;
  const path = event?.rawPath ?? event?.path;
  if (typeof method !== 'string' || typeof path !== 'string') return undefined;
  const id = event.requestContext?.requestId;
  return {
    method: method.toUpperCase(),
    path: withoutStage(path, event),
    headers: lowerCased(event.headers ?? {}),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
    ...(id !== undefined && { id }),
  };
}

/**
 * Payload 2.0 carries the stage in front of the path, unless it is `$default`.
 *
 * @param {string} path
 * @param {GatewayEvent} event
 */
function withoutStage(path, event) {
  const stage = event.requestContext?.stage;
  if (event.rawPath === undefined || stage === undefined || stage === '$default') return path;
  return path.startsWith(`/${stage}/`) ? path.slice(stage.length + 1) : path;
}

/** @param {Record<string, string | undefined>} headers */
function lowerCased(headers) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** @param {Response} response */
function toResult({ status, headers, body }) {
  return { statusCode: status, headers, body, isBase64Encoded: false };
}
