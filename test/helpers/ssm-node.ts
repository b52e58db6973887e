import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  pbkdf2Sync,
} from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { keyLabel, newContent } from '../../src/lib/hosts/ssm-seal.ts';
import type { FakeClock } from '../fake/clock.ts';
import type { Execution } from '../fake/ssm.ts';

/** What a node makes of an order, in milliseconds of its clock. */
export interface NodeWork {
  readonly lines: readonly object[];
  readonly code: number;
  readonly ms: number;
}

/**
 * A node that does what the scripts for a fleet tell a host, as far as they can be told apart without a shell: it
 * has a key of its own, opens what is sealed for it, and answers sealed. What the shell makes of the same scripts is
 * tested on real machines.
 */
export class OrderedNode {
  #keys = newKeys();
  /** The orders that it was given. */
  readonly orders: { readonly action: string }[] = [];
  #kill: (() => void) | undefined;
  readonly #work: (order: { readonly action: string }) => NodeWork;

  constructor(work: (order: { readonly action: string }) => NodeWork) {
    this.#work = work;
  }

  /** As if it was started again. */
  restart(): void {
    this.#keys = newKeys();
  }

  readonly execute = (script: string, clock: FakeClock): Execution => {
    if (script.includes('genpkey')) return ended(0, this.#keys.publicKey);
    if (script.includes('kill -s')) {
      this.#kill?.();
      return ended(0, '');
    }
    if (script.includes('last=$(ending)')) return ended(0, `infractl ${markOf(script)} later\n`);
    if (!script.includes('wrapped')) return ended(0, '');
    return this.#run(script, clock);
  };

  #run(script: string, clock: FakeClock): Execution {
    const mark = markOf(script);
    const wrapped = new RegExp(`^${keyLabel(this.#keys.publicKey)} (\\S+)$`, 'm').exec(script)?.[1];
    if (wrapped === undefined) return ended(1, '', `infractl ${mark} stranger\n`);
    const envelope = /^echo (\S+) \| base64 -d > "\$d\/envelope"$/m.exec(script)?.[1] ?? '';
    const publicKey = createPublicKey(Buffer.from(envelope, 'base64'));
    const pass = diffieHellman({ privateKey: createPrivateKey(this.#keys.privateKey), publicKey });
    const key = opened(pass.toString('base64'), Buffer.from(wrapped, 'base64')).toString();
    const text = /base64 -d > "\$i" <<'END'\n(\S*)\nEND/.exec(script)?.[1] ?? '';
    const input = opened(key, Buffer.from(text, 'base64'));
    const head = input.indexOf('\n');
    const from = head + 1 + Number(input.subarray(0, head).toString());
    const order = JSON.parse(input.subarray(from, input.indexOf('\n', from)).toString());
    this.orders.push(order);
    const { lines, code, ms } = this.#work(order);
    const answer = (said: readonly object[], exit: number) =>
      framed(mark, pass.toString('base64'), said.map((line) => `${JSON.stringify(line)}\n`).join(''), exit);
    let kill = () => {};
    const done = new Promise<Awaited<Execution['done']>>((resolve) => {
      const stopped = {
        t: 'error',
        code: 'Interrupted',
        message: 'Stopped.',
        why: '',
        suggestions: [],
        exit: 130,
      };
      this.#kill = () => resolve({ code: 130, stdout: answer([stopped], 130), stderr: '' });
      kill = () => resolve({ code: 137, stdout: '', stderr: '' });
      clock.after(ms, () => resolve({ code, stdout: answer(lines, code), stderr: '' }));
    });
    return { done, kill };
  }
}

function newKeys() {
  return generateKeyPairSync('x25519', {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function markOf(script: string): string {
  return /^m='?([\w-]+)'?$/m.exec(script)?.[1] ?? '';
}

function ended(code: number, stdout: string, stderr = ''): Execution {
  return { done: Promise.resolve({ code, stdout, stderr }), kill: () => {} };
}

/** As `openssl enc -d -aes-256-cbc -pbkdf2 -iter 1` does it. */
function opened(passphrase: string, bytes: Buffer): Buffer {
  const both = pbkdf2Sync(passphrase, bytes.subarray(8, 16), 1, 48, 'sha256');
  const decipher = createDecipheriv('aes-256-cbc', both.subarray(0, 32), both.subarray(32));
  return Buffer.concat([decipher.update(bytes.subarray(16)), decipher.final()]);
}

function framed(mark: string, passphrase: string, text: string, code: number): string {
  const packed = Buffer.from(newContent(passphrase).close(gzipSync(text))).toString('base64');
  const size = Buffer.byteLength(text);
  return `infractl ${mark} out 0 ${size} ${packed}\ninfractl ${mark} end ${code} ${size} 0\n`;
}
