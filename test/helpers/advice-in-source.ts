import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseAst } from 'vitest/node';

/** A text of the source that names a command of infractl. */
export interface Said {
  /** `src/lib/backups/look.ts` */
  readonly file: string;
  /** What stands there, with `x1` for what is put in, and PLACE for the flags that lead somewhere. */
  readonly text: string;
  /** The properties, calls and variables that it stands in, the innermost first. */
  readonly within: readonly string[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const root = path.resolve(import.meta.dirname, '../..');

/** Every text in the source that names one of those commands; examples and descriptions of commands are left out. */
export function commandsSaid(commands: RegExp): Said[] {
  const files = readdirSync(path.join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.replaceAll('\\', '/')}`);
  return files.flatMap((file) => {
    const source = readFileSync(path.join(root, file), 'utf8');
    if (!source.includes('infractl ')) return [];
    const found: Said[] = [];
    const walk = (node: Node, within: readonly string[]): void => {
      const text = textOf(node, source);
      if (text !== undefined && commands.test(text)) found.push({ file, text, within });
      const inside = [...namesOf(node, source), ...within];
      for (const child of children(node)) walk(child, inside);
    };
    walk(parseAst(source, { lang: 'ts' }) as unknown as Node, []);
    return found;
  });
}

function textOf(node: Node, source: string): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined;
  if (node.type !== 'TemplateLiteral') return undefined;
  const put = node.expressions as readonly Node[];
  return (node.quasis as readonly { readonly value: { readonly cooked: string } }[])
    .map(({ value }, at) => {
      const one = put[at];
      if (!one) return value.cooked;
      return `${value.cooked}${/\bwhere\b/i.test(source.slice(one.start, one.end)) ? ' PLACE' : 'x1'}`;
    })
    .join('');
}

function namesOf(node: Node, source: string): string[] {
  const named = (part: unknown) => {
    const one = part as Node | null;
    return one ? [source.slice(one.start, one.end)] : [];
  };
  if (node.type === 'Property' || node.type === 'PropertyDefinition') return named(node.key);
  if (node.type === 'CallExpression') return named(node.callee);
  if (node.type === 'VariableDeclarator') return named(node.id);
  if (node.type !== 'ObjectExpression') return [];
  // `{ type: 'warning', … }` is an event.
  return (node.properties as readonly Node[]).flatMap(({ key, value }) =>
    key && source.slice((key as Node).start, (key as Node).end) === 'type' ? named(value) : [],
  );
}

function children(node: Node): Node[] {
  return Object.values(node).flatMap((value) =>
    (Array.isArray(value) ? value : [value]).filter(
      (one): one is Node => typeof one === 'object' && one !== null && typeof one.type === 'string',
    ),
  );
}
