import { relative } from 'node:path';

/** A file as people near it name it: from the folder that they are in, or whole where it is not below that. */
export function shownPath(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
