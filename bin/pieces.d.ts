/** See pieces.js. */
export interface Bundle {
  names(): string[];
  text(name: string): string;
}
export function openBundle(file: string): Bundle;
export function packBundle(files: Iterable<readonly [string, string]>): Buffer;
