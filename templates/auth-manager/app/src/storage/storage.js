/**
 * @typedef {object} User
 * @property {string} id A UUID.
 * @property {string} email In lower case.
 * @property {string} username
 * @property {string} passwordHash
 */

/**
 * @typedef {object} Storage
 * @property {'memory' | 'postgres'} kind
 * @property {() => Promise<void>} ping Rejects with `StorageUnavailable` when it does not answer.
 * @property {(email: string) => Promise<User | undefined>} findByEmail
 * @property {(user: User) => Promise<boolean>} insert False when the e-mail address is taken.
 * @property {() => Promise<void>} close
 */

/** The storage does not answer. Its message is safe to show: it never holds an address. */
export class StorageUnavailable extends Error {
  name = 'StorageUnavailable';

  /** @param {unknown} [cause] */
  constructor(cause) {
    super('The database does not answer. Try again in a moment.', { cause });
  }
}

/**
 * PostgreSQL where there is a URL, memory otherwise. The driver is loaded only when it is needed.
 *
 * @param {string | undefined} databaseUrl
 * @param {{ connections: number }} options
 * @returns {Promise<Storage>}
 */
export async function openStorage(databaseUrl, options) {
  if (databaseUrl === undefined) {
    const { MemoryStorage } = await import('./memory.js');
    return new MemoryStorage();
  }
  const { PostgresStorage } = await import('./postgres.js');
  return PostgresStorage.open(databaseUrl, options);
}
