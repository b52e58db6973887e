import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A page of the documentation, or a part of one that has a name of its own. */
export interface Guide {
  readonly name: string;
  readonly title: string;
  readonly markdown: string;
  /** It is a part of another guide. */
  readonly part: boolean;
}

/** Pages that are for reading in a browser: the list of pages, and all commands at once. */
const NOT_HERE = new Set(['README.md', 'reference.md']);
/** Stands before the heading of a part: `<!-- topic: retention -->`. */
const PART = /^<!-- topic: ([a-z-]+) -->\n+(#{2,}) (.+)\n/gm;

/**
 * The guides that the package brings: `infractl help NAME`.
 *
 * @param root the folder of the package
 */
export function guidesOf(root: string): readonly Guide[] {
  const folder = path.join(root, 'docs');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md') && !NOT_HERE.has(file))
    .sort()
    .flatMap((file) => {
      const markdown = readFileSync(path.join(folder, file), 'utf8');
      const page = { name: path.basename(file, '.md'), title: titleOf(markdown), markdown, part: false };
      return [page, ...partsOf(markdown)];
    });
}

function titleOf(markdown: string): string {
  return /^# (.+)$/m.exec(markdown)?.[1] ?? '';
}

/** A part goes to the next heading that is not below its own. */
function partsOf(markdown: string): Guide[] {
  return [...markdown.matchAll(PART)].map(
    ({ index, 0: head, 1: name = '', 2: marks = '', 3: title = '' }) => {
      const rest = markdown.slice(index + head.length);
      const next = rest.search(new RegExp(`^#{1,${marks.length}} `, 'm'));
      const text = next === -1 ? rest : rest.slice(0, next);
      return { name, title, markdown: `# ${title}\n${text}`, part: true };
    },
  );
}
