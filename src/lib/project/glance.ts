import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheFolder } from '../base/folders.ts';
import { readConfigurationFile } from './find.ts';
import type { LoadOptions } from './load.ts';
import type { Project } from './model.ts';

/** Changes with the shape of what is remembered. */
const FORMAT = 7;
/** Projects and environments that are remembered at the most. */
const MOST = 50;

export interface Glance {
  readonly project: Project;
  readonly warnings: readonly string[];
}

/**
 * The project for a command that only looks. The same as `loadProject` gives without looking for templates
 * and folders, but remembered by the bytes of its file: reading and checking YAML takes longer than the call
 * to AWS that such a command makes. A file that reads others is not remembered.
 *
 * @param version of infractl: another one may read the same file differently
 * @throws as `loadProject`
 */
export async function glanceAtProject(options: LoadOptions, version: string): Promise<Glance> {
  const env = options.env ?? process.env;
  const { path, text, warnings } = readConfigurationFile(options);
  const whole = warnings.length === 0 && !/samconfig|parameterFile/.test(text);
  const folder = whole ? cacheFolder('projects', env) : undefined;
  const regions = [options.region, env.AWS_REGION, env.AWS_DEFAULT_REGION];
  const facts = [FORMAT, version, path, options.environment, env.INFRACTL_ENV, regions];
  const key = createHash('sha256')
    .update(`${JSON.stringify(facts)}\n${text}`)
    .digest('hex')
    .slice(0, 32);
  const file = folder && join(folder, `${key}.json`);
  const known = file && recall(file);
  if (known) return { project: known, warnings: [] };
  const { loadProject } = await import('./load.ts');
  const loaded = await loadProject({ ...options, checkFiles: false });
  if (file && loaded.warnings.length === 0) remember(file, loaded.project);
  return loaded;
}

const SECTIONS = [
  'stacks',
  'images',
  'functions',
  'sites',
  'checks',
  'hosts',
  'backups',
  'releases',
  'costs',
] as const;

function recall(file: string): Project | undefined {
  try {
    const plain = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    for (const section of SECTIONS) plain[section] = new Map(plain[section] as [string, unknown][]);
    return plain as unknown as Project;
  } catch {
    return undefined;
  }
}

/** Written beside and renamed; where nothing can be kept, nothing is. */
function remember(file: string, project: Project): void {
  const plain = { ...project, ...Object.fromEntries(SECTIONS.map((name) => [name, [...project[name]]])) };
  try {
    const folder = dirname(file);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const others = readdirSync(folder);
    if (others.length >= MOST) for (const other of others) rmSync(join(folder, other), { force: true });
    writeFileSync(`${file}.${process.pid}`, JSON.stringify(plain), { mode: 0o600 });
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // A full disk or a home that cannot be written costs time, not the command.
  }
}
