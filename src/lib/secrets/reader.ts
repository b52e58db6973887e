import { InfractlError } from '../base/errors.ts';
import { listed, nearest } from '../base/text.ts';
import type { SecretsPorts } from './types.ts';

export interface FoundValue {
  readonly value: string;
  readonly secret: boolean;
}

/** Reads the values that references name, each once in a run. */
export interface SecretReader {
  /**
   * A secret by name or ARN, or one field of a JSON secret. Always a secret.
   *
   * @throws InfractlError `SecretNotFound`, `SecretIsBinary`, `SecretNotJson`, `SecretKeyNotFound`
   */
  secret(name: string, key?: string): Promise<FoundValue>;
  /**
   * A parameter by name or ARN. SecureString is a secret, String and StringList are not.
   *
   * @throws InfractlError `ParameterNotFound`
   */
  parameter(name: string): Promise<FoundValue>;
}

export function secretReader(ports: SecretsPorts): SecretReader {
  const secrets = new Map<string, Promise<string>>();
  const parameters = new Map<string, Promise<FoundValue>>();
  return {
    async secret(name, key) {
      const text = await once(secrets, name, () => readSecret(ports, name));
      return { value: key === undefined ? text : field(name, text, key), secret: true };
    },
    parameter: (name) => once(parameters, name, () => readParameter(ports, name)),
  };
}

/** A value that is being read is not read again; one that could not be read may be. */
function once<T>(known: Map<string, Promise<T>>, name: string, read: () => Promise<T>): Promise<T> {
  let value = known.get(name);
  if (!value) {
    value = read();
    known.set(name, value);
    value.catch(() => known.delete(name));
  }
  return value;
}

async function readSecret(ports: SecretsPorts, name: string): Promise<string> {
  const value = await (await ports.secrets()).value(name);
  if (value === undefined) {
    throw new InfractlError({
      code: 'SecretNotFound',
      message: `There is no secret ${name} in Secrets Manager of ${ports.region}.`,
      suggestions: [
        // From standard input, so that the value is in no shell history and no list of processes.
        `Make it, type its value, then press Ctrl-D: aws secretsmanager create-secret --name ${name} --secret-string file:///dev/stdin --region ${ports.region}`,
        'If it is there, check the name, the profile and the region.',
      ],
    });
  }
  if (typeof value === 'string') return value;
  throw new InfractlError({
    code: 'SecretIsBinary',
    message: `The secret ${name} holds bytes, not text: it cannot be a parameter.`,
    suggestions: [
      `Store it as text (base64 where it must be): aws secretsmanager put-secret-value --secret-id ${name} --secret-string file:///dev/stdin`,
    ],
  });
}

/** Messages name fields, never values. */
function field(name: string, text: string, key: string): string {
  const parsed = parsedObject(text);
  if (!parsed) {
    throw new InfractlError({
      code: 'SecretNotJson',
      message: `The secret ${name} is not a JSON object, so it has no field ${key}.`,
      suggestions: ['Leave `key` out of the reference to use the whole secret.'],
    });
  }
  const value = Object.hasOwn(parsed, key) ? (parsed[key] ?? undefined) : undefined;
  if (value !== undefined) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  const fields = Object.keys(parsed);
  const near = nearest(key, fields);
  throw new InfractlError({
    code: 'SecretKeyNotFound',
    message: `The secret ${name} has no field ${key}.`,
    suggestions: [
      ...(near ? [`Did you mean \`key: ${near}\`?`] : []),
      fields.length > 0 ? `Its fields are ${listed(fields)}.` : 'It has no field at all.',
    ],
  });
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    // What JSON.parse says quotes the text, so it goes no further.
    return undefined;
  }
}

async function readParameter(ports: SecretsPorts, name: string): Promise<FoundValue> {
  const found = await (await ports.parameters()).parameter(name);
  if (found) return { value: found.value, secret: found.secure };
  throw new InfractlError({
    code: 'ParameterNotFound',
    message: `There is no parameter ${name} in the Parameter Store of ${ports.region}.`,
    suggestions: [
      `Make it, type its value, then press Ctrl-D: aws ssm put-parameter --name ${name} --type SecureString --value file:///dev/stdin --region ${ports.region}`,
      'If it is there, check the name (it mostly begins with /), the profile and the region.',
    ],
  });
}
