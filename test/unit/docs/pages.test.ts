import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { alike, namesIn, refreshed } from '../../../scripts/docs/blocks.ts';
import { allSessions, pages, withPlaces } from '../../../scripts/docs/build.ts';
import { withHouse } from '../../../scripts/docs/house.ts';
import { type Manifest, referenceText } from '../../../scripts/docs/reference.ts';
import { root } from '../../helpers/cli.ts';

/** The README and the guides: what they show was printed, what they name is there. */

const read = (page: string) => readFileSync(path.join(root, page), 'utf8');
const manifest = JSON.parse(read('oclif.manifest.json')) as Manifest;
const sessions = await allSessions();
const made = new Set([...sessions.values()].flatMap(({ makes }) => makes));
const GENERATED = 'docs/reference.md';
const written = pages().filter((page) => page !== GENERATED);

/** The code blocks of a page with what stands right before them. */
const fences = (page: string) =>
  [...read(page).matchAll(/(?:<!-- shown: (\S+) -->\n\n?)?^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ([, name, , text = '']) => ({ name, text }),
  );

/** The commands that a text says: after `infractl`, the longest run of words that is one, or nothing. */
function saidCommands(text: string): { said: string; known: boolean }[] {
  return [...text.matchAll(/\binfractl ((?:[a-z][a-z-]+ ?)+)/g)].map(([, words = '']) => {
    const [first = '', second = ''] = words.trim().split(' ');
    const ids = Object.keys(manifest.commands);
    const topic = ids.some((id) => id.startsWith(`${first}:`));
    const known =
      ids.includes(first) ||
      (topic && (second === '' || ids.some((id) => `${id}:`.startsWith(`${first}:${second}:`)))) ||
      ['help', 'version'].includes(first);
    return { said: `${first} ${second}`, known };
  });
}

describe.each(written)('%s', (page) => {
  it('shows no answer that no session has printed', () => {
    for (const { name, text } of fences(page)) {
      if (!/^\$ /m.test(text) && name === undefined) continue;
      expect(name, text.slice(0, 80)).toBeDefined();
      expect([...made], name).toContain(name);
      expect(text.trim(), name).not.toBe('');
    }
  });

  it('says commands that there are', () => {
    const typed = fences(page).flatMap(({ text }) =>
      text.split('\n').filter((line) => /^(\$ |infractl )/.test(line)),
    );
    const inline = [...read(page).matchAll(/`(infractl [^`]+)`/g)].map(([, line = '']) => line);
    const unknown = [...typed, ...inline].flatMap(saidCommands).filter(({ known }) => !known);
    expect(unknown).toEqual([]);
  });

  it('links to what is there', () => {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^):]+)\)/g)) {
      const [file = '', anchor] = target.split('#');
      const to = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
      expect(existsSync(path.join(root, to)), target).toBe(true);
      if (anchor) expect(anchorsOf(read(to)), target).toContain(anchor);
    }
  });

  it('names files of the source that are there', () => {
    const names = [...read(page).matchAll(/`((?:src|test|docs|scripts)\/[\w./-]+)`/g)].map(
      ([, name = '']) => name,
    );
    expect(names.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });

  it('says where its output was printed', () => {
    expect(withPlaces(read(page), sessions)).toBe(read(page));
    if (page !== 'README.md' && namesIn(read(page)).length > 0) expect(read(page)).toContain('<!-- made -->');
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('what the sessions make', () => {
  it('is shown on some page, and by one session alone', () => {
    const shown = new Set(written.flatMap((page) => namesIn(read(page))));
    expect([...made].filter((name) => !shown.has(name))).toEqual([]);
    expect([...sessions.values()].flatMap(({ makes }) => makes)).toHaveLength(made.size);
  });

  it('replaces the inside of its block alone, an empty one too, and only where more differs than times and ids', () => {
    const page =
      'a\n\n<!-- shown: one -->\n\n```\n```\n\nb\n\n<!-- shown: two -->\n\n```\nin 2.0 s, 4f2a1b9c\n```\n\nc\n';
    const shown = new Map([
      ['one', 'new'],
      ['two', 'in 31 ms, 0011aabb'],
    ]);
    const { text, stale } = refreshed(page, shown);
    expect(stale).toEqual(['one']);
    expect(text).toBe(page.replace('```\n```', '```\nnew\n```'));
    expect(refreshed(text, new Map([['two', 'in 3 tries']])).stale).toEqual(['two']);
  });
});

describe('two outputs', () => {
  it('are alike where one tells of two looks at what is unchanged, and no more than that differs', () => {
    const twice =
      '· image api unchanged 1 ms\n· stack a unchanged 3 ms\n· image api unchanged 2 ms\n✓ stack b updated 4 s\n';
    const once = '· stack a unchanged 5 ms\n· image api unchanged 9 ms\n✓ stack b updated 8 s\n';
    expect(alike(once, twice)).toBe(true);
    expect(alike(once, twice.replaceAll('· stack a unchanged 3 ms\n', ''))).toBe(false);
  });
});

describe('what is generated', () => {
  it('is that of the commands and imports of now', () => {
    expect(read(GENERATED)).toBe(referenceText(manifest));
    expect(withHouse(read('docs/architecture.md'), root)).toBe(read('docs/architecture.md'));
  });
});
