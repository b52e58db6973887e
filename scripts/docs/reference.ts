// What is generated of the command manifest: docs/reference.md, and the man page that the package brings.

const GLOBAL = 'GLOBAL';

interface Word {
  readonly name: string;
  readonly summary?: string;
  readonly description?: string;
  readonly hidden?: boolean;
  readonly required?: boolean;
}

interface Flag extends Word {
  readonly type: string;
  readonly char?: string;
  readonly allowNo?: boolean;
  readonly helpGroup?: string;
  readonly helpValue?: string;
  readonly options?: readonly string[];
  readonly env?: string;
  readonly default?: unknown;
}

interface Command {
  readonly id: string;
  readonly summary?: string;
  readonly description?: string;
  readonly hidden?: boolean;
  readonly strict?: boolean;
  readonly args?: Readonly<Record<string, Word>>;
  readonly flags?: Readonly<Record<string, Flag>>;
  readonly examples?: readonly (string | { readonly command: string; readonly description?: string })[];
}

/** What is read of oclif's manifest. */
export interface Manifest {
  readonly commands: Readonly<Record<string, Command>>;
}

/** The commands that people see, in the order of their names. */
function shown(manifest: Manifest): Command[] {
  return Object.values(manifest.commands)
    .filter((command) => !command.hidden)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

const named = (command: Command) => command.id.replaceAll(':', ' ');
const filled = (text: string | undefined, command: Command) =>
  (text ?? '').replaceAll('<%= config.bin %>', 'infractl').replaceAll('<%= command.id %>', named(command));

function examplesOf(command: Command): { line: string; why: string }[] {
  return (command.examples ?? []).map((example) =>
    typeof example === 'string'
      ? { line: filled(example, command), why: '' }
      : { line: filled(example.command, command), why: filled(example.description, command) },
  );
}

/** `infractl deploy [PART…] [flags]`: every word in capitals is an argument. */
function usage(command: Command): string {
  const args = Object.values(command.args ?? {}).map((arg) => {
    const word = arg.name.toUpperCase();
    return arg.required ? word : `[${word}]`;
  });
  const more = command.strict === false && args.length > 0 ? ['…'] : [];
  return ['infractl', named(command), ...args, ...more].join(' ');
}

function flagWord(flag: Flag): string {
  const value = flag.type === 'option' ? ` ${flag.helpValue ?? flag.name.toUpperCase()}` : '';
  const name = flag.allowNo ? `--[no-]${flag.name}` : `--${flag.name}`;
  return `${flag.char ? `-${flag.char}, ` : ''}${name}${value}`;
}

/** What a flag does, what it may be, what stands in for it. */
function flagText(flag: Flag, command: Command): string {
  const options = flag.options?.length ? ` One of: ${flag.options.join(', ')}.` : '';
  const variable = flag.env ? ` Also \`${flag.env}\`.` : '';
  const usual =
    flag.default !== undefined && flag.default !== false && typeof flag.default !== 'object'
      ? ` Default: ${flag.default}.`
      : '';
  return `${filled(flag.summary ?? flag.description, command)}${options}${usual}${variable}`;
}

const flagsOf = (command: Command) =>
  Object.values(command.flags ?? {})
    .filter((flag) => !flag.hidden)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const rows = (pairs: readonly (readonly [string, string])[]) => [
  '| | |',
  '| --- | --- |',
  ...pairs.map(([a, b]) => `| \`${cell(a)}\` | ${cell(b)} |`),
];

function section(command: Command): string {
  const args = Object.values(command.args ?? {}).filter((arg) => !arg.hidden);
  const own = flagsOf(command).filter((flag) => flag.helpGroup !== GLOBAL);
  const lines = [`## infractl ${named(command)}`, '', filled(command.summary, command)];
  if (command.description) lines.push('', filled(command.description, command));
  lines.push('', '```', usage(command), '```');
  if (args.length > 0)
    lines.push(
      '',
      ...rows(args.map((arg) => [arg.name.toUpperCase(), filled(arg.description, command)] as const)),
    );
  if (own.length > 0)
    lines.push('', ...rows(own.map((flag) => [flagWord(flag), flagText(flag, command)] as const)));
  const examples = examplesOf(command);
  if (examples.length > 0) {
    const width = Math.max(...examples.map(({ line }) => line.length));
    const printed = examples.map(({ line, why }) => (why ? `${line.padEnd(width)}  # ${why}` : line));
    lines.push('', '```', ...printed, '```');
  }
  return lines.join('\n');
}

/** docs/reference.md. */
export function referenceText(manifest: Manifest): string {
  const commands = shown(manifest);
  const [any] = commands;
  const globals = any ? flagsOf(any).filter(({ helpGroup }) => helpGroup === GLOBAL) : [];
  const anchor = (command: Command) => `infractl-${named(command).replaceAll(' ', '-')}`;
  return `${[
    '# Every command',
    '',
    '<!-- Made by `npm run build` of the commands themselves: change their descriptions there. -->',
    '',
    'The same as `infractl COMMAND --help`, on one page.',
    '',
    '| Command | |',
    '| --- | --- |',
    ...commands.map(
      (command) =>
        `| [\`${named(command)}\`](#${anchor(command)}) | ${cell(filled(command.summary, command))} |`,
    ),
    '',
    'Every command takes these too:',
    '',
    ...rows(globals.map((flag) => [flagWord(flag), flagText(flag, any as Command)] as const)),
    '',
    ...commands.map((command) => `${section(command)}\n`),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

const roff = (text: string) =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');

/** The man page infractl(1). */
export function manText(manifest: Manifest, version: string): string {
  const lines = [
    `.TH INFRACTL 1 "" "infractl ${version}" "User Commands"`,
    '.SH NAME',
    'infractl \\- one command for what a small team does to its AWS systems',
    '.SH SYNOPSIS',
    '.B infractl',
    '.I COMMAND',
    '.RI [ ARGUMENT .\\|.\\|.]',
    '.RI [ FLAG .\\|.\\|.]',
    '.SH DESCRIPTION',
    'Deploys the parts of a project that infractl.yaml names, shows what would change, takes it back; starts and',
    'stops what costs money, takes and tries backups, shows logs and health, and releases applications to hosts.',
    '.PP',
    '.B infractl',
    'alone on a terminal opens a menu.',
    '.B infractl help topics',
    'lists the guides,',
    '.B infractl COMMAND \\-\\-help',
    'tells all of a command.',
    '.SH COMMANDS',
  ];
  for (const command of shown(manifest))
    lines.push(
      '.TP',
      `.B ${roff(usage(command).replace(/^infractl /, ''))}`,
      roff(filled(command.summary, command)),
    );
  lines.push(
    '.SH FILES',
    '.TP',
    '.I infractl.yaml',
    'the project, in the current folder or above',
    '.TP',
    '.I .env.secrets',
    'values that stay out of git',
  );
  return `${lines.join('\n')}\n`;
}
