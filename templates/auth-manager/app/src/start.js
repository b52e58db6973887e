import { createApp } from './app.js';
import { readConfig } from './config.js';
import { createLog } from './log.js';
import { openStorage } from './storage/storage.js';

/**
 * The application as the environment describes it.
 *
 * @param {{ connections: number }} options How many connections to the database it may open.
 */
export async function start({ connections }) {
  const log = createLog();
  const config = readConfig(process.env);
  const storage = await openStorage(config.databaseUrl, { connections });
  if (storage.kind === 'memory') {
    log('warn', 'DATABASE_URL is not set: users are kept in memory and are gone when this process stops.');
  }
  return { app: createApp({ config, storage, log }), storage, log };
}
