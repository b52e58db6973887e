import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Redactor } from '../../../src/lib/base/redact.ts';

const secret = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 40 })
  .filter((s) => s.trim().length >= 8);

describe('Redactor', () => {
  it('leaves text alone when it knows no secret, or none that is in it', () => {
    const redactor = new Redactor();
    expect(redactor.redact('plain')).toBe('plain');
    redactor.add('hunter2hunter2');
    expect(redactor.redact('hunter')).toBe('hunter');
  });

  it('takes a secret out of any text, as it is, URL-encoded, JSON-escaped or in base64', () => {
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (value, before, after) => {
        const redactor = new Redactor();
        redactor.add(value);
        const forms = [
          value,
          encodeURIComponent(value),
          JSON.stringify(value).slice(1, -1),
          Buffer.from(value).toString('base64'),
          Buffer.from(value).toString('base64url'),
        ];
        for (const form of forms) expect(redactor.redact(before + form + after)).not.toContain(form);
      }),
    );
  });

  it('takes out a secret of 64 KiB, beside short ones', () => {
    const redactor = new Redactor();
    const large = Array.from({ length: 4096 }, (_, at) => `line ${at} $^*`)
      .join('')
      .slice(0, 65_536);
    redactor.add(large);
    redactor.add('short-one-9');
    expect(redactor.redact(`a ${large} b short-one-9`)).toBe('a [secret] b [secret]');
    expect(redactor.redact(Buffer.from(large).toString('base64'))).toBe('[secret]');
  });

  it('finds a secret inside what base64 makes of a longer text, wherever it stands', () => {
    fc.assert(
      fc.property(secret, fc.string({ maxLength: 5 }), fc.string({ maxLength: 5 }), (value, user, tail) => {
        const redactor = new Redactor();
        redactor.add(value);
        for (const encoding of ['base64', 'base64url'] as const) {
          const shown = redactor.redact(Buffer.from(`${user}:${value}${tail}`).toString(encoding));
          const readable = shown
            .split('[secret]')
            .map((piece) => Buffer.from(piece, encoding).toString('latin1'));
          expect(shown).toContain('[secret]');
          for (const piece of readable) expect(piece).not.toContain(Buffer.from(value).toString('latin1'));
        }
      }),
    );
  });

  it('takes the longest first, so that no tail is left', () => {
    const redactor = new Redactor();
    redactor.add('abcd');
    redactor.add('abcdefgh');
    expect(redactor.redact('x abcdefgh y')).toBe('x [secret] y');
  });

  it('knows the lines of a key alone, and leaves short words be', () => {
    const redactor = new Redactor();
    redactor.add('-----BEGIN KEY-----\nMIIEvQIBADANBg\nabc\n');
    expect(redactor.redact('line: MIIEvQIBADANBg')).toBe('line: [secret]');
    expect(redactor.redact('abc')).toBe('abc');
    redactor.add('abc');
    redactor.add('');
    expect(redactor.redact('abc')).toBe('abc');
  });
});
