import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalog } from '../../../src/lib/completion/catalog.ts';
import { keptByBash, lineWords, wantedAt } from '../../../src/lib/completion/index.ts';
import { ARGUMENT_KINDS, FLAG_KINDS } from '../../../src/lib/completion/kinds.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
const manifest: Catalog = {
  commands: read('oclif.manifest.json').commands,
  topics: read('package.json').oclif.topics,
};

const catalog: Catalog = {
  commands: {
    deploy: {
      id: 'deploy',
      summary: 'Deploy it.',
      strict: false,
      args: { part: {} },
      flags: {
        env: { name: 'env', char: 'e', type: 'option', description: 'Environment. Of it.' },
        yes: { name: 'yes', char: 'y', type: 'boolean', allowNo: true },
        skip: { name: 'skip', type: 'option', multiple: true },
        engine: { name: 'engine', type: 'option', options: ['scheduler', 'cron'] },
        secret: { name: 'secret', type: 'boolean', hidden: true },
      },
    },
    attach: { id: 'attach', summary: 'Join.', args: { stack: {} }, flags: {} },
    'manage:stop': { id: 'manage:stop', summary: 'Stop.', args: {}, flags: {} },
    'manage:schedule:set': { id: 'manage:schedule:set', summary: 'Set.', args: {}, flags: {} },
    inside: { id: 'inside', hidden: true, args: {}, flags: {} },
  },
  topics: { manage: { description: 'Machines.' }, 'manage:schedule': { description: 'Times.' } },
};
const values = (...words: string[]) => wantedAt(words, catalog).candidates.map(({ value }) => value);

describe('completing a command line', () => {
  it('offers commands and topics with what they are, each level its own', () => {
    expect(wantedAt([''], catalog).candidates).toEqual([
      { value: 'attach', description: 'Join.' },
      { value: 'deploy', description: 'Deploy it.' },
      { value: 'manage', description: 'Machines.' },
    ]);
    expect(values('ma')).toEqual(['manage']);
    expect(values('manage', '')).toEqual(['schedule', 'stop']);
    expect(values('manage', 'schedule', '')).toEqual(['set']);
    expect(values('help', 'manage', 's')).toEqual(['schedule', 'stop']);
    expect(values('nothing', '')).toEqual([]);
  });

  it('offers flags that are not there yet, those that repeat always, hidden ones never', () => {
    expect(wantedAt(['deploy', '--e'], catalog).candidates).toEqual([
      { value: '--engine' },
      { value: '--env', description: 'Environment' },
    ]);
    expect(values('deploy', '-y', '-e', 'prod', '--skip', 'a', '-')).toEqual(['--engine', '--skip']);
    expect(values('deploy', '--', '--')).toEqual([]);
  });

  it('offers the values of a flag, behind a space and behind an equals sign', () => {
    expect(values('deploy', '--engine', '')).toEqual(['scheduler', 'cron']);
    expect(values('deploy', '--engine=c')).toEqual(['--engine=cron']);
    expect(wantedAt(['deploy', '--env', 'p'], catalog)).toMatchObject({ kind: 'environment', prefix: '' });
    expect(wantedAt(['deploy', '-e', ''], catalog)).toMatchObject({ kind: 'environment' });
    expect(wantedAt(['deploy', '--env=p'], catalog)).toMatchObject({ kind: 'environment', prefix: '--env=' });
  });

  it('knows what an argument is, also the third of any number; and where there is none', () => {
    expect(wantedAt(['deploy', ''], catalog)).toMatchObject({ kind: 'part' });
    expect(wantedAt(['deploy', 'a', '--env', 'prod', 'b', ''], catalog)).toMatchObject({
      kind: 'part',
      given: new Map([['env', 'prod']]),
    });
    expect(wantedAt(['attach', ''], catalog)).toMatchObject({ kind: 'stack' });
    expect(wantedAt(['attach', 'app', ''], catalog)).toMatchObject({ kind: 'free', candidates: [] });
  });

  it('answers any line, and only with what goes on from what is typed', () => {
    const word = fc.constantFrom(
      'deploy',
      'manage',
      '--env',
      '-e',
      '--',
      '-',
      '',
      'help',
      '--engine=',
      'x y',
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), (words) => {
        for (const { value } of wantedAt(words, manifest).candidates)
          expect(value.startsWith(words.at(-1) ?? '')).toBe(true);
      }),
    );
  });

  it('speaks of flags and arguments that there are', () => {
    const commands = Object.values(manifest.commands);
    const flags = new Set(commands.flatMap((command) => Object.keys(command.flags)));
    for (const key of Object.keys(FLAG_KINDS)) {
      const [flag = '', ...command] = key.split(' ').reverse();
      if (command.length === 0) expect(flags, key).toContain(flag);
      else expect(manifest.commands[command.reverse().join(':')]?.flags, key).toHaveProperty(flag.slice(2));
    }
    for (const key of Object.keys(ARGUMENT_KINDS)) {
      const words = key.split(' ');
      expect(manifest.commands[words.slice(0, -1).join(':')]?.args, key).toHaveProperty(words.at(-1) ?? '');
    }
  });
});

describe('a line of bash', () => {
  it('is taken apart as bash does', () => {
    expect(lineWords('infractl ')).toEqual(['']);
    expect(lineWords('infractl deploy --env=p')).toEqual(['deploy', '--env=p']);
    expect(lineWords(`infractl host run 'a b' "c \\" d" e\\ f `)).toEqual([
      'host',
      'run',
      'a b',
      'c " d',
      'e f',
      '',
    ]);
    expect(lineWords(`infractl logs 'open qu`)).toEqual(['logs', 'open qu']);
  });

  it('keeps what is before its last word break', () => {
    expect(keptByBash('--env=pr', ' =:')).toBe(6);
    expect(keptByBash('stack:app', ' =:')).toBe(6);
    expect(keptByBash('stack:app', ' =')).toBe(0);
    expect(keptByBash('prod', ' =:')).toBe(0);
  });
});
