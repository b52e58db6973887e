import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Session } from '../../scripts/docs/stage.ts';

/** The blueprint site, and a change to its pages. */
export const session: Session = {
  place: 'the sandbox',
  quick: true,
  makes: ['site'],
  async play(stage) {
    await stage.sandbox();
    await stage.run('infractl init site my-site');
    stage.cd('my-site');
    await stage.run('infractl sandbox start');
    stage.put('public/page-3f2a1b9c.css', 'p { margin: 0 }\n');
    await stage.run('infractl deploy --create-stack --sandbox');
    stage.change('public/index.html', 'It works', 'Hello');
    rmSync(path.join(stage.cwd, 'public/404.html'));
    rmSync(path.join(stage.cwd, 'public/page-3f2a1b9c.css'));
    stage.put('public/page-9b1c3a2f.css', 'p { margin: 1em }\n');
    await stage.shows('site', 'infractl deploy --dry-run --sandbox', {
      line: 'infractl deploy --sandbox',
      only: [/^my-site/, /^✓/, /SiteUrl/, /^Deployed/, /^Recorded/],
    });
  },
};
