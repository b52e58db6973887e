import { parse, TomlError } from 'smol-toml';
import { UsageError } from '../base/errors.ts';
import { samPairs } from '../base/sam-pairs.ts';
import { nearest } from '../base/text.ts';
import { BY_ITSELF, KNOWN, LEFT_OUT, OTHER_COMMANDS, TAKEN } from './sam-keys.ts';
import { tomlPlaces } from './toml-places.ts';

/** What one environment of a samconfig.toml says of a deploy. */
export interface SamEnvironment {
  /** As the file calls it. */
  readonly name: string;
  readonly stackName?: string;
  readonly region?: string;
  readonly profile?: string;
  /** As written: relative to the file. */
  readonly template?: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SamFile {
  readonly environments: readonly SamEnvironment[];
  /** What is not taken over, each with its place: `samconfig.toml:12:1: …`. Never with a value. */
  readonly remarks: readonly string[];
}

type Table = Readonly<Record<string, unknown>>;

/**
 * Reads all environments of a samconfig.toml: `deploy` over `global`, the template of `build` where those name none.
 * What cannot be taken over is told with its place.
 *
 * @param shown the file as messages name it
 * @throws UsageError `BadSamconfig`: it is not TOML, has no environment, or pairs that are none
 */
export function readSamFile(text: string, shown: string): SamFile {
  const data = parsed(text, shown);
  const places = tomlPlaces(text);
  const remarks: string[] = [];
  const at = (path: readonly string[]) => {
    const place = places(path);
    return place ? `${shown}:${place.line}:${place.column}` : shown;
  };
  const environments = Object.entries(data).flatMap(([name, own]) => {
    if (isTable(own)) return [environmentOf(name, own, at, remarks)];
    if (name !== 'version') remarks.push(`${at([name])}: unknown key "${name}"; it is left out.`);
    return [];
  });
  if (environments.length > 0) return { environments, remarks: [...new Set(remarks)] };
  throw bad(`${shown} has no environment: no table such as [default.deploy.parameters].`);
}

function parsed(text: string, shown: string): Table {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) throw bad(`${shown}:${error.line}:${error.column}: it is not TOML.`);
    throw error;
  }
}

function environmentOf(
  name: string,
  own: Table,
  at: (path: readonly string[]) => string,
  remarks: string[],
): SamEnvironment {
  for (const command of Object.keys(own)) lookAtCommand([name, command], own[command], at, remarks);
  const values = { ...parametersOf(own, 'global'), ...parametersOf(own, 'deploy') };
  const text = (key: string) => (typeof values[key] === 'string' ? (values[key] as string) : undefined);
  const pairs = (key: string) => {
    const found = samPairs(values[key]);
    if (found) return found;
    const place = ['deploy', 'global'].find((command) => key in parametersOf(own, command)) ?? 'deploy';
    throw bad(`${at([name, place, 'parameters', key])}: ${key} are not Key=Value pairs.`);
  };
  const built = parametersOf(own, 'build');
  const template = text('template_file') ?? text('template') ?? built.template_file ?? built.template;
  const settings = { stackName: text('stack_name'), region: text('region'), profile: text('profile') };
  return {
    name,
    ...(Object.fromEntries(Object.entries(settings).filter(([, value]) => value)) as Partial<SamEnvironment>),
    ...(typeof template === 'string' ? { template } : {}),
    parameters: pairs('parameter_overrides'),
    tags: pairs('tags'),
  };
}

/** Tells what of one command's table is not taken over. */
function lookAtCommand(
  path: readonly [string, string],
  table: unknown,
  at: (path: readonly string[]) => string,
  remarks: string[],
): void {
  const [, command] = path;
  const told = command.replaceAll('-', '_');
  if (told !== 'deploy' && told !== 'global') {
    const words = OTHER_COMMANDS.has(told)
      ? `is for sam ${command.replaceAll('_', ' ')}; it is left out.`
      : `is for no command of sam; it is left out.`;
    remarks.push(`${placed(path, table, at)}: [${path.join('.')}] ${words}`);
    return;
  }
  if (!isTable(table)) return;
  for (const other of Object.keys(table))
    if (other !== 'parameters')
      remarks.push(`${at([...path, other])}: unknown key "${other}"; it is left out.`);
  for (const [key, value] of Object.entries(isTable(table.parameters) ? table.parameters : {})) {
    const place = at([...path, 'parameters', key]);
    const words = wordsOf(key, value);
    if (words) remarks.push(`${place}: ${words}`);
  }
}

/** The table itself, or where it is only a way to others, the first of those. */
function placed(path: readonly string[], table: unknown, at: (path: readonly string[]) => string): string {
  const here = at(path);
  if (/:\d+:\d+$/.test(here) || !isTable(table)) return here;
  const [first] = Object.keys(table);
  return first === undefined ? here : placed([...path, first], table[first], at);
}

function wordsOf(key: string, value: unknown): string | undefined {
  if (TAKEN.has(key)) {
    const pairs = key === 'parameter_overrides' || key === 'tags';
    return pairs || typeof value === 'string' ? undefined : `${key} is no text; it is left out.`;
  }
  // What is switched off says what infractl does anyway.
  if (Object.hasOwn(LEFT_OUT, key))
    return value === false ? undefined : `${key} is left out: ${LEFT_OUT[key]}.`;
  if (Object.hasOwn(BY_ITSELF, key)) return `${key} is not needed: ${BY_ITSELF[key]}.`;
  const near = nearest(key, KNOWN);
  return `unknown key "${key}"; it is left out.${near ? ` Did you mean ${near}?` : ''}`;
}

function parametersOf(own: Table, command: string): Table {
  const table = own[command];
  return isTable(table) && isTable(table.parameters) ? table.parameters : {};
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function bad(message: string): UsageError {
  return new UsageError({
    code: 'BadSamconfig',
    message,
    suggestions: ['Nothing was written: run the command again once that is mended.'],
  });
}
