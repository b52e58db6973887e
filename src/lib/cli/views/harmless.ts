/**
 * What would drive the terminal: all control characters but tab and the end of a line, and those that turn the order of
 * what is read round.
 */
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g;
/** A colour or a style. */
const STYLED = /(\u001B\[[\d;]*m)/;

/** Control characters as people can read them: `\x1b`. */
export function harmless(text: string): string {
  return text.replace(CONTROL, (c) => {
    const code = c.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

/**
 * A text that is shown as a whole: what came from AWS, a host or a file moves no cursor and sets no title.
 *
 * @param colour styles stay
 */
export function tamed(text: string, colour: boolean): string {
  const lines = text.replaceAll('\r\n', '\n');
  if (!colour) return harmless(lines);
  const pieces = lines.split(STYLED);
  return pieces.map((piece, at) => (at % 2 === 1 ? piece : harmless(piece))).join('');
}

/** JSON itself escapes what is below a space only; of the rest the same goes. */
export function harmlessJson(json: string): string {
  return json.replace(
    /[\u007F-\u009F\u202A-\u202E\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
