// Builds the package: the bundle (dist/), the command manifest, the JSON Schema.
// `--check` builds nothing into place and fails when the committed manifest or schema is stale.

import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import pieces from '../bin/pieces.js';
import { toCommonJs } from './bundle-commonjs.mjs';
import { plugins } from './bundle-plugins.mjs';
import { withHouse } from './docs/house.ts';
import { manText, referenceText } from './docs/reference.ts';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, 'dist');
const check = process.argv.includes('--check');
const quiet = process.argv.includes('--quiet');

async function entries() {
  const { glob } = await import('node:fs/promises');
  const found = {};
  for await (const file of glob('src/commands/**/*.ts', { cwd: root })) {
    found[file.replace(/^src\//, '').replace(/\.ts$/, '')] = path.join(root, file);
  }
  return { main: path.join(root, 'src/main.ts'), help: path.join(root, 'src/help.ts'), ...found };
}

/** What starting a command needs of the manifest, a fortieth of it: its id and its file; the version, the build. */
async function commandIndex(build) {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const files = Object.keys(await entries()).filter((name) => name.startsWith('commands/'));
  const idOf = (name) =>
    name
      .replace(/^commands\//, '')
      .replace(/\/index$/, '')
      .replaceAll('/', ':');
  return {
    version,
    build,
    commands: Object.fromEntries(files.sort().map((name) => [idOf(name), `${name}.js`])),
  };
}

/**
 * The bundle is split into shared chunks, which esbuild does for ES modules only. Each file is then turned
 * into CommonJS: it loads somewhat quicker, and the launcher can keep its compiled code.
 */
async function bundle() {
  const outdir = dist;
  const result = await build({
    absWorkingDir: root,
    entryPoints: await entries(),
    outdir,
    write: false,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minify: true,
    keepNames: false,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    mainFields: ['module', 'main'],
    conditions: ['module', 'import', 'node'],
    chunkNames: 'chunks/[hash]',
    // Without it Node's condition chooses yaml's CommonJS build, which is larger and cannot be shaken.
    alias: { yaml: path.join(root, 'node_modules/yaml/browser/dist/index.js') },
    // React has a second self for development, four times the size.
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins,
  });
  const files = await Promise.all(
    result.outputFiles.map(async ({ path: file, text }) => [
      path.relative(outdir, file).replaceAll(path.sep, '/'),
      await toCommonJs(text),
    ]),
  );
  // The launcher keeps compiled code by this name: it must change with every byte of the bundle.
  const digest = createHash('sha256');
  for (const [name, text] of files) digest.update(`${name}\0${text}\0`);
  return { files, build: digest.digest('hex').slice(0, 16), metafile: result.metafile };
}

/** Builds beside the old bundle and changes places with it, so that whoever runs infractl meanwhile sees one or the other. */
async function replaceBundle({ build, files }) {
  const fresh = `${dist}.${process.pid}`;
  const old = `${fresh}.old`;
  await mkdir(fresh);
  await writeFile(path.join(fresh, 'bundle.bin'), pieces.packBundle(files));
  await writeFile(path.join(fresh, 'commands.json'), JSON.stringify(await commandIndex(build)));
  for (const python of ['sandbox/emulator', 'releases/agent'])
    await cp(path.join(root, 'src/lib', python), path.join(fresh, path.basename(python)), {
      recursive: true,
      filter: (source) => !source.includes('__pycache__'),
    });
  await rename(dist, old).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, dist);
  await rm(old, { recursive: true, force: true });
}

/** The manifest is what oclif makes of the commands, which it wants as files: ids, flags, arguments, help. */
async function manifest({ files }) {
  const { Plugin } = await import('@oclif/core');
  const stage = await mkdtemp(path.join(tmpdir(), 'infractl-build-'));
  try {
    await cp(path.join(root, 'package.json'), path.join(stage, 'package.json'));
    for (const [name, text] of [...files, ['package.json', '{"type":"commonjs"}']]) {
      const file = path.join(stage, 'dist', name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, text);
    }
    const plugin = new Plugin({
      root: stage,
      type: 'core',
      ignoreManifest: true,
      errorOnManifestCreate: true,
    });
    await plugin.load();
    for (const command of Object.values(plugin.manifest.commands)) command.isESM = false;
    return `${JSON.stringify(sorted(plugin.manifest), null, 2)}\n`;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

async function place(file, text) {
  const target = path.join(root, file);
  const before = await readFile(target, 'utf8').catch(() => '');
  if (before === text) return;
  if (check) {
    process.stderr.write(`${file} is stale: run npm run build and commit it.\n`);
    process.exitCode = 1;
  } else {
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

/** One build at a time: two that change places with the bundle at once would leave half of each. */
async function locked(work) {
  const lock = path.join(root, '.cache/build.lock');
  await mkdir(path.dirname(lock), { recursive: true });
  for (let tries = 0; ; tries++) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      // Nothing builds for a minute: whoever held it has died.
      if (tries > 600) await rm(lock, { recursive: true, force: true });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

const started = Date.now();
const result = await locked(async () => {
  const built = await bundle();
  const commands = await manifest(built);
  await replaceBundle(built);
  await place('oclif.manifest.json', commands);
  await place('docs/reference.md', referenceText(JSON.parse(commands)));
  const architecture = await readFile(path.join(root, 'docs/architecture.md'), 'utf8');
  await place('docs/architecture.md', withHouse(architecture, root));
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  await writeFile(path.join(dist, 'infractl.1'), manText(JSON.parse(commands), version));
  return built;
});
const { schemaText } = await import('./schema.mjs').catch(() => ({}));
if (schemaText) await place('schema/infractl.schema.json', await schemaText());
if (process.argv.includes('--meta'))
  await writeFile(path.join(root, '.cache-meta.json'), JSON.stringify(result.metafile));
if (!quiet) {
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
  const code = result.files.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0);
  const { size } = await stat(path.join(dist, 'bundle.bin'));
  process.stdout.write(
    `built dist/: a bundle of ${megabytes(size)}, ${megabytes(code)} of code, in ${Date.now() - started} ms\n`,
  );
}
