import { isSecretName, isSecretValue } from '../../base/secret-words.ts';
import { callOf } from '../diff/evaluate.ts';
import { type Plain, splitAttribute } from '../template/yaml.ts';

/** What stands in place of a value that is not shown. */
export const HIDDEN = '[secret]';

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
  return (path) => isSecretAt(path) || takesSecret(nodeAlong(properties, path), noEcho);
}

function isSecretAt(path: readonly string[]): boolean {
  // An index says nothing; the name before it does.
  const name = path.findLast((step) => !/^\d+$/.test(step)) ?? '';
  return isSecretName(name);
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
  return isSecretValue(text) ? HIDDEN : text;
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
        key === 'Value' && named && isSecretAt([named]) ? HIDDEN : hidden(one, [...path, key], isSecret),
      ]),
    );
  }
  return typeof value === 'string' && isSecretValue(value) ? HIDDEN : value;
}

/** The steps of AWS's path: `/A/b~1c/0` is A, b/c, 0. */
export function stepsOf(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}
