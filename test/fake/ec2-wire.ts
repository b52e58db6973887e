import type { Context } from './server.ts';
import { escapeXml, FakeError, type Parameters } from './wire.ts';

/** A handler answers with the elements of AWS's XML, by their names there: `{ reservationSet: [...] }`. */
export type Ec2Handler = (parameters: Parameters, context: Context) => object;
export type Ec2Handlers = Readonly<Record<string, Ec2Handler>>;

/** What EC2 answers past a bucket's end. */
export const tooMany = () => new FakeError('RequestLimitExceeded', 'Request limit exceeded.', 503);

/** `InstanceId.1=a&InstanceId.2=b` → `{InstanceId: ['a', 'b']}`: lists have no `member` here. */
export function numbered(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))) {
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, item]) => numbered(item));
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, numbered(item)]));
}

/** Lists are `<item>` elements. */
export function ec2Xml(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => `<item>${ec2Xml(item)}</item>`).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => `<${key}>${ec2Xml(item)}</${key}>`)
      .join('');
  }
  return escapeXml(String(value));
}

/** A list among the parameters, empty when it is absent. */
export const listOf = <T = string>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);

export interface Filter {
  readonly Name: string;
  readonly Value: readonly string[];
}

/**
 * Whether something fits all filters of a request: `*` and `?` are wild, several values are alternatives.
 *
 * @param valuesOf what a filter's name means for the thing; undefined for a filter that it does not know
 */
export function fitsFilters(
  parameters: Parameters,
  valuesOf: (name: string) => readonly string[] | undefined,
): boolean {
  return listOf<Filter>(parameters.Filter).every(({ Name, Value }) => {
    const have = valuesOf(Name);
    if (!have) throw new FakeError('InvalidParameterValue', `The filter '${Name}' is invalid`);
    return listOf(Value).some((wanted) => have.some((one) => wild(wanted).test(one)));
  });
}

function wild(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`);
}

export const tagSet = (tags: ReadonlyMap<string, string>) =>
  [...tags].map(([key, value]) => ({ key, value }));

/** `tag:Name`, `tag-key` and the like, for `fitsFilters`. */
export function tagFilter(tags: ReadonlyMap<string, string>, name: string): string[] | undefined {
  if (name === 'tag-key') return [...tags.keys()];
  if (!name.startsWith('tag:')) return undefined;
  const value = tags.get(name.slice(4));
  return value === undefined ? [] : [value];
}
