import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decide,
  type Item,
  isShared,
  keptRuns,
  namesIn,
  type Run,
  type User,
} from '../../../src/lib/prune/index.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 31);
const policy = { now: NOW, grace: DAY };

const hex = fc.constantFrom(...'0123456789ab').map((letter) => letter.repeat(64));
const item: fc.Arbitrary<Item> = fc
  .record({
    kind: fc.constantFrom('image' as const, 'object' as const, 'entry' as const),
    hash: hex,
    at: fc.constantFrom(0, NOW - 2 * DAY, NOW - DAY / 2, Number.POSITIVE_INFINITY),
    tags: fc.subarray(['content-0123', 'abcdef0', 'keep-api-live', 'v1', `sha256-${'1'.repeat(64)}.sig`]),
    children: fc.uniqueArray(hex, { maxLength: 3 }),
  })
  .map(({ kind, hash, at, tags, children }) => ({
    kind,
    id:
      kind === 'image'
        ? `sha256:${hash}`
        : kind === 'object'
          ? `code/${hash}.zip`
          : `journal/dev/${hash.slice(0, 6)}.json`,
    place: kind === 'image' ? 'shop' : 'bucket',
    size: 1,
    at,
    tags: kind === 'image' ? tags : [],
    children: kind === 'image' ? children.map((child) => `sha256:${child}`) : [],
  }));
const items = fc.uniqueArray(item, { selector: ({ id }) => id, maxLength: 12 });
const users = fc
  .array(
    fc.record({
      who: fc.constant('somebody'),
      around: fc.constantFrom('', ' ', '"', '/', '@sha256:'),
      hash: hex,
    }),
    { maxLength: 6 },
  )
  .map((all): User[] =>
    all.map(({ who, around, hash }) => ({ who, text: `x${around === '' ? ' ' : around}${hash}.zip` })),
  );

const gone = (verdicts: ReturnType<typeof decide>) => verdicts.filter(({ remove }) => remove);

describe('what goes', () => {
  it('is never used, young, marked, or tagged by somebody', () => {
    fc.assert(
      fc.property(items, users, (all, by) => {
        const named = new Set(by.flatMap(({ text }) => [...namesIn(text)]));
        for (const one of gone(decide(all, by, new Map(), policy))) {
          if (one.kind !== 'entry') expect([...named].some((hash) => one.id.includes(hash))).toBe(false);
          expect(one.at).toBeLessThanOrEqual(NOW - DAY);
          expect(one.tags.some((tag) => tag.startsWith('keep-') || tag === 'v1')).toBe(false);
        }
      }),
    );
  });

  it.each([
    ['20260105', false],
    ['20260105090000', false],
    ['9f86d081884c', true],
    ['9f86d081884c-dirty', true],
  ])('an image of which nothing tells but the tag %s goes: %s', (tag, goes) => {
    const image: Item = {
      kind: 'image',
      id: `sha256:${'a'.repeat(64)}`,
      place: 'shop',
      size: 1,
      at: 0,
      tags: [tag],
      children: [],
    };
    expect(gone(decide([image], [], new Map(), policy))).toHaveLength(goes ? 1 : 0);
  });

  it('was not pulled for the time of grace, and a day: ECR notes a pull once a day', () => {
    const pulled = (pulledAt: number | undefined) => {
      const id = `sha256:${'7'.repeat(64)}`;
      const image: Item = { kind: 'image', id, place: 'shop', size: 1, at: 0, tags: [], children: [] };
      return decide([pulledAt === undefined ? image : { ...image, pulledAt }], [], new Map(), policy)[0];
    };
    // A pull of 25 hours ago may be all that ECR has noted of one an hour ago.
    expect(pulled(NOW - DAY - 3_600_000)).toMatchObject({ remove: false, because: 'it was pulled lately' });
    expect(pulled(NOW - 2 * DAY - 1)?.remove).toBe(true);
    expect(pulled(undefined)?.remove).toBe(true);
  });

  it('is never part of an index that stays, nor the signature of an image that stays', () => {
    fc.assert(
      fc.property(items, users, (all, by) => {
        const verdicts = decide(all, by, new Map(), policy);
        const leaves = new Set(gone(verdicts).map(({ id }) => id));
        const stays = new Set(verdicts.filter(({ remove }) => !remove).map(({ id }) => id));
        for (const one of verdicts) {
          if (stays.has(one.id)) for (const child of one.children) expect(leaves.has(child)).toBe(false);
          if (one.tags.some((tag) => tag.startsWith('sha256-')) && stays.has(`sha256:${'1'.repeat(64)}`))
            expect(leaves.has(one.id)).toBe(false);
        }
      }),
    );
  });

  it('is all that is old, not named and carries only tags of ours; each verdict has its reason', () => {
    fc.assert(
      fc.property(items, (all) => {
        const plain = all.map((one) => ({ ...one, at: 0, tags: [], children: [] }));
        const verdicts = decide(plain, [], new Map(), policy);
        expect(verdicts.every(({ remove, because }) => remove && because.length > 0)).toBe(true);
      }),
    );
  });

  it('more users never make more go', () => {
    fc.assert(
      fc.property(items, users, users, (all, some, others) => {
        const few = new Set(gone(decide(all, some, new Map(), policy)).map(({ id }) => id));
        for (const { id } of gone(decide(all, [...some, ...others], new Map(), policy)))
          expect(few.has(id)).toBe(true);
      }),
    );
  });
});

describe('the runs that stay', () => {
  const run = fc.record({
    daysAgo: fc.nat(90),
    result: fc.constantFrom('succeeded', 'failed', 'running'),
    rests: fc.nat(9),
  });
  it('are the newest, the young, the running, and what any of them rests on', () => {
    fc.assert(
      fc.property(fc.array(run, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (made, newest) => {
        const sorted = made.toSorted((a, b) => b.daysAgo - a.daysAgo);
        const runs = sorted.map(({ daysAgo, result, rests }, at): Run & { on: string } => ({
          id: String(at),
          result,
          startedAt: new Date(NOW - daysAgo * DAY).toISOString(),
          on: String(Math.max(0, at - rests)),
        }));
        const kept = keptRuns(runs, { newest, within: 30 * DAY, now: NOW }, ({ on }) => [on]);
        for (const one of runs.slice(-newest)) expect(kept.has(one.id)).toBe(true);
        for (const one of runs) {
          const young = NOW - Date.parse(one.startedAt) < 30 * DAY;
          if (young || one.result === 'running') {
            expect(kept.has(one.id)).toBe(true);
            expect(kept.has(one.on)).toBe(true);
          }
        }
      }),
    );
  });
});

describe('a repository', () => {
  const own = '123456789012';
  it.each([
    [undefined, false],
    [
      '{"Statement":[{"Principal":{"Service":"lambda.amazonaws.com"},"Action":["ecr:BatchGetImage"]}]}',
      false,
    ],
    [`{"Statement":[{"Principal":{"AWS":"arn:aws:iam::${own}:root"}}]}`, false],
    ['{"Statement":[{"Principal":{"AWS":"arn:aws:iam::210987654321:root"}}]}', true],
    ['{"Statement":[{"Principal":"*"}]}', true],
    ['{"Statement":[{"Principal":{"AWS":["*"]}}]}', true],
    [
      '{"Statement":[{"Principal":{"AWS":"x"},"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}}]}',
      true,
    ],
  ])('%s is shared: %s', (text, shared) => {
    expect(isShared(text, own)).toBe(shared);
  });
});
