import type { Command } from '@oclif/core/command';
import type { Config } from '@oclif/core/config';
import { Exit, isInfractlError } from '../base/errors.ts';
import { shellWords } from '../base/shell-words.ts';
import { Prompter } from './asking/prompt.ts';
import { describeTerminal, painter } from './terminal.ts';
import { cut } from './views/table.ts';

type Loadable = Command.Loadable;

/** What the topics have in common with the commands that have none. */
const PROJECT = 'Project';
const LEAVE = 'leave';
/** Lines of the screen that are not choices: the question, the keys, a line above and below. */
const AROUND = 6;

/**
 * `infractl` alone on a terminal: find a command by typing, see and complete its command line, run it,
 * choose again. The choices come from the manifest, so that none can be missing.
 *
 * @param part a topic, `manage`: its commands alone
 * @throws Interrupted at Ctrl-C
 */
export async function openMenu(
  config: Config,
  run: (id: string, argv: string[]) => Promise<unknown>,
  part?: string,
): Promise<void> {
  const terminal = describeTerminal({ noColor: false, noInput: false });
  const paint = painter(terminal.colourErr);
  const prompter = new Prompter(terminal);
  const commands = config.commands.filter(
    ({ hidden, id }) => !hidden && (part === undefined || id.startsWith(`${part}:`)),
  );
  for (;;) {
    const id = await prompter.search(
      { message: 'What do you want to do?', otherwise: 'infractl help' },
      (term) => menuChoices(commands, config, term, process.stderr.columns || 80),
      Math.max(4, Math.min(commands.length + 5, (process.stderr.rows || 24) - AROUND)),
    );
    if (id === undefined) return;
    const name = id.replaceAll(':', ' ');
    const more = await prompter.text({
      message: `${paint('bold', `infractl ${name}`)}${paint('dim', ' [options]')}`,
      otherwise: `infractl ${name}`,
    });
    const argv = shellWords(more).words;
    process.stderr.write(
      `${paint('dim', `$ ${['infractl', name, more.trim()].filter(Boolean).join(' ')}`)}\n`,
    );
    await run(id, argv).catch((error: unknown) => {
      if (!isInfractlError(error)) throw error;
    });
    process.stderr.write('\n');
    // Whoever interrupts a command wants to be out of it, not back in a menu.
    if (process.exitCode === Exit.interrupted) return;
    process.exitCode = Exit.ok;
  }
}

export interface MenuChoice {
  readonly name: string;
  readonly short?: string;
  /** Undefined leaves the menu. */
  readonly value: string | undefined;
}

/** The choices that a typed term leaves, topic by topic; a heading is a text alone. */
export function menuChoices(
  commands: readonly Pick<Loadable, 'id' | 'summary'>[],
  config: {
    readonly topics: readonly { readonly name: string; readonly description?: string | undefined }[];
  },
  term: string | undefined,
  columns: number,
): (string | MenuChoice)[] {
  const wanted = (term ?? '').toLowerCase().split(/\s+/).filter(Boolean);
  const hits = commands.filter(({ id, summary }) => {
    const text = `${id.replaceAll(':', ' ')} ${summary ?? ''}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
  const topics = [...new Set(hits.map(({ id }) => topicOf(id)))].sort(
    (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
  );
  const found = topics.flatMap((topic) => [
    heading(topic, config.topics),
    ...hits
      .filter(({ id }) => topicOf(id) === topic)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, summary }) => {
        const name = id.replaceAll(':', ' ');
        return { name: cut(`${name.padEnd(16)} ${summary ?? ''}`, columns - 4), short: name, value: id };
      }),
  ]);
  const leaves = wanted.every((word) => LEAVE.includes(word));
  return leaves ? [...found, '', { name: LEAVE, value: undefined }] : found;
}

function topicOf(id: string): string {
  const end = id.lastIndexOf(':');
  return end === -1 ? PROJECT : id.slice(0, end);
}

const rank = (topic: string) => (topic === PROJECT ? 0 : 1);

function heading(
  topic: string,
  topics: readonly { readonly name: string; readonly description?: string | undefined }[],
): string {
  const known = topics.find(({ name }) => name === topic);
  const name = topic.replaceAll(':', ' ');
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  return known?.description ? `${title}: ${known.description}` : title;
}
