import { Exit, InfractlError, isInfractlError, messageOf, UsageError } from '../../base/errors.ts';
import type { Lead } from '../../base/led.ts';
import { nearest } from '../../base/text.ts';
import type { Paint } from '../terminal.ts';
import { wrapped } from './wrap.ts';

/** What oclif's parser throws, as far as it is read here. */
interface ParserError extends Error {
  readonly parse?: { readonly input?: { readonly flags?: Readonly<Record<string, unknown>> } };
  readonly oclif?: { readonly exit?: number };
  /** Flags that the command does not have, as they were typed. */
  readonly flags?: readonly string[];
}

/** Whatever was thrown, as the error that is shown. Anything unknown is a defect and says so. */
export function shownError(error: unknown, commandId: string | undefined): InfractlError {
  if (isInfractlError(error)) return error;
  const e = (error instanceof Error ? error : new Error(String(error))) as ParserError;
  if (e.parse !== undefined || e.oclif?.exit === Exit.usage) return parserError(e, commandId);
  return new InfractlError({
    code: 'Defect',
    message: 'infractl met something that it was not made for.',
    why: messageOf(error),
    suggestions: ['Run the same command with --debug and report what it prints.'],
    cause: error,
  });
}

function parserError(e: ParserError, commandId: string | undefined): UsageError {
  const message = e.message
    .replace(/\n?See more help with (--help|-h)\.?/, '')
    .replace(/^The following error(s)? occurred:\s*/, '')
    .replace(/^Parsing (--\S+)\s+/, '$1: ')
    .trim();
  const command = commandId ? ` ${commandId.replaceAll(':', ' ')}` : '';
  return new UsageError({
    code: 'Usage',
    message: message.split('\n')[0] ?? message,
    why: message.split('\n').slice(1).join('\n').trim(),
    suggestions: [...meantFlags(e), `infractl${command} --help`],
    cause: e,
  });
}

function meantFlags({ flags = [], parse }: ParserError): string[] {
  const known = Object.keys(parse?.input?.flags ?? {});
  return flags.flatMap((flag) => {
    const near = nearest(flag.replace(/^-+/, ''), known);
    return near ? [`Is --${near} meant?`] : [];
  });
}

const asItIs: Lead = (advice) => advice;

/** `--json`: exactly these four keys. */
export function errorJson(error: InfractlError, lead = asItIs): unknown {
  const message = error.why ? `${error.message} ${error.why}` : error.message;
  const suggestions = error.suggestions.map(lead);
  return { error: { code: error.code, message, suggestions, exit: error.exit } };
}

/** For people: what failed, why, what next. What next stays in one line where it holds a command, to be copied. */
export function errorText(
  error: InfractlError,
  paint: Paint,
  debug: boolean,
  columns = Number.POSITIVE_INFINITY,
  lead = asItIs,
): string {
  const lines = [
    `${paint('red', error.exit === Exit.interrupted ? '■' : '✗')} ${paint('bold', wrapped(error.message, columns - 2, 2))}`,
  ];
  for (const line of (error.why ?? '').split('\n')) {
    const words = line.trimStart();
    const indent = 2 + line.length - words.length;
    if (words) lines.push(`${' '.repeat(indent)}${wrapped(words, columns - indent, indent)}`);
  }
  for (const suggestion of error.suggestions.map(lead)) {
    const words = COPIED.test(suggestion) ? suggestion : wrapped(suggestion, columns - 4, 4);
    lines.push(`${paint('cyan', '  →')} ${words}`);
  }
  if (debug) lines.push('', ...debugLines(error, paint));
  return lines.join('\n');
}

/** What a suggestion holds when it is there to be copied: a command, a flag, a setting, an address. */
const COPIED =
  /\b(infractl|aws|docker|git|npm|npx|sudo|ssh|ssh-[a-z]+|export|eval|pip|python3|chmod) [-\w"$]|(^| )--?[a-z]|=|:\/\//;

function debugLines(error: unknown, paint: Paint): string[] {
  const lines: string[] = [];
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    lines.push(...(e.stack ?? String(e)).split('\n').map((line) => paint('dim', line)));
  }
  return lines;
}
