import { InfractlError, UsageError } from '../base/errors.ts';

/** Where secrets are kept: AWS Secrets Manager, or SecureString parameters of AWS Systems Manager. */
export type StoreName = 'secretsmanager' | 'ssm';

/** What is known of a stored secret without its value. Times in milliseconds since 1970. */
export interface StoredFacts {
  readonly changed: number | undefined;
  /** There is a value before the current one, which can be put back. */
  readonly previous: boolean;
  /** Secrets Manager renews it by a function of its own. */
  readonly rotates: boolean;
}

/** One store, as far as secrets are kept in it. */
export interface StorePort {
  readonly store: StoreName;
  /** Undefined when there is none of this name. */
  facts(name: string): Promise<StoredFacts | undefined>;
  value(name: string): Promise<string | Uint8Array | undefined>;
  /** Makes it, with tags that say whose it is. */
  create(name: string, value: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** A further version; the one before is kept as the previous one. */
  put(name: string, value: string): Promise<void>;
  /** Puts the value before back; the current one becomes the one before. False where there is no other value. */
  goBack(name: string): Promise<boolean>;
}

/** The longest value of each store in bytes: Secrets Manager, and a standard parameter. */
const LONGEST: Readonly<Record<StoreName, number>> = { secretsmanager: 65_536, ssm: 4096 };
export const STORE_WORDS: Readonly<Record<StoreName, string>> = {
  secretsmanager: 'Secrets Manager',
  ssm: 'Parameter Store',
};

const figure = (count: number) => count.toLocaleString('en-US');

/** Checks a value before anything is sent. The message never holds any of it. */
export function checkValue(store: StoreName, name: string, value: string): void {
  if (value === '')
    throw new UsageError({
      code: 'EmptySecret',
      message: 'The value is empty: nothing was stored.',
      suggestions: [`Give it on standard input: printf %s "$VALUE" | infractl secrets set ${name}`],
    });
  const size = Buffer.byteLength(value);
  if (size <= LONGEST[store]) return;
  throw new UsageError({
    code: 'SecretTooLong',
    message: `The value has ${figure(size)} bytes, and ${STORE_WORDS[store]} takes ${figure(LONGEST[store])} at the most.`,
    suggestions:
      store === 'ssm'
        ? ['Secrets Manager takes 64 KiB: --store secretsmanager']
        : ['Keep what is as long as that in an encrypted object of S3, and its key here.'],
  });
}

/**
 * The bytes of standard input as a value: text, without the one line break that `echo` adds.
 *
 * @throws UsageError `BinarySecret`
 */
export function textOf(input: Uint8Array, name: string): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(input);
    if (!text.includes('\0')) return text.replace(/\r?\n$/, '');
  } catch {
    // Said below; the decoder's own words are of no use to anybody.
  }
  throw new UsageError({
    code: 'BinarySecret',
    message: 'The value is bytes, not text: a parameter could not take it.',
    suggestions: [`Store it as text: base64 < FILE | tr -d '\\n' | infractl secrets set ${name}`],
  });
}

/**
 * The text of a secret with one field changed.
 *
 * @param text the JSON object so far; undefined where there is no secret yet
 */
export function withField(name: string, text: string | undefined, key: string, value: string): string {
  return JSON.stringify({ ...objectOf(name, text ?? '{}'), [key]: value });
}

/** One field of a JSON secret, or all of it; undefined where the field is not there. */
export function fieldOf(name: string, text: string, key: string | undefined): string | undefined {
  if (key === undefined) return text;
  const fields = objectOf(name, text);
  if (!Object.hasOwn(fields, key)) return undefined;
  const field = fields[key];
  return typeof field === 'string' ? field : JSON.stringify(field);
}

function objectOf(name: string, text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // What JSON.parse says quotes the text, so it goes no further.
  }
  throw new InfractlError({
    code: 'SecretNotJson',
    message: `The secret ${name} is not a JSON object, so it has no fields.`,
    suggestions: ['Leave --key out to use the whole secret.'],
  });
}
