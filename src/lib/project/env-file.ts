import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { UsageError } from '../base/errors.ts';
import { isSecretName, isSecretValue } from '../base/secret-words.ts';
import { userText } from '../base/user-text.ts';

export interface SecretFiles {
  /** The value of a variable: the environment's own, then `.env.secrets.<environment>`, then `.env.secrets`. */
  variable(name: string): string | undefined;
  /** The files that were read, by name. */
  readonly files: readonly string[];
  /** A file that git tracks or that others can read. */
  readonly warnings: readonly string[];
}

export interface SecretFileOptions {
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Ask git whether it tracks the files. Default: true. */
  readonly git?: boolean | undefined;
}

/**
 * Reads `.env.secrets` and `.env.secrets.<environment>` in the project's folder where they are there.
 * The values stay behind a function, so that no printed object ever holds them.
 *
 * @throws UsageError `UnreadableSecrets`
 */
export async function readSecretFiles(
  root: string,
  environment: string,
  options: SecretFileOptions = {},
): Promise<SecretFiles> {
  const env = options.env ?? process.env;
  const values = new Map<string, string>();
  const files: string[] = [];
  const warnings: string[] = [];
  for (const name of ['.env.secrets', `.env.secrets.${environment}`]) {
    const path = join(root, name);
    const facts = statSync(path, { throwIfNoEntry: false });
    if (!facts?.isFile()) continue;
    files.push(name);
    for (const [key, value] of Object.entries(readValues(path, name))) values.set(key, value);
    if (process.platform !== 'win32' && (facts.mode & 0o077) !== 0) {
      warnings.push(`${name} can be read by other users of this machine. Run: chmod 600 ${name}`);
    }
    if (options.git !== false && (await isTracked(root, name))) {
      warnings.push(
        `${name} is tracked by git: its secrets are in the history. Run: git rm --cached ${name}, add it to .gitignore, and renew the secrets.`,
      );
    }
  }
  return { variable: (name) => env[name] ?? values.get(name), files, warnings };
}

/** The files of secrets of all environments; what is only an example of one holds none. */
const SECRET_FILE = /^\.env\.secrets(?:\.(?!(?:example|sample|template|todo)$)[\w-]+)?$/;

/**
 * What the files of secrets in a folder hold, as far as names or values say that it is secret: a region or the name of
 * a database stands there too, and everywhere else.
 *
 * @throws UsageError `UnreadableSecrets`
 */
export function secretsInFiles(
  root: string,
): { readonly file: string; readonly name: string; readonly value: string }[] {
  return readdirSync(root)
    .filter(
      (file) => SECRET_FILE.test(file) && statSync(join(root, file), { throwIfNoEntry: false })?.isFile(),
    )
    .sort()
    .flatMap((file) =>
      Object.entries(readValues(join(root, file), file))
        .filter(([name, value]) => isSecretName(name) || isSecretValue(value))
        .map(([name, value]) => ({ file, name, value })),
    );
}

function readValues(path: string, name: string): Readonly<Record<string, string>> {
  try {
    return parseEnv(userText(readFileSync(path))) as Record<string, string>;
  } catch (error) {
    throw new UsageError({
      code: 'UnreadableSecrets',
      message: `${name} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}).`,
      suggestions: [`Give yourself the right: chmod 600 ${name}`],
    });
  }
}

/** Whether git tracks the file. Git itself is started only when its index may have it. */
async function isTracked(root: string, name: string): Promise<boolean> {
  const git = findGit(root);
  if (git === undefined || !mayBeInIndex(git, name)) return false;
  const { execFile } = await import('node:child_process');
  return new Promise((resolve) => {
    const args = ['ls-files', '--error-unmatch', '--', name];
    execFile('git', args, { cwd: root, timeout: 2000 }, (error) => resolve(error === null));
  });
}

function findGit(root: string): string | undefined {
  for (let folder = root; ; folder = dirname(folder)) {
    const git = join(folder, '.git');
    if (existsSync(git)) return git;
    if (dirname(folder) === folder) return undefined;
  }
}

/** A look at the bytes of the index saves starting git at every command. Version 4 compresses names. */
function mayBeInIndex(git: string, name: string): boolean {
  try {
    if (statSync(git).isFile()) return true;
    const index = readFileSync(join(git, 'index'));
    return index.readUInt32BE(4) >= 4 || index.includes(name);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
