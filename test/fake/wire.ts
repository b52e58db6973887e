/** The wire formats of AWS: the Query protocol's parameters, XML, and the shape that errors have. */

/** What a service answers with instead of a result; the server writes it in the service's protocol. */
export class FakeError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further fields of the error's body (REST/JSON services only). */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, fields: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

export const validationError = (message: string) => new FakeError('ValidationError', message);

/** A request's parameters as a service's handler reads them: nested, all leaves text for Query services. */
export type Parameters = Record<string, unknown>;

/** `Parameters.member.1.ParameterKey=X` → `{Parameters: [{ParameterKey: 'X'}]}`. */
export function parseQuery(body: string): Parameters {
  const root: Parameters = {};
  for (const [name, value] of new URLSearchParams(body)) {
    const path = name.split('.');
    let at: Record<string, unknown> = root;
    path.forEach((step, index) => {
      if (index === path.length - 1) at[step] = value;
      else {
        at[step] ??= {};
        at = at[step] as Record<string, unknown>;
      }
    });
  }
  return lists(root) as Parameters;
}

function lists(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only?.[0] === 'member' && typeof only[1] === 'object' && only[1] !== null) {
    return Object.entries(only[1])
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([, item]) => lists(item));
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, lists(item)]));
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#xD;');
}

/** A value as AWS's XML has it. Lists are `<member>` elements, or repeat their own name (`flat`, as in S3). */
export function toXml(value: unknown, flat = false): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item) => `<member>${toXml(item, flat)}</member>`).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) =>
        flat && Array.isArray(item)
          ? item.map((one) => `<${key}>${toXml(one, flat)}</${key}>`).join('')
          : `<${key}>${toXml(item, flat)}</${key}>`,
      )
      .join('');
  }
  return escapeXml(String(value));
}

export function queryAnswer(action: string, result: unknown, requestId: string): string {
  return (
    `<${action}Response xmlns="http://fake.amazonaws.com/doc/"><${action}Result>${toXml(result)}</${action}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`
  );
}

export function queryError(error: FakeError, requestId: string): string {
  return (
    `<ErrorResponse><Error><Type>${error.status >= 500 ? 'Receiver' : 'Sender'}</Type><Code>${error.code}</Code>` +
    `<Message>${escapeXml(error.message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`
  );
}

/** One page of a list and the token of the next, as most of AWS's APIs page: the token is opaque to callers. */
export function page<T>(
  items: readonly T[],
  token: unknown,
  size: number,
): { items: readonly T[]; next: string | undefined } {
  const from = token ? Number(Buffer.from(String(token), 'base64url').toString()) : 0;
  if (!Number.isInteger(from)) throw validationError('The specified NextToken is invalid.');
  const to = from + size;
  return {
    items: items.slice(from, to),
    next: to < items.length ? Buffer.from(String(to)).toString('base64url') : undefined,
  };
}
