import { readFileSync } from 'node:fs';
import { samPairs } from '../../base/sam-pairs.ts';
import { userText } from '../../base/user-text.ts';
import { isTree } from '../merge.ts';

/** What infractl understands of one environment of a samconfig.toml. */
export interface SamSettings {
  readonly stackName?: string;
  readonly region?: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The problem ends the sentence "names <file>, but …". */
export type SamResult = { readonly settings: SamSettings } | { readonly problem: string };

/**
 * Reads a samconfig.toml: the table of the environment where it has one, else `default`; `deploy` over
 * `global`. Messages never hold what the file says: overrides are often secrets.
 */
export async function readSamconfig(file: string, environment: string): Promise<SamResult> {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return samSettings(parse(userText(readFileSync(file))), environment);
  } catch (error) {
    if (error instanceof TomlError) {
      return { problem: `it is not TOML (line ${error.line}, column ${error.column}).` };
    }
    return { problem: `it cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).` };
  }
}

export function samSettings(data: unknown, environment: string): SamResult {
  if (!isTree(data)) return { settings: { parameters: {} } };
  const own = isTree(data[environment]) ? data[environment] : data.default;
  const table = { ...commandTable(own, 'global'), ...commandTable(own, 'deploy') };
  const parameters = samPairs(table.parameter_overrides);
  if (parameters === undefined) return { problem: 'its parameter_overrides are not Key=Value pairs.' };
  return {
    settings: {
      parameters,
      ...(typeof table.stack_name === 'string' ? { stackName: table.stack_name } : {}),
      ...(typeof table.region === 'string' ? { region: table.region } : {}),
    },
  };
}

function commandTable(environment: unknown, command: string): Readonly<Record<string, unknown>> {
  const table = isTree(environment) ? environment[command] : undefined;
  return isTree(table) && isTree(table.parameters) ? table.parameters : {};
}
