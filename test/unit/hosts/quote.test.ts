import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteWords } from '../../../src/lib/hosts/quote.ts';
import { isUnknownKey, shownKey } from '../../../src/lib/hosts/ssh-words.ts';
import { afterBeginning, beginning } from '../../../src/lib/hosts/wrap.ts';

describe('words for a login shell', () => {
  it('arrive as they are', () => {
    const word = fc
      .string({ unit: 'binary', minLength: 0, maxLength: 30 })
      .filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text);
    const lists = fc.sample(fc.array(word, { maxLength: 5 }), 40);
    for (const words of lists) {
      const line = `printf '%s\\0' x ${quoteWords(words)}`;
      const said = execFileSync('sh', ['-c', line], { encoding: 'utf8' });
      expect(said.split('\0').slice(1, -1)).toEqual(words);
    }
  });

  it('have no backslash inside of quotes, which fish would read', () => {
    expect(quoteWords(["a\\'b"])).toBe(String.raw`'a'\\''\''b'`);
  });
});

describe('what ssh and the host say', () => {
  it('a command begins with its own mark alone', () => {
    expect(beginning('infractl-1a', 'infractl-1a:4711')).toBe(4711);
    for (const line of ['infractl-1b:4711', 'infractl-1a:1', 'infractl-1a:x', ''])
      expect(beginning('infractl-1a', line)).toBeUndefined();
    expect(afterBeginning('m', 'motd\nm:12\nerror\nm:13\n')).toBe('error\nm:13\n');
  });

  it('a changed key is never taken for a new one', () => {
    const changed = 'WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!\nHost key verification failed.';
    expect(isUnknownKey(changed)).toBe(false);
    expect(isUnknownKey('No ED25519 host key is known for x and you have requested strict checking.')).toBe(
      true,
    );
  });

  it('the last key is the host\u2019s, those before are of jump hosts', () => {
    const said =
      'debug1: Server host key: ssh-rsa SHA256:jump\ndebug1: Server host key: ssh-ed25519 SHA256:host\n';
    expect(shownKey(said)).toEqual({ type: 'ssh-ed25519', fingerprint: 'SHA256:host' });
  });
});
