/** The marked code blocks of a Markdown text: `<!-- shown: NAME -->`, then a fence. Only what is inside a fence changes. */
const BLOCK = /(<!-- shown: (\S+) -->\n\n?(`{3,})[^\n]*)\n([\s\S]*?)^(\3)$/gm;

export function namesIn(markdown: string): string[] {
  return [...markdown.matchAll(BLOCK)].map(([, , name = '']) => name);
}

/** The inside of a block. @throws where the page has none of that name */
export function blockIn(markdown: string, name: string): string {
  const found = [...markdown.matchAll(BLOCK)].find(([, , one]) => one === name);
  if (!found) throw new Error(`no block ${name}`);
  return (found[4] ?? '').trimEnd();
}

/** The files that a page gives to be made, by name: `<!-- file: NAME -->`, then a fence. */
export function filesIn(markdown: string): ReadonlyMap<string, string> {
  const files = markdown.matchAll(/<!-- file: (\S+) -->\n\n```\w*\n([\s\S]*?)^```$/gm);
  return new Map([...files].map(([, name = '', text = '']) => [name, text]));
}

/** @param shown what the sessions have printed, by block; blocks without a session of now stay as they are */
export function refreshed(
  markdown: string,
  shown: ReadonlyMap<string, string>,
): { readonly text: string; readonly stale: readonly string[] } {
  const stale: string[] = [];
  const text = markdown.replace(BLOCK, (whole, head, name, _fence, old, tail) => {
    const made = shown.get(name);
    if (made === undefined || alike(made, old)) return whole;
    stale.push(name);
    return `${head}\n${made}\n${tail}`;
  });
  return { text, stale };
}

/** Whether two outputs differ in nothing but what differs from run to run. */
export function alike(a: string, b: string): boolean {
  return normalised(a) === normalised(b);
}

/** What differs from run to run, and the word that stands for it. The order matters: what is longer comes first. */
const DIFFERS: readonly (readonly [RegExp, string])[] = [
  // What is left out, and how far apart columns are.
  [/^…$\n?/gm, ''],
  [/[ \t]+/g, ' '],
  // JSON that is cut off, wherever that was.
  [/^(\{"type":.{90}).*$/gm, '$1'],
  // The name of a nested stack.
  [/-[0-9a-f]{8}-[0-9a-f]{3}\b/g, '-ID'],
  [/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'ID'],
  [/\d{4}-\d\d(-\d\d)?([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?)?/g, 'TIME'],
  [/\b\d{8}[Tt]\d{4,6}Z?(-[a-z0-9]{4}\b)?/g, 'TIME'],
  [/\bOpenSSH_\S+( [\w+-]+)?, OpenSSL \S+/g, 'VERSION'],
  [/\b\d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}\b/g, 'TIME'],
  [/\b\d\d:\d\d(:\d\d(\.\d+)?)?\b/g, 'TIME'],
  [/\b\d+(\.\d+)? (ms|s|min|h|d|days?)\b( \d+ (s|min|h)\b)?/g, 'SPAN'],
  [/"ms":\d+/g, 'SPAN'],
  [/\b(\d+ of )?\d+(\.\d+)? (B|bytes|KiB|MiB|GiB|MB)\b/g, 'SIZE'],
  [/\b\d+(\.\d+)? %/g, 'PERCENT'],
  [/\b(last|min|max|for) \d+(\.\d+)?\b/g, 'NUMBER'],
  [/\(\d+ tries\b/g, 'TRIES'],
  [/\b(\d{1,3}\.){3}\d{1,3}(:\d+)?\b/g, 'ADDRESS'],
  [/\b(process|port) \d+\b/g, 'NUMBER'],
  [/\/_aws\/[\w/-]+/g, 'PATH'],
  [/\/tmp\/[\w./-]+/g, 'PATH'],
  [/\b[0-9A-F]{10,}\b/g, 'ID'],
  [/\b(?:[a-z]+-)?[0-9a-f]{6,}(-dirty)?\b/g, 'ID'],
  [/\bv?\d+\.\d+(\.\d+)*(\.\d+|p\d|-[\w.]+|\+\w+)*\b/g, 'NUMBER'],
  [/\S*…/g, '…'],
  // Charts and spinners.
  [/[ ▁▂▃▄▅▆▇█⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]+/g, ' '],
];

/** The text as every run of the same command in the same state prints it: ids, times, sizes, addresses and versions are words. */
export function normalised(text: string): string {
  return inAnyOrder(DIFFERS.reduce((now, [pattern, word]) => now.replace(pattern, word), text)).trim();
}

/** Lines of what goes on side by side: parts, hosts, failures of one moment. */
const SIDE_BY_SIDE = /(^([✓·] |\w+ \| |TIME \S+ \w+_FAILED ).*\n?){2,}/gm;

/**
 * What was done side by side is told in the order in which it ended; a part that is unchanged is told again when it
 * was looked at again under the lock.
 */
function inAnyOrder(text: string): string {
  return text.replace(SIDE_BY_SIDE, (lines) => {
    const sorted = lines.trimEnd().split('\n').sort();
    return `${sorted.filter((line, at) => !line.startsWith('· ') || line !== sorted[at - 1]).join('\n')}\n`;
  });
}
