/** How a text begins that PowerShell's `>` or an editor on Windows wrote. */
const MARKS = [
  { encoding: 'utf-16le', bytes: [0xff, 0xfe] },
  { encoding: 'utf-16be', bytes: [0xfe, 0xff] },
] as const;

/** The text of a file that somebody wrote: in UTF-8, or in UTF-16 where it begins with its mark; without that mark. */
export function userText(content: Uint8Array): string {
  const found = MARKS.find(({ bytes }) => bytes.every((byte, at) => content[at] === byte));
  return new TextDecoder(found?.encoding ?? 'utf-8').decode(content);
}
