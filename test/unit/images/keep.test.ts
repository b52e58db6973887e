import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ecrPort } from '../../../src/lib/aws/ecr.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { keepImage } from '../../../src/lib/images/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

let fake: Fake;
let events: ReportEvent[];
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const uri = (letter: string) => `123456789012.dkr.ecr.eu-west-3.amazonaws.com/shop@${digest(letter)}`;

beforeEach(async () => {
  fake = await startFake();
  events = [];
  fake.state.ecr.repositories.set(
    'shop',
    ['a', 'b', 'c'].map((letter, i) => ({
      digest: digest(letter),
      tags: new Set([`content-${letter}`]),
      sizeInBytes: 1,
      pushedAt: i,
    })),
  );
});
afterEach(() => fake.close());

const keep = async (letter: string) =>
  keepImage(
    { ecr: ecrPort(await sessionFor(fake)), reporter: { emit: (event) => events.push(event) } },
    'api',
    uri(letter),
  );

function holder(tag: string): string | undefined {
  return fake.state.ecr.repositories.get('shop')?.find(({ tags }) => tags.has(tag))?.digest;
}

describe('images in use', () => {
  it('are marked: the one that runs, and the one before it', async () => {
    await keep('a');
    expect(holder('keep-api-live')).toBe(digest('a'));
    expect(holder('keep-api-previous')).toBeUndefined();
    await keep('b');
    await keep('c');
    expect(holder('keep-api-live')).toBe(digest('c'));
    expect(holder('keep-api-previous')).toBe(digest('b'));
    await keep('b');
    expect(holder('keep-api-live')).toBe(digest('b'));
    expect(holder('keep-api-previous')).toBe(digest('c'));
    expect(events).toEqual([]);
  });

  it('keep the tags that they had', async () => {
    await keep('a');
    expect(holder('content-a')).toBe(digest('a'));
  });

  it('are left alone when they are marked already', async () => {
    await keep('a');
    fake.actions();
    await keep('a');
    expect(fake.actions()).toEqual(['ecr:DescribeImages']);
  });

  it('in a repository whose tags do not move: said, and no failure', async () => {
    fake.state.ecr.immutable = true;
    await keep('a');
    await keep('b');
    expect(holder('keep-api-live')).toBe(digest('a'));
    expect(events).toEqual([
      expect.objectContaining({ type: 'note', message: expect.stringContaining('keep-api-live') }),
    ]);
  });

  it('that may not be marked: a warning, and no failure', async () => {
    fake.faults.deny('ecr:PutImage', {});
    await keep('a');
    expect(events).toEqual([
      expect.objectContaining({ type: 'warning', message: expect.stringContaining('ecr:PutImage') }),
    ]);
  });
});
