/**
 * Words as one line that every common login shell (sh, bash, zsh, fish) splits into the same words again.
 * A backslash stays outside of the quotes: fish reads it inside of them too.
 */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(word)) return word;
  return `'${word.replace(/['\\]/g, (mark) => `'\\${mark}'`)}'`;
}
