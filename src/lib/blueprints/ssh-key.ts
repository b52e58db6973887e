import { generateKeyPairSync, randomBytes } from 'node:crypto';

/** A key pair as OpenSSH keeps it in files. */
export interface SshKey {
  readonly private: string;
  /** One line, as in authorized_keys. */
  readonly public: string;
}

const TYPE = 'ssh-ed25519';
const BLOCK = 8;

/**
 * A new ed25519 key pair without a passphrase, in the format that OpenSSH has had since 6.5:
 * https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key
 */
export function newSshKey(comment: string): SshKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(d, 'base64url');
  const point = Buffer.from(x, 'base64url');
  const blob = Buffer.concat([text(TYPE), text(point)]);
  const check = randomBytes(4);
  const secret = Buffer.concat([check, check, blob, text(Buffer.concat([seed, point])), text(comment)]);
  const padding = Buffer.from(
    Array.from({ length: (BLOCK - (secret.length % BLOCK)) % BLOCK }, (_, i) => i + 1),
  );
  const whole = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    text('none'),
    text('none'),
    text(''),
    number(1),
    text(blob),
    text(Buffer.concat([secret, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return {
    private: [armour('BEGIN'), ...lines, armour('END'), ''].join('\n'),
    public: `${TYPE} ${blob.toString('base64')} ${comment}`,
  };
}

/** The first or the last line of the file. */
const armour = (edge: 'BEGIN' | 'END') => `-----${edge} OPENSSH PRIVATE KEY-----`;

/** With its length before it. */
function text(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([number(bytes.length), bytes]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
