import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { shellWords } from '../../../src/lib/base/shell-words.ts';
import { advisedLines } from '../../../src/lib/cli/menu/advice.ts';
import { type MenuFacts, menuChoices } from '../../../src/lib/cli/menu/choices.ts';
import { lookWords } from '../../../src/lib/cli/menu/look.ts';
import { recentLines, rememberLine, wasInSandbox } from '../../../src/lib/cli/menu/recent.ts';

const facts: MenuFacts = {
  commands: [
    { id: 'unlock', summary: 'Break a lock.' },
    { id: 'deploy', summary: 'Build, push and deploy.' },
    { id: 'sandbox:stop', summary: 'Stop the AWS on this machine.' },
    { id: 'sandbox:start', summary: 'Start an AWS on this machine.' },
    { id: 'manage:stop', summary: 'Stop instances.' },
    { id: 'manage:schedule:set', summary: 'Stop on time.' },
  ],
  topics: [{ name: 'sandbox', description: 'An AWS here.' }, { name: 'manage' }],
  recent: ['deploy --create-stack'],
  shown: 'usual',
  place: 'Work in prod from here on.',
};
const names = (term?: string, more: Partial<MenuFacts> = {}, columns = 80) =>
  menuChoices({ ...facts, ...more }, term, columns).map((choice) =>
    typeof choice === 'string' ? `# ${choice}` : choice.short,
  );

describe('the choices of the menu', () => {
  it('at first: what was run last, the usual commands, a line for each topic', () => {
    expect(names()).toEqual([
      '# Again',
      'deploy --create-stack',
      '# Project',
      'deploy',
      '# More',
      'manage …',
      'sandbox …',
      'all …',
      '#  ',
      'elsewhere',
      'leave',
    ]);
  });

  it('the command that was typed comes before those that only contain it', () => {
    const commands = ['manage:restart', 'manage:start', 'manage:schedule:set', 'sandbox:start'].map((id) => ({
      id,
      summary: 'Start or restart something.',
    }));
    const found = (term: string) => names(term, { commands }).filter((name) => !name.startsWith('#'));
    expect(found('manage start')).toEqual(['manage start', 'manage restart', 'manage schedule set']);
    expect(found('start')).toEqual([
      'manage start',
      'manage restart',
      'sandbox start',
      'manage schedule set',
    ]);
    expect(found('sandbox st')[0]).toBe('sandbox start');
  });

  it('a part begins with what the scripts began with: nobody who means a backup deletes old ones', () => {
    const of = (...ids: string[]) => ids.map((id) => ({ id, summary: 'Do something.' }));
    const found = (term: string, ...ids: string[]) =>
      names(term, { commands: of(...ids), recent: [] }).filter((name) => !name.startsWith('#'));
    expect(found('backup', 'backup:auto', 'backup:cleanup', 'backup:create', 'backup:list')).toEqual([
      'backup create',
      'backup list',
      'backup auto',
      'backup cleanup',
    ]);
    expect(found('manage', 'manage:quick', 'manage:restart', 'manage:start', 'manage:status')).toEqual([
      'manage status',
      'manage start',
      'manage restart',
      'manage quick',
    ]);
  });

  it('what cannot work here is found by its name, and before what only speaks of it', () => {
    const withheld = [{ id: 'deploy', summary: 'Build, push and deploy.' }];
    const commands = [{ id: 'rollback', summary: 'Go back to an earlier deploy.' }];
    const here = { commands, withheld, recent: [], place: undefined };
    expect(names('deploy', here)).toEqual([
      '# Needs an infractl.yaml without mistakes',
      'deploy',
      '# Project',
      'rollback',
    ]);
    expect(names('push', here)).toEqual([]);
    expect(names(undefined, here)).not.toContain('deploy');
  });

  it('what commands do stands in one column', () => {
    const commands = ['manage:schedule:skip-until', 'manage:schedule:set'].map((id) => ({
      id,
      summary: 'Does.',
    }));
    const shown = menuChoices({ ...facts, commands, recent: [] }, 'manage', 80).flatMap((choice) =>
      typeof choice === 'string' || choice.value.kind !== 'command' ? [] : [choice.name.indexOf('Does.')],
    );
    expect(new Set(shown).size).toBe(1);
  });

  it('what takes something away is not the first of what fits alike', () => {
    const ids = [
      'sandbox:reset',
      'sandbox:start',
      'sandbox:status',
      'sandbox:stop',
      'destroy',
      'secrets:set',
    ];
    const commands = ids.map((id) => ({ id, summary: 'Begins anew.' }));
    const found = (term: string) =>
      names(term, { commands, recent: [], place: undefined }).filter((name) => !name.startsWith('#'));
    expect(found('sandbox')).toEqual(['sandbox status', 'sandbox start', 'sandbox stop', 'sandbox reset']);
    expect(found('sandbox res')).toEqual(['sandbox reset']);
    // All fit by what they do.
    expect(found('anew').slice(-1)).toEqual(['destroy']);
    expect(found('destroy')).toEqual(['destroy']);
  });

  it('what the last command advised comes first, and once', () => {
    const advised = ['deploy --create-stack', 'diff'];
    expect(names(undefined, { advised }).slice(0, 4)).toEqual([
      '# Next',
      'deploy --create-stack',
      'diff',
      '# Project',
    ]);
    expect(names('diff', { advised })).toEqual(['# Next', 'diff']);
  });

  it('what was advised does not come before the command that is typed', () => {
    const commands = ['deploy', 'manage:start', 'redeploy:rollback'].map((id) => ({ id, summary: '' }));
    const found = (term: string, ...advised: string[]) =>
      names(term, { commands, recent: [], advised }).filter((name) => !name.startsWith('#'));
    expect(found('deploy', 'redeploy rollback --app mbot')).toEqual([
      'deploy',
      'redeploy rollback',
      'redeploy rollback --app mbot',
    ]);
    expect(found('deploy', 'deploy --create-stack')[0]).toBe('deploy --create-stack');
    expect(found('start', 'manage start --sandbox')[0]).toBe('manage start --sandbox');
    expect(found('app', 'redeploy rollback --app mbot')).toEqual(['redeploy rollback --app mbot']);
  });

  it('typing finds every command, whatever is shown, by every word in names and summaries', () => {
    expect(names('STOP machine')).toEqual(['# Sandbox: An AWS here.', 'sandbox stop']);
    expect(names('lock')).toEqual(['# Project', 'unlock']);
    expect(names('create')).toEqual(['# Again', 'deploy --create-stack']);
    expect(names('prod')).toEqual(['#  ', 'elsewhere']);
    expect(names('xyz')).toEqual([]);
  });

  it('all of them, or a topic, group by group, with a way back', () => {
    expect(names(undefined, { shown: 'all', recent: [], place: undefined })).toEqual([
      '# Project',
      'deploy',
      'unlock',
      '# Manage',
      'manage stop',
      '# Manage schedule',
      'manage schedule set',
      '# Sandbox: An AWS here.',
      'sandbox start',
      'sandbox stop',
      '#  ',
      'back',
      'leave',
    ]);
  });

  it.each([20, 30, 80])('fit a terminal of %i columns', (columns) => {
    for (const choice of menuChoices(facts, undefined, columns))
      expect((typeof choice === 'string' ? choice : choice.name).length).toBeLessThanOrEqual(columns - 2);
  });
});

describe('what was run last', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-menu-'));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is kept by project, each line once, three at the most; a broken file is none', () => {
    vi.stubEnv('XDG_CACHE_HOME', folder);
    expect(recentLines('/a')).toEqual([]);
    for (const line of ['one', 'two', 'three', 'one', 'four']) rememberLine('/a', line);
    expect(recentLines('/a')).toEqual(['four', 'one', 'three']);
    expect(recentLines('/b')).toEqual([]);
    const file = path.join(folder, 'a file');
    writeFileSync(file, '');
    vi.stubEnv('XDG_CACHE_HOME', file);
    rememberLine('/a', 'five');
    expect(recentLines('/a')).toEqual([]);
  });

  it.each([
    [[], false],
    [['deploy --sandbox'], true],
    [['sandbox start'], true],
    [['deploy --sandbox', 'sandbox stop'], false],
    [['deploy --sandbox', 'deploy'], false],
  ])('%j goes on in the sandbox: %s', (lines, expected) => {
    vi.stubEnv('XDG_CACHE_HOME', folder);
    for (const line of lines) rememberLine(`/of ${lines}`, line);
    expect(wasInSandbox(`/of ${lines}`)).toBe(expected);
  });
});

describe('the quick look in words', () => {
  const stack = (name: string, mood: string, words = '') => ({ stack: name, stackName: name, mood, words });
  it.each([
    ['[]', 'It has no stacks.'],
    [JSON.stringify([stack('a', 'good'), stack('b', 'good')]), 'all stacks are well.'],
    [
      JSON.stringify([
        stack('a', 'good'),
        stack('b', 'bad', 'creation failed'),
        stack('c', 'absent'),
        stack('d', 'busy'),
      ]),
      'b: creation failed; at work: d; well: a; not deployed: c.',
    ],
    ['{"error":{"message":"There are no AWS credentials."}}', 'There are no AWS credentials.'],
    ['', undefined],
  ])('%s', (json, words) => expect(lookWords(json)).toBe(words));
});

describe('a line that is typed', () => {
  it.each([
    ['', []],
    ['  --env  prod ', ['--env', 'prod']],
    [`--confirm "a b" 'c d' e"f g"h`, ['--confirm', 'a b', 'c d', 'ef gh']],
  ])('%j is the words that a shell would make of it', (line, words) =>
    expect(shellWords(line).words).toEqual(words),
  );
});

describe('the command lines in what was advised', () => {
  it.each([
    ['Create it: infractl deploy --create-stack --sandbox', 'deploy --create-stack --sandbox'],
    ['infractl explain app', 'explain app'],
    ['Start it: `infractl sandbox start`', 'sandbox start'],
  ])('%s', (advice, line) => expect(advisedLines([advice])).toEqual([line]));

  it.each([
    'Or try it without an account: infractl sandbox start, then add --sandbox.',
    'Name it: infractl init BLUEPRINT',
    'infractl deploy --help',
    'cd my-auth',
    'Wait until it is done, then run the same command again.',
  ])('%s: none', (advice) => expect(advisedLines([advice])).toEqual([]));
});
