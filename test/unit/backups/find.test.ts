import { describe, expect, it } from 'vitest';
import { findBackup } from '../../../src/lib/backups/look.ts';
import type { Backup } from '../../../src/lib/backups/types.ts';
import { backups, NIGHT } from './setup.ts';

const HERE = 'eu-west-3';
const THERE = 'eu-central-1';

/** A night's backup here and its copy there. */
function withCopy(state: Backup['state'] = 'good', subject = 'i-0000000000000001'): Backup[] {
  const [made] = backups([NIGHT], { subject, backup: 'nightly-1' });
  if (!made) throw new Error('no backup');
  const copied = made.snapshots.map((one) => ({ ...one, id: `${one.id}-copy`, region: THERE }));
  return [
    { ...made, state },
    { ...made, region: THERE, snapshots: copied },
  ];
}

describe('finding one backup', () => {
  it.each(['latest', 'nightly-1'])('%s that has a copy elsewhere is the one that is here', (wanted) => {
    expect(findBackup(withCopy(), wanted, undefined, HERE).region).toBe(HERE);
    expect(findBackup(withCopy(), wanted, 'i-0000000000000001', THERE).region).toBe(THERE);
  });

  it('a copy that is elsewhere says where to work', () => {
    const all = withCopy();
    const copy = all[1]?.snapshots[0]?.id ?? '';
    for (const find of [
      () => findBackup(all, copy, undefined, HERE),
      () => findBackup(withCopy('failed'), 'latest', undefined, HERE),
    ])
      expect(find).toThrow(`is a copy in ${THERE}`);
  });

  it('of several subjects wants to know which, each named once', () => {
    const all = [...withCopy(), ...withCopy('good', 'shop')];
    expect(() => findBackup(all, 'latest', undefined, HERE)).toThrow(
      'nightly-1 is of several: i-0000000000000001 and shop.',
    );
    expect(findBackup(all, 'latest', 'shop', HERE).subject).toBe('shop');
  });
});
