/** @typedef {Readonly<Record<string, string | undefined>>} RequestHeaders */

/**
 * Headers for a browser on another origin. On Lambda the HTTP API answers these itself, from the same
 * parameter, and replaces what is sent from here; the plain server has nobody else to do it.
 *
 * @param {RequestHeaders} headers
 * @param {readonly string[]} origins
 * @returns {Record<string, string>}
 */
export function corsHeaders(headers, origins) {
  const origin = allowedOrigin(headers.origin, origins);
  if (origin === undefined) return origins.includes('*') || origins.length === 0 ? {} : { vary: 'Origin' };
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'x-correlation-id, retry-after',
    ...(origin !== '*' && { vary: 'Origin' }),
  };
}

/**
 * What a preflight request is told beside `corsHeaders`.
 *
 * @param {RequestHeaders} headers
 * @param {readonly string[]} origins
 * @param {string} methods
 * @returns {Record<string, string>}
 */
export function preflightHeaders(headers, origins, methods) {
  if (allowedOrigin(headers.origin, origins) === undefined) return {};
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': 'content-type, authorization, x-correlation-id',
    'access-control-max-age': '3600',
  };
}

/**
 * @param {string | undefined} origin
 * @param {readonly string[]} origins
 */
function allowedOrigin(origin, origins) {
  if (origin === undefined) return undefined;
  if (origins.includes('*')) return '*';
  return origins.includes(origin) ? origin : undefined;
}
