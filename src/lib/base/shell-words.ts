/**
 * The words of a line as a shell takes them: quotes and backslashes keep spaces in a word. What is open at
 * the end counts as closed.
 *
 * @returns the words, and the one that the line ends in: undefined after a space
 */
export function shellWords(line: string): { readonly words: string[]; readonly last: string | undefined } {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  const add = (text: string) => {
    word = (word ?? '') + text;
  };
  for (let at = 0; at < line.length; at++) {
    const char = line[at] as string;
    const next = line[at + 1];
    if (char === '\\' && next !== undefined && quote !== "'") {
      add(next);
      at++;
    } else if (char === quote) quote = undefined;
    else if (quote !== undefined) add(char);
    else if (char === '"' || char === "'") {
      quote = char;
      add('');
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else add(char);
  }
  return { words: word === undefined ? words : [...words, word], last: word };
}

/**
 * A word as every common shell (sh, bash, zsh, fish) reads it as one. A backslash stays outside of the quotes: fish
 * reads it inside of them too.
 */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(word)) return word;
  return `'${word.replace(/['\\]/g, (mark) => `'\\${mark}'`)}'`;
}
