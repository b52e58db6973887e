import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sitesPort } from '../../../src/lib/aws/s3-sites.ts';
import type { SitesPort } from '../../../src/lib/sites/index.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';
import type { S3Bucket } from '../../fake/state.ts';

const MIB = 1024 * 1024;
const PLACE = { bucket: 'web', prefix: 'docs/' };
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let fake: Fake;
let port: SitesPort;
let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-s3-'));
  fake = await startFake();
  port = sitesPort(await sessionFor(fake, 4), '123456789012', fake.clock);
  for (const name of ['web', 'kept'])
    fake.state.s3.buckets.set(name, {
      name,
      region: 'eu-west-3',
      owner: '123456789012',
      created: 0,
      objects: new Map(),
      history: [],
      settings: new Map(),
    });
});
afterEach(async () => {
  await fake.close();
  rmSync(folder, { recursive: true, force: true });
});

const bucket = (name: string) => fake.state.s3.buckets.get(name) as S3Bucket;
function largeFile(size: number): { file: string; bytes: Buffer } {
  const bytes = Buffer.alloc(size, 'infractl ');
  const file = path.join(folder, 'large.bin');
  writeFileSync(file, bytes);
  return { file, bytes };
}

describe('S3 for sites', () => {
  it('puts a large file in parts, and it is whole', async () => {
    const { file, bytes } = largeFile(20 * MIB + 7);
    await port.upload({ bucket: 'kept', key: 'k' }, { file, size: bytes.length }, sha256(bytes));
    const put = fake.requests.filter(({ action }) => action === 'UploadPart');
    expect(put).toHaveLength(3);
    expect(sha256(bucket('kept').objects.get('k')?.body ?? Buffer.of())).toBe(sha256(bytes));
    expect(fake.state.s3.uploads.size).toBe(0);
  });

  it('leaves no parts behind when one of them fails, or the file has changed', async () => {
    const { file, bytes } = largeFile(12 * MIB);
    fake.faults.deny('s3:UploadPart');
    const to = { bucket: 'kept', key: 'k' };
    await expect(port.upload(to, { file, size: bytes.length }, sha256(bytes))).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    fake.faults.clear();
    await expect(port.upload(to, { file, size: bytes.length }, sha256(Buffer.of(1)))).rejects.toMatchObject({
      code: 'FileChanged',
      exit: 2,
    });
    expect(fake.state.s3.uploads.size).toBe(0);
    expect(bucket('kept').objects.size).toBe(0);
  });

  it('puts no file that is another one by now', async () => {
    const file = path.join(folder, 'a.txt');
    writeFileSync(file, 'now');
    await expect(
      port.upload({ bucket: 'kept', key: 'k' }, { file, size: 3 }, sha256(Buffer.from('then'))),
    ).rejects.toMatchObject({ code: 'FileChanged' });
    expect(bucket('kept').objects.size).toBe(0);
  });

  it('copies with its headers under names that URLs would change, and lists them page by page', async () => {
    fake.state.s3.pageSize = 2;
    await port.upload(
      { bucket: 'kept', key: 'sites/blobs/x' },
      { bytes: Buffer.from('hi') },
      sha256(Buffer.from('hi')),
    );
    const names = ['a b.html', 'é+ü?.js', 'x%20y.css', 'plain.png', 'a&b.txt'];
    for (const name of names)
      await port.put(
        PLACE,
        name,
        { bucket: 'kept', key: 'sites/blobs/x' },
        {
          'content-type': 'text/plain',
          'cache-control': 'no-cache',
          'content-disposition': 'attachment',
        },
      );
    const found = await port.files(PLACE);
    expect([...found.keys()].sort()).toEqual(names.toSorted());
    expect(bucket('web').objects.get('docs/a b.html')).toMatchObject({
      contentType: 'text/plain',
      headers: { 'cache-control': 'no-cache', 'content-disposition': 'attachment' },
    });
    expect(await port.remove(PLACE, names)).toEqual([]);
    expect((await port.files(PLACE)).size).toBe(0);
  });

  it('says which bytes are gone, which bucket is not there, and whose a bucket may be', async () => {
    await expect(port.put(PLACE, 'a', { bucket: 'kept', key: 'gone' }, {})).rejects.toMatchObject({
      code: 'ReleaseGone',
      why: 's3://kept/gone is missing.',
    });
    await expect(port.files({ bucket: 'no-such', prefix: '' })).rejects.toMatchObject({
      code: 'SiteBucketMissing',
    });
    Object.assign(bucket('web'), { owner: '999999999999' });
    await expect(port.files(PLACE)).rejects.toMatchObject({ code: 'AccessDenied', exit: 4 });
  });

  it('of two who claim a place one does', async () => {
    const claims = await Promise.all(
      [1, 2].map((who) => port.claim(PLACE, '.infractl.json', `{"who":${who}}`)),
    );
    expect(claims.sort()).toEqual([false, true]);
  });
});
