import type { Interfaces } from '@oclif/core';
import { Command } from '@oclif/core/command';
import * as Flags from '@oclif/core/flags';
import { leadTo, type Place } from '../../aws/aws-cli.ts';
import type { InfractlError } from '../../base/errors.ts';
import { type Lead, ledJson } from '../../base/led.ts';
import { Redactor } from '../../base/redact.ts';
import type { Reporter } from '../../base/report.ts';
import { Interrupts, type Offer } from '../asking/interrupt.ts';
import { Prompter } from '../asking/prompt.ts';
import type { OpenReporter } from '../progress/reporter.ts';
import type { Stage } from '../stage.ts';
import { describeTerminal, painter, type Terminal } from '../terminal.ts';
import { errorJson, errorText, shownError } from '../views/error-view.ts';
import { harmlessJson, tamed } from '../views/harmless.ts';
import type { Outcome, View } from '../views/view.ts';
import { broken, wrapped } from '../views/wrap.ts';

type CommandClass = typeof Command & { baseFlags: typeof BaseCommand.baseFlags };

export type FlagsOf<T extends typeof Command> = Interfaces.InferredFlags<
  (typeof BaseCommand)['baseFlags'] & T['flags']
>;
export type ArgsOf<T extends typeof Command> = Interfaces.InferredArgs<T['args']>;

/**
 * What a command needs of the folder that it is typed in: nothing; an infractl.yaml, or else names of what is in AWS;
 * an infractl.yaml, with mistakes if need be; or a whole project. It is in the manifest, where the menu reads it.
 */
export type Needs = 'nothing' | 'names' | 'file' | 'project';

/**
 * What every command shares: flags and arguments parsed, the terminal described, one result printed in
 * one of two views, errors turned into words and exit codes, Ctrl-C. A command implements `work`.
 */
export abstract class BaseCommand<T extends typeof Command = CommandClass> extends Command {
  static override baseFlags = {
    json: Flags.boolean({ description: 'Print the result as JSON.', helpGroup: 'GLOBAL' }),
    debug: Flags.boolean({
      description: 'Show stack traces and every AWS call.',
      helpGroup: 'GLOBAL',
      env: 'INFRACTL_DEBUG',
    }),
    'no-color': Flags.boolean({ description: 'Print without colours.', helpGroup: 'GLOBAL' }),
    'no-input': Flags.boolean({
      description: 'Never ask: name the missing flag instead.',
      helpGroup: 'GLOBAL',
      env: 'INFRACTL_NO_INPUT',
    }),
  };

  /** A command whose `--json` is a stream of lines: events first, the result or the error last. */
  static streams = false;
  static needs: Needs = 'nothing';
  /** A command that waits for one thing only: a spinner tells all. */
  static single = false;

  protected flags!: FlagsOf<T>;
  protected args!: ArgsOf<T>;
  /** All arguments, for a command that takes any number of them. */
  protected words!: readonly string[];
  protected terminal!: Terminal;
  protected prompter!: Prompter;
  /** Whether the command takes back what AWS works on when that is chosen at the first Ctrl-C. */
  protected takesBack = false;
  protected readonly redactor = new Redactor();
  protected readonly interrupts = new Interrupts(
    (line) => this.say(line),
    (error) => {
      this.#reporter?.close();
      this.#showError(error);
    },
    () => this.#offer(),
  );
  #reporter: OpenReporter | undefined;
  #stage: Stage | undefined;
  #said = false;
  #outcome: Outcome = { advice: [] };

  protected abstract work(): Promise<View>;

  /** Whether `--json` prints a line for each of many things. */
  protected get streaming(): boolean {
    return (this.ctor as unknown as typeof BaseCommand).streams;
  }

  /** The words of the command line, with what the parser wants said outright. */
  protected completed(argv: readonly string[]): string[] {
    return [...argv];
  }

  /** Runs the command from its first line to its exit code. */
  async execute(): Promise<Outcome> {
    await this._run();
    return this.#outcome;
  }

  /** oclif's own looks only for deprecated commands and aliases, and loads its help for that. */
  override async init(): Promise<void> {
    if (this.ctor.state === 'deprecated' || this.ctor.deprecateAliases) await super.init();
  }

  override async run(): Promise<void> {
    this.terminal = this.#describe(this.#wrote('--no-color'), this.#wrote('--no-input'));
    this.interrupts.install();
    const ctor = this.ctor as unknown as T;
    this.argv = this.completed(this.argv);
    const parsed = await this.parse({
      flags: ctor.flags,
      baseFlags: (ctor as unknown as CommandClass).baseFlags,
      args: ctor.args,
      strict: ctor.strict,
    });
    this.flags = parsed.flags as FlagsOf<T>;
    this.args = parsed.args as ArgsOf<T>;
    this.words = parsed.argv.map(String);
    this.terminal = this.#describe(this.flags['no-color'], this.flags['no-input']);
    this.prompter = new Prompter(this.terminal);
    const view = await this.work();
    this.#reporter?.close();
    this.#show(view);
    if (view.exit !== undefined) process.exitCode = view.exit;
    this.#outcome = { folder: view.folder, advice: (view.next ?? []).map(this.lead) };
  }

  /** Prints a line for people on standard error, redacted. Never part of the result. */
  protected say(line: string): void {
    this.#said = true;
    if (this.#reporter) this.#reporter.say(line);
    else process.stderr.write(`${this.#shown(line)}\n`);
  }

  /** What is written on standard error: without secrets, and without what would drive the terminal. */
  #shown(text: string): string {
    return tamed(this.redactor.redact(text), this.terminal?.colourErr === true);
  }

  protected warnUser(line: string): void {
    const mark = painter(this.terminal.colourErr)('yellow', '!');
    this.say(`${mark} ${broken(this.lead(line), this.terminal.columns - 2).replaceAll('\n', '\n  ')}`);
  }

  /** Where capabilities report to, in the form that suits the terminal or `--json`. */
  protected async reporter(): Promise<Reporter> {
    const { openReporter } = await import('../progress/index.ts');
    const json = this.flags.json && this.streaming;
    this.#reporter ??= await openReporter({
      terminal: this.terminal,
      json,
      single: (this.ctor as unknown as typeof BaseCommand).single,
      redact: (text) => (json ? this.redactor.redact(text) : this.#shown(text)),
    });
    this.#stage ??= new (await import('../stage.ts')).Stage(this.#reporter, this.lead);
    return this.#stage;
  }

  /** Asks in the midst of progress, which is out of the way meanwhile. */
  protected aside<T>(ask: () => Promise<T>): Promise<T> {
    return this.#stage ? this.#stage.aside(ask) : ask();
  }

  /** Says why, then asks. */
  protected asideSaying<T>(lines: readonly string[], ask: () => Promise<T>): Promise<T> {
    return this.aside(() => {
      const width = process.stderr.columns || 80;
      for (const line of lines) {
        const indent = line.length - line.trimStart().length;
        const words = wrapped(this.#shown(line.trimStart()), width - 1 - indent, indent);
        process.stderr.write(`${' '.repeat(indent)}${words}\n`);
      }
      return ask();
    });
  }

  /** The flags that lead a further command to the place of this one, each after a space. */
  protected get where(): string {
    return '';
  }

  /** The same, also where the words of the command were not understood, or are not read yet. */
  get #way(): string {
    return this.flags === undefined ? '' : this.where;
  }

  /** Where this command works, once that is known: what it advises of the AWS CLI is led there. */
  protected get place(): Place | undefined {
    return undefined;
  }

  /** Leads whatever this command advises to the place where it works. All advice passes here, or `ledJson`. */
  protected readonly lead: Lead = (advice) => leadTo(this.#way, this.place)(advice);

  #offer(): ReturnType<Offer> {
    const running = this.#stage?.running ?? [];
    if (running.length === 0 || !this.prompter?.canAsk) return undefined;
    return this.aside(async () => {
      const { askWhatBecomes } = await import('../asking/interrupt-offer.ts');
      return askWhatBecomes(this.prompter, running, this.where, this.takesBack);
    });
  }

  protected override async catch(error: Error): Promise<void> {
    this.#reporter?.close();
    this.terminal ??= this.#describe(false, true);
    const shown = shownError(error, this.id);
    process.exitCode = shown.exit;
    this.#outcome = { advice: shown.suggestions.map(this.lead) };
    this.#showError(shown);
  }

  protected override async finally(): Promise<void> {
    this.interrupts.remove();
  }

  #show(view: View): void {
    if (this.flags.json) {
      const json = ledJson(view.json, this.lead);
      const text = this.streaming
        ? JSON.stringify({ type: 'result', ...(json as object) })
        : JSON.stringify(json, undefined, 2);
      process.stdout.write(`${this.redactor.redact(harmlessJson(text))}\n`);
      return;
    }
    const text = view.text({
      paint: painter(this.terminal.colourOut),
      // A file has no width: nothing is cut in it.
      columns: process.stdout.isTTY ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY,
      lead: this.lead,
    });
    if (text === '') return;
    if ((this.#said || this.#reporter?.wrote) && process.stdout.isTTY && process.stderr.isTTY)
      process.stderr.write('\n');
    process.stdout.write(`${tamed(this.redactor.redact(text), this.terminal.colourOut)}\n`);
  }

  #showError(error: InfractlError): void {
    if (this.#wrote('--json')) {
      const text = JSON.stringify(errorJson(error, this.lead), undefined, this.streaming ? undefined : 2);
      process.stdout.write(`${this.redactor.redact(harmlessJson(text))}\n`);
      if (!this.debugging) return;
    }
    const { colourErr, columns } = this.terminal;
    if (this.#reporter?.wrote && process.stderr.isTTY) process.stderr.write('\n');
    this.say(errorText(error, painter(colourErr), this.debugging, columns, this.lead));
  }

  /** `--debug`, or INFRACTL_DEBUG; known also where parsing failed. */
  protected get debugging(): boolean {
    const { INFRACTL_DEBUG } = process.env;
    return (
      this.#wrote('--debug') || (Boolean(INFRACTL_DEBUG) && !/^(0|false|no)$/i.test(INFRACTL_DEBUG ?? ''))
    );
  }

  #describe(noColor: boolean, noInput: boolean): Terminal {
    const terminal = describeTerminal({ noColor, noInput });
    // What is redrawn and what is logged line by line would overwrite each other.
    return this.debugging ? { ...terminal, animated: false } : terminal;
  }

  /** Looks at the raw words: for errors that come before or from parsing. */
  #wrote(flag: string): boolean {
    const end = this.argv.indexOf('--');
    const at = this.argv.indexOf(flag);
    return at !== -1 && (end === -1 || at < end);
  }
}
