import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeArchive, zipFolder } from '../../../src/lib/artifacts/zip.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'infractl-zip-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function write(files: Record<string, string>, folder = join(base, 'code')): string {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

const names = (bytes: Uint8Array) => Object.keys(unzipSync(bytes));

describe('zipFolder', () => {
  it('sorts by path, leaves out what never belongs in it, and knows its own digests', async () => {
    const folder = write({
      'z.js': 'z',
      'a/b.js': 'b',
      // Before a/b.js as a path, after the folder a as an entry.
      'a-b.js': 'ab',
      'B.js': 'B',
      'lib/__pycache__/x.pyc': 'x',
      'm.pyc': 'm',
      '.git/HEAD': 'ref',
      '.DS_Store': '',
      'tests/t.js': 't',
      'keep/t.js': 't',
    });
    const zip = await zipFolder(folder, { exclude: ['/tests', '*.log'] });
    expect(names(zip.bytes)).toEqual(['B.js', 'a-b.js', 'a/b.js', 'keep/t.js', 'z.js']);
    expect(zip.files).toBe(5);
    const digest = createHash('sha256').update(zip.bytes).digest();
    expect([zip.sha256, zip.codeSha256]).toEqual([digest.toString('hex'), digest.toString('base64')]);
  });

  it('keeps the executable bit and normalises every other mode, as unzip sees it', async () => {
    const folder = write({ run: '#!/bin/sh', plain: 'x' });
    chmodSync(join(folder, 'run'), 0o711);
    chmodSync(join(folder, 'plain'), 0o600);
    const { bytes } = await zipFolder(folder, {});
    const file = join(base, 'out.zip');
    writeFileSync(file, bytes);
    const script =
      'import sys,zipfile\nfor i in zipfile.ZipFile(sys.argv[1]).infolist(): print(i.filename, oct(i.external_attr>>16), i.date_time)';
    expect(execFileSync('python3', ['-c', script, file], { encoding: 'utf8' }).trim().split('\n')).toEqual([
      'plain 0o100644 (1980, 1, 1, 12, 0, 0)',
      'run 0o100755 (1980, 1, 1, 12, 0, 0)',
    ]);
  });

  it('gives equal bytes for equal folders, whatever their times, places and order of creation', async () => {
    const name = fc
      .stringMatching(/^[a-zA-Z0-9_.-]{1,8}$/)
      .filter((n) => n !== '.' && n !== '..' && !/^(\.git|\.DS_Store|__pycache__|.*\.pyc)$/i.test(n));
    const content = fc.string({ maxLength: 200 });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, content, { minKeys: 1, maxKeys: 6 }), async (files) => {
        round++;
        const entries = Object.entries(files);
        const one = write(files, join(base, `a${round}`));
        const two = write(Object.fromEntries(entries.toReversed()), join(base, `b${round}`, 'deep'));
        for (const [n] of entries) utimesSync(join(two, n), 1, round * 1000);
        const [first, second] = await Promise.all([zipFolder(one, {}), zipFolder(two, {})]);
        expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
        const back = unzipSync(first.bytes);
        for (const [n, text] of entries)
          expect(Buffer.from(back[n] ?? '').toString()).toBe(Buffer.from(text).toString());
        const [changed] = entries[0] ?? [''];
        writeFileSync(join(two, changed), `${files[changed]}!`);
        expect((await zipFolder(two, {})).sha256).not.toBe(first.sha256);
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same bytes in every time zone', () => {
    const folder = write({ 'a.js': 'a', 'b/c.js': 'c' });
    const script = `import {zipFolder} from ${JSON.stringify(join(process.cwd(), 'src/lib/artifacts/zip.ts'))};
      console.log((await zipFolder(${JSON.stringify(folder)}, {})).sha256)`;
    const digests = ['UTC', 'Pacific/Kiritimati', 'America/St_Johns'].map((TZ) =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, TZ },
        encoding: 'utf8',
      }),
    );
    expect(new Set(digests).size).toBe(1);
  });

  it('follows links inside the folder and refuses those that leave it, lead nowhere or go round', async () => {
    const folder = write({ 'real/a.js': 'a' });
    symlinkSync('real', join(folder, 'alias'));
    symlinkSync('real/a.js', join(folder, 'b.js'));
    expect(names((await zipFolder(folder, {})).bytes)).toEqual(['alias/a.js', 'b.js', 'real/a.js']);
    writeFileSync(join(base, 'secret'), 's');
    for (const [target, words] of [
      ['../secret', /leaves the folder/],
      ['nowhere', /leads nowhere/],
      ['.', /leads back/],
    ] as const) {
      symlinkSync(target, join(folder, 'bad'));
      await expect(zipFolder(folder, {})).rejects.toMatchObject({
        code: 'BadLink',
        message: expect.stringMatching(words),
      });
      await zipFolder(folder, { exclude: ['bad'] });
      rmSync(join(folder, 'bad'));
    }
  });

  it('refuses a folder that is missing, empty, too large or holds a pipe', async () => {
    await expect(zipFolder(join(base, 'none'), {})).rejects.toMatchObject({
      code: 'FolderNotFound',
      exit: 2,
    });
    const folder = write({ '.DS_Store': '' });
    await expect(zipFolder(folder, {})).rejects.toMatchObject({ code: 'FolderEmpty' });
    write({ 'model.bin': '' });
    truncateSync(join(folder, 'model.bin'), 262_144_001);
    await expect(zipFolder(folder, {})).rejects.toMatchObject({
      code: 'ZipTooLarge',
      why: expect.stringContaining('model.bin (250 MiB)'),
    });
    rmSync(join(folder, 'model.bin'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(zipFolder(folder, {})).rejects.toMatchObject({ code: 'NotAFile' });
  });
});

describe('codeArchive', () => {
  it('zips a folder, and takes a finished archive as it is', async () => {
    const folder = write({ 'index.js': 'x' });
    const made = await zipFolder(folder, {});
    expect(await codeArchive(folder, {})).toEqual(made);
    const file = join(base, 'with space.zip');
    writeFileSync(file, made.bytes);
    const { bytes, sha256, codeSha256 } = await codeArchive(file, { exclude: [] });
    expect(Buffer.from(bytes)).toEqual(Buffer.from(made.bytes));
    expect({ sha256, codeSha256 }).toEqual({ sha256: made.sha256, codeSha256: made.codeSha256 });
  });

  it('takes no other file, and leaves nothing out of an archive', async () => {
    const script = join(base, 'index.js');
    writeFileSync(script, 'exports.handler = () => 1;');
    await expect(codeArchive(script, {})).rejects.toMatchObject({ code: 'NotAnArchive', exit: 2 });
    const file = join(base, 'code.zip');
    writeFileSync(file, (await zipFolder(write({ 'index.js': 'x' }), {})).bytes);
    await expect(codeArchive(file, { exclude: ['*.map'] })).rejects.toMatchObject({
      code: 'ExcludeFromArchive',
      exit: 2,
    });
    await expect(codeArchive(join(base, 'nothing.zip'), {})).rejects.toMatchObject({
      code: 'FolderNotFound',
    });
  });
});
