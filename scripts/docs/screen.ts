/** What drives a terminal in what our prompts, trees and screens write: a sequence of CSI, a title, a character set. */
const SEQUENCE = /^\u001B(?:\[([0-9;?]*)([A-Za-z])|\][^\u0007]*\u0007|[=>78()][AB0]?)/;
const LONGEST = 200;

/** As much of a VT100 as infractl uses. Lines that leave the screen at the top are kept. */
class Screen {
  readonly #columns: number;
  readonly #rows: number;
  readonly #left: string[][] = [];
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.#columns = columns;
    this.#rows = rows;
  }

  get text(): string {
    return [...this.#left, ...this.#lines]
      .map((line) => line.join('').trimEnd())
      .join('\n')
      .replace(/^\n+|\n+$/g, '');
  }

  #line(): string[] {
    while (this.#lines.length <= this.#row) this.#lines.push([]);
    return this.#lines[this.#row] as string[];
  }

  #down(): void {
    this.#row++;
    this.#line();
    if (this.#lines.length <= this.#rows) return;
    this.#left.push(this.#lines.shift() as string[]);
    this.#row--;
  }

  #move(row: number, column: number): void {
    this.#row = Math.min(Math.max(0, row), this.#rows - 1);
    this.#column = Math.max(0, column);
  }

  #clear(): void {
    this.#lines = [[]];
    this.#move(0, 0);
  }

  write(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#down();
    else if (character === '\b') this.#move(this.#row, this.#column - 1);
    else if (character >= ' ') this.#print(character);
  }

  #print(character: string): void {
    if (this.#column >= this.#columns) {
      this.#column = 0;
      this.#down();
    }
    const line = this.#line();
    while (line.length < this.#column) line.push(' ');
    line[this.#column++] = character;
  }

  control(letter: string, parameters: string): void {
    const [first = 0, second = 0] = parameters.split(';').map(Number);
    const count = first || 1;
    const [row, column] = [this.#row, this.#column];
    if (letter === 'A') this.#move(row - count, column);
    else if (letter === 'B') this.#move(row + count, column);
    else if (letter === 'C') this.#move(row, column + count);
    else if (letter === 'D') this.#move(row, column - count);
    else if (letter === 'E') this.#move(row + count, 0);
    else if (letter === 'F') this.#move(row - count, 0);
    else if (letter === 'G') this.#move(row, count - 1);
    else if (letter === 'H') this.#move(count - 1, (second || 1) - 1);
    else if (letter === 'K') this.#erase(first);
    else if (letter === 'J' && first === 0) {
      this.#erase(0);
      this.#lines.length = this.#row + 1;
    } else if (letter === 'J') this.#clear();
    else if (letter === 'h' && parameters === '?1049') {
      this.#left.length = 0;
      this.#clear();
    }
  }

  /** The line: to its end, or the whole of it. */
  #erase(how: number): void {
    const line = this.#line();
    if (how === 0) line.length = Math.min(line.length, this.#column);
    else if (how === 2) line.length = 0;
  }
}

/** What a terminal shows after all that was written to it. */
export function screenOf(written: string, columns: number, rows: number): string {
  const screen = new Screen(columns, rows);
  for (let at = 0; at < written.length; ) {
    const sequence = SEQUENCE.exec(written.slice(at, at + LONGEST));
    if (sequence) {
      at += sequence[0].length;
      if (sequence[2]) screen.control(sequence[2], sequence[1] ?? '');
    } else {
      const character = String.fromCodePoint(written.codePointAt(at) as number);
      at += character.length;
      screen.write(character);
    }
  }
  return screen.text;
}
