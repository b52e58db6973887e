import { PassThrough, type Readable } from 'node:stream';
import { deflateSync } from 'node:zlib';
import { isInfractlError } from '../base/errors.ts';
import { bytes, plural } from '../base/text.ts';
import type { HostPort } from '../hosts/index.ts';
import type { Parcel } from './order.ts';

/** What the host says when it wants the files of a folder. */
export type Asking =
  /** Null where it has no rsync. */
  | { readonly t: 'wants'; readonly upload: string | null }
  /** Its cache may be written to. */
  | { readonly t: 'ready'; readonly upload: string };

export interface BringingDeps {
  readonly sync: NonNullable<HostPort['sync']>;
  readonly parcel: Parcel;
  readonly signal?: AbortSignal | undefined;
  readonly say: (text: string) => void;
}

/**
 * Our half of `bring` on the host: the files travel when they are asked for, by rsync where it is on both ends,
 * else as one archive. The host checks their content, so it does not matter which way they came.
 */
export class Bringing {
  readonly #deps: BringingDeps;
  readonly #words = new PassThrough();
  /** What nobody foresaw; the host was then told to stop. */
  failure: unknown;

  constructor(deps: BringingDeps, order: Uint8Array) {
    this.#deps = deps;
    this.#words.write(order);
  }

  /** What the host reads. */
  get words(): Readable {
    return this.#words;
  }

  /** Answers the host, which waits for it. */
  hear(asking: Asking): void {
    const answering = asking.t === 'wants' ? this.#wanted(asking.upload) : this.#ready(asking.upload);
    answering.then(
      (said) => this.#say(said),
      (error) => this.#refuse(error),
    );
  }

  end(): void {
    this.#words.end();
  }

  async #wanted(upload: string | null): Promise<Uint8Array> {
    const { parcel, say } = this.#deps;
    if (upload === null) return archiveOf(parcel, say);
    const names = parcel.files.map(({ path, executable }) => [path, executable]);
    return answer({ way: 'rsync' }, deflateSync(JSON.stringify(names)));
  }

  async #ready(upload: string): Promise<Uint8Array> {
    const { sync, parcel, signal, say } = this.#deps;
    const files = parcel.files.map(({ path }) => path);
    const done = await sync({ from: parcel.folder, files, to: upload, signal });
    if (!done) return archiveOf(parcel, say);
    say(`${done.changed} of ${files.length} files differed: ${bytes(done.sent)} sent by rsync`);
    return answer({ way: 'there' });
  }

  /** So that the host ends in order, and tells it. */
  #refuse(error: unknown): void {
    if (!isInfractlError(error)) {
      this.failure = error;
      this.end();
      return;
    }
    const { code, message, why = '', suggestions, exit } = error;
    this.#say(answer({ way: 'refused', error: { code, message, why, suggestions, exit } }));
  }

  #say(words: Uint8Array): void {
    if (this.#words.writable) this.#words.write(words);
  }
}

/** For a way in that carries no conversation: what the host will ask for, told before. */
export async function archiveOf(
  { files, archive }: Parcel,
  say: (text: string) => void,
): Promise<Uint8Array> {
  say(`packing ${plural(files.length, 'file')}`);
  const packed = await archive();
  say(`sending ${bytes(packed.length)}`);
  return answer({ way: 'archive' }, packed);
}

function answer(facts: object, more: Uint8Array = new Uint8Array()): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ ...facts, bytes: more.length })}\n`), more]);
}
