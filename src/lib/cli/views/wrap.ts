import stringWidth from 'fast-string-width';

/** A plain text in lines of at most `width`, each but the first behind `indent` spaces. Long words stay whole. */
export function wrapped(text: string, width: number, indent: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && stringWidth(line) + 1 + stringWidth(word) > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${' '.repeat(indent)}`);
}

/** A plain text in pieces of at most so many columns, broken wherever they end. */
export function pieces(text: string, columns: number): string[] {
  const found: string[] = [];
  let piece = '';
  let width = 0;
  for (const one of text) {
    const wide = stringWidth(one);
    if (width + wide > columns && piece !== '') {
      found.push(piece);
      piece = '';
      width = 0;
    }
    piece += one;
    width += wide;
  }
  return [...found, piece];
}

/**
 * Lines as the terminal has room for them, broken between words; how far a line is indented stays. A line with a
 * command is left to the terminal, so that it can be copied as one.
 */
export function broken(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => {
      if (stringWidth(line) <= columns || /\b(infractl|aws) [a-z]/.test(line)) return line;
      const [lead = ''] = /^ *([+!·✓✗-] )?/.exec(line) ?? [];
      return lead + wrapped(line.slice(lead.length), columns - lead.length, lead.length);
    })
    .join('\n');
}
