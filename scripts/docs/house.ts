// The drawing of the house in docs/architecture.md, made of the import graph of src.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const IMPORT = /(?:^(?:import|export)\s+(?!type\b)(?:[^;]*?\sfrom\s+)?|\bimport\()'(\.{1,2}\/[^']+)'/gm;

function sources(root: string): string[] {
  return readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => path.posix.join('src', name.replaceAll('\\', '/')));
}

/** The room of a file: `commands`, or the folder of src/lib; what starts it all is in none. */
function room(file: string): string | undefined {
  const [, first, second] = file.split('/');
  return first === 'lib' ? second : first === 'commands' ? 'commands' : undefined;
}

/** Which room imports which at run time. */
function doors(root: string): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const file of sources(root)) {
    const from = room(file);
    if (!from) continue;
    const behind = found.get(from) ?? new Set();
    found.set(from, behind);
    for (const [, to = ''] of readFileSync(path.join(root, file), 'utf8').matchAll(IMPORT)) {
      const into = room(path.posix.normalize(path.posix.join(path.posix.dirname(file), to)));
      if (into && into !== from) behind.add(into);
    }
  }
  return found;
}

/** Characters of a drawing's line. */
const WIDTH = 96;

function boxed(title: string, rooms: readonly string[]): string[] {
  const lines = [''];
  for (const name of rooms) {
    const line = lines.pop() ?? '';
    if (line === '') lines.push(name);
    else if (`${line}  ${name}`.length > WIDTH - 4) lines.push(line, name);
    else lines.push(`${line}  ${name}`);
  }
  const top = `┌─ ${title} ${'─'.repeat(WIDTH - title.length - 5)}┐`;
  return [top, ...lines.map((line) => `│ ${line.padEnd(WIDTH - 4)} │`), `└${'─'.repeat(WIDTH - 2)}┘`];
}

/** The floors, each above those that it uses, and below them what each capability stands on. */
function houseText(root: string): string {
  const graph = doors(root);
  const rooms = [...graph.keys()].sort();
  const known = new Set(['commands', 'cli', 'deploy', 'desks', 'aws', 'base']);
  const uses = (from: string, to: string) => graph.get(from)?.has(to) ?? false;
  const capabilities = rooms.filter((name) => !known.has(name));
  const shared = capabilities.filter((name) => capabilities.some((other) => uses(other, name)));
  const alone = capabilities.filter((name) => !shared.includes(name));
  const arrow = `${' '.repeat(WIDTH / 2)}▼`;
  const floors = [
    boxed('commands: flags in, one call, one view out', ['commands', 'cli']),
    boxed('what joins capabilities', ['deploy', 'desks']),
    boxed('capabilities: neither print nor ask, know AWS by a port, do not know each other', alone),
    boxed('what several of them stand on', shared),
    boxed('AWS: one file a service, loaded on use', ['aws']),
    boxed('words, time, errors', ['base']),
  ];
  const drawing = floors.flatMap((floor, at) => (at === 0 ? floor : [arrow, ...floor]));
  const width = Math.max(...alone.map((name) => name.length));
  const feet = alone.map((name) => {
    const below = [...(graph.get(name) ?? [])].filter((to) => to !== 'base').sort();
    return `${name.padEnd(width)}  →  ${below.join(', ') || 'nothing but base'}`;
  });
  return `${drawing.join('\n')}\n\n${feet.join('\n')}`;
}

const MARK = /(<!-- the house -->\n\n```\n)[\s\S]*?(```)/;

/** The page with the drawing of now. */
export function withHouse(page: string, root: string): string {
  return page.replace(MARK, (_, head: string, tail: string) => `${head}${houseText(root)}\n${tail}`);
}
