import path from 'node:path';
import type { Config } from '@oclif/core/config';
import { Exit, isInfractlError } from '../../base/errors.ts';
import { shellWord, shellWords } from '../../base/shell-words.ts';
import { glanceAtProject } from '../../project/index.ts';
import type { Project } from '../../project/model.ts';
import { Prompter } from '../asking/prompt.ts';
import type { Needs } from '../command/base-command.ts';
import { commandBegins } from '../command/began.ts';
import { describeTerminal, type Paint, painter } from '../terminal.ts';
import { cut } from '../views/table.ts';
import type { Outcome } from '../views/view.ts';
import { broken } from '../views/wrap.ts';
import { advisedLines } from './advice.ts';
import { type Chosen, type MenuFacts, menuChoices } from './choices.ts';
import { quickLook } from './look.ts';
import { recentLines, rememberLine, wasInSandbox } from './recent.ts';

/** Lines of the screen that are not choices: the head, the question, the keys, a line above and below. */
const AROUND = 5;
const LOOKING = 'Looking at AWS …';
/** What a command may need for the menu to offer it. */
const WORKS: Readonly<Record<Here['is'], readonly Needs[]>> = {
  project: ['nothing', 'names', 'file', 'project'],
  faulty: ['nothing', 'names', 'file'],
  bare: ['nothing', 'names'],
};

/** What is offered first where there is no project yet. */
const BEFORE_A_PROJECT = ['init', 'sandbox:start', 'doctor', 'list', 'explain', 'events', 'outputs'];

/** Which environment of which AWS commands are given; undefined leaves the choice to the project. */
interface Place {
  readonly environment: string | undefined;
  readonly sandbox: boolean;
}

/** After these the menu works in the sandbox, or in AWS again. */
const SANDBOX: Readonly<Record<string, boolean>> = { 'sandbox:start': true, 'sandbox:stop': false };

/** Whether this shell means the sandbox in every command. */
const said = () => /^(?:1|true)$/.test(process.env.INFRACTL_SANDBOX ?? '');

/** What the menu knows of the folder that it was opened in. */
interface Here {
  readonly folder: string;
  /** A project, one with mistakes, or none. */
  readonly is: 'project' | 'faulty' | 'bare';
  readonly project: Project | undefined;
  /** Why there is none, in lines. */
  readonly trouble: readonly string[];
}

/**
 * `infractl` alone on a terminal: what this project is and how it is, find a command by typing, see and
 * complete its command line, run it, choose again. The choices come from the manifest, so that none can be missing.
 *
 * @param root the folder of the package
 * @param part a topic, `manage`: its commands alone
 * @throws Interrupted at Ctrl-C
 */
export async function openMenu(
  config: Config,
  root: string,
  run: (id: string, argv: string[]) => Promise<Outcome>,
  part?: string,
): Promise<void> {
  const terminal = describeTerminal({ noColor: false, noInput: false });
  const paint = painter(terminal.colourErr);
  const prompter = new Prompter(terminal);
  const began = process.cwd();
  let advised: readonly string[] = [];
  let place: Place | undefined;
  let shown: MenuFacts['shown'] = part === undefined ? 'usual' : { topic: part };
  let ran = false;
  for (;;) {
    const here = await lookAround(place?.environment, config.version);
    place ??= { environment: undefined, sandbox: wasInSandbox(here.folder) };
    const within = config.commands.filter(
      ({ hidden, id }) =>
        !hidden && (typeof shown === 'string' || id === shown.topic || id.startsWith(`${shown.topic}:`)),
    );
    const works = ({ needs }: (typeof within)[number]) =>
      WORKS[here.is].some((one) => one === (needs ?? 'project'));
    const looking = new AbortController();
    const [head, ...more] = headLines(here, place, paint);
    const later = here.project && quickLook(root, flagsOf(place), looking.signal);
    const facts: MenuFacts = {
      commands: within.filter(works),
      withheld: within.filter((command) => !works(command)),
      topics: config.topics,
      recent:
        shown === 'usual'
          ? recentLines(here.folder).filter((line) => config.findCommand(apart(config, line).id))
          : [],
      advised: shown === 'usual' ? advised.filter((line) => config.findCommand(apart(config, line).id)) : [],
      shown,
      first: here.is === 'bare' ? BEFORE_A_PROJECT : undefined,
      place: here.project && placeWords(here.project, place),
    };
    const chosen = await prompter
      .pick<Chosen>({
        message: 'What do you want to do?',
        otherwise: 'infractl help',
        head: [head, ...more, ...(later ? [paint('dim', LOOKING)] : [])].join('\n'),
        later: later?.then((line) => line && paint('dim', cut(line, process.stderr.columns || 80))),
        found: (term) => menuChoices(facts, term, process.stderr.columns || 80),
        lines: menuLines(more.length + (later ? 1 : 0), ran),
      })
      .finally(() => looking.abort());
    if (chosen.kind === 'leave') return sayWay(began, paint);
    ran = false;
    if (chosen.kind === 'back') shown = 'usual';
    if (chosen.kind === 'open') shown = chosen.topic === undefined ? 'all' : { topic: chosen.topic };
    if (chosen.kind === 'back' || chosen.kind === 'open') continue;
    if (chosen.kind === 'place') {
      if (here.project) place = await choosePlace(prompter, here.project);
      continue;
    }
    const line = await commandLine(prompter, chosen, config, place, paint);
    if (line === undefined) continue;
    process.stderr.write(`${paint('dim', `$ infractl ${line}`)}\n`);
    const { id, argv } = apart(config, line);
    commandBegins();
    const { folder, advice } = await run(id, argv);
    ran = true;
    // Whoever interrupts a command wants to be out of it, not back in a menu.
    if (process.exitCode === Exit.interrupted) return;
    // What was mistyped, or only looked up, is not offered again.
    if (process.exitCode !== Exit.usage && !/ (?:-h|--help)$/.test(line)) rememberLine(here.folder, line);
    const exit = process.exitCode === undefined || process.exitCode === 0 ? '' : `, exit ${process.exitCode}`;
    process.stderr.write(`${paint('dim', `That was: infractl ${line}${exit}`)}\n\n`);
    const fresh = advisedLines(advice);
    advised = (fresh.length > 0 ? fresh : advised).filter((one) => one !== line);
    if (folder !== undefined) process.chdir(folder);
    if (SANDBOX[id] !== undefined && exit === '') place = { ...place, sandbox: SANDBOX[id] };
    process.exitCode = Exit.ok;
  }
}

/**
 * How many lines of choices there are: what the screen holds, but a third of it below what a command has just printed,
 * which is what somebody wants to read.
 */
function menuLines(head: number, belowOutput: boolean): number {
  const rows = process.stderr.rows || 24;
  return Math.max(4, belowOutput ? Math.floor(rows / 3) : rows - AROUND - head);
}

/** A shell stays where it was: whoever leaves in another folder is told how to get there. */
function sayWay(began: string, paint: Paint): void {
  const way = path.relative(began, process.cwd());
  if (way !== '') process.stderr.write(`${paint('dim', `To go on: cd ${shellWord(way)}`)}\n`);
}

async function lookAround(environment: string | undefined, version: string): Promise<Here> {
  const cwd = process.cwd();
  try {
    const { project } = await glanceAtProject({ cwd, environment }, version);
    return { folder: project.root, is: 'project', project, trouble: [] };
  } catch (error) {
    if (!isInfractlError(error)) throw error;
    const bare = error.code === 'NoConfiguration';
    const lines = bare
      ? [error.message, 'Start one (init), try the sandbox, or name what is in AWS: logs, explain …']
      : [error.message, ...(error.why ? [error.why] : []), '→ See all of it: infractl config validate'];
    const trouble = broken(lines.join('\n'), process.stderr.columns || 80).split('\n');
    return { folder: cwd, is: bare ? 'bare' : 'faulty', project: undefined, trouble };
  }
}

function headLines({ project, trouble }: Here, place: Place, paint: Paint): string[] {
  if (!project) return trouble.map((line, at) => (at === 0 ? paint('yellow', line) : line));
  const { name, environment, region } = project;
  const words = [environment, region, place.sandbox || said() ? 'sandbox' : undefined]
    .filter(Boolean)
    .join(' · ');
  return [`${paint('bold', name)} · ${words}${project.protected ? paint('yellow', ' · protected') : ''}`];
}

/** Where else commands can work; undefined where there is no other place. */
function placeWords({ environment, environments }: Project, { sandbox }: Place): string | undefined {
  const others = environments.filter((name) => name !== environment);
  const choices = [...others, ...(said() ? [] : [sandbox ? 'AWS' : 'the sandbox'])];
  return choices.length > 0 ? `Work in ${choices.join(', ')} from here on.` : undefined;
}

async function choosePlace(prompter: Prompter, project: Project): Promise<Place> {
  const places = project.environments.flatMap((environment) =>
    [false, true].map((sandbox) => ({
      name: sandbox ? `${environment}, in the sandbox` : environment,
      value: { environment, sandbox },
    })),
  );
  // A shell that says INFRACTL_SANDBOX means the sandbox in every command: there is nothing to choose.
  return prompter.choose(
    { message: 'Where?', otherwise: 'Give --env and --sandbox.' },
    said() ? places.filter(({ value }) => value.sandbox) : places,
  );
}

function flagsOf({ environment, sandbox }: Place): string[] {
  return [...(environment ? ['--env', environment] : []), ...(sandbox ? ['--sandbox'] : [])];
}

/** The whole line as it will be run: the command, where it works, and what is added to it. Undefined where it was left. */
async function commandLine(
  prompter: Prompter,
  chosen: Extract<Chosen, { kind: 'command' | 'again' }>,
  config: Config,
  place: Place,
  paint: Paint,
): Promise<string | undefined> {
  const begun =
    chosen.kind === 'again'
      ? chosen.line
      : [chosen.id.replaceAll(':', ' '), ...placeFlags(config, chosen.id, place)].join(' ');
  const more = await prompter.line({
    message: `${paint('bold', `infractl ${begun}`)}${paint('dim', ' [options]')}`,
    help: 'enter runs it · --help tells its options · Esc goes back',
    otherwise: `infractl ${begun}`,
  });
  return more === undefined ? undefined : [begun, more.trim()].filter(Boolean).join(' ');
}

function placeFlags(config: Config, id: string, place: Place): string[] {
  const flags = config.findCommand(id)?.flags ?? {};
  return flagsOf({
    environment: flags.env ? place.environment : undefined,
    sandbox: Boolean(flags.sandbox) && place.sandbox,
  });
}

/** The command that a line begins with, and the rest of its words. */
function apart(config: Config, line: string): { readonly id: string; readonly argv: string[] } {
  const { words } = shellWords(line);
  for (let count = words.length; count > 0; count--) {
    const id = words.slice(0, count).join(':');
    if (config.findCommand(id)) return { id, argv: words.slice(count) };
  }
  return { id: words[0] ?? '', argv: words.slice(1) };
}
