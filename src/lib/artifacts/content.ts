import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type FolderEntry, unreadable } from '../base/folder-files.ts';

const AT_ONCE = 8;
/** Bytes. A stream for each of many small files takes three times as long. */
const SMALL = 1_048_576;

/**
 * What a folder holds, as one SHA-256 in hex: of names, contents and executable bits alone, in whatever order or
 * form they travel. Whoever receives the files can work it out again.
 *
 * One line a file, `<SHA-256 of it> <x or -> <path>\n`; the lines sorted by their bytes.
 *
 * @throws UsageError `FileNotReadable`
 */
export async function contentOf(files: readonly FolderEntry[]): Promise<string> {
  const lines: Buffer[] = [];
  for (let from = 0; from < files.length; from += AT_ONCE)
    lines.push(...(await Promise.all(files.slice(from, from + AT_ONCE).map(lineOf))));
  const whole = createHash('sha256');
  for (const line of lines.sort(Buffer.compare)) whole.update(line);
  return whole.digest('hex');
}

async function lineOf({ path, file, size, executable }: FolderEntry): Promise<Buffer> {
  const digest = createHash('sha256');
  try {
    if (size <= SMALL) digest.update(await readFile(file));
    else await pipeline(createReadStream(file), digest);
  } catch (error) {
    throw unreadable(file, error);
  }
  return Buffer.from(`${digest.digest('hex')} ${executable ? 'x' : '-'} ${path}\n`);
}
