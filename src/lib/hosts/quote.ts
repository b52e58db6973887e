import { shellWord } from '../base/shell-words.ts';

/** Words as one line that every common login shell (sh, bash, zsh, fish) splits into the same words again. */
export function quoteWords(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}
