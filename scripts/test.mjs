// `npm test`: types, style, the committed manifest and schema, then every test. With file names or vitest
// options behind `--`, only those tests. Closes with the line "N passed, N failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bringCfnLint } from './cfn-lint.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);

/** What is missing here for some of the tests, in words. */
async function missing() {
  const [{ dockers }, { noHost }, { postgresFolder }] = await Promise.all([
    import('../test/helpers/images.ts'),
    import('../test/helpers/host-image.ts'),
    import('../test/helpers/postgres.ts'),
  ]);
  const found = [];
  if (dockers.length === 0) found.push('no container engine answers');
  if (dockers.length > 0 && noHost) found.push(`no test host: ${noHost}`);
  if (postgresFolder() === undefined) found.push('PostgreSQL is not installed');
  if (process.getuid?.() !== 0) found.push('only root can mount the small disks that are to be full');
  return found;
}

const reasons = await missing();
let sound = true;
if (words.length === 0) {
  const checks = spawnSync(process.execPath, [path.join(root, 'scripts/check.mjs')], { stdio: 'inherit' });
  sound = checks.status === 0;
}
const env = { ...process.env };
if (words.length === 0 || words.some((word) => word.includes('templates'))) {
  const { command, reason } = bringCfnLint();
  if (command) env.CFN_LINT = command;
  else reasons.push(`cfn-lint: ${reason}`);
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
  { cwd: root, env, stdio: 'inherit' },
);

let counts = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
try {
  counts = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  sound = false;
}
rmSync(folder, { recursive: true, force: true });

const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = counts;
if (skipped > 0) {
  const why = words.length === 0 && reasons.length > 0 ? ` (${reasons.join('; ')})` : '';
  process.stdout.write(`${skipped} skipped${why}\n`);
  if (process.env.CI) {
    process.stdout.write('Skipped tests are failures here: something that CI must have is missing.\n');
    sound = false;
  }
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = vitest.status === 0 && sound && passed > 0 ? 0 : 1;
