import { Writable } from 'node:stream';

/** The object whose bytes come next. */
interface Reading {
  readonly id: string;
  readonly kept: boolean;
  left: number;
}

/**
 * Reads what `git cat-file --batch` writes: `<object> <type> <size>`, a line break, so many bytes, a line
 * break; or `<object> missing`. Objects beyond a size are passed over, and never held in memory.
 */
export class BatchReader extends Writable {
  readonly #largest: number;
  readonly #found: (object: string, content: Buffer) => void;
  #pending: Buffer[] = [];
  /** Undefined while a header is awaited. */
  #object: Reading | undefined;

  constructor(largest: number, found: (object: string, content: Buffer) => void) {
    super();
    this.#largest = largest;
    this.#found = found;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#object ? this.#content(rest) : this.#header(rest);
    done();
  }

  #header(bytes: Buffer): Buffer {
    const end = bytes.indexOf(0x0a);
    this.#pending.push(end === -1 ? bytes : bytes.subarray(0, end));
    if (end === -1) return bytes.subarray(bytes.length);
    const [id = '', type, size] = this.#take().toString().split(' ');
    // The line break behind the content is counted as the last of its bytes.
    if (size !== undefined)
      this.#object = { id, kept: type === 'blob' && Number(size) <= this.#largest, left: Number(size) + 1 };
    return bytes.subarray(end + 1);
  }

  #content(bytes: Buffer): Buffer {
    const object = this.#object as Reading;
    const piece = bytes.subarray(0, object.left);
    object.left -= piece.length;
    if (object.kept) this.#pending.push(piece);
    if (object.left === 0) {
      const content = this.#take();
      if (object.kept) this.#found(object.id, content.subarray(0, -1));
      this.#object = undefined;
    }
    return bytes.subarray(piece.length);
  }

  #take(): Buffer {
    const [first] = this.#pending;
    const whole = this.#pending.length === 1 && first ? first : Buffer.concat(this.#pending);
    this.#pending = [];
    return whole;
  }
}
