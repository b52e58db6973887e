import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  pbkdf2Sync,
  randomBytes,
} from 'node:crypto';

/**
 * Systems Manager keeps the parameters and the output of every command for 30 days, readable for whoever may
 * look at the history. So what a command reads, and what it prints when it reads something, is sealed: the host
 * makes a key of its own for one connection (X25519), whose private half never leaves it and is deleted at the end;
 * with that and a key of ours for one run both sides agree on a passphrase, which nobody sends. Neither the instance's role nor any service needs a right for that, and
 * what stays in the history, or in a bucket on its way, is noise that nobody can open any more.
 */
export interface Seal {
  /** The public half of our key: PEM, in base64. */
  readonly envelope: string;
  close(bytes: Uint8Array): Uint8Array;
  open(bytes: Uint8Array): Uint8Array;
}

const MAGIC = Buffer.from('Salted__');

/** A new passphrase, which the owner of a public X25519 key (PEM) can work out from the envelope. */
export function newSeal(hostKey: string): Seal {
  return sealsFor([hostKey])[0] as Seal;
}

/** A passphrase for each of several hosts, of which each can work out its own alone; their envelope is the same. */
export function sealsFor(hostKeys: readonly string[]): Seal[] {
  const ours = generateKeyPairSync('x25519');
  const envelope = Buffer.from(ours.publicKey.export({ type: 'spki', format: 'pem' })).toString('base64');
  return hostKeys.map((hostKey) => {
    const publicKey = createPublicKey(hostKey);
    const shared = diffieHellman({ privateKey: ours.privateKey, publicKey });
    return { envelope, ...locked(shared.toString('base64')) };
  });
}

/** What several hosts are to read, closed once: with a key for this content alone, which travels sealed for each. */
export function newContent(
  key = randomBytes(32).toString('base64'),
): { readonly key: string } & Pick<Seal, 'close'> {
  return { key, close: locked(key).close };
}

/** How a host finds what is meant for its key: it works the same out of what `openssl pkey -pubout` prints. */
export function keyLabel(hostKey: string): string {
  return createHash('sha256').update(`${hostKey.trim()}\n`).digest('hex').slice(0, 16);
}

function locked(passphrase: string): Pick<Seal, 'close' | 'open'> {
  return {
    close(bytes) {
      const salt = randomBytes(8);
      const { key, iv } = derived(passphrase, salt);
      const cipher = createCipheriv('aes-256-cbc', key, iv);
      return Buffer.concat([MAGIC, salt, cipher.update(bytes), cipher.final()]);
    },
    open(bytes) {
      const { key, iv } = derived(passphrase, bytes.subarray(8, 16));
      const decipher = createDecipheriv('aes-256-cbc', key, iv);
      return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
    },
  };
}

/** As `openssl enc -pbkdf2 -iter 1` derives them: the passphrase is random, so stretching it adds nothing. */
function derived(passphrase: string, salt: Uint8Array): { readonly key: Buffer; readonly iv: Buffer } {
  const both = pbkdf2Sync(passphrase, salt, 1, 48, 'sha256');
  return { key: both.subarray(0, 32), iv: both.subarray(32) };
}
