// Builds the package: the bundle (dist/), the command manifest, the JSON Schema.
// `--check` builds nothing into place and fails when the committed manifest or schema is stale.

import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
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

/** What starting a command needs of the manifest, a fortieth of it: its id and its file; and the version. */
async function commandIndex() {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const files = Object.keys(await entries()).filter((name) => name.startsWith('commands/'));
  const idOf = (name) =>
    name
      .replace(/^commands\//, '')
      .replace(/\/index$/, '')
      .replaceAll('/', ':');
  return { version, commands: Object.fromEntries(files.sort().map((name) => [idOf(name), `${name}.js`])) };
}

/**
 * The bundle is split into shared chunks, which esbuild does for ES modules only. Each file is then turned
 * into CommonJS: it loads somewhat quicker, and the launcher can keep its compiled code.
 */
async function bundle(outdir) {
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
  for (const { path: file, text } of result.outputFiles) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, await toCommonJs(text));
  }
  await writeFile(path.join(outdir, 'commands.json'), JSON.stringify(await commandIndex()));
  // The launcher keeps compiled code by this name: it must change with every byte of the bundle.
  const digest = createHash('sha256');
  for (const { path: file, text } of result.outputFiles)
    digest.update(`${path.relative(outdir, file)}\0${text}\0`);
  const facts = { type: 'commonjs', build: digest.digest('hex').slice(0, 16) };
  await writeFile(path.join(outdir, 'package.json'), `${JSON.stringify(facts)}\n`);
  return result;
}

/** Builds beside the old bundle and changes places with it, so that whoever runs infractl meanwhile sees one or the other. */
async function replaceBundle() {
  const fresh = `${dist}.${process.pid}`;
  const old = `${fresh}.old`;
  const result = await bundle(fresh);
  await cp(path.join(root, 'src/lib/sandbox/emulator'), path.join(fresh, 'emulator'), {
    recursive: true,
    filter: (source) => !source.includes('__pycache__'),
  });
  await cp(path.join(root, 'src/lib/releases/agent'), path.join(fresh, 'agent'), {
    recursive: true,
    filter: (source) => !source.includes('__pycache__'),
  });
  await rename(dist, old).catch((error) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(fresh, dist);
  await rm(old, { recursive: true, force: true });
  return result;
}

/** The manifest is what oclif would make of the commands: ids, flags, arguments, help. */
async function manifest() {
  const { Plugin } = await import('@oclif/core');
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  for (const command of Object.values(plugin.manifest.commands)) command.isESM = false;
  return `${JSON.stringify(sorted(plugin.manifest), null, 2)}\n`;
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
  const built = await replaceBundle();
  const commands = await manifest();
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
  const bytes = Object.values(result.metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  process.stdout.write(
    `built dist/: ${(bytes / 1024 / 1024).toFixed(2)} MiB in ${Date.now() - started} ms\n`,
  );
}
