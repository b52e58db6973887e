// How long a deploy of a stack takes that is held for 10 seconds, and how much of that comes after its last event: the
// built command line against the fake AWS of the tests, on real time, as `cdk`, `rain` and the AWS CLI have been timed.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { realClock } from '../fake/clock.ts';
import { startFake } from '../fake/server.ts';

const TEMPLATE = `Resources:
  Slow:
    Type: Fake::Slow
    Properties: { Milliseconds: 10000 }
`;

/**
 * @param argv of the deploy; it runs beside `app.yaml` and an `infractl.yaml` that names it
 * @returns {Promise<{afterLastEvent: number, total: number}>} seconds
 */
export async function heldStack(argv) {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-bench-stack-'));
  const fake = await startFake({ clock: realClock() });
  Object.assign(fake.state.cloudFormation, { changeSetMs: 50, stepMs: 50 });
  try {
    writeFileSync(
      path.join(folder, 'infractl.yaml'),
      'project: bench\nstacks: { app: { template: app.yaml } }\n',
    );
    writeFileSync(path.join(folder, 'app.yaml'), TEMPLATE);
    // The AWS CLI knows no AWS_REGION.
    const env = { PATH: process.env.PATH, HOME: folder, ...fake.env, AWS_DEFAULT_REGION: 'eu-west-3' };
    const began = Date.now();
    const code = await new Promise((resolve, reject) => {
      const child = spawn(argv[0], argv.slice(1), { cwd: folder, env, stdio: 'ignore' });
      child.on('error', reject);
      child.on('exit', resolve);
    });
    const ended = Date.now();
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}`);
    const last = Math.max(
      ...fake.state.cloudFormation.stacks[0].events.map(({ Timestamp }) => Timestamp.getTime()),
    );
    return { afterLastEvent: (ended - last) / 1000, total: (ended - began) / 1000 };
  } finally {
    await fake.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
