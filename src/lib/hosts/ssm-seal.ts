import {
  constants,
  createCipheriv,
  createDecipheriv,
  pbkdf2Sync,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';

/**
 * Systems Manager keeps the parameters and the output of every command for 30 days, readable for whoever may
 * look at the history. So what a command reads, and what it prints when it reads something, is sealed: the host
 * makes a key of its own for one connection, whose private half never leaves it and is deleted at the end, and
 * gets a passphrase enclosed with it. Neither the instance's role nor any service needs a right for that, and
 * what stays in the history, or in a bucket on its way, is noise that nobody can open any more.
 */
export interface Seal {
  /** The passphrase for the host alone, in base64. */
  readonly envelope: string;
  close(bytes: Uint8Array): Uint8Array;
  open(bytes: Uint8Array): Uint8Array;
}

const MAGIC = Buffer.from('Salted__');

/** A new passphrase, enclosed for the owner of a public RSA key (PEM). */
export function newSeal(publicKey: string): Seal {
  const passphrase = randomBytes(32).toString('hex');
  const envelope = publicEncrypt(
    { key: publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' },
    Buffer.from(passphrase),
  ).toString('base64');
  return {
    envelope,
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
