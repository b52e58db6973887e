type Fields = Readonly<Record<string, unknown>>;

/** Where loggers put the stack of an error. */
const KEYS = ['stack', 'stackTrace', 'stack_trace', 'stacktrace', 'exception', 'exc_info', 'traceback'];
/** Where they put the error that has one. */
const ERRORS = ['err', 'error', 'exception', 'message'];

/** An error's stack within a JSON message, and the message's other fields. */
export interface Unfolded {
  readonly stack: string;
  readonly rest: Fields;
}

/** The stack that a JSON message has, as lines; undefined where it has none. */
export function unfolded(message: Fields): Unfolded | undefined {
  const own = without(message);
  if (own) return own;
  for (const key of ERRORS) {
    const error = message[key];
    const inner = isFields(error) ? without(error) : undefined;
    if (inner) return { stack: inner.stack, rest: { ...message, [key]: inner.rest } };
  }
  return undefined;
}

function without(fields: Fields): Unfolded | undefined {
  for (const key of KEYS) {
    const stack = linesOf(fields[key]);
    if (stack === undefined) continue;
    const { [key]: _, ...rest } = fields;
    return { stack, rest };
  }
  return undefined;
}

/** More than one line: one text, or a list of them. */
function linesOf(value: unknown): string | undefined {
  const text =
    Array.isArray(value) && value.every((line) => typeof line === 'string') ? value.join('\n') : value;
  return typeof text === 'string' && text.trim().includes('\n') ? text.trim() : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
