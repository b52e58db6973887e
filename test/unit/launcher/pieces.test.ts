import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBundle, packBundle } from '../../../bin/pieces.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'infractl-pieces-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ascii = fc.string({ unit: 'binary-ascii', maxLength: 5000 });
const texts = fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), ascii, { noNullPrototype: true });

describe('a bundle', () => {
  it('gives every file as it was put in', () => {
    const file = path.join(folder, 'bundle.bin');
    fc.assert(
      fc.property(texts, (files) => {
        const names = Object.keys(files);
        writeFileSync(file, packBundle(Object.entries(files)));
        const bundle = openBundle(file);
        expect(bundle.names().sort()).toEqual(names.sort());
        for (const name of names) expect(bundle.text(name)).toBe(files[name]);
      }),
      { numRuns: 50 },
    );
  });

  it('of many files has a header of more than one read', () => {
    const file = path.join(folder, 'many.bin');
    const files = Array.from(
      { length: 3000 },
      (_, i) => [`chunks/a-rather-long-name-${i}.js`, `${i}`] as const,
    );
    writeFileSync(file, packBundle(files));
    expect(openBundle(file).text('chunks/a-rather-long-name-2999.js')).toBe('2999');
  });

  it('that is not whole says so, and what to do', () => {
    const file = path.join(folder, 'cut.bin');
    const noise = Array.from({ length: 4000 }, (_, i) => String.fromCharCode(32 + ((i * 7919) % 90))).join(
      '',
    );
    const whole = packBundle([
      ['one', noise],
      ['two', noise],
    ]);
    for (const [size, name] of [
      [0, 'one'],
      [3, 'one'],
      [20, 'one'],
      [whole.length / 2, 'one'],
      [whole.length - 100, 'two'],
    ] as const) {
      writeFileSync(file, whole);
      truncateSync(file, Math.floor(size));
      const read = () => openBundle(file).text(name);
      expect(read, `${size} bytes`).toThrow(
        /^infractl is not installed completely: .*cut\.bin: [\s\S]*Install it again/,
      );
    }
    rmSync(file);
    expect(() => openBundle(file)).toThrow('ENOENT');
  });
});
