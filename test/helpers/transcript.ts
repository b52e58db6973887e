/** What was run and what it said, for whoever reads of a failed test in a log and cannot run it again. */

interface Told {
  readonly title: string;
  text(): string;
}

const LONGEST = 6000;
let told: Told[] = [];

/** Keeps something for the account of the running test; `text` is asked only when the test has failed. */
export function tell(title: string, text: () => string): void {
  told.push({ title, text });
}

export function forgetAll(): void {
  told = [];
}

/** All that was told, oldest first, of each thing its end. */
export function account(): string {
  return told.map(({ title, text }) => `--- ${title}\n${ending(text())}`).join('\n');
}

function ending(text: string): string {
  return text.length > LONGEST ? `…${text.slice(-LONGEST)}` : text;
}
