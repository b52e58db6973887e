// `npm test`: types, style, the committed manifest and schema, then every test. With file names or vitest
// options behind `--`, only those tests. Closes with the line "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);

function run(name, script, args) {
  const file = path.join(root, 'node_modules', script);
  const result = spawnSync(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) process.stderr.write(`${name} found problems (exit ${result.status}).\n`);
  return result.status === 0;
}

let sound = true;
if (words.length === 0) {
  sound = run('TypeScript', 'typescript/bin/tsc', ['--noEmit']) && sound;
  sound = run('Biome', '@biomejs/biome/bin/biome', ['check', '.']) && sound;
  const fresh = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--check', '--quiet'], {
    cwd: root,
    stdio: 'inherit',
  });
  sound = fresh.status === 0 && sound;
}

const folder = mkdtempSync(path.join(tmpdir(), 'infractl-test-'));
const report = path.join(folder, 'report.json');
const vitest = spawnSync(
  process.execPath,
  [
    path.join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...words,
  ],
  { cwd: root, stdio: 'inherit' },
);

let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
try {
  counts = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  sound = false;
}
rmSync(folder, { recursive: true, force: true });

const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = counts;
if (skipped > 0 && process.env.CI) {
  process.stdout.write('Skipped tests are failures here: something that CI must have is missing.\n');
  sound = false;
}
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
process.exitCode = vitest.status === 0 && sound && passed > 0 ? 0 : 1;
