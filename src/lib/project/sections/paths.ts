import { relative } from 'node:path';

/** A path as the configuration would write it. */
export function relativePath(root: string, path: string): string {
  return relative(root, path) || '.';
}
