import type { SandboxTarget } from '../aws/session.ts';

const REGION = 'us-east-1';

/** What an AWS tool takes before the keys, or before the endpoint of all services. */
const WINS =
  /^AWS_(?:(?:DEFAULT_)?PROFILE|SESSION_TOKEN|SECURITY_TOKEN|IGNORE_CONFIGURED_ENDPOINT_URLS|ENDPOINT_URL_\w+)$/;

/**
 * The variables that point every AWS tool at the sandbox. AWS_REGION only where the user has none.
 * `unset` names what would win over them.
 */
export function sandboxVariables(
  target: SandboxTarget,
  env: NodeJS.ProcessEnv = process.env,
): { readonly set: Readonly<Record<string, string>>; readonly unset: readonly string[] } {
  return {
    set: {
      AWS_ENDPOINT_URL: target.endpoint,
      AWS_ACCESS_KEY_ID: target.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: target.credentials.secretAccessKey,
      ...(env.AWS_REGION || env.AWS_DEFAULT_REGION ? {} : { AWS_REGION: REGION }),
    },
    unset: Object.keys(env).filter((name) => env[name] !== undefined && WINS.test(name)),
  };
}

/** Lines for `eval "$(infractl sandbox start --export)"` in bash, zsh and other POSIX shells. */
export function exportLines(target: SandboxTarget, env: NodeJS.ProcessEnv = process.env): string[] {
  const { set, unset } = sandboxVariables(target, env);
  return [
    ...unset.map((name) => `unset ${name}`),
    ...Object.entries(set).map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'`),
  ];
}
