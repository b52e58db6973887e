import { StorageUnavailable } from './storage.js';

/** @import { Storage, User } from './storage.js' */

/** How long one query may take, connecting included, in milliseconds: well under the API's 30 s. */
const QUERY_MS = 10_000;

/** SQLSTATE classes that say nothing of the request: connection, resources, operator, system, login. */
const UNAVAILABLE_CLASSES = new Set(['08', '28', '3D', '53', '57', '58']);

/**
 * The part of the driver that is used here. The values of a template are sent as parameters, never as
 * part of the statement.
 *
 * @typedef {(strings: TemplateStringsArray, ...values: unknown[]) => Promise<Record<string, string>[]>} Query
 * @typedef {Query & { end(options: { timeout: number }): Promise<void> }} SqlClient
 */

/** @implements {Storage} */
export class PostgresStorage {
  /** @type {'postgres'} */
  kind = 'postgres';
  #sql;
  /** @type {Promise<void> | undefined} */
  #tables;

  /** @param {SqlClient} sql */
  constructor(sql) {
    this.#sql = sql;
  }

  /**
   * Connects on the first query, not here: a function must start although its database does not answer.
   *
   * @param {string} url
   * @param {{ connections: number }} options
   */
  static async open(url, { connections }) {
    const { default: postgres } = await import('../../vendor/postgres.js');
    const encryption = /[?&](ssl|sslmode)=/.test(url) ? {} : { ssl: 'prefer' };
    const sql = postgres(url, {
      ...encryption,
      max: connections,
      connect_timeout: 5,
      // A frozen execution environment wakes up with connections that the server has long closed.
      idle_timeout: 60,
      // Named statements break behind RDS Proxy and PgBouncer, where each query may get another session.
      prepare: false,
      fetch_types: false,
      onnotice: () => {},
    });
    return new PostgresStorage(/** @type {SqlClient} */ (/** @type {unknown} */ (sql)));
  }

  async ping() {
    await this.#ask(() => this.#sql`SELECT 1 AS one`);
  }

  /** @param {string} email */
  async findByEmail(email) {
    await this.#ready();
    const [row] = await this.#ask(
      () => this.#sql`SELECT id, email, username, password_hash FROM auth_users WHERE email = ${email}`,
    );
    return row && toUser(row);
  }

  /**
   * The same user inserted twice is no conflict with itself, so that a query whose answer was lost can
   * be sent again.
   *
   * @param {User} user
   */
  async insert(user) {
    await this.#ready();
    const rows = await this.#ask(
      () => this.#sql`
        INSERT INTO auth_users (id, email, username, password_hash)
        VALUES (${user.id}, ${user.email}, ${user.username}, ${user.passwordHash})
        ON CONFLICT (email) DO UPDATE SET email = excluded.email WHERE auth_users.id = excluded.id
        RETURNING id`,
    );
    return rows.length === 1;
  }

  async close() {
    await this.#sql.end({ timeout: 2 });
  }

  /** Tables are made on first use; a failure is forgotten, so that the next request tries again. */
  #ready() {
    this.#tables ??= this.#createTables().catch((error) => {
      this.#tables = undefined;
      throw error;
    });
    return this.#tables;
  }

  async #createTables() {
    // Two environments that start together can both find no table: the loser's error is the table
    // (42P07) or its type (23505) that the winner made meanwhile.
    await this.#ask(
      () => this.#sql`
        CREATE TABLE IF NOT EXISTS auth_users (
          id uuid PRIMARY KEY,
          email text NOT NULL UNIQUE,
          username text NOT NULL,
          password_hash text NOT NULL,
          created_at timestamptz NOT NULL DEFAULT now()
        )`,
    ).catch((error) => {
      if (!['42P07', '23505'].includes(codeOf(error))) throw error;
    });
  }

  /**
   * Runs a query that may be run twice: once more when the connection was lost under it.
   *
   * @template T
   * @param {() => Promise<T>} query
   * @returns {Promise<T>}
   */
  async #ask(query) {
    try {
      return await inTime(query());
    } catch (error) {
      if (!isLostConnection(error)) throw worded(error);
    }
    try {
      return await inTime(query());
    } catch (error) {
      throw worded(error);
    }
  }
}

/** @param {Record<string, string>} row */
function toUser(row) {
  const { id = '', email = '', username = '', password_hash: passwordHash = '' } = row;
  return { id, email, username, passwordHash };
}

/**
 * @template T
 * @param {Promise<T>} query
 * @returns {Promise<T>}
 */
async function inTime(query) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new StorageUnavailable()), QUERY_MS);
  });
  try {
    return /** @type {T} */ (await Promise.race([query, late]));
  } finally {
    clearTimeout(timer);
  }
}

/** @param {unknown} error */
function codeOf(error) {
  return String(/** @type {{ code?: unknown }} */ (error)?.code ?? '');
}

/** @param {unknown} error */
function isLostConnection(error) {
  return ['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'ECONNRESET', 'EPIPE', '57P01'].includes(codeOf(error));
}

/** @param {unknown} error */
function worded(error) {
  const code = codeOf(error);
  const unavailable = /^[A-Z_]+$/.test(code) || UNAVAILABLE_CLASSES.has(code.slice(0, 2));
  return unavailable ? new StorageUnavailable(error) : error;
}
