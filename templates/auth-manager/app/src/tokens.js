import { createHmac } from 'node:crypto';

/** How long a token is good for, in seconds. */
export const TOKEN_SECONDS = 3600;

/**
 * A JSON Web Token (RFC 7519) signed with HMAC SHA-256.
 *
 * @param {string} secret
 * @param {string} subject The user's id.
 * @param {number} now Milliseconds since 1970-01-01 UTC.
 * @returns {string}
 */
export function signToken(secret, subject, now) {
  const iat = Math.floor(now / 1000);
  const head = encode({ alg: 'HS256', typ: 'JWT' });
  const body = encode({ sub: subject, iat, exp: iat + TOKEN_SECONDS });
  const signature = createHmac('sha256', secret).update(`${head}.${body}`).digest('base64url');
  return `${head}.${body}.${signature}`;
}

/** @param {Record<string, unknown>} value */
function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
