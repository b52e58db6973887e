import { describe, expect, it } from 'vitest';
import { led } from '../../../src/lib/cli/views/led.ts';

const where = ' --env prod --sandbox';

describe('an advised command is led to where this one works', () => {
  it.each([
    ['See them: infractl manage status', 'See them: infractl manage status --env prod --sandbox'],
    [
      'Start it (infractl manage start), then run the same command again.',
      'Start it (infractl manage start --env prod --sandbox), then run the same command again.',
    ],
    [
      'infractl manage status --id i-1; then infractl logs',
      'infractl manage status --id i-1 --env prod --sandbox; then infractl logs --env prod --sandbox',
    ],
    [
      'One command needs no plugin: infractl host run -- COMMAND',
      'One command needs no plugin: infractl host run --env prod --sandbox -- COMMAND',
    ],
    [
      'Install it: infractl host run --host web --sudo -- apt-get install -y python3',
      'Install it: infractl host run --host web --sudo --env prod --sandbox -- apt-get install -y python3',
    ],
  ])('%s', (advice, wanted) => expect(led(advice, where)).toBe(wanted));

  it.each([
    'Start it: `infractl sandbox start`',
    'Go on: infractl deploy --create-stack --env prod --sandbox',
    'infractl deploy --help',
    'Versions are numbers: infractl redeploy status shows them.',
    'Start a project: infractl init',
  ])('%s: as it is', (advice) => expect(led(advice, where)).toBe(advice));

  it('nothing is added where there is nothing to say', () => {
    expect(led('See them: infractl list', '')).toBe('See them: infractl list');
  });
});
