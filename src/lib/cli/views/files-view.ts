import type { FileChange } from '../../deploy/index.ts';
import type { Style, Ui } from '../terminal.ts';

/** More say no more: `--json` has them all. */
const MOST = 20;

const SIGNS: Readonly<Record<FileChange['change'], readonly [Style, string, string]>> = {
  new: ['green', '+', ''],
  changed: ['yellow', '~', ''],
  headers: ['yellow', '~', 'headers'],
  mended: ['yellow', '<', 'changed by hand'],
  removed: ['red', '-', ''],
};

/** The files of a site that change, one a line. */
export function fileLines(files: readonly FileChange[], { paint }: Ui, indent = '  '): string {
  const lines = files.slice(0, MOST).map(({ path, change }) => {
    const [style, sign, words] = SIGNS[change];
    return `${indent}${paint(style, sign)} ${path}${words ? `  ${paint('dim', words)}` : ''}`;
  });
  const more = files.length - MOST;
  return [...lines, ...(more > 0 ? [`${indent}${paint('dim', `and ${more} more`)}`] : [])].join('\n');
}
