import { unfolded } from './stack.ts';

/** A colour or a style, and what some programs write behind it: to the end of the line. */
const PAINT = /\u001B\[[\d;:]*[mK]/g;

/** A text without the colours that its program gave it: loggers paint even where nobody sees it. */
export function unpainted(text: string): string {
  return text.includes('\u001B') ? text.replace(PAINT, '') : text;
}

/** A message as people read it. */
export type Shape =
  /** Begin and end marks of the platform, which say nothing that its report does not. */
  | { readonly kind: 'mark' }
  /** What one invocation of a Lambda function took. Milliseconds and MB. */
  | { readonly kind: 'report'; readonly report: Report }
  /** A JSON object: what it says, how grave it is, and its other fields. */
  | {
      readonly kind: 'json';
      readonly level?: string;
      readonly text: string;
      readonly fields: readonly (readonly [string, string])[];
      /** Of an error: more than one line. */
      readonly stack?: string;
    }
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly level?: string;
      /** The level was written beside the text, which does not say it. */
      readonly beside?: boolean;
    };

export interface Report {
  readonly requestId: string;
  readonly duration: number;
  readonly billed: number;
  readonly memory: number;
  readonly used: number;
  /** How long a cold start took before; absent when the environment was warm. */
  readonly init?: number;
  /** `timeout`, `error`. */
  readonly status?: string;
}

const MARK = /^(?:START RequestId:|END RequestId:|INIT_START |INIT_REPORT .*Status: (?:success|initialized))/;
/** What they begin with: most lines are told from them by that. */
const MARKED = new Set([0x53 /* S */, 0x45 /* E */, 0x49 /* I */]);
const REPORT = /^REPORT RequestId: (\S+)/;
const PLATFORM_MARK =
  /^platform\.(?:start|initStart|initRuntimeDone|initReport|runtimeDone|extension|telemetrySubscription|logsSubscription)$/;

/**
 * What a message is.
 *
 * @param chosen the fields of JSON messages that are shown: dotted paths; all when undefined
 */
export function shapeOf(written: string, chosen?: readonly string[]): Shape {
  const message = unpainted(written);
  const first = message.charCodeAt(0);
  if (first === 0x7b /* { */) {
    const parsed = parse(message);
    if (parsed) return platformShape(parsed) ?? jsonShape(parsed, chosen);
  }
  if (MARKED.has(first) && MARK.test(message)) return { kind: 'mark' };
  const report = first === 0x52 /* R */ ? reportOf(message) : undefined;
  if (report) return { kind: 'report', report };
  return textShape(message);
}

/** `REPORT RequestId: … Duration: 3.51 ms Billed Duration: 4 ms Memory Size: 128 MB Max Memory Used: 65 MB …` */
export function reportOf(message: string): Report | undefined {
  const requestId = REPORT.exec(message)?.[1];
  if (!requestId) return undefined;
  const figure = (name: string): number | undefined => {
    const found = new RegExp(`(?:^|\\t|\\s{2,}|\\s)${name}: ([\\d.]+) (?:ms|MB)`).exec(message)?.[1];
    return found === undefined ? undefined : Number(found);
  };
  const init = figure('Init Duration') ?? figure('Restore Duration');
  const status = /\tStatus: (\w+)/.exec(message)?.[1];
  return {
    requestId,
    duration: Number(/(?:^|[\t ])(?<!Billed |Init |Restore )Duration: ([\d.]+) ms/.exec(message)?.[1] ?? 0),
    billed: figure('Billed Duration') ?? 0,
    memory: figure('Memory Size') ?? 0,
    used: figure('Max Memory Used') ?? 0,
    ...(init === undefined ? {} : { init }),
    ...(status ? { status } : {}),
  };
}

function parse(message: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(message);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Lambda's own lines where the function logs as JSON: `{"time": …, "type": "platform.report", "record": {…}}`. */
function platformShape(parsed: Readonly<Record<string, unknown>>): Shape | undefined {
  const { type, record } = parsed;
  if (typeof type !== 'string' || !type.startsWith('platform.')) return undefined;
  if (type === 'platform.report' && typeof record === 'object' && record !== null) {
    const { requestId, status, metrics } = record as {
      requestId?: string;
      status?: string;
      metrics?: Record<string, number>;
    };
    const init = metrics?.initDurationMs ?? metrics?.restoreDurationMs;
    return {
      kind: 'report',
      report: {
        requestId: requestId ?? '',
        duration: metrics?.durationMs ?? 0,
        billed: metrics?.billedDurationMs ?? 0,
        memory: metrics?.memorySizeMB ?? 0,
        used: metrics?.maxMemoryUsedMB ?? 0,
        ...(init === undefined ? {} : { init }),
        ...(status && status !== 'success' ? { status } : {}),
      },
    };
  }
  return PLATFORM_MARK.test(type) ? { kind: 'mark' } : undefined;
}

const LEVEL_KEYS = ['level', 'severity', 'log.level', 'lvl', 'levelname', 'status'];
const TEXT_KEYS = ['message', 'msg', 'event', 'text'];
const TIME_KEYS = new Set(['timestamp', 'time', 'ts', '@timestamp', 'asctime']);
const PINO: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

function jsonShape(parsed: Readonly<Record<string, unknown>>, chosen: readonly string[] | undefined): Shape {
  const levelKey = LEVEL_KEYS.find((key) => isLevel(plain(parsed[key])));
  const level = levelKey === undefined ? undefined : levelOf(plain(parsed[levelKey]));
  if (chosen)
    return {
      kind: 'json',
      ...(level ? { level } : {}),
      text: '',
      fields: chosen.flatMap((path) => {
        const value = at(parsed, path);
        return value === undefined ? [] : [[path, shown(value)] as const];
      }),
    };
  const { stack, rest } = unfolded(parsed) ?? { stack: undefined, rest: parsed };
  const textKey = TEXT_KEYS.find((key) => typeof rest[key] === 'string');
  const fields = Object.entries(rest).flatMap(([key, value]) =>
    key === levelKey || key === textKey || TIME_KEYS.has(key) || value === undefined
      ? []
      : [[key, shown(value)] as const],
  );
  return {
    kind: 'json',
    ...(level ? { level } : {}),
    text: textKey ? unpainted(String(rest[textKey])) : '',
    fields,
    ...(stack === undefined ? {} : { stack }),
  };
}

function plain(value: unknown): unknown {
  return typeof value === 'string' ? unpainted(value) : value;
}

function isLevel(value: unknown): boolean {
  return (
    (typeof value === 'string' &&
      /^(?:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|critical|panic)$/i.test(value)) ||
    (typeof value === 'number' && value in PINO)
  );
}

function levelOf(value: unknown): string {
  return typeof value === 'number' ? (PINO[value] ?? String(value)) : String(value).toLowerCase();
}

/** The value at a dotted path: `user.id`, `items.0.name`; a key that has dots itself goes first. */
function at(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  const record = value as Record<string, unknown>;
  if (Object.hasOwn(record, path)) return record[path];
  const dot = path.indexOf('.');
  return dot === -1 ? undefined : at(record[path.slice(0, dot)], path.slice(dot + 1));
}

/** The chosen fields of a JSON message; none where it is no JSON. */
export function pick(message: string, fields: readonly string[]): Record<string, unknown> {
  const parsed = parse(message);
  if (!parsed) return {};
  const found = fields.map((path) => [path, at(parsed, path)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined));
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(value) ?? '';
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39;

/** Node's text format: `2026-01-05T09:00:00.000Z <request id> ERROR <message>`; else a word at the beginning. */
const NODE_LINE = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z\t(\S*)\t(INFO|WARN|ERROR|DEBUG|TRACE|FATAL)\t/;
const LEVEL_WORD = /^\[?(trace|debug|info|warn(?:ing)?|error|fatal|critical)\]?[\s:]/i;

/** What Lambda's runtime for Node writes of an error that nobody caught: its words and its stack in place of the JSON. */
function invokeError(text: string): string {
  const at = text.indexOf('\t{');
  const error = at === -1 ? undefined : parse(text.slice(at + 1));
  const found = error && unfolded(error);
  return found ? `${text.slice(0, at).trimEnd()}: ${found.stack}\n` : text;
}

function textShape(message: string): Shape {
  const node = isDigit(message.charCodeAt(0)) ? NODE_LINE.exec(message) : null;
  if (node) {
    const level = (node[2] as string).toLowerCase();
    return { kind: 'text', text: invokeError(message.slice(node[0].length)), level, beside: true };
  }
  const word = LEVEL_WORD.exec(message)?.[1];
  if (word) return { kind: 'text', text: message, level: word.toLowerCase() };
  if (
    /^(?:Traceback \(most recent|Task timed out|\S*Error: )/.test(message) ||
    / Task timed out after /.test(message)
  )
    return { kind: 'text', text: message, level: 'error' };
  return { kind: 'text', text: message };
}
