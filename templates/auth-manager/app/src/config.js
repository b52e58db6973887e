import { readFileSync } from 'node:fs';

/**
 * @typedef {object} Config
 * @property {string} secret Signs the tokens; 32 characters or more.
 * @property {string | undefined} databaseUrl `postgres://…`; users live in memory where it is absent.
 * @property {readonly string[]} origins Origins that browsers may call from; `*` for every one.
 * @property {string} version Of the application.
 * @property {string | undefined} release The published version of the Lambda function, where there is one.
 */

/** A setting that is missing or wrong: said once at start-up, without its value. */
export class ConfigError extends Error {
  name = 'ConfigError';
}

/**
 * Reads the environment.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Config}
 * @throws {ConfigError}
 */
export function readConfig(env) {
  const secret = env.JWT_SECRET ?? '';
  if (secret.length < 32) {
    throw new ConfigError(
      `JWT_SECRET must have 32 characters or more; it has ${secret.length}. ` +
        'Make one with: openssl rand -base64 48',
    );
  }
  const databaseUrl = env.DATABASE_URL || undefined;
  if (databaseUrl !== undefined && !isPostgresUrl(databaseUrl)) {
    throw new ConfigError('DATABASE_URL must look like postgres://user:password@host:5432/database');
  }
  const origins = (env.CORS_ALLOWED_ORIGINS ?? '')
    .split(',')
    .map((origin) => origin.trim())
    .filter((origin) => origin !== '');
  const release = env.AWS_LAMBDA_FUNCTION_VERSION;
  return { secret, databaseUrl, origins, version: packageVersion(), release };
}

/** @param {string} text */
function isPostgresUrl(text) {
  return /^postgres(ql)?:\/\//.test(text) && URL.canParse(text);
}

function packageVersion() {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return /** @type {{ version: string }} */ (JSON.parse(text)).version;
}
