import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Finding } from './issues.ts';
import { placeName } from './issues.ts';
import type { Origin } from './origins.ts';
import { readSamconfig } from './parameters/samconfig.ts';
import type { ConfigPath } from './problems.ts';
import type { BuildContext } from './sections/section.ts';

export interface ContextFacts {
  readonly project: string;
  readonly environment: string;
  readonly root: string;
  /** Whether templates, folders and files are looked for. */
  readonly checkFiles: boolean;
}

/** What the sections build with; collects what they report. */
export interface Collected extends BuildContext {
  readonly findings: Finding[];
  /** By `placeName` of the path. */
  readonly origins: Map<string, Origin>;
}

export function buildContext(facts: ContextFacts): Collected {
  const findings: Finding[] = [];
  const origins = new Map<string, Origin>();
  const report = (path: ConfigPath, message: string, expected?: string, at: 'key' | 'value' = 'value') => {
    findings.push({ path, at, message: `${placeName(path)} ${message}`, ...(expected ? { expected } : {}) });
  };
  return {
    project: facts.project,
    environment: facts.environment,
    root: facts.root,
    findings,
    origins,
    problem: (path, message, notes = {}) => report(path, message, notes.expected, notes.at),
    origin: (path, origin) => origins.set(placeName(path), origin),
    existing(path, written, kind) {
      const absolute = resolve(facts.root, written);
      const wrong = facts.checkFiles ? whatIsWrong(absolute, kind) : undefined;
      if (wrong) report(path, `names ${written}, but ${wrong}`, `Paths are relative to ${facts.root}.`);
      return absolute;
    },
    async samconfig(path, written) {
      const absolute = resolve(facts.root, written);
      const missing = whatIsWrong(absolute, 'file');
      if (missing) {
        if (facts.checkFiles)
          report(path, `names ${written}, but ${missing}`, `Paths are relative to ${facts.root}.`);
        return undefined;
      }
      const read = await readSamconfig(absolute, facts.environment);
      if ('settings' in read) return read.settings;
      report(path, `names ${written}, but ${read.problem}`);
      return undefined;
    },
  };
}

function whatIsWrong(path: string, kind: 'file' | 'folder' | 'any'): string | undefined {
  let facts: ReturnType<typeof statSync>;
  try {
    facts = statSync(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? 'there is no such file.'
      : `it cannot be read (${code}).`;
  }
  if (kind === 'file' && !facts.isFile()) return 'that is not a file.';
  if (kind === 'folder' && !facts.isDirectory()) return 'that is not a folder.';
  return undefined;
}
