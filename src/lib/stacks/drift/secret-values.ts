import { callOf } from '../diff/evaluate.ts';
import { type Plain, splitAttribute } from '../template/yaml.ts';

/** What stands in place of a value that is not shown. */
export const HIDDEN = '[secret]';

/** Names of properties and of variables whose values are secrets by what they are for. */
const SECRET_NAME =
  /passw(?:or)?d|passphrase|secret(?!s?manager|arn|id$)|token|api_?key|access_?key|private_?key|credential|database_?url|connection_?string|(?:mongo\w*|redis|postgres\w*|mysql|amqp)_?(?:url|uri)|\bdsn\b|_dsn$/i;
/** Such a name that is about something else: a limit, a switch, a place. */
const HARMLESS_NAME =
  /(?:arn|length|policy|ttl|expir\w*|validity\w*|units|type|count|enabled|name|version|duration|seconds|minutes|days)$/i;
/** Values that give themselves away: `scheme://user:password@host`, keys in PEM, AWS's own key ids. */
const SECRET_VALUE =
  /\w+:\/\/[^\s/:@]+:[^\s/@]+@|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/;

/** Whether what stands at a path of a resource must not be shown. */
export type IsSecret = (path: readonly string[]) => boolean;

/**
 * Finds the secrets of one resource: what the template takes from a parameter with NoEcho or from a secret
 * store, wherever that goes, and what is named as a secret.
 *
 * @param properties its properties in the template that AWS carried out; undefined where it is not in it
 * @param noEcho names of the parameters with NoEcho
 */
export function secretsOf(properties: Plain | undefined, noEcho: ReadonlySet<string>): IsSecret {
  return (path) => isSecretName(path) || takesSecret(nodeAlong(properties, path), noEcho);
}

function isSecretName(path: readonly string[]): boolean {
  // An index says nothing; the name before it does.
  const name = path.findLast((step) => !/^\d+$/.test(step)) ?? '';
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}

/** The node at a path, or the call on the way to it, which decides about all that is in it. */
function nodeAlong(properties: Plain | undefined, path: readonly string[]): Plain | undefined {
  let node = properties;
  for (const step of path) {
    if (typeof node !== 'object' || node === null) return node;
    if (callOf(node)) return node;
    node = (node as { readonly [key: string]: Plain })[step];
  }
  return isContainer(node) ? undefined : node;
}

/** A map or list of further properties: each of those is looked at on its own. */
function isContainer(node: Plain | undefined): boolean {
  return typeof node === 'object' && node !== null && callOf(node) === undefined;
}

function takesSecret(node: Plain | undefined, noEcho: ReadonlySet<string>): boolean {
  if (typeof node === 'string') return /\{\{resolve:(?:secretsmanager|ssm-secure):/.test(node);
  if (typeof node !== 'object' || node === null) return false;
  if (Array.isArray(node)) return node.some((item) => takesSecret(item, noEcho));
  return Object.entries(node).some(([key, value]) => {
    if (key === 'Ref') return noEcho.has(String(value));
    if (key === 'Fn::Sub' && namesIn(value).some((name) => noEcho.has(name))) return true;
    return takesSecret(value as Plain, noEcho);
  });
}

function namesIn(sub: Plain): string[] {
  const text = Array.isArray(sub) ? sub[0] : sub;
  return [...String(text).matchAll(/\$\{([^!}][^}]*)\}/g)].map(
    ([, name = '']) => splitAttribute(name.trim())[0],
  );
}

/** A value of AWS with its secrets taken out, also inside of a JSON text. */
export function hideSecrets(text: string, path: readonly string[], isSecret: IsSecret): string {
  if (text === 'null') return text;
  if (isSecret(path)) return HIDDEN;
  const parsed = /^\s*[[{]/.test(text) ? parsedJson(text) : undefined;
  if (parsed !== undefined) return JSON.stringify(hidden(parsed, path, isSecret));
  return SECRET_VALUE.test(text) ? HIDDEN : text;
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hidden(value: unknown, path: readonly string[], isSecret: IsSecret): unknown {
  if (isSecret(path) && value !== null) return HIDDEN;
  if (Array.isArray(value)) return value.map((item, i) => hidden(item, [...path, String(i)], isSecret));
  if (typeof value === 'object' && value !== null) {
    // A tag or a variable as a pair: the key names what the value is for.
    const pair = value as { Key?: unknown; Name?: unknown };
    const named = typeof pair.Key === 'string' ? pair.Key : typeof pair.Name === 'string' ? pair.Name : '';
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [
        key,
        key === 'Value' && named && isSecretName([named]) ? HIDDEN : hidden(one, [...path, key], isSecret),
      ]),
    );
  }
  return typeof value === 'string' && SECRET_VALUE.test(value) ? HIDDEN : value;
}

/** The steps of AWS's path: `/A/b~1c/0` is A, b/c, 0. */
export function stepsOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
