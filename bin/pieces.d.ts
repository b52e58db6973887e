/** See pieces.js. */
export interface Bundle {
  readonly build: string;
  names(): string[];
  has(name: string): boolean;
  text(name: string): string;
}
export function openBundle(file: string): Bundle;
export function packBundle(
  build: string,
  files: Iterable<readonly [string, string]>,
  everyStart: ReadonlySet<string>,
): Buffer;
