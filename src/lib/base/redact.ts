/** Shorter values would blank out ordinary words; they are not treated as secrets in text. */
const SHORTEST = 4;
/** Lines of a longer secret: shorter ones may be anything. */
const SHORTEST_LINE = 8;
/** Shorter runs of base64 turn up by chance. */
const SHORTEST_BASE64 = 6;
/** A regular expression has a size that it cannot go beyond: longer values are looked for one by one. */
const LONGEST_IN_PATTERN = 512;
const MASK = '[secret]';

/**
 * Knows the secret values of this run and takes them out of any text: as they are, URL-encoded,
 * JSON-escaped, and in base64. Everything infractl prints or keeps passes through one.
 */
export class Redactor {
  readonly #forms = new Set<string>();
  #search: { readonly long: readonly string[]; readonly pattern: RegExp } | undefined;

  /** Adds a value that must never be shown. */
  add(value: string): void {
    for (const form of formsOf(value)) {
      if (form.length < SHORTEST || this.#forms.has(form)) continue;
      this.#forms.add(form);
      this.#search = undefined;
    }
  }

  redact(text: string): string {
    if (this.#forms.size === 0) return text;
    this.#search ??= searchFor(this.#forms);
    const { long, pattern } = this.#search;
    return long.reduce((rest, form) => rest.replaceAll(form, MASK), text).replace(pattern, MASK);
  }
}

function searchFor(forms: ReadonlySet<string>): { long: string[]; pattern: RegExp } {
  // Longest first: a secret that contains another must not leave its tail behind.
  const sorted = [...forms].sort((a, b) => b.length - a.length);
  const long = sorted.filter((form) => form.length > LONGEST_IN_PATTERN);
  const escaped = sorted.slice(long.length).map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return { long, pattern: new RegExp(escaped.join('|') || '(?!)', 'g') };
}

function formsOf(value: string): string[] {
  if (value.length < SHORTEST) return [];
  const lines = value.split(/\r?\n/);
  // Tools print line by line, so each line of a key or a certificate counts alone.
  const pieces = lines.length > 1 ? lines.filter((line) => line.trim().length >= SHORTEST_LINE) : [];
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    ...base64Forms(value),
    ...pieces.flatMap((line) => [line, line.trim(), JSON.stringify(line).slice(1, -1)]),
  ];
}

/**
 * What base64 makes of a text that stands anywhere in a longer one, as a password does in `user:password`:
 * one form for each of the three places where it can begin in a group of three bytes.
 */
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  const whole = bytes.toString('base64');
  const forms = [whole];
  for (const before of [0, 1, 2]) {
    const shifted = Buffer.concat([Buffer.alloc(before), bytes]);
    // Characters that depend on what stands before or after are not the secret's own.
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((shifted.length * 8) / 6);
    forms.push(shifted.toString('base64').slice(first, last));
  }
  return forms
    .filter((form) => form.length >= SHORTEST_BASE64)
    .flatMap((form) => [form, form.replaceAll('+', '-').replaceAll('/', '_')])
    .concat(whole, bytes.toString('base64url'));
}
