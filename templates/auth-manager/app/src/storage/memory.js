/** @import { Storage, User } from './storage.js' */

/**
 * Users in the memory of this process: for a first try and for tests. They are gone when it stops, and
 * on Lambda each execution environment has users of its own.
 *
 * @implements {Storage}
 */
export class MemoryStorage {
  /** @type {'memory'} */
  kind = 'memory';
  /** @type {Map<string, User>} */
  #users = new Map();

  async ping() {}

  /** @param {string} email */
  async findByEmail(email) {
    return this.#users.get(email);
  }

  /** @param {User} user */
  async insert(user) {
    if (this.#users.has(user.email)) return false;
    this.#users.set(user.email, user);
    return true;
  }

  async close() {}
}
