import { describe, expect, it } from 'vitest';
import { led, ledJson } from '../../../src/lib/base/led.ts';

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
    [
      'infractl secrets set shop/token < FILE && infractl deploy | less',
      'infractl secrets set shop/token --env prod --sandbox < FILE && infractl deploy --env prod --sandbox | less',
    ],
    [
      'infractl backup create --instance ID (or --volume ID)',
      'infractl backup create --instance ID --env prod --sandbox (or --volume ID)',
    ],
    ['infractl host copy web:/var/log .', 'infractl host copy web:/var/log . --env prod --sandbox'],
    // It reads the project alone.
    ['Check it: infractl config show', 'Check it: infractl config show --env prod'],
  ])('%s', (advice, wanted) => expect(led(advice, where)).toBe(wanted));

  it.each([
    'Start it: `infractl sandbox start`',
    'Go on: infractl deploy --create-stack --env prod --sandbox',
    'infractl deploy --help',
    'Compare: infractl diff shows them.',
    'Start a project: infractl init',
  ])('%s: as it is', (advice) => expect(led(advice, where)).toBe(advice));

  it('nothing is added where there is nothing to say', () => {
    expect(led('See them: infractl list', '')).toBe('See them: infractl list');
  });
});

it('what a result advises is led in its JSON too, and nothing else of it', () => {
  const lead = (line: string) => led(line, where);
  const result = {
    name: 'infractl list',
    wayBack: ['infractl list'],
    items: [{ error: { message: 'infractl list', suggestions: ['See them: infractl list'] }, mend: null }],
    next: '2026-01-05T09:00:00.000Z',
    at: new Date(0),
  };
  expect(ledJson(result, lead)).toEqual({
    ...result,
    wayBack: [`infractl list${where}`],
    items: [
      { error: { message: 'infractl list', suggestions: [`See them: infractl list${where}`] }, mend: null },
    ],
  });
});
