// Brings cfn-lint, which checks the templates of the blueprints, into an environment of its own in .cache/.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const requirements = path.join(root, 'test/unit/cfn-lint.txt');

/**
 * The path of cfn-lint at the pinned versions, installed from PyPI at the first time. CFN_LINT names
 * another one.
 *
 * @returns {{ command?: string, reason?: string }} `reason`: why there is none.
 */
export function bringCfnLint() {
  if (process.env.CFN_LINT) return { command: process.env.CFN_LINT };
  const pins = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const venv = path.join(root, `.cache/cfn-lint-${pins}`);
  const ready = path.join(venv, 'ready');
  const python = process.env.INFRACTL_PYTHON || 'python3';
  const run = (command, ...args) => spawnSync(command, args, { encoding: 'utf8', timeout: 600_000 });
  if (!existsSync(ready)) {
    process.stderr.write('Installing cfn-lint into .cache/ …\n');
    rmSync(venv, { recursive: true, force: true });
    const made = run(python, '-m', 'venv', venv);
    if (made.error) return { reason: `there is no ${python}` };
    if (made.status !== 0) return { reason: `${python} cannot make an environment: ${lastLine(made)}` };
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement'];
    const installed = run(path.join(venv, 'bin/python'), ...pip, requirements);
    if (installed.status !== 0) return { reason: `pip could not install it: ${lastLine(installed)}` };
    writeFileSync(ready, '');
  }
  return { command: path.join(venv, 'bin/cfn-lint') };
}

function lastLine({ stdout, stderr }) {
  return (
    `${stdout}\n${stderr}`
      .split('\n')
      .filter((line) => line.trim() !== '')
      .at(-1) ?? 'it says nothing'
  );
}
