import { randomInt } from 'node:crypto';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';

/** A new value by the machine's secure random numbers: letters and digits, which no URL or shell takes amiss. */
export function randomValue(length: number): string {
  const alphabet = `${LETTERS}${DIGITS}`;
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('');
}
