// Builds the package: the bundle (dist/), the command manifest, the JSON Schema.
// `--check` builds nothing into place and fails when the committed manifest or schema is stale.
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { plugins } from './bundle-plugins.mjs';

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

async function bundle() {
  await rm(dist, { recursive: true, force: true });
  return build({
    absWorkingDir: root,
    entryPoints: await entries(),
    outdir: dist,
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
    chunkNames: 'chunks/[name]-[hash]',
    banner: {
      js: "import{createRequire as __cr}from'node:module';import{fileURLToPath as __fp}from'node:url';import{dirname as __dn}from'node:path';const require=__cr(import.meta.url),__filename=__fp(import.meta.url),__dirname=__dn(__filename);",
    },
    plugins,
  });
}

/** The manifest is what oclif would make of the commands: ids, flags, arguments, help. */
async function manifest() {
  const { Plugin } = await import('@oclif/core');
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
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
    const { mkdir } = await import('node:fs/promises');
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
}

const started = Date.now();
const result = await bundle();
await cp(path.join(root, 'src/lib/sandbox/emulator'), path.join(dist, 'emulator'), {
  recursive: true,
  filter: (source) => !source.includes('__pycache__'),
}).catch((error) => {
  if (error.code !== 'ENOENT') throw error;
});
await place('oclif.manifest.json', await manifest());
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
