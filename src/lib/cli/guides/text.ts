import type { Ui } from '../terminal.ts';
import { table } from '../views/table.ts';
import { wrapped } from '../views/wrap.ts';
import type { Guide } from './index.ts';

/** Lines of prose are no wider than people like to read. */
const WIDEST = 100;

/** A guide for a terminal: headings, paragraphs, tables and code without the marks of Markdown. */
export function guideText(ui: Ui, markdown: string): string {
  const lines = markdown
    .replace(/^<!--[\s\S]*?-->\n*/gm, '')
    .trim()
    .split('\n');
  const shown: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const block = blockAt(lines, at);
    shown.push(block.text(ui));
    at = block.next;
  }
  return shown.filter((text, at) => text !== '' || shown[at - 1] !== '').join('\n');
}

interface Block {
  readonly next: number;
  text(ui: Ui): string;
}

/** The code, table, heading or paragraph that begins on a line. */
function blockAt(lines: readonly string[], at: number): Block {
  const line = lines[at] ?? '';
  const until = (ends: (line: string) => boolean) => {
    const found = lines.findIndex((one, index) => index > at && ends(one));
    return found === -1 ? lines.length : found;
  };
  if (line.startsWith('```')) {
    const end = until((one) => one.startsWith('```'));
    const code = lines.slice(at + 1, end);
    return { next: end + 1, text: () => code.map((one) => (one ? `  ${one}` : '')).join('\n') };
  }
  if (line.startsWith('|')) {
    const end = until((one) => !one.startsWith('|'));
    return { next: end, text: (ui) => tableText(ui, lines.slice(at, end)) };
  }
  const heading = /^#+ (.+)/.exec(line)?.[1];
  if (heading !== undefined)
    return { next: at + 1, text: (ui) => ui.paint('bold', plain(heading).toUpperCase()) };
  if (line === '') return { next: at + 1, text: () => '' };
  const bullet = /^(\s*[-*] |\s*\d+\. )/.exec(line)?.[0] ?? '';
  const end = until((one) => one === '' || /^(\s*[-*] |\s*\d+\. |```|\||#)/.test(one));
  const words = lines
    .slice(at, end)
    .map((one) => one.trim())
    .join(' ')
    .slice(bullet.trimStart().length);
  return {
    next: end,
    text: (ui) => bullet + wrapped(plain(words), Math.min(ui.columns, WIDEST) - bullet.length, bullet.length),
  };
}

function tableText(ui: Ui, lines: readonly string[]): string {
  const cells = lines
    .filter((line) => !/^\|[\s|:-]+\|$/.test(line) || !line.includes('-'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => plain(cell.trim().replaceAll('\\|', '|'))),
    );
  const [titles = [], ...rows] = cells;
  const columns = titles.map((title, at) => (at === titles.length - 1 ? { title, wrap: true } : title));
  const text = table(ui, columns, rows);
  return titles.every((title) => title === '') ? text.slice(text.indexOf('\n') + 1) : text;
}

/** Words without the marks; a link to another guide is the command that shows it. */
function plain(text: string): string {
  return text
    .replace(/\[([^\]]+)\]\((?:docs\/)?([\w-]+)\.md(?:#[\w-]*)?\)/g, '$1 (infractl help $2)')
    .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replace(/\*\*([^*]+)\*\*/g, '$1')
    .replace(/(`+)(.+?)\1/g, '$2');
}

/** All guides by name, parts below. */
export function guideList(ui: Ui, guides: readonly Guide[]): string {
  const rows = (part: boolean) =>
    guides.filter((guide) => guide.part === part).map(({ name, title }) => [name, title]);
  const columns = ['guide', { title: 'about', wrap: true }] as const;
  return `${table(ui, columns, [...rows(false), ...rows(true)])}\n\nRead one: infractl help NAME`;
}
