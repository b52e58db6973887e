import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { namesIn, refreshed } from '../../scripts/docs/blocks.ts';
import { allSessions, pages, played } from '../../scripts/docs/build.ts';
import { Home, root } from '../helpers/cli.ts';

/** The quick sessions of the documentation, played again: the pages show what is printed now. */

const quick = [...(await allSessions())].filter(([, { quick }]) => quick);

describe('the pages', () => {
  it.each(quick)('%s is as it is shown', { timeout: 600_000 }, async (_, session) => {
    const shown = await played(session);
    for (const page of pages()) {
      const before = readFileSync(path.join(root, page), 'utf8');
      const { text, stale } = refreshed(before, shown);
      // The first that differs, side by side.
      if (stale.length > 0) expect(text).toBe(before);
      expect(namesIn(text)).toEqual(namesIn(before));
    }
  });
});

describe('infractl help', () => {
  const home = new Home();
  const help = (...words: string[]) => home.run(['help', ...words]);

  it('shows a guide, a part of one, and the list of them', async () => {
    const [page, part, list] = await Promise.all([help('scripting'), help('exit-codes'), help('topics')]);
    expect(page).toMatchObject({ code: 0, stderr: '' });
    expect(page.stdout).toContain('SCRIPTS, CRON AND CI');
    expect(page.stdout).not.toMatch(/```|<!--|\]\(|\*\*/);
    expect(part.stdout).toMatch(/^EXIT CODES\n/);
    expect(part.stdout).toMatch(/^ *8 +deployed but unhealthy/m);
    expect(part.stdout).not.toContain('PIPELINE');
    expect(list.stdout).toMatch(/^retention +What is kept$/m);
  });

  it('shows a command where both have a name for it, and says its guide', async () => {
    const backup = await help('backup');
    expect(backup.stdout).toContain('backup create');
    expect(backup.stdout).toContain('$ infractl help backups');
  });

  it('suggests for a typo, and is JSON for programs', async () => {
    const typo = await help('configuraton');
    expect(typo).toMatchObject({ code: 2, stdout: '' });
    expect(typo.stderr).toContain('Did you mean: infractl help configuration');
    const json = JSON.parse((await help('retention', '--json')).stdout);
    expect(json).toMatchObject({ guide: 'retention', title: 'What is kept' });
  });
});
