/** @typedef {Record<string, string>} FieldErrors Field → what is wrong with it, for people. */

/**
 * @template T
 * @typedef {{ value: T, errors?: undefined } | { value?: undefined, errors: FieldErrors }} Checked
 */

const MIN_PASSWORD = 10;
// Long enough for any passphrase; hashing must not be fed megabytes.
const MAX_PASSWORD = 256;

/**
 * @param {Record<string, unknown>} body
 * @returns {Checked<{ email: string, username: string, password: string }>}
 */
export function checkRegistration(body) {
  /** @type {FieldErrors} */
  const errors = {};
  const email = checkEmail(body.email, errors);
  const username = typeof body.username === 'string' ? body.username.trim() : '';
  if (!/^[\p{L}\p{N}._-]{3,32}$/u.test(username)) {
    errors.username = 'must have 3 to 32 letters, digits, dots, dashes or underscores';
  }
  const password = typeof body.password === 'string' ? body.password : '';
  if (password.length < MIN_PASSWORD || password.length > MAX_PASSWORD) {
    errors.password = `must have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`;
  }
  return Object.keys(errors).length > 0 ? { errors } : { value: { email, username, password } };
}

/**
 * @param {Record<string, unknown>} body
 * @returns {Checked<{ email: string, password: string }>}
 */
export function checkLogin(body) {
  /** @type {FieldErrors} */
  const errors = {};
  const email = checkEmail(body.email, errors);
  const password = typeof body.password === 'string' ? body.password : '';
  if (password === '') errors.password = 'is missing';
  else if (password.length > MAX_PASSWORD) errors.password = `must have at most ${MAX_PASSWORD} characters`;
  return Object.keys(errors).length > 0 ? { errors } : { value: { email, password } };
}

/**
 * Loose on purpose: only a message sent to it proves an address.
 *
 * @param {unknown} value
 * @param {FieldErrors} errors
 * @returns {string} In lower case, since nobody remembers how they typed it.
 */
function checkEmail(value, errors) {
  const email = typeof value === 'string' ? value.trim().toLowerCase() : '';
  // PostgreSQL's text takes no NUL, and no mail address has control characters.
  if (email.length > 254 || !/^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+\.[^\s@\p{Cc}]+$/u.test(email)) {
    errors.email = 'must be an e-mail address';
  }
  return email;
}
