import { InfractlError } from '../base/errors.ts';
import { nearest } from '../base/text.ts';
import type { ParameterValue, SecretsPort, SecretValue } from './types.ts';

export interface ReadValue {
  readonly value: string;
  /** A plain String of Parameter Store is none; everything else is. */
  readonly secret: boolean;
}

/** Reads each secret and parameter once, however many parts refer to it. */
export class SecretReader {
  readonly #port: SecretsPort;
  readonly #secrets = new Map<string, Promise<SecretValue | undefined>>();
  readonly #parameters = new Map<string, Promise<ParameterValue | undefined>>();

  constructor(port: SecretsPort) {
    this.#port = port;
  }

  /**
   * A secret of Secrets Manager by name or ARN; `key` picks one field of a JSON secret.
   *
   * @returns undefined when there is no such secret
   * @throws InfractlError `BinarySecret`, `SecretNotJson`, `NoSuchKey`
   */
  async secret(name: string, key?: string): Promise<ReadValue | undefined> {
    const found = await once(this.#secrets, name, () => this.#port.secretValue(name));
    if (found === undefined) return undefined;
    if ('binary' in found) {
      throw new InfractlError({
        code: 'BinarySecret',
        message: `The secret ${name} is binary: it cannot be the value of a parameter.`,
        suggestions: ['Store it as text, for example in base64, and decode it where it is used.'],
      });
    }
    return { value: key === undefined ? found.text : field(name, found.text, key), secret: true };
  }

  /** A parameter of Parameter Store. Undefined when there is none of that path. */
  async parameter(path: string): Promise<ReadValue | undefined> {
    const found = await once(this.#parameters, path, () => this.#port.parameter(path));
    return found && { value: found.text, secret: found.secure };
  }
}

function once<T>(cache: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known) return known;
  const asked = read();
  cache.set(key, asked);
  return asked;
}

/** One field of a JSON secret. No message quotes any of the secret but the names of its fields. */
function field(name: string, text: string, key: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw notJson(name, key);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw notJson(name, key);
  const fields = json as Record<string, unknown>;
  const value = Object.hasOwn(fields, key) ? fields[key] : undefined;
  if (value === undefined || value === null) {
    const near = nearest(key, Object.keys(fields));
    throw new InfractlError({
      code: 'NoSuchKey',
      message: `The secret ${name} has no field ${key}.`,
      suggestions: [
        ...(near ? [`Did you mean: ${near}`] : []),
        `Its fields: ${Object.keys(fields).join(', ') || 'none'}`,
      ],
    });
  }
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function notJson(name: string, key: string): InfractlError {
  return new InfractlError({
    code: 'SecretNotJson',
    message: `The secret ${name} is not a JSON object, so it has no field ${key}.`,
    suggestions: [`Refer to it whole: { secret: ${name} }`],
  });
}
