/**
 * Pairs as a samconfig.toml writes them (parameter_overrides, tags): a list of `Key=Value`, one text with quotes as a shell
 * has them, or a table. Undefined where it is none of these.
 */
export function samPairs(written: unknown): Readonly<Record<string, string>> | undefined {
  if (written === undefined) return {};
  if (typeof written === 'object' && written !== null && !Array.isArray(written))
    return Object.fromEntries(Object.entries(written).map(([key, v]) => [key, String(v)]));
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
