import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/**
 * @typedef {object} Cost scrypt's parameters (RFC 7914).
 * @property {number} N
 * @property {number} r
 * @property {number} p
 */

/**
 * One of the settings that OWASP's Password Storage Cheat Sheet gives: 32 MiB of memory a hash, which
 * the smallest function still has.
 *
 * @type {Cost}
 */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const KEY_BYTES = 32;

/**
 * @param {string} password
 * @returns {Promise<string>} `scrypt$N$r$p$salt$key`: the parameters are stored with each hash, so
 *   that they can be raised later without locking anybody out.
 */
export async function hashPassword(password) {
  const salt = randomBytes(SALT_BYTES);
  return encode(salt, await derive(password, salt, COST, KEY_BYTES));
}

/**
 * @param {string} password
 * @param {string} stored What `hashPassword` gave.
 * @returns {Promise<boolean>}
 */
export async function verifyPassword(password, stored) {
  const [scheme, N, r, p, salt, key] = stored.split('$');
  if (scheme !== 'scrypt' || !salt || !key) throw new Error('The stored password hash is not readable.');
  const expected = Buffer.from(key, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const actual = await derive(password, Buffer.from(salt, 'base64url'), cost, expected.length);
  return timingSafeEqual(actual, expected);
}

/** A hash that no password has: its key is not derived but random. */
const NOBODY = encode(randomBytes(SALT_BYTES), randomBytes(KEY_BYTES));

/**
 * Takes as long as a real comparison, so that the time of an answer does not tell whether an account
 * exists.
 *
 * @param {string} password
 * @returns {Promise<boolean>} Always false.
 */
export function verifyNobody(password) {
  return verifyPassword(password, NOBODY);
}

/**
 * @param {Buffer} salt
 * @param {Buffer} key
 */
function encode(salt, key) {
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64url'), key.toString('base64url')].join('$');
}

/**
 * @param {string} password
 * @param {Buffer} salt
 * @param {Cost} cost
 * @param {number} length In bytes.
 * @returns {Promise<Buffer>}
 */
function derive(password, salt, cost, length) {
  const options = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    // Normalised: the same password typed on two keyboards can be two sequences of code points.
    scrypt(password.normalize('NFKC'), salt, length, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
