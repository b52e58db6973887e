import { describe, expect, it } from 'vitest';
import type { SshTarget } from '../../../src/lib/hosts/ssh-options.ts';
import { connectError } from '../../../src/lib/hosts/ssh-words.ts';

const target = { name: 'web', address: '10.0.0.1', reach: { user: 'ubuntu' } } as SshTarget;
const refused = 'ubuntu@10.0.0.1: Permission denied (publickey).';

describe('why a host lets nobody in', () => {
  it('a key that others can read is named, with what closes it', () => {
    const said = `Load key "/home/a b/web": bad permissions\n${refused}`;
    expect(connectError(target, said)).toMatchObject({ code: 'HostLoginRefused', exit: 4 });
    expect(connectError(target, said).suggestions[0]).toBe(
      "ssh takes no key that others can read: chmod 600 '/home/a b/web'",
    );
  });

  it('else the login is tried by hand', () => {
    expect(connectError(target, refused).suggestions[0]).toBe('Try it by hand: ssh ubuntu@10.0.0.1');
  });
});
