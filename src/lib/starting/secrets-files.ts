import { parseEnv } from 'node:util';
import type { DraftSecret, NewFile } from './draft.ts';

/**
 * The files of secrets that a draft refers to: `.env.secrets`, and `.env.secrets.<environment>` where a value is of one
 * environment alone. What nobody knows is there by name, commented out: an empty value would be taken for a value.
 */
export function secretFiles(secrets: readonly DraftSecret[]): NewFile[] {
  const files = new Map<string, string[]>();
  for (const { variable, environment, value } of secrets) {
    const path = environment === undefined ? '.env.secrets' : `.env.secrets.${environment}`;
    const lines = files.get(path) ?? ['# Secrets that infractl.yaml refers to. Never give this file to git.'];
    lines.push(value === undefined ? `# ${variable}=` : (envLine(variable, value) ?? `# ${variable}=`));
    files.set(path, lines);
  }
  return [...files].map(([path, lines]) => ({
    path,
    text: `${[...new Set(lines)].join('\n')}\n`,
    private: true,
  }));
}

/** Undefined: no way of quoting brings the value back as it is. */
export function envLine(variable: string, value: string): string | undefined {
  const ways = [value, `'${value}'`, `"${value}"`, `\`${value}\``].map((text) => `${variable}=${text}`);
  return ways.find((line) => parseEnv(line)[variable] === value && Object.keys(parseEnv(line)).length === 1);
}
