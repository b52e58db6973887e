import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openArtifactStore } from '../../../src/lib/artifacts/index.ts';
import { artifactBucketName } from '../../../src/lib/artifacts/naming.ts';
import type { ArtifactStore, StoredObject } from '../../../src/lib/artifacts/store.ts';
import { objectUrl } from '../../../src/lib/aws/s3.ts';
import { type AwsSession, openSession } from '../../../src/lib/aws/session.ts';
import { type Fake, startFake } from '../../fake/server.ts';

async function all(store: ArtifactStore, prefix: string): Promise<StoredObject[]> {
  const found: StoredObject[] = [];
  for await (const one of store.list(prefix)) found.push(one);
  return found;
}

describe('the name of the bucket', () => {
  const region = fc.constantFrom(
    'eu-west-3',
    'us-east-1',
    'ap-southeast-1',
    'us-gov-west-1',
    'cn-northwest-1',
  );
  const account = fc.stringMatching(/^[0-9]{12}$/);

  it('is one that S3 takes, whatever the project is called', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), account, region, (project, id, where) => {
        const name = artifactBucketName(project, id, where);
        expect(name).toMatch(/^infractl-[a-z0-9][a-z0-9-]*[a-z0-9]$/);
        expect(name.length).toBeLessThanOrEqual(63);
        expect(name.endsWith(`-${id}-${where}`)).toBe(true);
      }),
    );
  });

  it('is another for every other project', () => {
    const long = (end: string) =>
      artifactBucketName(`${'project-'.repeat(9)}${end}`, '1'.repeat(12), 'eu-west-3');
    expect(long('a')).not.toBe(long('b'));
    expect(artifactBucketName('Shop', '1', 'r')).not.toBe(artifactBucketName('shop', '1', 'r'));
    expect(artifactBucketName('my_shop', '1', 'r')).not.toBe(artifactBucketName('my-shop', '1', 'r'));
  });

  it('reads well where the project’s name does', () => {
    expect(artifactBucketName('auth-manager', '123456789012', 'eu-west-3')).toBe(
      'infractl-auth-manager-123456789012-eu-west-3',
    );
  });
});

describe('the address of an object', () => {
  it.each([
    ['eu-west-3', undefined, 'https://b.s3.eu-west-3.amazonaws.com/templates/a%20b.yaml'],
    ['cn-north-1', undefined, 'https://b.s3.cn-north-1.amazonaws.com.cn/templates/a%20b.yaml'],
    ['eu-west-3', 'http://127.0.0.1:4566/', 'http://127.0.0.1:4566/b/templates/a%20b.yaml'],
  ])('in %s with the endpoint %s', (region, endpoint, url) => {
    expect(objectUrl('b', region, endpoint, 'templates/a b.yaml')).toBe(url);
  });
});

describe('the store', () => {
  let fake: Fake;
  let session: AwsSession;
  beforeEach(async () => {
    fake = await startFake();
    const credentials = { accessKeyId: 'AKIDFAKE', secretAccessKey: 'fake' };
    session = await openSession({}, {}, { endpoint: fake.url, credentials }, { AWS_REGION: 'eu-west-3' });
  });
  afterEach(() => fake.close());

  const open = async () => {
    const store = await openArtifactStore(session, 'shop', { create: true });
    if (!store) throw new Error('no store');
    return store;
  };

  it('is not made by looking', async () => {
    expect(await openArtifactStore(session, 'shop', { create: false })).toBeUndefined();
    expect(fake.mutations()).toEqual([]);
  });

  it('is made closed: no public access, versions, encryption, TLS only, old versions expire', async () => {
    await open();
    const puts = fake.mutations().map(({ action }) => action);
    expect(puts.slice(0, 2)).toEqual(['CreateBucket', 'PutPublicAccessBlock']);
    expect(puts.slice(2, -1).sort()).toEqual([
      'PutBucketEncryption',
      'PutBucketLifecycleConfiguration',
      'PutBucketPolicy',
      'PutBucketVersioning',
    ]);
    expect(puts.at(-1)).toBe('PutBucketTagging');
  });

  it('is made once: the next one only looks', async () => {
    await open();
    fake.actions();
    await open();
    expect(fake.actions().filter((action) => !/Head|Get/.test(action))).toEqual([]);
  });

  it('that was half made is finished', async () => {
    fake.faults.deny('s3:PutBucketPolicy', { times: 1 });
    await expect(open()).rejects.toMatchObject({ code: 'AccessDenied', exit: 4 });
    fake.actions();
    await open();
    const again = fake.actions();
    expect(again).toContain('s3:PutBucketPolicy');
    expect(again).not.toContain('s3:CreateBucket');
  });

  it('can be made by two at once', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    expect(one.bucket).toBe(two.bucket);
  });

  it('of another account is refused', async () => {
    await open();
    const { buckets } = fake.state.s3;
    for (const bucket of buckets.values()) Object.assign(bucket, { owner: '999999999999' });
    await expect(open()).rejects.toMatchObject({ code: 'BucketTaken', exit: 5 });
  });

  it('that lies in another region is named, with how to see where', async () => {
    await open();
    for (const bucket of fake.state.s3.buckets.values()) Object.assign(bucket, { region: 'us-east-1' });
    const advice = async (sandbox: boolean) =>
      expect(openArtifactStore({ ...session, sandbox }, 'shop', { create: true })).rejects.toMatchObject({
        code: 'BucketElsewhere',
        suggestions: [
          expect.stringMatching(
            sandbox ? /infractl sandbox reset$/ : /aws s3api get-bucket-location --bucket infractl-/,
          ),
        ],
      });
    await advice(false);
    await advice(true);
  });

  it('keeps objects: there or not, read back, listed by prefix, deleted', async () => {
    const store = await open();
    expect(await store.has('a/1')).toBe(false);
    expect(await store.get('a/1')).toBeUndefined();
    expect(await store.put('a/1', 'one', { contentType: 'text/plain' })).toBe(true);
    await store.put('a/2', new Uint8Array([1, 2]));
    await store.put('b/1', '');
    expect(await store.has('a/1')).toBe(true);
    expect(new TextDecoder().decode(await store.get('a/1'))).toBe('one');
    expect(await store.get('b/1')).toEqual(new Uint8Array());
    const listed = await all(store, 'a/');
    expect(listed.map(({ key, size }) => [key, size])).toEqual([
      ['a/1', 3],
      ['a/2', 2],
    ]);
    await store.delete('a/1');
    await store.delete('a/1');
    expect(await store.has('a/1')).toBe(false);
  });

  it('puts what is absent once, however many try', async () => {
    const store = await open();
    const tries = Array.from({ length: 10 }, (_, index) => store.put('k', `${index}`, { ifAbsent: true }));
    const won = await Promise.all(tries);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(new TextDecoder().decode(await store.get('k'))).toBe(String(won.indexOf(true)));
  });

  it('says whose bucket it means in every call', async () => {
    const store = await open();
    await store.put('k', 'x');
    await store.get('k');
    await all(store, '');
    const calls = fake.requests.filter(
      ({ service, action }) => service === 's3' && action !== 'CreateBucket',
    );
    expect(calls.length).toBeGreaterThan(5);
    for (const call of calls) expect(JSON.stringify(call.parameters)).toContain('123456789012');
  });
});
