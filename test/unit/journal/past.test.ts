import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { InfractlError } from '../../../src/lib/base/errors.ts';
import {
  asItIs,
  chooseTarget,
  type JournalEntry,
  leftState,
  standingAt,
  type Witness,
} from '../../../src/lib/journal/index.ts';

const NOW = Date.UTC(2026, 0, 5, 12);

let serial = 0;
function run(
  command: string,
  result: JournalEntry['result'],
  parts: JournalEntry['parts'] = [],
  more: Partial<JournalEntry> = {},
): JournalEntry {
  const at = new Date(NOW + ++serial * 1000);
  return {
    format: 1,
    id: `${at.toISOString().replace(/[-:.]/g, '')}-${serial.toString(16).padStart(6, '0')}`,
    project: 'shop',
    environment: 'dev',
    command,
    who: 'arn:aws:iam::123456789012:user/dev',
    host: 'laptop',
    user: 'ada',
    infractl: '0',
    startedAt: at.toISOString(),
    result,
    parts,
    ...more,
  };
}
const stack = (name: string, sha: string, outcome = 'updated') => ({
  part: `stack ${name}`,
  outcome,
  ms: 1,
  after: { templateSha256: sha },
});
const target = (entries: JournalEntry[], wanted?: string) =>
  chooseTarget(entries.toReversed(), wanted).entry.id;

describe('where a rollback goes', () => {
  const one = run('deploy', 'succeeded', [stack('a', '1')]);
  const two = run('deploy', 'succeeded', [stack('a', '2')]);

  it('after a good run to the state before it, after any other to the newest good one', () => {
    expect(target([one, two])).toBe(one.id);
    for (const result of ['failed', 'unhealthy', 'interrupted', 'abandoned', 'running'] as const)
      expect(target([one, two, run('deploy', result, [stack('a', '3')])])).toBe(two.id);
  });

  it('only to what left a state: no start, no destroy, nothing that failed', () => {
    expect([one, two].map(leftState)).toEqual([true, true]);
    const others = [
      run('manage stop', 'succeeded', [], { act: 'stop' }),
      run('deploy', 'failed', [stack('a', '3')]),
      run('destroy', 'succeeded', [], { act: 'destroy' }),
    ];
    expect(others.map(leftState)).toEqual([false, false, false]);
  });

  it('where there is none, says how an application goes back to its release before', () => {
    const released = { part: 'release mbot', outcome: 'created', ms: 1, after: { places: {} } };
    const advice = (entries: JournalEntry[]) => {
      try {
        return target(entries);
      } catch (error) {
        return (error as InfractlError).suggestions;
      }
    };
    const again = 'Deploy again: infractl deploy --create-stack';
    expect(advice([one])).toEqual([again]);
    expect(advice([run('deploy', 'succeeded', [stack('a', '1'), released])])).toEqual([
      'To the release of mbot before this one: infractl redeploy rollback --app mbot',
      again,
    ]);
  });

  it('never from or to a cancel, which is no state, whatever it says of its parts', () => {
    const cancel = run('attach a', 'succeeded', [stack('a', '9', 'deleted')], { act: 'cancel' });
    expect(target([one, two, cancel])).toBe(one.id);
    expect(chooseTarget([cancel, two, one]).newest.id).toBe(two.id);
    expect(() => target([one, two, cancel], cancel.id)).toThrow('has no deploy');
    expect(standingAt([one, two, cancel])).toEqual(standingAt([one, two]));
    const left = run('deploy --detach', 'left', [stack('a', '3', 'started')]);
    expect(target([one, two, left])).toBe(two.id);
  });

  it('after a rollback to what that one took back; a run that changed nothing is no state of its own', () => {
    const back = run('rollback', 'succeeded', [stack('a', '1')], { rollbackOf: two.id, rollbackTo: one.id });
    expect(target([one, two, back])).toBe(two.id);
    const same = run('deploy', 'succeeded', [stack('a', '2', 'unchanged')]);
    expect(target([one, two, same])).toBe(one.id);
  });

  it('of one that was cut off is where that one went, not where it came from', () => {
    const three = run('deploy', 'succeeded', [stack('a', '3')]);
    const back = (result: JournalEntry['result']) =>
      run('rollback', result, [stack('a', '1')], { rollbackOf: three.id, rollbackTo: one.id });
    for (const result of ['failed', 'interrupted', 'abandoned'] as const)
      expect(target([one, two, three, back(result)])).toBe(one.id);
    // One that came to its end and is not healthy is given up.
    expect(target([one, two, three, back('unhealthy')])).toBe(three.id);
  });

  it('is never a destroy, a cancel, or a run that failed', () => {
    const bad = run('deploy', 'failed', [stack('a', '3')]);
    const end = run('destroy', 'succeeded', [stack('a', '2', 'deleted')]);
    expect(() => target([one, bad], bad.id)).toThrow('only a deploy or a rollback that succeeded');
    expect(() => target([one, end], end.id)).toThrow('only a deploy');
    expect(() => target([one, two, end])).toThrow('destroyed');
    expect(target([one, two, end], two.id.slice(-6))).toBe(two.id);
    expect(() => target([])).toThrow('Nothing was deployed');
    expect(() => target([one])).toThrow('no earlier state');
    expect(() => target([one], 'ffffff')).toThrow('no deploy "ffffff"');
  });

  it('of any history is a good deploy or rollback, and not the newest run where that was good', () => {
    const some = fc.record({
      command: fc.constantFrom('deploy', 'deploy --create-stack', 'rollback', 'destroy', 'cancel app'),
      result: fc.constantFrom('succeeded' as const, 'failed' as const, 'abandoned' as const),
      sha: fc.constantFrom('1', '2', '3'),
    });
    fc.assert(
      fc.property(fc.array(some, { maxLength: 8 }), (made) => {
        const entries = made.map(({ command, result, sha }) => run(command, result, [stack('a', sha)]));
        let found: JournalEntry;
        try {
          found = chooseTarget(entries.toReversed()).entry;
        } catch (error) {
          expect(error).toMatchObject({ exit: 2 });
          return;
        }
        expect(found.result).toBe('succeeded');
        expect(found.command).toMatch(/^(deploy|rollback)/);
        const newest = entries.findLast(({ command }) => /^(deploy|rollback|destroy)/.test(command));
        if (newest?.result === 'succeeded') expect(found.id).not.toBe(newest.id);
      }),
    );
  });
});

describe('what an environment was made of', () => {
  it('is, part by part, what the newest run that made it left', () => {
    const first = run('deploy', 'succeeded', [stack('a', '1'), stack('b', '1')]);
    const second = run('deploy', 'failed', [stack('a', '2'), { ...stack('b', '2'), outcome: 'failed' }]);
    const third = run('deploy', 'succeeded', [stack('b', '3')]);
    const at = (id?: string) =>
      [...standingAt([first, second, third], id)].map(
        ([part, { after }]) => `${part} ${after?.templateSha256}`,
      );
    expect(at(first.id)).toEqual(['stack a 1', 'stack b 1']);
    expect(at(second.id)).toEqual(['stack a 2', 'stack b 1']);
    expect(at()).toEqual(['stack a 2', 'stack b 3']);
  });

  it('loses with a deleted stack what was in it, and nothing else', () => {
    const fn = (name: string, of: string) => ({
      part: `function ${name}`,
      outcome: 'updated',
      ms: 1,
      config: { functionName: { output: `${of}.Name` } },
    });
    const made = run('deploy', 'succeeded', [stack('a', '1'), stack('b', '1'), fn('x', 'a'), fn('y', 'b')]);
    const gone = run('destroy', 'failed', [stack('a', '1', 'deleted')]);
    expect([...standingAt([made, gone]).keys()]).toEqual(['stack b', 'function y']);
  });

  it('keeps a function that was taken back as it was before', () => {
    const fn = (version: string, outcome: string) => ({
      part: 'function x',
      outcome,
      ms: 1,
      after: { version },
    });
    const entries = [
      run('deploy', 'succeeded', [fn('1', 'updated')]),
      run('deploy', 'unhealthy', [fn('2', 'reverted')]),
    ];
    expect(standingAt(entries).get('function x')?.after).toEqual({ version: '1' });
  });
});

describe('a run that never ended', () => {
  const here = (lives: boolean): Witness => ({ now: NOW, host: 'laptop', lives: () => lives });
  const started = (minutes: number, more: Partial<JournalEntry> = {}) =>
    run('deploy', 'running', [], {
      startedAt: new Date(NOW - minutes * 60_000).toISOString(),
      pid: 7,
      ...more,
    });

  it.each([
    ['its process lives', started(5), true, 'running'],
    ['its process is gone', started(1), false, 'abandoned'],
    ['another host, a moment ago', started(1, { host: 'ci' }), false, 'running'],
    ['another host, silent for long', started(60, { host: 'ci' }), false, 'abandoned'],
    [
      'another host, long but not silent',
      started(60, { host: 'ci', aliveAt: new Date(NOW - 60_000).toISOString() }),
      false,
      'running',
    ],
  ])('%s', (_, entry, lives, result) => {
    expect(asItIs(entry, here(lives)).result).toBe(result);
  });

  it('one that ended stays as it ended', () => {
    const entry = run('deploy', 'failed', [], { startedAt: new Date(0).toISOString() });
    expect(asItIs(entry, here(false))).toBe(entry);
  });
});
