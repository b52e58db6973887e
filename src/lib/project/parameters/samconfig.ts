import { readFileSync } from 'node:fs';
import { isTree } from '../merge.ts';

/** What infractl understands of one environment of a samconfig.toml. */
export interface SamSettings {
  readonly stackName?: string;
  readonly region?: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The problem ends the sentence "names <file>, but …". */
export type SamResult = { readonly settings: SamSettings } | { readonly problem: string };

/**
 * Reads a samconfig.toml: the table of the environment where it has one, else `default`; `deploy` over
 * `global`. Messages never hold what the file says: overrides are often secrets.
 */
export async function readSamconfig(file: string, environment: string): Promise<SamResult> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return samSettings(parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, '')), environment);
  } catch (error) {
    if (error instanceof TomlError) {
      return { problem: `it is not TOML (line ${error.line}, column ${error.column}).` };
    }
    return { problem: `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).` };
  }
}

export function samSettings(data: unknown, environment: string): SamResult {
  if (!isTree(data)) return { settings: { parameters: {} } };
  const own = isTree(data[environment]) ? data[environment] : data.default;
  const table = { ...commandTable(own, 'global'), ...commandTable(own, 'deploy') };
  const parameters = overrides(table.parameter_overrides);
  if (parameters === undefined) return { problem: 'its parameter_overrides are not Key=Value pairs.' };
  return {
    settings: {
      parameters,
      ...(typeof table.stack_name === 'string' ? { stackName: table.stack_name } : {}),
      ...(typeof table.region === 'string' ? { region: table.region } : {}),
    },
  };
}

function commandTable(environment: unknown, command: string): Readonly<Record<string, unknown>> {
  const table = isTree(environment) ? environment[command] : undefined;
  return isTree(table) && isTree(table.parameters) ? table.parameters : {};
}

/** A list of `Key=Value`, one text with quotes as a shell has them, or a table. */
function overrides(written: unknown): Readonly<Record<string, string>> | undefined {
  if (written === undefined) return {};
  if (isTree(written)) return Object.fromEntries(Object.entries(written).map(([key, v]) => [key, String(v)]));
  if (typeof written !== 'string' && !Array.isArray(written)) return undefined;
  const words = Array.isArray(written)
    ? written.flatMap((item) => (item === '' ? [] : [String(item)]))
    : splitWords(written);
  const parameters = new Map<string, string>();
  for (const word of words) {
    const pair = splitOverride(word);
    if (pair === undefined) return undefined;
    parameters.set(...pair);
  }
  return Object.fromEntries(parameters);
}

/** `Key=Value`, or `ParameterKey=Key,ParameterValue=Value`. Quotes around the value go. */
function splitOverride(word: string): [string, string] | undefined {
  const long = /^ParameterKey=([^,]+),ParameterValue=([\s\S]*)$/.exec(word);
  const at = word.indexOf('=');
  const [key, value] = long ? [long[1] ?? '', long[2] ?? ''] : [word.slice(0, at), word.slice(at + 1)];
  return at > 0 && key ? [key.trim(), unquote(value)] : undefined;
}

function unquote(value: string): string {
  const quoted = /^(["'])([\s\S]*)\1$/.exec(value);
  return quoted ? (quoted[2] ?? '').replaceAll(`\\${quoted[1]}`, quoted[1] as string) : value;
}

/** Words apart at white space outside of quotes; the quotes stay for `unquote`. */
function splitWords(text: string): string[] {
  return text.match(/(?:[^\s"']|"(?:\\[\s\S]|[^"\\])*"|'(?:\\[\s\S]|[^'\\])*'|["'])+/g) ?? [];
}
