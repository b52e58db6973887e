import { randomUUID } from 'node:crypto';
import { corsHeaders, preflightHeaders } from './cors.js';
import { LoginLimiter } from './limiter.js';
import { describeError } from './log.js';
import { hashPassword, verifyNobody, verifyPassword } from './passwords.js';
import { StorageUnavailable } from './storage/storage.js';
import { signToken, TOKEN_SECONDS } from './tokens.js';
import { checkLogin, checkRegistration } from './validation.js';

/** @import { Config } from './config.js' */
/** @import { Log } from './log.js' */
/** @import { Storage, User } from './storage/storage.js' */

/** The largest body that is read, in bytes. */
export const MAX_BODY = 64 * 1024;

/**
 * @typedef {object} Request
 * @property {string} method In upper case.
 * @property {string} path Without the query.
 * @property {Readonly<Record<string, string | undefined>>} headers Names in lower case.
 * @property {Buffer} body One byte longer than `MAX_BODY` is enough to be refused.
 * @property {string} [id] Names the request in the logs when the caller sends no `x-correlation-id`.
 */

/**
 * @typedef {object} Response
 * @property {number} status
 * @property {Record<string, string>} headers
 * @property {string} body
 */

/** @typedef {{ status: number, body?: unknown, headers?: Record<string, string> }} Answer */
/** @typedef {(request: Request) => Promise<Answer>} Route */

/** An answer other than the wanted one, thrown from anywhere inside a route. */
class Refusal extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {{ fields?: Record<string, string>, headers?: Record<string, string> }} [more]
   */
  constructor(status, code, message, more = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.more = more;
  }

  /** @returns {Answer} */
  answer() {
    const { fields, headers = {} } = this.more;
    const error = { code: this.code, message: this.message, ...(fields && { fields }) };
    return { status: this.status, body: { error }, headers };
  }
}

/**
 * The application without a server: the same for plain HTTP, for Lambda and for tests.
 *
 * @param {object} parts
 * @param {Config} parts.config
 * @param {Storage} parts.storage
 * @param {Log} parts.log
 * @param {LoginLimiter} [parts.limiter]
 * @param {() => number} [parts.now] Milliseconds since 1970-01-01 UTC.
 * @returns {{ handle(request: Request): Promise<Response> }} `handle` never rejects.
 */
export function createApp({ config, storage, log, limiter = new LoginLimiter(), now = Date.now }) {
  /** @type {Record<string, Record<string, Route>>} */
  const routes = {
    '/health': { GET: health },
    '/auth/register': { POST: register },
    '/auth/login': { POST: login },
  };

  return { handle };

  /** @param {Request} request */
  async function handle(request) {
    const started = performance.now();
    const id = correlationId(request);
    const answer = await answerTo(request, id);
    log('info', 'request', {
      correlationId: id,
      method: request.method,
      path: request.path,
      status: answer.status,
      ms: Math.round(performance.now() - started),
    });
    return toResponse(request, answer, id);
  }

  /**
   * @param {Request} request
   * @param {string} id
   * @returns {Promise<Answer>}
   */
  async function answerTo(request, id) {
    try {
      return await route(request);
    } catch (error) {
      if (error instanceof Refusal) return error.answer();
      if (error instanceof StorageUnavailable) {
        log('error', error.message, { correlationId: id, ...describeError(error.cause) });
        return new Refusal(503, 'Unavailable', error.message, { headers: { 'retry-after': '5' } }).answer();
      }
      log('error', 'The request failed.', { correlationId: id, ...describeError(error) });
      return new Refusal(
        500,
        'Internal',
        `Something went wrong here. Quote ${id} when you report it.`,
      ).answer();
    }
  }

  /**
   * @param {Request} request
   * @returns {Promise<Answer>}
   */
  async function route(request) {
    const methods = Object.hasOwn(routes, request.path) ? routes[request.path] : undefined;
    if (!methods) throw new Refusal(404, 'NotFound', `There is nothing at ${request.path.slice(0, 200)}.`);
    const allow = allowed(methods);
    if (request.method === 'OPTIONS') {
      return { status: 204, headers: { allow, ...preflightHeaders(request.headers, config.origins, allow) } };
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!found) {
      const message = `${request.path} takes ${allow}.`;
      throw new Refusal(405, 'MethodNotAllowed', message, { headers: { allow } });
    }
    return found(request);
  }

  /** @returns {Promise<Answer>} */
  async function health() {
    const facts = {
      version: config.version,
      ...(config.release !== undefined && { release: config.release }),
      storage: storage.kind,
    };
    try {
      await storage.ping();
    } catch (error) {
      log('error', 'The database does not answer.', describeError(/** @type {Error} */ (error).cause));
      return { status: 503, body: { status: 'unavailable', ...facts, database: 'does not answer' } };
    }
    return { status: 200, body: { status: 'ok', ...facts } };
  }

  /**
   * @param {Request} request
   * @returns {Promise<Answer>}
   */
  async function register(request) {
    const { value, errors } = checkRegistration(readJson(request));
    if (errors) throw new Refusal(400, 'Invalid', 'Some fields are not right.', { fields: errors });
    const user = {
      id: randomUUID(),
      email: value.email,
      username: value.username,
      passwordHash: await hashPassword(value.password),
    };
    if (!(await storage.insert(user))) {
      throw new Refusal(409, 'EmailTaken', 'There is an account with this e-mail address already.');
    }
    return { status: 201, body: { user: publicUser(user) } };
  }

  /**
   * @param {Request} request
   * @returns {Promise<Answer>}
   */
  async function login(request) {
    const { value, errors } = checkLogin(readJson(request));
    if (errors) throw new Refusal(400, 'Invalid', 'Some fields are not right.', { fields: errors });
    const { email, password } = value;
    const wait = limiter.wait(email, now());
    if (wait > 0) {
      const message = `Too many failed logins. Try again in ${wait} s.`;
      throw new Refusal(429, 'TooManyAttempts', message, { headers: { 'retry-after': String(wait) } });
    }
    // Counted before the slow comparison, so that a burst of parallel guesses is counted too.
    limiter.failed(email, now());
    const user = await storage.findByEmail(email);
    const right = user ? await verifyPassword(password, user.passwordHash) : await verifyNobody(password);
    if (!user || !right)
      throw new Refusal(401, 'WrongCredentials', 'The e-mail address or the password is wrong.');
    limiter.succeeded(email);
    const token = signToken(config.secret, user.id, now());
    return {
      status: 200,
      body: { token, tokenType: 'Bearer', expiresIn: TOKEN_SECONDS, user: publicUser(user) },
    };
  }

  /**
   * @param {Request} request
   * @param {Answer} answer
   * @param {string} id
   * @returns {Response}
   */
  function toResponse(request, answer, id) {
    const body = answer.body === undefined ? '' : JSON.stringify(answer.body);
    return {
      status: answer.status,
      headers: {
        ...(body !== '' && { 'content-type': 'application/json; charset=utf-8' }),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-correlation-id': id,
        ...corsHeaders(request.headers, config.origins),
        ...answer.headers,
      },
      body: request.method === 'HEAD' ? '' : body,
    };
  }
}

/**
 * The body as a JSON object.
 *
 * @param {Request} request
 * @returns {Record<string, unknown>}
 */
function readJson({ headers, body }) {
  if (body.length > MAX_BODY) {
    throw new Refusal(413, 'TooLarge', `The body may have at most ${MAX_BODY / 1024} KiB.`);
  }
  // A form on another site can post any other type without asking the browser first.
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    throw new Refusal(415, 'NotJson', 'Send the body as content-type: application/json.');
  }
  let value;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new Refusal(400, 'NotJson', 'The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'NotJson', 'The body must be a JSON object.');
  }
  return value;
}

/** @param {Request} request */
function correlationId({ headers, id }) {
  const sent = headers['x-correlation-id'];
  // Only what cannot break a log line or a header is taken over.
  return sent !== undefined && /^[\w.:-]{1,64}$/.test(sent) ? sent : (id ?? randomUUID());
}

/** @param {Record<string, Route>} methods */
function allowed(methods) {
  const names = Object.keys(methods);
  return [...names, ...(names.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
}

/** @param {User} user */
function publicUser({ id, email, username }) {
  return { id, email, username };
}
