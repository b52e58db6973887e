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

/** The most values that a filter takes, and the tags of one thing. */
const MOST_VALUES = 200;
const MOST_TAGS = 50;

/**
 * The size of a page: the request's, at most the fake's own.
 *
 * @param ids those that the request names: AWS pages them not, and refuses both together
 * @throws FakeError as AWS does outside of 5 to 1000
 */
export function pageSizeOf(p: Parameters, ids: readonly string[], own: number): number {
  if (p.MaxResults === undefined) return own;
  if (ids.length > 0)
    throw new FakeError(
      'InvalidParameterCombination',
      'The parameter maxResults cannot be used with a list of ids in the same request',
    );
  const size = Number(p.MaxResults);
  if (!(size >= 5 && size <= 1000))
    throw new FakeError(
      'InvalidParameterValue',
      `Value ( ${p.MaxResults} ) for parameter maxResults is invalid. Expecting a value between 5 and 1000.`,
    );
  return Math.min(size, own);
}

/**
 * @param there the tags that the thing has already
 * @throws FakeError for tags that AWS does not take
 */
export function checkTags(
  tags: readonly { readonly Key: string; readonly Value?: string }[],
  there: ReadonlyMap<string, string> = new Map(),
): void {
  if (tags.some(({ Key }) => Key.startsWith('aws:')))
    throw new FakeError('InvalidParameterValue', 'Tag keys starting with aws: are reserved for internal use');
  if (tags.some(({ Key }) => Key.length > 128))
    throw new FakeError('InvalidParameterValue', 'Tag key exceeds the maximum length of 128 characters');
  if (tags.some(({ Value = '' }) => Value.length > 256))
    throw new FakeError('InvalidParameterValue', 'Tag value exceeds the maximum length of 256 characters');
  if (new Set(tags.map(({ Key }) => Key)).size < tags.length)
    throw new FakeError('InvalidParameterValue', 'Duplicate tag key.');
  if (new Set([...there.keys(), ...tags.map(({ Key }) => Key)]).size > MOST_TAGS)
    throw new FakeError('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.');
}

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
    if (listOf(Value).length > MOST_VALUES)
      throw new FakeError(
        'FilterLimitExceeded',
        `The maximum number of filter values specified on a single call is ${MOST_VALUES}`,
      );
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
