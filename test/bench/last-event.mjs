// How long a deploy goes on after its stack has ended: the built command line against the fake AWS of the
// tests, on real time, with a stack of one resource that takes 10 seconds, as `cdk`, `rain` and the AWS CLI
// have been timed.
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

/** @returns {Promise<{afterLastEvent: number}>} seconds */
export async function lastEventToExit(node, launcher) {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-bench-stack-'));
  const fake = await startFake({ clock: realClock() });
  Object.assign(fake.state.cloudFormation, { changeSetMs: 50, stepMs: 50 });
  try {
    writeFileSync(
      path.join(folder, 'infractl.yaml'),
      'project: bench\nstacks: { app: { template: app.yaml } }\n',
    );
    writeFileSync(path.join(folder, 'app.yaml'), TEMPLATE);
    const env = { PATH: process.env.PATH, HOME: folder, ...fake.env };
    const code = await new Promise((resolve, reject) => {
      const child = spawn(node, [launcher, 'deploy', '--create-stack'], {
        cwd: folder,
        env,
        stdio: 'ignore',
      });
      child.on('error', reject);
      child.on('exit', resolve);
    });
    const ended = Date.now();
    if (code !== 0) throw new Error(`the deploy ended with ${code}`);
    const last = Math.max(
      ...fake.state.cloudFormation.stacks[0].events.map(({ Timestamp }) => Timestamp.getTime()),
    );
    return { afterLastEvent: (ended - last) / 1000 };
  } finally {
    await fake.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
