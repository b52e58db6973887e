/** Shorter values would blank out ordinary words; they are not treated as secrets in text. */
const SHORTEST = 4;
const MASK = '[secret]';

/**
 * Knows the secret values of this run and takes them out of any text: as they are, URL-encoded,
 * JSON-escaped, and in base64. Everything infractl prints or keeps passes through one.
 */
export class Redactor {
  readonly #forms = new Set<string>();
  #pattern: RegExp | undefined;

  /** Adds a value that must never be shown. */
  add(value: string): void {
    for (const form of formsOf(value)) {
      if (form.length < SHORTEST || this.#forms.has(form)) continue;
      this.#forms.add(form);
      this.#pattern = undefined;
    }
  }

  redact(text: string): string {
    if (this.#forms.size === 0) return text;
    this.#pattern ??= new RegExp(
      // Longest first: a secret that contains another must not leave its tail behind.
      [...this.#forms]
        .sort((a, b) => b.length - a.length)
        .map((form) => form.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
        .join('|'),
      'g',
    );
    return text.replace(this.#pattern, MASK);
  }
}

function formsOf(value: string): string[] {
  if (value.length < SHORTEST) return [];
  const base64 = Buffer.from(value, 'utf8').toString('base64');
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
    Buffer.from(value, 'utf8').toString('base64url'),
  ];
}
