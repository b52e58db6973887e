import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { UsageError } from '../base/errors.ts';
import { bytes } from '../base/text.ts';
import { ConfigurationError } from './problems.ts';

const NAMES = ['infractl.yaml', 'infractl.yml'] as const;

/** Far above any real project, far below what would make a command slow or fill the memory. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface FindOptions {
  /** Where the search starts. */
  readonly cwd: string;
  /** The file itself; nothing is searched then. */
  readonly file?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
}

export interface ConfigurationFile {
  /** Absolute. */
  readonly path: string;
  /** As messages show it: relative to the working folder. */
  readonly shown: string;
  readonly text: string;
  readonly warnings: readonly string[];
}

/**
 * Finds and reads `infractl.yaml` (or `.yml`): the file named by the option, then by INFRACTL_CONFIG,
 * then the first one upwards from `cwd`.
 *
 * @throws UsageError `NoConfiguration` when there is none, `InvalidConfiguration` when it cannot be read.
 */
export function readConfigurationFile(options: FindOptions): ConfigurationFile {
  const named = options.file ?? ((options.env ?? process.env).INFRACTL_CONFIG || undefined);
  const found = named === undefined ? searchUpwards(options.cwd) : { path: resolve(options.cwd, named) };
  if (found === undefined) throw missing(options.cwd);
  const shown = displayPath(found.path, options.cwd);
  return {
    path: found.path,
    shown,
    text: readText(found.path, shown, options.file === undefined && named !== undefined),
    warnings: found.other
      ? [
          `Both ${basename(found.path)} and ${found.other} are in ${dirname(found.path)}; the second is ignored.`,
        ]
      : [],
  };
}

/** A path as people write it from the working folder: relative, unless that is no shorter. */
export function displayPath(path: string, cwd: string): string {
  const short = relative(cwd, path) || '.';
  return short.length < path.length ? short : path;
}

function searchUpwards(cwd: string): { path: string; other?: string } | undefined {
  let folder = resolve(cwd);
  for (;;) {
    const here = NAMES.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false }));
    if (here[0]) return { path: join(folder, here[0]), ...(here[1] ? { other: here[1] } : {}) };
    const parent = dirname(folder);
    if (parent === folder) return undefined;
    folder = parent;
  }
}

function missing(cwd: string): UsageError {
  return new UsageError({
    code: 'NoConfiguration',
    message: 'There is no infractl.yaml here.',
    why: `Neither ${cwd} nor any folder above it has one.`,
    suggestions: [
      'Start a project: infractl init',
      'Or go to the folder of a project, or name its file with INFRACTL_CONFIG.',
    ],
  });
}

function readText(path: string, shown: string, fromVariable: boolean): string {
  const wrong = (message: string, suggestions: readonly string[] = []) =>
    new ConfigurationError(shown, [{ file: shown, message }], suggestions);
  let content: Buffer;
  try {
    const facts = statSync(path);
    if (facts.isDirectory()) {
      throw wrong('this is a folder, but the configuration must be a file.', [
        'Name the file itself, or rename the folder.',
      ]);
    }
    if (facts.size > MOST_BYTES) {
      throw wrong(`it has ${bytes(facts.size)}, and at most ${bytes(MOST_BYTES)} are read.`);
    }
    content = readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new UsageError({
        code: 'NoConfiguration',
        message: `There is no file ${shown}.`,
        ...(fromVariable ? { why: 'The variable INFRACTL_CONFIG names it.' } : {}),
        suggestions: ['Start a project: infractl init'],
      });
    }
    if (code === 'EACCES' || code === 'EPERM') {
      throw wrong('it cannot be read: permission denied.', [`Give yourself the right: chmod u+r ${shown}`]);
    }
    throw wrong(`it cannot be read: ${code ?? 'unknown reason'}.`);
  }
  if (!isUtf8(content)) throw wrong('it is not UTF-8 text.', ['Save it as UTF-8 in your editor.']);
  const text = content.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
