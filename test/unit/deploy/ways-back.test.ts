import { describe, expect, it } from 'vitest';
import { bringBack, waysBack } from '../../../src/lib/deploy/rollback/past-releases.ts';
import type { PastPart } from '../../../src/lib/journal/index.ts';
import type { ReleasePart } from '../../../src/lib/project/model.ts';

const part = (source: object, group = false) =>
  ({ name: 'app', hosts: [], source, ...(group ? { group: {} } : {}) }) as unknown as ReleasePart;
const git = { git: 'https://example.com/app.git', ref: 'main' };
const then = (...places: { place: string; id: string; commit?: string }[]): PastPart => ({
  part: 'release app',
  outcome: 'updated',
  ms: 1,
  entry: 'e',
  after: { places },
});
const how = (ways: ReturnType<typeof waysBack>) => ways.map(({ place, to, how }) => `${place} ${how} ${to}`);

describe('the way back of each place', () => {
  it('is none where it runs that release, and the kept release where it runs another', () => {
    const past = then({ place: 'a', id: '1-aaaaaaa' }, { place: 'b', id: '2-aaaaaaa' });
    const there = [
      { place: 'a', running: '1-aaaaaaa', kept: ['1-aaaaaaa', '3-bbbbbbb'] },
      { place: 'b', running: '4-bbbbbbb', kept: ['2-aaaaaaa', '4-bbbbbbb'] },
    ];
    expect(how(waysBack(part(git), past, there))).toEqual(['a same 1-aaaaaaa', 'b kept 2-aaaaaaa']);
  });

  it('is the same commit by another id on a member that came later', () => {
    const past = then({ place: 'i-1', id: '1-aaaaaaa' });
    const there = [{ place: 'i-9', running: '8-bbbbbbb', kept: ['7-aaaaaaa', '8-bbbbbbb'] }];
    expect(how(waysBack(part(git, true), past, there))).toEqual(['i-9 kept 7-aaaaaaa']);
  });

  it('is git once more where nothing is kept, and none for a folder', () => {
    const past = then({ place: 'a', id: '1-aaaaaaa', commit: 'aaaaaaa0123' });
    const there = [{ place: 'a', running: null, kept: [] }];
    expect(how(waysBack(part(git), past, there))).toEqual(['a again aaaaaaa0123']);
    expect(how(waysBack(part({ folder: '', exclude: [] }), past, there))).toEqual(['a gone 1-aaaaaaa']);
    expect(how(waysBack(part(git), then(), there))).toEqual(['a gone ']);
  });
});

describe('the going back', () => {
  /** What is done, in order. */
  async function done(one: ReleasePart, there: Parameters<typeof waysBack>[2]): Promise<string[]> {
    const did: string[] = [];
    const past = then({ place: 'a', id: '1-aaaaaaa', commit: 'aaaaaaa0123' });
    const port = {
      prepare: async (_: ReleasePart, place: string) => void did.push(`prepare ${place}`),
      deploy: async ({ source }: ReleasePart, places: readonly string[]) => {
        did.push(`deploy ${'git' in source ? source.ref : ''} ${places}`);
        return [];
      },
      back: async (_: ReleasePart, places: readonly string[], id: string) => {
        did.push(`back ${id} ${places}`);
        return [];
      },
    };
    await bringBack(
      port,
      { ...one, health: { settle: 0 }, start: 'x' } as ReleasePart,
      waysBack(one, past, there),
    );
    return did;
  }
  const kept = { place: 'a', running: '9-bbbbbbb', kept: ['1-aaaaaaa', '9-bbbbbbb'] };
  const fresh = { place: 'b', running: null, kept: [] };
  const same = { place: 'c', running: '1-aaaaaaa', kept: ['1-aaaaaaa'] };

  it('of hosts is one after the other, each its own way', async () => {
    expect(await done(part(git), [kept, fresh, same])).toEqual([
      'prepare b',
      'back 1-aaaaaaa a',
      'deploy aaaaaaa0123 b',
    ]);
  });

  it('of a group moves no member twice', async () => {
    expect(await done(part(git, true), [kept, same])).toEqual(['back aaaaaaa a']);
    expect(await done(part(git, true), [kept, fresh, same])).toEqual(['prepare b', 'deploy aaaaaaa0123 a,b']);
  });
});
