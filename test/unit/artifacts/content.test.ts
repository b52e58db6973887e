import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentOf } from '../../../src/lib/artifacts/content.ts';
import { filesToPack } from '../../../src/lib/artifacts/zip.ts';

describe('what a folder holds', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'infractl-content-'));
    for (const name of ['a.txt', 'b.txt', 'ä.txt', '1', '10']) put(name, `in ${name}`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const put = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
  const files = () => filesToPack(folder, {});
  const content = async () => contentOf(await files());

  it('does not depend on the order, nor on times and further modes', async () => {
    const before = await content();
    expect(await contentOf((await files()).toReversed())).toBe(before);
    put('a.txt', 'in a.txt');
    chmodSync(path.join(folder, 'b.txt'), 0o600);
    expect(await content()).toBe(before);
  });

  it('changes with a name, a content and an executable bit', async () => {
    const seen = new Set([await content()]);
    put('a.txt', 'other');
    seen.add(await content());
    chmodSync(path.join(folder, 'b.txt'), 0o755);
    seen.add(await content());
    rmSync(path.join(folder, '1'));
    seen.add(await content());
    put('2', 'in 1');
    seen.add(await content());
    expect(seen.size).toBe(5);
  });

  it('is of large files as of small ones', async () => {
    const large = 'x'.repeat(3_000_000);
    const [only] = await filesToPack(folder, { exclude: ['*.txt', '10'] });
    put('1', large);
    const line = `${createHash('sha256').update(large).digest('hex')} - 1\n`;
    const wanted = createHash('sha256').update(line).digest('hex');
    expect(await contentOf([{ ...(only as NonNullable<typeof only>), size: large.length }])).toBe(wanted);
  });

  it('says which file cannot be read', async () => {
    const [first, ...rest] = await files();
    const gone = { ...(first as NonNullable<typeof first>), file: path.join(folder, 'gone') };
    await expect(contentOf([gone, ...rest])).rejects.toMatchObject({ code: 'FileNotReadable', exit: 2 });
  });
});
