import { fileURLToPath } from 'node:url';
import type { Config } from '@oclif/core/config';
import { UsageError } from './lib/base/errors.ts';
import { shellWord } from './lib/base/shell-words.ts';
import { nearest } from './lib/base/text.ts';
import { Commands } from './lib/cli/direct.ts';
import { describeTerminal, painter } from './lib/cli/terminal.ts';
import { errorJson, errorText, shownError } from './lib/cli/views/error-view.ts';

const HELP = new Set(['-h', '--help']);
const VERSION = new Set(['--version', 'version']);
/** What a shell's completion asks: see `infractl completion`. */
const COMPLETE = '__complete';
/** What may be said without a command. */
const EVERYWHERE = new Set(['--json', '--no-color', '--no-input', '--debug']);

/** Runs one command line. Sets `process.exitCode`; never throws. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await dispatch([...argv]);
  } catch (error) {
    const shown = shownError(error, undefined);
    process.exitCode = shown.exit;
    if (argv.includes('--json')) process.stdout.write(`${JSON.stringify(errorJson(shown), undefined, 2)}\n`);
    else {
      const terminal = describeTerminal({ noColor: argv.includes('--no-color'), noInput: true });
      process.stderr.write(`${errorText(shown, painter(terminal.colourErr), argv.includes('--debug'))}\n`);
    }
  }
}

async function dispatch(argv: string[]): Promise<void> {
  silenceOclifColours(argv);
  const root = fileURLToPath(new URL('..', import.meta.url));
  const commands = new Commands(root);
  if (argv[0] === COMPLETE) {
    const { answerCompletion } = await import('./lib/cli/completing.ts');
    return answerCompletion(root, commands.version, argv.slice(1)).catch(() => {});
  }
  if (VERSION.has(argv[0] ?? '')) return version(commands, argv);
  if (argv[0] === 'help' && (await guide(commands, root, argv))) return;
  const wantsHelp = argv[0] === 'help' || beforeDashes(argv).some((word) => HELP.has(word));
  const { id, rest } = commandOf(commands, argv[0] === 'help' ? argv.slice(1) : argv);
  const mistyped = id && !wantsHelp && isMistyped(commands, id, rest);
  if (id && !wantsHelp && !mistyped && !asksFor(id, argv)) {
    await commands.run(id, rest);
    return;
  }
  const config = await (await import('./lib/cli/whole-config.ts')).loadConfig(root);
  if (mistyped) throw notFound(config, [...id.split(':'), rest[0] as string]);
  if (!wantsHelp && argv[0]?.startsWith('-')) checkOrder(config, argv);
  const words = argv.filter((word) => !EVERYWHERE.has(word));
  const part =
    words.length > 0 && !wantsHelp && config.findTopic(words.join(':')) ? words.join(':') : undefined;
  if (words.length === 0 || part !== undefined) {
    const terminal = describeTerminal({ noColor: false, noInput: argv.includes('--no-input') });
    if (!terminal.interactive || argv.includes('--json')) return help(config, part?.split(':') ?? [], argv);
    const { openMenu } = await import('./lib/cli/menu/index.ts');
    const run = async (chosen: string, more: string[]) => {
      if (!beforeDashes(more).some((word) => HELP.has(word))) return commands.run(chosen, more);
      await help(config, chosen.split(':'), more);
      return { advice: [] };
    };
    return openMenu(config, root, run, part);
  }
  if (wantsHelp) return help(config, id ? id.split(':') : topicWords(config, argv), argv);
  const topic = topicWords(config, argv);
  if (topic.length > 0 && topic.length === leadingWords(argv).length) return help(config, topic, argv);
  throw notFound(config, argv);
}

/**
 * A part whose name is a command too. Alone on a terminal it is chosen from, as the other parts are, and nobody who only
 * looks around changes a host; in a script, or with any word more, it is the command.
 */
const CHOSEN_FROM = 'redeploy';

function asksFor(id: string, argv: readonly string[]): boolean {
  return (
    id === CHOSEN_FROM &&
    argv.length === 1 &&
    describeTerminal({ noColor: false, noInput: false }).interactive
  );
}

function version(commands: Commands, argv: readonly string[]): void {
  const { version, userAgent } = commands;
  const platform = `${process.platform}-${process.arch}`;
  process.stdout.write(
    argv.includes('--json')
      ? `${JSON.stringify({ version, platform, node: process.version }, undefined, 2)}\n`
      : `${userAgent}\n`,
  );
}

/** oclif decides about colours while its modules load; what it does not know must be said before that. */
function silenceOclifColours(argv: readonly string[]): void {
  if (argv.includes('--no-color') || process.env.TERM === 'dumb') process.env.NO_COLOR = '1';
}

function beforeDashes(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

function leadingWords(argv: readonly string[]): string[] {
  const words = argv[0] === 'help' ? argv.slice(1) : argv;
  const end = words.findIndex((word) => word.startsWith('-'));
  return end === -1 ? [...words] : words.slice(0, end);
}

/** What a command that shows things is called too, beside commands that do something to them. */
const SYNONYMS: Readonly<Record<string, string>> = {
  'monitoring:alarms:list': 'monitoring:alarms',
  'monitoring:alarms:explain': 'monitoring:alarms',
};

/** The longest run of leading words that names a command: `sandbox start`. */
function commandOf(commands: Commands, argv: readonly string[]): { id: string | undefined; rest: string[] } {
  const words = leadingWords(argv);
  for (let count = words.length; count > 0; count--) {
    const named = words.slice(0, count).join(':');
    const id = SYNONYMS[named] ?? named;
    if (commands.has(id)) return { id, rest: argv.slice(count) };
  }
  return { id: undefined, rest: [] };
}

/** Whether the word behind a command was meant to be one of its own commands: `logs quer`. */
function isMistyped(commands: Commands, id: string, [word = '-']: readonly string[]): boolean {
  const below = commands.below(id);
  return (
    below.length > 0 &&
    /^[a-z-]{4,}$/.test(word) &&
    !word.startsWith('-') &&
    nearest(word, below) !== undefined
  );
}

/** The leading words that name a topic: `sandbox`. */
function topicWords(config: Config, argv: readonly string[]): string[] {
  const words = leadingWords(argv);
  for (let count = words.length; count > 0; count--) {
    if (config.findTopic(words.slice(0, count).join(':'))) return words.slice(0, count);
  }
  if (words.length > 0) throw notFound(config, words);
  return [];
}

async function help(config: Config, subject: readonly string[], argv: readonly string[]): Promise<void> {
  if (beforeDashes(argv).includes('--json')) {
    const { helpJson } = await import('./lib/cli/views/help-json.ts');
    process.stdout.write(`${JSON.stringify(helpJson(config, subject.join(':')), undefined, 2)}\n`);
    return;
  }
  const { default: Help } = await import('./help.ts');
  await new Help(config, config.pjson.oclif.helpOptions).showHelp([subject.join(':')].filter(Boolean));
  const { GUIDE_OF } = await import('./lib/cli/guides/guide-of.ts');
  const more = subject[0] === undefined ? GUIDES : GUIDE_OF[subject[0]];
  if (more !== undefined) process.stdout.write(`GUIDE\n  $ infractl help ${more}\n\n`);
}

/** The word that lists the guides. */
const GUIDES = 'topics';

/** `help NAME` of a guide: shown, and true. A name that a command has is the command's. */
async function guide(commands: Commands, root: string, argv: readonly string[]): Promise<boolean> {
  const [name = '', ...more] = leadingWords(argv);
  if (name === '' || more.length > 0 || commands.has(name) || commands.below(name).length > 0) return false;
  const [{ guidesOf }, { guideList, guideText }] = await Promise.all([
    import('./lib/cli/guides/index.ts'),
    import('./lib/cli/guides/text.ts'),
  ]);
  const guides = guidesOf(root);
  const found = guides.find((one) => one.name === name);
  if (!found && name !== GUIDES) {
    const near = nearest(name, [...guides.map((one) => one.name), GUIDES]);
    if (near === undefined) return false;
    throw new UsageError({
      code: 'GuideNotFound',
      message: `infractl has no command and no guide "${name}".`,
      suggestions: [`Did you mean: infractl help ${near}`, `All guides: infractl help ${GUIDES}`],
    });
  }
  const { colourOut, columns } = describeTerminal({ noColor: argv.includes('--no-color'), noInput: true });
  const ui = { paint: painter(colourOut), columns };
  const json = found
    ? { guide: found.name, title: found.title, markdown: found.markdown }
    : { guides: guides.map(({ name, title }) => ({ guide: name, title })) };
  const text = found ? guideText(ui, found.markdown) : guideList(ui, guides);
  process.stdout.write(`${argv.includes('--json') ? JSON.stringify(json, undefined, 2) : text}\n`);
  return true;
}

/**
 * Flags before the command are not its own: which word is a flag's value, and which the command, nobody knows.
 *
 * @throws UsageError `FlagsFirst`
 */
function checkOrder(config: Config, argv: readonly string[]): void {
  const ids = new Set(config.commands.map(({ id }) => id.replaceAll(':', ' ')));
  for (let at = 1; at < beforeDashes(argv).length; at++) {
    const words = leadingWords(argv.slice(at));
    for (let count = words.length; count > 0; count--) {
      const command = words.slice(0, count).join(' ');
      if (!ids.has(command)) continue;
      const typed = [...words.slice(0, count), ...argv.slice(0, at), ...argv.slice(at + count)]
        .map(shellWord)
        .join(' ');
      throw new UsageError({
        code: 'FlagsFirst',
        message: 'Flags stand behind the command.',
        suggestions: [`Did you mean: infractl ${typed}`],
      });
    }
  }
}

/** A typo gets a suggestion and is never run. */
function notFound(config: Config, argv: readonly string[]): UsageError {
  const typed = leadingWords(argv).join(' ') || (argv[0] ?? '');
  const ids = config.commands
    .filter((command) => !command.hidden)
    .map((command) => command.id.replaceAll(':', ' '));
  const topics = config.topics.map((topic) => topic.name.replaceAll(':', ' '));
  const near = nearest(typed, [...ids, ...topics]);
  const parts = near === undefined ? endingIn(typed, ids) : [];
  const meant =
    near ?? (parts.length === 0 ? nearest(typed.split(' ')[0] ?? '', [...ids, ...topics]) : undefined);
  return new UsageError({
    code: 'CommandNotFound',
    message: `infractl has no command "${typed}".`,
    suggestions: [
      ...(meant === undefined ? parts : [meant]).map(
        (one, at) => `${at === 0 ? 'Did you mean' : 'Or'}: infractl ${one}`,
      ),
      'All commands: infractl help',
    ],
  });
}

/** Commands of a part whose last word was typed alone: `stop` is `manage stop`, or `sandbox stop`. */
function endingIn(typed: string, ids: readonly string[]): string[] {
  const [word = ''] = typed.split(' ').slice(-1);
  const last = (id: string) => id.slice(id.lastIndexOf(' ') + 1);
  const near = ids.some((id) => last(id) === word) ? word : nearest(word, ids.map(last));
  return ids
    .filter((id) => last(id) === near)
    .sort((a, b) => a.split(' ').length - b.split(' ').length)
    .slice(0, 3);
}
