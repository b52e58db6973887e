import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Practice } from '../../../scripts/docs/practice.ts';
import { HostScene } from '../../../scripts/docs/tour/host-scene.ts';
import { faultsOf, missingIn, type Step } from '../../../scripts/docs/tour/page.ts';
import { tourOf } from '../../../scripts/docs/tour/steps.ts';
import { root } from '../../helpers/cli.ts';

/** The tour that `scripts/docs/tour.ts` types: all of the README, in its order. What it prints is compared there. */

const nobody = () => {
  throw new Error('nothing is typed here');
};
const tour = tourOf(new HostScene(), new Practice({ start: nobody, run: nobody, terminal: nobody }));

describe('the tour of the README', () => {
  it('types every block in its order', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
    expect(faultsOf(readme, tour)).toEqual([]);
  });
});

const PAGE = `Change a file.

<!-- shown: one -->

\`\`\`
$ infractl deploy
✓ stack app  updated  2.0 s
…
Recorded: infractl history 4f2a1b
\`\`\`

<!-- shown: two -->

\`\`\`
$ infractl list
app
\`\`\`
`;

describe('a tour', () => {
  const one: Step = { block: 'one' };
  const two: Step = { block: 'two' };
  const faults = (steps: readonly Step[]) => faultsOf(PAGE, steps);

  it('is refused where it leaves a block out, turns two round, or goes on', () => {
    expect(faults([one, two])).toEqual([]);
    expect(faults([one])).toEqual(['the page has two where the tour has its end']);
    expect(faults([two, one])[0]).toBe('the page has one where the tour has two');
    expect(faults([one, two, { block: 'three' }])[0]).toBe('the tour goes on with three');
  });

  it('does nothing that the page does not say', () => {
    expect(faults([{ words: 'Change a file.', does: 'true' }, one, two])).toEqual([]);
    expect(faults([{ words: 'Buy milk.', does: 'true' }, one, two])).toEqual([
      'the page does not say, or not here: Buy milk.',
    ]);
  });

  it('misses a line that was not printed, whatever differs from run to run', () => {
    const printed = (text: string) => missingIn(PAGE, { block: 'one' }, text);
    expect(printed('more\n✓ stack app   updated 31 ms\nRecorded: infractl history 0a1b2c\n')).toEqual([]);
    expect(printed('✗ stack app  failed 31 ms\nRecorded: infractl history 0a1b2c\n')).toEqual([
      '✓ stack app updated SPAN',
    ]);
  });

  it('misses a line of what the reader has done, however often, and no other', () => {
    const page = '<!-- shown: one -->\n\n```\n1 image, 2 runs\n3  warn\n```\n';
    const missing = (counts: boolean, text: string) => missingIn(page, { block: 'one', counts }, text);
    expect(missing(true, '4 images, 1 run\n12 warn\n')).toEqual([]);
    expect(missing(false, '4 images, 1 run\n12 warn\n')).toEqual(['1 image, 2 runs', '3 warn']);
    expect(missing(true, '4 images, 1 run\n12 error\n')).toEqual(['N warn']);
  });
});
