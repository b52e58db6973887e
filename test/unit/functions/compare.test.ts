import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changedSettings, isSettled, needsOf, pollDelay, runs } from '../../../src/lib/functions/compare.ts';
import type { Code, FunctionFacts } from '../../../src/lib/functions/types.ts';

const zip = (codeSha256: string): Code => ({ zip: { bytes: new Uint8Array(), sha256: '', codeSha256 } });

function facts(more: Partial<FunctionFacts> = {}, settings: Record<string, unknown> = {}): FunctionFacts {
  return {
    version: '$LATEST',
    codeSha256: 'A',
    packageType: 'Zip',
    revisionId: 'r',
    state: 'Active',
    stateReason: { code: undefined, text: undefined },
    updateStatus: 'Successful',
    updateReason: { code: undefined, text: undefined },
    imageUri: undefined,
    architectures: ['x86_64'],
    configuration: { MemorySize: 128, Timeout: 3, ...settings },
    ...more,
  };
}

const alias = (version: string, weights = {}) => ({ version, weights, revisionId: 'r' });
const on = (version: string, code = 'A', settings = {}) => facts({ version, codeSha256: code }, settings);

describe('what is to be done', () => {
  it.each([
    ['nothing', facts(), alias('3'), on('3'), 'A', [false, false, false], []],
    ['new code', facts(), alias('3'), on('3'), 'B', [true, true, true], ['code']],
    [
      'code that is there but not published',
      facts({ codeSha256: 'B' }),
      alias('3'),
      on('3'),
      'B',
      [false, true, true],
      ['code'],
    ],
    ['a first deploy', facts(), alias('$LATEST'), facts(), 'A', [false, true, true], ['alias live']],
    ['no alias', facts(), undefined, undefined, 'A', [false, true, true], ['alias live']],
    [
      'a setting',
      facts({}, { MemorySize: 256 }),
      alias('3'),
      on('3'),
      'A',
      [false, true, true],
      ['configuration (MemorySize)'],
    ],
    ['split traffic', facts(), alias('3', { '2': 0.5 }), on('3'), 'A', [false, false, true], ['alias live']],
    [
      'an update that failed',
      facts({ updateStatus: 'Failed' }),
      alias('3'),
      on('3'),
      'A',
      [true, true, true],
      ['code'],
    ],
    [
      'a version that failed',
      facts(),
      alias('3'),
      facts({ version: '3', state: 'Failed' }),
      'A',
      [false, true, true],
      ['code'],
    ],
  ] as const)('%s', (_what, latest, aliasFacts, live, wanted, [code, publish, move], reasons) => {
    const needs = needsOf({ latest, alias: aliasFacts, live }, zip(wanted), 'live');
    expect(needs).toEqual({ code, publish, alias: move, reasons });
  });

  it('does nothing exactly when it gives no reason', () => {
    const version = fc.constantFrom('$LATEST', '1', '2');
    const one = fc.record({ code: fc.constantFrom('A', 'B'), memory: fc.constantFrom(1, 2), version });
    fc.assert(
      fc.property(one, fc.constantFrom('A', 'B'), fc.boolean(), (live, wanted, split) => {
        const liveFacts = facts(
          { version: live.version, codeSha256: live.code },
          { MemorySize: live.memory },
        );
        const situation = {
          latest: facts(),
          alias: alias(live.version, split ? { '9': 0.1 } : {}),
          live: liveFacts,
        };
        const needs = needsOf(situation, zip(wanted), 'live');
        expect(needs.publish || needs.alias || needs.code).toBe(needs.reasons.length > 0);
        // Code is never given without being published, and nothing is published without moving the alias.
        if (needs.code) expect(needs.publish).toBe(true);
        if (needs.publish) expect(needs.alias).toBe(true);
      }),
    );
  });
});

describe('comparing', () => {
  it('takes what AWS fills in or leaves out for no difference, and tells names only', () => {
    const one = facts(
      {},
      { Layers: [], VpcConfig: { SubnetIds: [], VpcId: '' }, Version: '$LATEST', RevisionId: 'x' },
    );
    const other = facts({}, { Version: '4', RevisionId: 'y', State: 'Active', Description: 'commit' });
    expect(changedSettings(one, other)).toEqual([]);
    const secret = facts({}, { Environment: { Variables: { PASSWORD: 'hunter2' } } });
    expect(changedSettings(one, secret)).toEqual(['Environment']);
  });

  it('does not look at the order of keys, nor at whether a snapshot is ready', () => {
    const one = facts(
      {},
      {
        Environment: { Variables: { A: '1', B: '2' } },
        SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      },
    );
    const two = facts(
      {},
      {
        Environment: { Variables: { B: '2', A: '1' } },
        SnapStart: { ApplyOn: 'None', OptimizationStatus: 'On' },
      },
    );
    expect(changedSettings(one, two)).toEqual([]);
  });

  it('is symmetric, and finds nothing between a function and itself', () => {
    const settings = fc.dictionary(
      fc.constantFrom('MemorySize', 'Timeout', 'Role', 'Layers', 'Environment'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(settings, settings, (a, b) => {
        const [one, two] = [facts({}, a), facts({}, b)];
        expect(changedSettings(one, two)).toEqual(changedSettings(two, one));
        expect(changedSettings(one, one)).toEqual([]);
      }),
    );
  });

  it('knows an image by its digest and never takes a zip for an image', () => {
    const uri = 'r/api@sha256:abc';
    expect(runs(facts({ packageType: 'Image', imageUri: uri }), { imageUri: uri })).toBe(true);
    expect(runs(facts({ packageType: 'Image', imageUri: 'r/api@sha256:def' }), { imageUri: uri })).toBe(
      false,
    );
    expect(runs(facts({ imageUri: uri }), { imageUri: uri })).toBe(false);
  });

  it('waits for creations and updates, not for functions that sleep', () => {
    expect(isSettled(facts({ updateStatus: 'InProgress' }))).toBe(false);
    expect(isSettled(facts({ state: 'Pending' }))).toBe(false);
    expect(isSettled(facts({ state: 'Inactive' }))).toBe(true);
  });

  it('looks often at first, and never waits more than two seconds', () => {
    expect([0, 400, 2000, 60_000].map(pollDelay)).toEqual([100, 100, 500, 2000]);
  });
});
