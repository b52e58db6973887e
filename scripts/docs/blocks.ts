/** The marked code blocks of a Markdown text: `<!-- shown: NAME -->`, then a fence. Only what is inside a fence changes. */
const BLOCK = /(<!-- shown: (\S+) -->\n\n?(`{3,})[^\n]*)\n([\s\S]*?)^(\3)$/gm;

export function namesIn(markdown: string): string[] {
  return [...markdown.matchAll(BLOCK)].map(([, , name = '']) => name);
}

/** @param shown what the sessions have printed, by block; blocks without a session of now stay as they are */
export function refreshed(
  markdown: string,
  shown: ReadonlyMap<string, string>,
): { readonly text: string; readonly stale: string[] } {
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

const MONTHS = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

/**
 * The text with a word in place of each id, time, size, address and version, one space for several, and without the marks
 * of what is left out: what remains is the same in every run of the same command in the same state.
 */
export function normalised(text: string): string {
  return inAnyOrder(text)
    .replace(/^…\n/gm, '')
    .replace(/\d{4}-\d\d(-\d\d)?([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?)?/g, 'TIME')
    .replace(/\b\d{8}[Tt]\d{4,6}Z?(-[a-z0-9]{4}\b)?/g, 'TIME')
    .replace(new RegExp(`\\b\\d{1,2} (${MONTHS}) \\d{4}\\b`, 'g'), 'TIME')
    .replace(/\b\d\d:\d\d(:\d\d(\.\d+)?)?\b/g, 'TIME')
    .replace(/\b\d+(\.\d+)?( |&nbsp;)(ms|s|min|h|d|days?)\b( \d+ (s|min|h)\b)?/g, 'SPAN')
    .replace(/\b(\d+ of )?\d+(\.\d+)? (B|bytes|KiB|MiB|GiB|MB)\b/g, 'SIZE')
    .replace(/\b\d+(\.\d+)? %/g, 'PERCENT')
    .replace(/"ms":\d+/g, 'SPAN')
    .replace(/\b(last|min|max) \d+(\.\d+)?\b/g, 'NUMBER')
    .replace(/\bin \d+ tries|\(\d+ tries\b/g, 'TRIES')
    .replace(/\b(\d{1,3}\.){3}\d{1,3}(:\d+)?\b/g, 'ADDRESS')
    .replace(/\b(process|port) \d+\b/g, 'NUMBER')
    .replace(/\/_aws\/[\w/-]+/g, 'PATH')
    .replace(/\/tmp\/[\w./-]+/g, 'FOLDER')
    .replace(/\b[0-9A-F]{10,}\b/g, 'ID')
    .replace(/\b(?:[a-z]+-)?[0-9a-f]{6,}(-dirty)?\b/g, 'ID')
    .replace(/\bv?\d+\.\d+(\.\d+)*(\.\d+|p\d|-[\w.]+|\+\w+)*\b/g, 'NUMBER')
    .replace(/\S*…/g, '…')
    .replace(/[ \t▁▂▃▄▅▆▇█⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]+/g, ' ')
    .trim();
}

/** What was done side by side is told in the order in which it ended. */
function inAnyOrder(text: string): string {
  return text.replace(/(^✓ .*\n?){2,}/gm, (lines) => `${lines.trimEnd().split('\n').sort().join('\n')}\n`);
}
