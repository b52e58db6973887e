#!/usr/bin/env node
/**
 * Makes templates/auth-manager/app/vendor/postgres.js from the pinned npm package. `--check` writes
 * nothing and exits 1 when the file is not what would be made.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}templates/auth-manager/app/vendor/postgres.js`;

const { version, license } = JSON.parse(await readFile(`${root}node_modules/postgres/package.json`, 'utf8'));
const banner = [
  `// Generated from the npm package postgres ${version} (https://github.com/porsager/postgres).`,
  `// Licence: ${license}. Do not edit: see README.md beside it.`,
  '// @ts-nocheck',
].join('\n');

const result = await build({
  absWorkingDir: root,
  entryPoints: ['node_modules/postgres/src/index.js'],
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  charset: 'utf8',
  legalComments: 'inline',
  banner: { js: banner },
  // The names of files in its comments are the same where node_modules is a link.
  preserveSymlinks: true,
  write: false,
});
const text = result.outputFiles[0].text;

if (process.argv.includes('--check')) {
  const current = await readFile(target, 'utf8').catch(() => '');
  if (current !== text) {
    console.error(`${target} is out of date. Run: node scripts/vendor.mjs`);
    process.exitCode = 1;
  }
} else {
  await writeFile(target, text);
  console.log(`${target}: postgres ${version}, ${Math.round(Buffer.byteLength(text) / 1024)} KiB`);
}
