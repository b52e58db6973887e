// `npm run docs`: plays the sessions of docs/sessions with the built command line, and writes what it prints into the
// marked blocks of README.md and docs/*.md. `--check` writes nothing and fails where a page shows something else than what is
// printed now, `--print` prints it. Names choose sessions: `npm run docs -- stacks backup`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../../test/helpers/cli.ts';
import { namesIn, refreshed } from './blocks.ts';
import { type Session, Stage } from './stage.ts';

const sessionsFolder = path.join(root, 'docs/sessions');

/** The sessions by name. */
export async function allSessions(): Promise<Map<string, Session>> {
  const found = new Map<string, Session>();
  for (const file of readdirSync(sessionsFolder).sort()) {
    const { session } = (await import(path.join(sessionsFolder, file))) as { session: Session };
    found.set(path.basename(file, '.ts'), session);
  }
  return found;
}

/** The pages that show output, and the README. */
export function pages(): string[] {
  const inDocs = readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...inDocs.map((name) => `docs/${name}`)];
}

/** Plays a session; what it showed, by block. */
export async function played(session: Session): Promise<ReadonlyMap<string, string>> {
  const stage = new Stage();
  try {
    await session.play(stage);
    const missing = session.makes.filter((name) => !stage.shown.has(name));
    const more = [...stage.shown.keys()].filter((name) => !session.makes.includes(name));
    if (missing.length + more.length > 0)
      throw new Error(`makes ${[...missing, ...more].join(', ')}: said and shown differ`);
    return stage.shown;
  } finally {
    await stage.close();
  }
}

const MADE = /<!-- made -->[\s\S]*$/;

/** The page with a word on where its output was printed. */
export function withPlaces(page: string, sessions: ReadonlyMap<string, Session>): string {
  const places = new Map<string, string[]>();
  for (const name of namesIn(page)) {
    const session = [...sessions.values()].find(({ makes }) => makes.includes(name));
    if (session) places.set(session.place, [...(places.get(session.place) ?? []), name]);
  }
  const [[main] = [''], ...others] = [...places].sort(([, a], [, b]) => b.length - a.length);
  const rest = others.map(([place, names]) => `; ${names.join(', ')}: ${place}`).join('');
  return page.replace(
    MADE,
    `<!-- made -->\n\nThis output was printed by \`npm run docs\`. Where: ${main}${rest}.\n`,
  );
}

/** Plays the sessions that were asked for, all without a name, and says how each went. */
async function playAll(
  sessions: ReadonlyMap<string, Session>,
  names: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const shown = new Map<string, string>();
  for (const [name, session] of sessions) {
    if (names.length > 0 && !names.includes(name)) continue;
    const reason = session.missing?.();
    if (reason) {
      process.stdout.write(`- ${name}: left out, ${reason}\n`);
      continue;
    }
    const started = performance.now();
    try {
      for (const [block, text] of await played(session)) shown.set(block, text);
      const seconds = Math.round((performance.now() - started) / 1000);
      process.stdout.write(`✓ ${name}: ${session.makes.length} blocks, ${seconds} s\n`);
    } catch (error) {
      process.stdout.write(`✗ ${name}: ${error instanceof Error ? error.message : error}\n`);
      process.exitCode = 1;
    }
  }
  return shown;
}

/** Brings the pages to what was printed; with `check` says what differs, and fails. */
function renew(
  sessions: ReadonlyMap<string, Session>,
  shown: ReadonlyMap<string, string>,
  check: boolean,
): void {
  for (const page of pages()) {
    const file = path.join(root, page);
    const before = readFileSync(file, 'utf8');
    const { text: blocks, stale } = refreshed(before, shown);
    const text = withPlaces(blocks, sessions);
    if (text === before) continue;
    const what = stale.length > 0 ? stale.join(', ') : 'where it was printed';
    process.stdout.write(`${page}: ${what} ${check ? 'differs from what is printed now' : 'renewed'}\n`);
    if (check) process.exitCode = 1;
    else writeFileSync(file, text);
  }
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean' }, print: { type: 'boolean' } },
  });
  const sessions = await allSessions();
  const unknown = positionals.filter((name) => !sessions.has(name));
  if (unknown.length > 0)
    throw new Error(`no session ${unknown.join(', ')}; there are ${[...sessions.keys()].join(', ')}`);
  const shown = await playAll(sessions, positionals);
  if (values.print) for (const [block, text] of shown) process.stdout.write(`\n== ${block}\n${text}\n`);
  renew(sessions, shown, values.check === true);
}

if (import.meta.main) {
  await main();
  process.exit();
}
