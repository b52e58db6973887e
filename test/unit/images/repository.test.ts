import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ecrPort } from '../../../src/lib/aws/ecr.ts';
import { openSession } from '../../../src/lib/aws/session.ts';
import {
  type EcrPort,
  emptyRepository,
  newestImage,
  parseRepository,
} from '../../../src/lib/images/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';

const uri = '123456789012.dkr.ecr.eu-west-3.amazonaws.com/api';
const repository = parseRepository(uri);
const digest = (n: number) => `sha256:${String(n).padStart(64, '0')}`;

describe('a repository of ECR', () => {
  let fake: Fake;
  let ecr: EcrPort;
  const clock = { now: () => 1_000_000_000, sleep: async () => {} };

  beforeEach(async () => {
    fake = await startFake();
    const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' };
    ecr = ecrPort(await openSession({ region: 'eu-west-3' }, {}, { endpoint: fake.url, credentials }, {}));
  });
  afterEach(() => fake.close());

  function fill(count: number): void {
    fake.state.ecr.repositories.set(
      'api',
      Array.from({ length: count }, (_, n) => ({
        digest: digest(n),
        tags: new Set(n % 2 === 0 ? [`content-${n}`] : []),
        pushedAt: 900_000_000 + (n === 4 ? 50_000 : n),
        sizeInBytes: 1000 + n,
      })),
    );
  }

  test('an image by tag and by digest, and none', async () => {
    fill(3);
    const found = await ecr.describeImage(repository, { tag: 'content-2' });
    expect(found).toMatchObject({
      digest: digest(2),
      tags: ['content-2'],
      bytes: 1002,
      pushedAt: 900_000_002,
    });
    expect(await ecr.describeImage(repository, { digest: digest(1) })).toMatchObject({ tags: [] });
    expect(await ecr.describeImage(repository, { tag: 'no' })).toBeUndefined();
    await expect(ecr.describeImage({ ...repository, name: 'no' }, { tag: 'x' })).rejects.toMatchObject({
      code: 'RepositoryNotFoundException',
    });
  });

  test('the token is split into name and password', async () => {
    expect(await ecr.login(repository)).toEqual({ username: 'AWS', password: fake.state.ecr.password });
  });

  test('the newest is found over all pages', async () => {
    fill(2300);
    expect(await newestImage({ ecr, clock }, repository)).toEqual({
      uri: `${uri}@${digest(4)}`,
      digest: digest(4),
      tags: ['content-4'],
      pushedAt: 900_050_000,
      age: 99_950_000,
    });
    fill(0);
    await expect(newestImage({ ecr, clock }, repository)).rejects.toMatchObject({ code: 'NoImage' });
    fake.state.ecr.repositories.clear();
    await expect(newestImage({ ecr, clock }, repository)).rejects.toMatchObject({
      code: 'RepositoryNotFound',
    });
  });

  test('all images are deleted, a hundred at a time', async () => {
    fill(1250);
    expect(await emptyRepository({ ecr }, repository)).toBe(1250);
    expect(fake.state.ecr.repositories.get('api')).toEqual([]);
    expect(fake.mutations()).toHaveLength(13);
    expect(await emptyRepository({ ecr }, repository)).toBe(0);
    fake.state.ecr.repositories.clear();
    expect(await emptyRepository({ ecr }, repository)).toBe(0);
  });
});

/** A repository with indexes: ECR deletes no image that an index refers to. */
function withIndexes(
  refersTo: Map<string, readonly string[]>,
  stuck: ReadonlySet<string> = new Set(),
): EcrPort {
  const images = new Set([...refersTo.keys(), ...[...refersTo.values()].flat()]);
  const never = () => {
    throw new Error('not called here');
  };
  return {
    async *digests() {
      yield [...images];
    },
    async deleteImages(_repository, digests) {
      const referred = new Set([...images].flatMap((image) => refersTo.get(image) ?? []));
      const deleted = digests.filter((image) => !referred.has(image) && !stuck.has(image));
      for (const image of deleted) images.delete(image);
      const failures = digests
        .filter((image) => !deleted.includes(image))
        .map((image) => ({ digest: image, code: 'ImageReferencedByManifestList', reason: 'referenced' }));
      return { deleted, failures };
    },
    describeImage: never,
    taggedImages: never,
    tagImage: never,
    login: never,
  };
}

test('images that an index refers to go after it', async () => {
  const refers = new Map([
    ['outer', ['inner', 'a']],
    ['inner', ['b', 'c']],
  ]);
  expect(await emptyRepository({ ecr: withIndexes(refers) }, repository)).toBe(5);
  await expect(
    emptyRepository({ ecr: withIndexes(refers, new Set(['outer'])) }, repository),
  ).rejects.toMatchObject({ code: 'ImagesNotDeleted', why: expect.stringContaining('referenced') });
});
