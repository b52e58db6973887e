// `npm run check`: types, style, and whether the committed manifest and schema are those of the sources.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

const CHECKS = [
  ['TypeScript', 'node_modules/typescript/bin/tsc', ['--noEmit']],
  ['Biome', 'node_modules/@biomejs/biome/bin/biome', ['check', '.']],
  ['The build', 'scripts/build.mjs', ['--check', '--quiet']],
];

for (const [name, script, args] of CHECKS) {
  const { status } = spawnSync(process.execPath, [path.join(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status === 0) continue;
  process.stderr.write(`${name} found problems (exit ${status}).\n`);
  process.exitCode = 1;
}
