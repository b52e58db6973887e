// How long a deploy of stacks takes that are held for a known time, how much of that comes after the last event, and how
// often AWS is asked meanwhile: the built command line against the fake AWS of the tests, on real time, as `cdk`, `rain`
// and the AWS CLI have been timed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { realClock } from '../fake/clock.ts';
import { startFake } from '../fake/server.ts';

/** The code that was compiled in an earlier run, as on a machine that has deployed before. */
const cache = mkdtempSync(path.join(tmpdir(), 'infractl-bench-cache-'));
process.on('exit', () => rmSync(cache, { recursive: true, force: true }));

/** After so long without an event a stack counts as quiet. Milliseconds. */
const QUIET = 40_000;

/**
 * @param argv of the deploy; it runs beside `app.yaml` and an `infractl.yaml` that names it once for each stack
 * @param {{seconds?: number, count?: number}} held how long a stack is held, and how many independent ones there are
 * @returns {Promise<{afterLastEvent: number, total: number, ideal: number, quietCalls: number}>} seconds; `ideal`: what
 *   the fake takes for the slowest of the stacks; `quietCalls`: calls a second of stacks that were quiet for 40 s
 */
export async function heldStacks(argv, { seconds = 10, count = 1 } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-bench-stack-'));
  const fake = await startFake({ clock: realClock() });
  Object.assign(fake.state.cloudFormation, { changeSetMs: 50, stepMs: 50 });
  try {
    const names = Array.from({ length: count }, (_, i) => (count === 1 ? 'app' : `s${i}`));
    writeFileSync(
      path.join(folder, 'infractl.yaml'),
      `project: bench\nstacks:\n${names.map((name) => `  ${name}: { template: app.yaml }\n`).join('')}`,
    );
    writeFileSync(
      path.join(folder, 'app.yaml'),
      `Resources:\n  Slow:\n    Type: Fake::Slow\n    Properties: { Milliseconds: ${seconds * 1000} }\n`,
    );
    // The AWS CLI knows no AWS_REGION.
    const env = {
      PATH: process.env.PATH,
      HOME: folder,
      XDG_CACHE_HOME: cache,
      ...fake.env,
      AWS_DEFAULT_REGION: 'eu-west-3',
    };
    const began = Date.now();
    const code = await new Promise((resolve, reject) => {
      const child = spawn(argv[0], argv.slice(1), { cwd: folder, env, stdio: 'ignore' });
      child.on('error', reject);
      child.on('exit', resolve);
    });
    const ended = Date.now();
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}`);
    const lives = fake.state.cloudFormation.stacks.map(({ events }) =>
      events.filter(({ ResourceStatus }) => ResourceStatus !== 'REVIEW_IN_PROGRESS').map(timeOf),
    );
    const last = Math.max(...lives.flat());
    return {
      afterLastEvent: (ended - last) / 1000,
      total: (ended - began) / 1000,
      ideal: Math.max(...lives.map((times) => times.at(-1) - times[0])) / 1000,
      quietCalls: count === 1 ? callsWhileQuiet(fake.requests, lives[0]) : Number.NaN,
    };
  } finally {
    await fake.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function timeOf({ Timestamp }) {
  return Timestamp.getTime();
}

/** Calls a second, in the times when the last event was long ago. */
function callsWhileQuiet(requests, times) {
  const spans = times
    .slice(1)
    .map((end, i) => [times[i] + QUIET, end])
    .filter(([from, to]) => from < to);
  const asked = requests.filter(
    ({ service, at }) => service === 'cloudformation' && spans.some(([from, to]) => at >= from && at < to),
  );
  return asked.length / (spans.reduce((sum, [from, to]) => sum + to - from, 0) / 1000);
}
