import { messageOf, UsageError } from '../../base/errors.ts';
import { bytes } from '../../base/text.ts';
import { goesOn, type LogEvent, pick, type Shape, type Source, shapeOf, together } from '../../logs/index.ts';
import { painter, type Style } from '../terminal.ts';
import { harmless, harmlessJson } from './harmless.ts';

export interface LogChoice {
  readonly json: boolean;
  /** Messages as they were written, platform marks included. */
  readonly raw: boolean;
  /** JSON messages over several lines. */
  readonly pretty: boolean;
  /** Fields of JSON messages to show. */
  readonly fields?: readonly string[] | undefined;
  /** What is highlighted: it was chosen by it. */
  readonly grep?: RegExp | undefined;
  readonly colour: boolean;
  /** A terminal gets long messages cut. */
  readonly terminal: boolean;
  /** Its width; infinite elsewhere. */
  readonly columns: number;
  readonly write: (text: string) => void;
}

const COLOURS: readonly Style[] = ['cyan', 'magenta', 'yellow', 'green', 'blue'];
/** A name is shown up to this width. */
const WIDEST = 28;
/** On a terminal of fewer columns there is room for a short name and no milliseconds. */
const NARROW = 60;
/** What a terminal shows of one message, in characters. */
const LONGEST = 8000;
/** Text is handed over in pieces of about this many characters. */
const PIECE = 65_536;

const LEVEL_STYLE: Readonly<Record<string, Style>> = {
  error: 'red',
  err: 'red',
  fatal: 'red',
  critical: 'red',
  panic: 'red',
  warn: 'yellow',
  warning: 'yellow',
  debug: 'dim',
  trace: 'dim',
};

/**
 * The regular expression of --grep. Without capitals, case does not matter.
 *
 * @throws UsageError `BadPattern`
 */
export function grepOf(written: string): RegExp {
  try {
    return new RegExp(written, /[A-Z]/.test(written) ? '' : 'i');
  } catch (error) {
    throw new UsageError({
      code: 'BadPattern',
      message: `--grep ${JSON.stringify(written)} is no regular expression.`,
      why: messageOf(error),
      suggestions: [
        'A point, brackets and the like are taken as they are behind a backslash: "\\[error\\]".',
      ],
    });
  }
}

/** The fields of --fields: `level,user.id`. */
export function fieldsOf(written: string | undefined): string[] | undefined {
  return written
    ?.split(',')
    .map((field) => field.trim())
    .filter(Boolean);
}

/** Prints events of log groups, one or more lines each. */
export class LogPrinter {
  readonly #choice: LogChoice;
  readonly #paint: ReturnType<typeof painter>;
  readonly #names = new Map<string, string>();
  readonly #labels = new Map<string, string>();
  #pending = '';
  #day = '';
  #second = -1;
  #clock = '';
  /** What was printed last, and how grave it was. */
  #last: LogEvent | undefined;
  #grave: Style | undefined;
  shown = 0;

  constructor(choice: LogChoice, sources: readonly Source[]) {
    this.#choice = choice;
    this.#paint = painter(choice.colour);
    for (const source of sources) this.add(source);
  }

  /** A group that came later has the next colour. */
  add({ name, group }: Source): void {
    this.#names.set(group, name);
    this.#labels.clear();
  }

  print(events: readonly LogEvent[], late = false): void {
    const { json, raw } = this.#choice;
    for (const event of json || raw ? events : together(events)) {
      const line = json ? this.#json(event, late) : this.#line(event, late);
      if (line === '') continue;
      this.shown++;
      this.#pending += line;
      if (this.#pending.length >= PIECE) this.flush();
    }
    this.flush();
  }

  /** Whether anything of an event is printed. */
  shows(event: LogEvent): boolean {
    return this.#choice.json || this.#said(event) !== undefined;
  }

  /** What the newest event is painted in. */
  get style(): Style | undefined {
    return this.#grave;
  }

  flush(): void {
    if (this.#pending === '') return;
    const text = this.#pending;
    this.#pending = '';
    this.#choice.write(text);
  }

  #json({ id, at, group, stream, message }: LogEvent, late: boolean): string {
    const { fields } = this.#choice;
    const chosen = fields ? pick(message, fields) : undefined;
    const line = JSON.stringify({
      type: 'log',
      at: new Date(at).toISOString(),
      name: this.#names.get(group) ?? group,
      group,
      stream,
      ...(id ? { id } : {}),
      message,
      ...(chosen ? { fields: chosen } : {}),
      ...(late ? { late: true } : {}),
    });
    return `${harmlessJson(line)}\n`;
  }

  #line(event: LogEvent, late: boolean): string {
    const { raw, terminal } = this.#choice;
    const said = this.#said(event);
    if (!said) return '';
    const { shape } = said;
    const follows = !raw && goesOn(event, this.#last);
    const text =
      shape.kind === 'text' && shape.beside && !follows ? levelled(shape.level, said.text) : said.text;
    const whole = harmless(text.includes('\r') ? text.replaceAll('\r\n', '\n') : text);
    const shown =
      terminal && whole.length > LONGEST
        ? `${whole.slice(0, LONGEST)}${this.#paint('dim', `… ${bytes(whole.length - LONGEST)} more: --json has all of it`)}`
        : whole;
    this.#last = event;
    if (!follows) this.#grave = this.#styleOf(shape);
    const body = this.#lit(this.#styled(indented(shown)));
    if (follows) return `    ${body}\n`;
    const head = `${this.#time(event.at)} ${this.#label(event.group)}${late ? this.#paint('yellow', 'late ') : ''}`;
    return `${head}${body}\n`;
  }

  /** What is said of an event; undefined where nothing is. */
  #said(
    event: LogEvent,
  ): { readonly shape: Exclude<Shape, { kind: 'mark' }>; readonly text: string } | undefined {
    const { raw, fields, grep } = this.#choice;
    const shape = raw ? ({ kind: 'text', text: event.message } as const) : this.#shape(event);
    if (shape.kind === 'mark') return undefined;
    if (shape.kind === 'json' && fields && shape.fields.length === 0) return undefined;
    const text = this.#text(shape, event.message).trimEnd();
    // A report is shown in other words than it was written in; those are what was searched for.
    if (shape.kind === 'report' && grep && !grep.test(text)) return undefined;
    return { shape, text };
  }

  #shape({ message, level }: LogEvent): Shape {
    const shape = shapeOf(message, this.#choice.fields);
    return level && shape.kind === 'text' && !shape.level ? { ...shape, level, beside: true } : shape;
  }

  #text(shape: Exclude<Shape, { kind: 'mark' }>, message: string): string {
    switch (shape.kind) {
      case 'text':
        return shape.text;
      case 'report': {
        const { duration, memory, used, init, status } = shape.report;
        return [
          `took ${duration} ms`,
          `${used} of ${memory} MB`,
          ...(init === undefined ? [] : [`cold start ${init} ms`]),
          ...(status ? [status] : []),
        ].join(' · ');
      }
      case 'json': {
        if (this.#choice.pretty) return JSON.stringify(JSON.parse(message), undefined, 2);
        const words = [
          ...(shape.text ? [shape.text] : []),
          ...shape.fields.map(([key, value]) => `${key}=${value}`),
        ].join(' ');
        const line = levelled(shape.level, words);
        return shape.stack === undefined ? line : `${line}\n${shape.stack}`;
      }
    }
  }

  #styleOf(shape: Shape): Style | undefined {
    if (shape.kind === 'report') return shape.report.status ? 'red' : 'dim';
    return 'level' in shape && shape.level ? LEVEL_STYLE[shape.level] : undefined;
  }

  #styled(text: string): string {
    return this.#choice.colour && this.#grave ? this.#paint(this.#grave, text) : text;
  }

  /** Matches of --grep, in bold. */
  #lit(text: string): string {
    const { grep, colour } = this.#choice;
    if (!grep || !colour) return text;
    const every = new RegExp(grep.source, `${grep.flags.replace('g', '')}g`);
    return text.replace(every, (match) => (match === '' ? '' : this.#paint('inverse', match)));
  }

  /** `14:05:09.123` in local time, the day before it where it changes. Dates are slow to make: one a second. */
  #time(at: number): string {
    const second = Math.floor(at / 1000);
    if (second !== this.#second) {
      this.#second = second;
      const date = new Date(at);
      const two = (value: number) => String(value).padStart(2, '0');
      const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
      if (day !== this.#day) {
        const first = this.#day === '';
        this.#day = day;
        const today = new Date();
        const isToday =
          today.getFullYear() === date.getFullYear() &&
          today.getMonth() === date.getMonth() &&
          today.getDate() === date.getDate();
        if (!(first && isToday)) this.#pending += `${this.#paint('dim', `── ${day} ──`)}\n`;
      }
      this.#clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
    }
    if (this.#choice.columns < NARROW) return this.#paint('dim', this.#clock);
    return this.#paint('dim', `${this.#clock}.${String(at - second * 1000).padStart(3, '0')}`);
  }

  #label(group: string): string {
    const known = this.#labels.get(group);
    if (known !== undefined) return known;
    const { columns } = this.#choice;
    const widest = columns < NARROW ? Math.max(3, Math.floor(columns / 5)) : WIDEST;
    const width = Math.min(widest, Math.max(...[...this.#names.values()].map(({ length }) => length)));
    const name = this.#names.get(group) ?? group;
    const index = Math.max(0, [...this.#names.keys()].indexOf(group));
    const cut = name.length > width ? `…${name.slice(name.length - width + 1)}` : name.padEnd(width);
    const style = COLOURS[index % COLOURS.length] as Style;
    const gap = columns < NARROW ? ' ' : '  ';
    const label = this.#names.size === 1 ? '' : `${this.#paint(style, cut)}${gap}`;
    this.#labels.set(group, label);
    return label;
  }
}

/** A level is said in words: colours are seen on a terminal only. */
function levelled(level: string | undefined, text: string): string {
  return [...(level ? [level.toUpperCase()] : []), ...(text ? [text] : [])].join(' ');
}

/** Further lines of a message stand under the first. */
function indented(text: string): string {
  return text.includes('\n') ? text.replaceAll('\n', '\n    ') : text;
}
