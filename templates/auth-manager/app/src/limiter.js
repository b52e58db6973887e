/**
 * Counts failed logins of an account within a time window. It lives in the memory of one process (on
 * Lambda: of one execution environment), so it slows guessing down and is no replacement for a web
 * application firewall.
 */
export class LoginLimiter {
  /** @type {Map<string, { failures: number, until: number }>} */
  #accounts = new Map();
  #limit;
  #windowMs;
  #capacity;

  /**
   * @param {{ limit?: number, windowMs?: number, capacity?: number }} [options] `limit` failures
   *   within `windowMs` milliseconds close an account for the rest of the window; `capacity` bounds
   *   the memory that invented addresses can take.
   */
  constructor({ limit = 10, windowMs = 5 * 60_000, capacity = 10_000 } = {}) {
    this.#limit = limit;
    this.#windowMs = windowMs;
    this.#capacity = capacity;
  }

  /**
   * @param {string} account
   * @param {number} now Milliseconds.
   * @returns {number} Seconds to wait; 0 when a login may be tried.
   */
  wait(account, now) {
    const entry = this.#accounts.get(account);
    if (!entry || entry.until <= now || entry.failures < this.#limit) return 0;
    return Math.ceil((entry.until - now) / 1000);
  }

  /**
   * @param {string} account
   * @param {number} now Milliseconds.
   */
  failed(account, now) {
    const entry = this.#accounts.get(account);
    if (entry && entry.until > now) {
      entry.failures++;
      return;
    }
    this.#accounts.delete(account);
    if (this.#accounts.size >= this.#capacity) {
      const oldest = this.#accounts.keys().next().value;
      if (oldest !== undefined) this.#accounts.delete(oldest);
    }
    this.#accounts.set(account, { failures: 1, until: now + this.#windowMs });
  }

  /** @param {string} account */
  succeeded(account) {
    this.#accounts.delete(account);
  }
}
