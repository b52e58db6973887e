import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import ignore from 'ignore';
import { UsageError } from '../base/errors.ts';
import { unreadable } from '../base/folder-files.ts';
import { sideBySide } from '../base/side-by-side.ts';
import type { FolderFile } from './folder.ts';

/** Larger files are hashed as they are read, and not searched. */
const IN_MEMORY = 16 * 1024 * 1024;
const AT_ONCE = 16;
/** Shorter values turn up by chance. */
const SHORTEST_SECRET = 12;

/** A value that must not be published, and what it is called. */
export interface KnownSecret {
  readonly name: string;
  readonly value: string;
}

const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20}/;
/** A key id alone is no secret, and a long word alone neither: both near each other are. */
const AWS_KEYS =
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b[\s\S]{0,200}?(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/;

/**
 * The hash of each file's bytes, by path. What is text is searched for secrets on the way.
 *
 * @throws UsageError `SecretInSite`, `FileNotReadable`
 */
export async function hashFiles(
  files: readonly FolderFile[],
  { secrets, allow }: { readonly secrets: readonly KnownSecret[]; readonly allow: readonly string[] },
): Promise<Map<string, string>> {
  const allowed = ignore().add([...allow]);
  const telling = secrets.filter(({ value }) => value.length >= SHORTEST_SECRET);
  const found: string[] = [];
  const hashes = await sideBySide(files, AT_ONCE, async ({ path, file, size }) => {
    if (size > IN_MEMORY) return [path, await hashOfLarge(file)] as const;
    const content = await readFile(file).catch((error) => Promise.reject(unreadable(file, error)));
    if (!allowed.ignores(path)) {
      const what = secretIn(content, telling);
      if (what) found.push(`${path}: ${what}`);
    }
    return [path, createHash('sha256').update(content).digest('hex')] as const;
  });
  if (found.length > 0) throw secretFound(found.sort());
  return new Map(hashes);
}

async function hashOfLarge(file: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  } catch (error) {
    throw unreadable(file, error);
  }
  return hash.digest('hex');
}

/** What secret a file holds, in words; never the secret itself. */
function secretIn(content: Buffer, secrets: readonly KnownSecret[]): string | undefined {
  const known = secrets.find(({ value }) => content.includes(value));
  if (known) return `the value of ${known.name}`;
  // What has a zero byte is no text.
  if (content.subarray(0, 8192).includes(0)) return undefined;
  if (content.includes('PRIVATE KEY-----') && PRIVATE_KEY.test(content.toString('latin1')))
    return 'a private key';
  if (
    /(?:AKIA|ASIA)[A-Z0-9]{16}/.test(content.toString('latin1')) &&
    AWS_KEYS.test(content.toString('latin1'))
  )
    return 'a pair of AWS access keys';
  return undefined;
}

function secretFound(found: readonly string[]): UsageError {
  return new UsageError({
    code: 'SecretInSite',
    message: 'The site holds what is not for the public. Nothing was published.',
    why: found.join('\n'),
    suggestions: [
      'Whatever a build gets is public: take it out of the build, and change the secret if it was published before.',
      'If it is meant to be public, say so: `allow: [<path>]` of the site.',
    ],
  });
}
