import { randomInt } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
/** As many as 2^190 values: nobody guesses that. */
export const USUAL_LENGTH = 32;

/** A new value by the machine's secure random numbers: letters and digits, which no URL or shell takes amiss. */
export function randomValue(length: number): string {
  const alphabet = `${LETTERS}${DIGITS}`;
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
