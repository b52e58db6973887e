import { Exit, InfractlError, Interrupted, UsageError } from '../../base/errors.ts';
import { type Paint, painter, type Terminal } from '../terminal.ts';
import { wrapped } from '../views/wrap.ts';
import type { LineOptions } from './line.ts';
import type { PickOptions } from './picker.ts';
import { listTheme, questionTheme } from './theme.ts';

/** A question, and the flag or setting that answers it where nobody can be asked. */
export interface Question {
  readonly message: string;
  /** How to answer without a prompt: "Give --confirm auth-manager-dev." */
  readonly otherwise: string;
}

/**
 * All questions of infractl go through here: prompts are drawn on standard error, Ctrl-C leaves with 130,
 * and where nobody can answer the missing flag is named with exit 2.
 */
export class Prompter {
  readonly #terminal: Terminal;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  get #paint(): Paint {
    return painter(this.#terminal.colourErr);
  }

  get canAsk(): boolean {
    return this.#terminal.interactive;
  }

  /**
   * A line of text; `secret` does not echo it; `retype` empties the line after an answer that will not do; `initial` is
   * taken where nothing is typed.
   */
  async text(
    question: Question,
    options: {
      secret?: boolean;
      retype?: boolean;
      initial?: string;
      validate?: (value: string) => true | string;
    } = {},
  ) {
    this.#mayAsk(question);
    const { input, password } = await import('@inquirer/prompts');
    const validate = options.validate ?? (() => true);
    return options.secret
      ? this.#ask((context) =>
          password(
            { message: question.message, validate, mask: '•', theme: questionTheme(this.#paint) },
            context,
          ),
        )
      : this.#ask((context) =>
          input(
            {
              message: question.message,
              validate,
              ...(options.initial === undefined ? {} : { default: options.initial }),
              theme: {
                ...questionTheme(this.#paint),
                validationFailureMode: options.retype ? 'clear' : 'keep',
              },
            },
            context,
          ),
        );
  }

  async choose<T>(question: Question, choices: readonly { name: string; value: T; description?: string }[]) {
    this.#mayAsk(question);
    const { select } = await import('@inquirer/prompts');
    const whole = choices.map(({ description, ...choice }) => ({
      ...choice,
      ...(description ? { description: wrapped(description, this.#terminal.columns - 1, 0) } : {}),
    }));
    return this.#ask((context) =>
      select(
        { message: question.message, choices: whole, loop: false, theme: listTheme(this.#paint) },
        context,
      ),
    );
  }

  /** At least one of several. */
  async chooseSome<T>(question: Question, choices: readonly { name: string; value: T }[]): Promise<T[]> {
    this.#mayAsk(question);
    const { checkbox } = await import('@inquirer/prompts');
    return this.#ask((context) =>
      checkbox(
        {
          message: question.message,
          choices: [...choices],
          required: true,
          loop: false,
          theme: listTheme(this.#paint),
        },
        context,
      ),
    );
  }

  /** One of many, found by typing: see picker.ts. */
  async pick<T>(wanted: Question & PickOptions<T>): Promise<T> {
    this.#mayAsk(wanted);
    const { pick } = await import('./picker.ts');
    return this.#ask((context) => pick({ ...wanted, theme: questionTheme(this.#paint) }, context));
  }

  /** A line that is added to: see line.ts. Undefined where it was left. */
  async line(wanted: Question & LineOptions): Promise<string | undefined> {
    this.#mayAsk(wanted);
    const { line } = await import('./line.ts');
    return this.#ask((context) => line({ ...wanted, theme: questionTheme(this.#paint) }, context));
  }

  /** Yes or no; no unless yes is said. */
  async confirm(question: Question): Promise<boolean> {
    this.#mayAsk(question);
    const { confirm } = await import('@inquirer/prompts');
    return this.#ask((context) =>
      confirm({ message: question.message, default: false, theme: questionTheme(this.#paint) }, context),
    );
  }

  #mayAsk(question: Question): void {
    if (this.canAsk) return;
    throw new UsageError({
      code: 'InputNeeded',
      message: question.message,
      why: 'Nobody can be asked here: this is not a terminal, or --no-input or CI is set.',
      suggestions: [question.otherwise],
    });
  }

  async #ask<T>(run: (context: { output: NodeJS.WriteStream }) => Promise<T>): Promise<T> {
    // The dashboard lets go of standard input when it ends; a question that nothing waits for ends the process.
    process.stdin.ref();
    try {
      return await run({ output: process.stderr });
    } catch (error) {
      if (error instanceof Error && error.name === 'ExitPromptError') throw new Interrupted();
      throw error;
    }
  }
}

export interface MildConfirmation {
  readonly question: string;
  readonly yes: boolean;
}

/** Mild acts: a yes on the terminal, or `--yes`. */
export async function confirmMild(prompter: Prompter, { question, yes }: MildConfirmation): Promise<void> {
  if (yes) return;
  if (await prompter.confirm({ message: question, otherwise: 'Give --yes.' })) return;
  throw declined();
}

/** What is in buckets is no part of a template: nobody can make it again. */
export async function confirmEmptying(prompter: Prompter): Promise<void> {
  const question = {
    message: 'Delete all that is in these buckets?',
    otherwise: 'Give --empty, or keep their stack with --keep.',
  };
  if (!(await prompter.confirm(question))) throw declined();
}

export interface SevereConfirmation {
  /** What must be typed. */
  readonly name: string;
  /** The value of `--confirm`. */
  readonly given: string | undefined;
  readonly question: string;
}

/**
 * Severe acts: the name typed on the terminal, where a typo is asked for again, or `--confirm NAME`, where a
 * wrong name does nothing.
 */
export async function confirmSevere(prompter: Prompter, wanted: SevereConfirmation): Promise<void> {
  const { name, given, question } = wanted;
  if (given !== undefined) return checkConfirmation(name, given);
  await prompter.text(
    { message: `${question} Type ${name} to go on:`, otherwise: `Give --confirm ${name}.` },
    {
      retype: true,
      validate: (typed) =>
        typed.trim() === name || `"${typed}" is not ${name}. Type it again, or leave with Ctrl-C.`,
    },
  );
}

/** A wrong `--confirm` is refused before anything is asked of AWS. */
export function checkConfirmation(name: string, given: string | undefined): void {
  if (given === undefined || given.trim() === name) return;
  throw new InfractlError({
    code: 'WrongName',
    message: `"${given}" is not ${name}: nothing was done.`,
    suggestions: [`Give --confirm ${name}.`],
    exit: Exit.declined,
  });
}

export function declined(): InfractlError {
  return new InfractlError({ code: 'Declined', message: 'Nothing was done.', exit: Exit.declined });
}
