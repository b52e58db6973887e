import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { allSessions } from '../../../scripts/docs/build.ts';
import { Practice } from '../../../scripts/docs/practice.ts';
import { HostScene } from '../../../scripts/docs/tour/host-scene.ts';
import { type Exception, faultsOf, missingIn, type Step } from '../../../scripts/docs/tour/page.ts';
import { EXCEPTIONS, tourOf } from '../../../scripts/docs/tour/steps.ts';
import { SANDBOX_LIMITS } from '../../../src/lib/sandbox/limits.ts';
import { root } from '../../helpers/cli.ts';

/** The tour that `scripts/docs/tour.ts` types: all of the README, in its order. What it prints is compared there. */

const nobody = () => {
  throw new Error('nothing is typed here');
};
const tour = tourOf(new HostScene(), new Practice({ start: nobody, run: nobody, terminal: nobody }));

describe('the tour of the README', () => {
  it('types every block in its order, but those that rest on a limit of the sandbox', () => {
    const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
    expect(faultsOf(readme, tour, EXCEPTIONS, SANDBOX_LIMITS)).toEqual([]);
  });

  it('leaves out nothing that a session plays in the sandbox', async () => {
    const inSandbox = [...(await allSessions()).values()]
      .filter(({ place }) => place === 'the sandbox')
      .flatMap(({ makes }) => makes);
    expect(EXCEPTIONS.map(({ block }) => block).filter((block) => inSandbox.includes(block))).toEqual([]);
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
  const faults = (steps: readonly Step[], exceptions: readonly Exception[] = []) =>
    faultsOf(PAGE, steps, exceptions, ['No instances.']);

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

  it('makes an exception for a limit of the sandbox alone', () => {
    expect(faults([one], [{ block: 'two', limit: 'No instances' }])).toEqual([]);
    expect(faults([one], [{ block: 'two', limit: 'No time' }])).toEqual([
      'two: no limit of the sandbox is "No time"',
    ]);
  });

  it('misses a line that was not printed, whatever differs from run to run', () => {
    const printed = (text: string) => missingIn(PAGE, { block: 'one' }, text);
    expect(printed('more\n✓ stack app   updated 31 ms\nRecorded: infractl history 0a1b2c\n')).toEqual([]);
    expect(printed('✗ stack app  failed 31 ms\nRecorded: infractl history 0a1b2c\n')).toEqual([
      '✓ stack app updated SPAN',
    ]);
  });
});
