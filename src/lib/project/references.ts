import { InfractlError, UsageError } from '../base/errors.ts';
import { isReference, type Reference, type Value } from './model.ts';

export interface Resolved {
  readonly value: string;
  /** A secret is never shown, logged or kept. */
  readonly secret: boolean;
}

/** Where the values of references come from. Undefined says that the thing is not there. */
export interface Sources {
  output(stack: string, key: string): Promise<Resolved | undefined>;
  image(name: string): Promise<Resolved | undefined>;
  /** Secrets Manager GetSecretValue; `key` picks a field of a JSON secret. */
  secret(name: string, key?: string): Promise<Resolved | undefined>;
  /** SSM GetParameter with decryption. */
  parameter(path: string): Promise<Resolved | undefined>;
  /** An environment variable, then `.env.secrets`. */
  env(name: string): Promise<Resolved | undefined> | Resolved | undefined;
}

/** The references in a value or a list of values, in order. */
export function collectReferences(value: Value | readonly Value[]): Reference[] {
  return [value].flat().filter((each): each is Reference => isReference(each));
}

/** The two names of `{ output: app.ApiUrl }`. */
export function splitOutput(reference: { readonly output: string }): { stack: string; key: string } {
  const at = reference.output.indexOf('.');
  return { stack: reference.output.slice(0, at), key: reference.output.slice(at + 1) };
}

/**
 * The text of a value. A list becomes one text joined by commas, as CloudFormation's
 * CommaDelimitedList wants it, and is a secret when one of its items is.
 *
 * @throws InfractlError `MissingReference` (exit 1), or UsageError for a variable that is not set (exit 2).
 */
export async function resolveValue(value: Value | readonly Value[], sources: Sources): Promise<Resolved> {
  if (!isList(value)) return isReference(value) ? resolveReference(value, sources) : literal(value);
  const items = await Promise.all(value.map((item) => resolveValue(item, sources)));
  return { value: items.map((item) => item.value).join(','), secret: items.some((item) => item.secret) };
}

function isList(value: Value | readonly Value[]): value is readonly Value[] {
  return Array.isArray(value);
}

function literal(value: string | number | boolean): Resolved {
  return { value: String(value), secret: false };
}

async function resolveReference(reference: Reference, sources: Sources): Promise<Resolved> {
  if ('output' in reference) {
    const { stack, key } = splitOutput(reference);
    return (
      (await sources.output(stack, key)) ??
      missing(`The stack ${stack} has no output ${key}.`, [
        `Deploy it first: infractl deploy --create-stack stack:${stack}`,
        `Or add ${key} to the Outputs of its template.`,
      ])
    );
  }
  if ('image' in reference) {
    return (
      (await sources.image(reference.image)) ??
      missing(`The image ${reference.image} is not in its repository yet.`, [
        `Build and push it: infractl deploy image:${reference.image}`,
      ])
    );
  }
  if ('secret' in reference) return resolveSecret(reference, sources);
  if ('ssm' in reference) {
    return (
      (await sources.parameter(reference.ssm)) ??
      missing(`The parameter ${reference.ssm} is not in the Parameter Store of this account and region.`, [
        `Create it: aws ssm put-parameter --type SecureString --name ${reference.ssm} --value file://FILE`,
      ])
    );
  }
  return resolveVariable(reference, sources);
}

async function resolveSecret(
  { secret, key }: { readonly secret: string; readonly key?: string },
  sources: Sources,
): Promise<Resolved> {
  const found = await sources.secret(secret, key);
  if (found) return { ...found, secret: true };
  return missing(
    key ? `The secret ${secret} is not there, or has no field ${key}.` : `The secret ${secret} is not there.`,
    [`Create it: aws secretsmanager create-secret --name ${secret} --secret-string file://FILE`],
  );
}

async function resolveVariable(
  reference: { readonly env: string; readonly default?: string },
  sources: Sources,
): Promise<Resolved> {
  const found = await sources.env(reference.env);
  const value = found?.value ?? reference.default;
  if (value !== undefined) return { value, secret: true };
  throw new UsageError({
    code: 'MissingVariable',
    message: `The variable ${reference.env} is not set.`,
    why: 'The configuration takes a value from it.',
    suggestions: [`Set ${reference.env}, or add it to .env.secrets beside infractl.yaml.`],
  });
}

function missing(message: string, suggestions: readonly string[]): never {
  throw new InfractlError({ code: 'MissingReference', message, suggestions });
}
