import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  awsProfiles,
  type Candidate,
  type Catalog,
  type FarKind,
  FRESH,
  isFar,
  keptByBash,
  type LocalKind,
  lineWords,
  projectNames,
  recallNames,
  rememberNames,
  SHELLS,
  type Shell,
  startingWith,
  type Wanted,
  wantedAt,
} from '../completion/index.ts';
import { glanceAtProject } from '../project/index.ts';
import type { Project } from '../project/model.ts';
import { launcher } from './launcher.ts';

/** The command that lists the names of a kind; it remembers them. */
const LISTING: Readonly<Record<FarKind, readonly string[]>> = {
  instance: ['manage', 'status'],
  deploy: ['history'],
  state: ['history'],
  backup: ['backup', 'list'],
  release: ['redeploy', 'history'],
};
/** Flags that say which AWS and which application is meant. */
const PLACE_FLAGS = ['env', 'profile', 'region', 'app'];
/** How long a shell is kept waiting for names that are not remembered, in milliseconds. */
const PATIENCE = 1500;

/**
 * Answers a shell's completion: `files` or `words`, then a candidate a line, its description behind a tab.
 * Says nothing and fails never: whoever is typing is not to be disturbed.
 *
 * @param root the folder of the package
 * @param argv `bash LINE WORD_BREAKS`, or `zsh|fish WORD…`, the last word being typed
 */
export async function answerCompletion(
  root: string,
  version: string,
  argv: readonly string[],
): Promise<void> {
  const [shell, ...rest] = argv;
  if (!SHELLS.includes(shell as Shell)) return;
  const words = shell === 'bash' ? lineWords(rest[0] ?? '') : rest;
  const catalog = readCatalog(root);
  const wanted = wantedAt(words, catalog);
  if (wanted.kind === 'file') {
    process.stdout.write('files\n');
    return;
  }
  const current = words.at(-1) ?? '';
  const names = (await lookUp(wanted, root, version)).map(({ value, ...more }) => ({
    value: `${wanted.prefix}${value}`,
    ...more,
  }));
  const candidates = [...wanted.candidates, ...startingWith(current, names)];
  const kept = shell === 'bash' ? keptByBash(current, rest[1] ?? '') : 0;
  const lines = candidates.map(
    ({ value, description }) =>
      `${value.slice(kept)}\t${(description ?? '').replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ')}`,
  );
  process.stdout.write(`${['words', ...lines].join('\n')}\n`);
}

function readCatalog(root: string): Catalog {
  const read = (name: string) => JSON.parse(readFileSync(path.join(root, name), 'utf8'));
  return { commands: read('oclif.manifest.json').commands, topics: read('package.json').oclif.topics };
}

async function lookUp({ kind, given }: Wanted, root: string, version: string): Promise<readonly Candidate[]> {
  if (kind === 'free' || kind === 'file') return [];
  if (kind === 'profile') return awsProfiles(process.env);
  if (kind === 'blueprint') {
    const { listBlueprints } = await import('../blueprints/index.ts');
    return (await listBlueprints()).map(({ name, title }) => ({ value: name, description: title }));
  }
  const options = { cwd: process.cwd(), environment: given.get('env') };
  try {
    const { project } = await glanceAtProject(options, version);
    return isFar(kind)
      ? await farNames(kind, project, given, root)
      : projectNames(kind as LocalKind, project);
  } catch {
    // No project here, or one with a mistake: a command will say so, this is no place to.
    return [];
  }
}

/** Names that AWS or a host knows: as they are remembered, and fetched anew where that is long ago. */
async function farNames(
  kind: FarKind,
  project: Project,
  given: ReadonlyMap<string, string>,
  root: string,
): Promise<readonly Candidate[]> {
  const sandbox = given.has('sandbox') || /^(?:1|true)$/.test(process.env.INFRACTL_SANDBOX ?? '');
  const of = { file: project.file, environment: project.environment, sandbox };
  const known = recallNames(kind, of);
  if (known && Date.now() - known.at < FRESH) return known.names;
  // Whatever becomes of the fetch, the next keystroke does not begin another one.
  rememberNames(kind, of, { at: Date.now(), names: known?.names ?? [] });
  await fetchNames(LISTING[kind], given, root);
  return recallNames(kind, of)?.names ?? [];
}

/** Runs the listing, which remembers what it finds; one that takes long goes on alone. */
async function fetchNames(
  listing: readonly string[],
  given: ReadonlyMap<string, string>,
  root: string,
): Promise<void> {
  const flags = PLACE_FLAGS.flatMap((name) => {
    const value = given.get(name);
    return value === undefined || (name === 'app' && listing[0] !== 'redeploy') ? [] : [`--${name}=${value}`];
  });
  const sandbox = given.has('sandbox') ? ['--sandbox'] : [];
  const [node, file] = launcher(root);
  const args = [file, ...listing, ...flags, ...sandbox, '--json', '--no-input'];
  const child = spawn(node, args, { stdio: 'ignore', detached: true });
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve());
    timer = setTimeout(resolve, PATIENCE);
  });
  // The shell waits for this process to end, which a timer would hold up.
  clearTimeout(timer);
  child.unref();
}
