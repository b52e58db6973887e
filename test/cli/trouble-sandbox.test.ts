import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestSandbox } from '../helpers/sandbox.ts';
import { expectJsonTrouble, expectTrouble, Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** The sandbox that is not there, cannot be there, or goes away. */

let scene: Scene;
const sandbox = new TestSandbox();
beforeAll(async () => {
  scene = await Scene.open();
  await sandbox.prepare();
}, 600_000);
afterAll(async () => {
  await sandbox.remove();
  await scene.close();
});

const deploy = ['deploy', '--create-stack', '--sandbox'];

describe('a sandbox that does not run', () => {
  it('is said before anything else, with the command that starts it', async () => {
    for (const command of [
      deploy,
      ['outputs', '--sandbox'],
      ['destroy', '--sandbox', '--confirm', 'shop-dev'],
    ]) {
      expectTrouble(await scene.run(command), 1, 'The sandbox is not running.', 'infractl sandbox start');
      expectJsonTrouble(await scene.run([...command, '--json']), 1, 'SandboxNotRunning');
    }
    expect(scene.fake.requests).toEqual([]);
  });

  it('because it died is told apart', async () => {
    const env = { XDG_DATA_HOME: sandbox.folder };
    await sandbox.start();
    const { pid } = JSON.parse((await scene.run(['sandbox', 'status', '--json'], { env })).stdout) as {
      pid: number;
    };
    process.kill(pid, 'SIGKILL');
    await until(() => !alive(pid));
    const result = await scene.run(deploy, { env });
    expectTrouble(result, 1, 'The sandbox', 'infractl sandbox start');
    const again = await scene.run(['sandbox', 'start', '--json'], { env });
    expect(again.code).toBe(0);
  });

  it('in the middle of a deploy: what failed is the sandbox, not AWS', async () => {
    const env = { XDG_DATA_HOME: sandbox.folder };
    const { pid } = JSON.parse((await scene.run(['sandbox', 'status', '--json'], { env })).stdout) as {
      pid: number;
    };
    process.kill(pid, 'SIGSTOP');
    try {
      const deploying = scene.start(deploy, { env });
      // It asks soon, and is told nothing; where it has not asked yet, it is refused.
      await pause(1500);
      process.kill(pid, 'SIGKILL');
      const result = await deploying.ended;
      expectTrouble(result, 1, /The sandbox (does not answer|is not running)/, 'infractl sandbox');
      expect(result.stderr).not.toContain('eu-west-3.amazonaws.com');
    } finally {
      if (alive(pid)) process.kill(pid, 'SIGKILL');
    }
  });
});

describe('a sandbox that cannot be installed', () => {
  const nowhere = path.dirname(process.execPath);

  it('says what to install where there is no Python', async () => {
    const bin = path.join(scene.home.folder, 'empty-bin');
    mkdirSync(bin, { recursive: true });
    const env = { PATH: bin };
    expectTrouble(
      await scene.run(['sandbox', 'start'], { env }),
      1,
      'The sandbox needs Python 3.10 or newer, and there is none.',
      'sudo apt-get install python3 python3-venv',
      'uv',
    );
    expectJsonTrouble(await scene.run(['sandbox', 'start', '--json'], { env }), 1, 'PythonMissing');
  });

  it('says so where INFRACTL_PYTHON names no Python', async () => {
    const env = { PATH: nowhere, INFRACTL_PYTHON: '/nonexistent/python3' };
    expectTrouble(
      await scene.run(['sandbox', 'start'], { env }),
      2,
      'INFRACTL_PYTHON is /nonexistent/python3',
      'unset it',
    );
    expectJsonTrouble(await scene.run(['sandbox', 'start', '--json'], { env }), 2, 'PythonUnusable');
  });

  it('says so where its folder cannot be made', async () => {
    const file = path.join(scene.home.folder, 'a-file');
    writeFileSync(file, '');
    const env = { XDG_DATA_HOME: file };
    expectTrouble(await scene.run(['sandbox', 'start'], { env }), 1, file);
    expectJsonTrouble(await scene.run(['sandbox', 'start', '--json'], { env }), 1, 'SandboxFolder');
  });
});

function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.skipIf(!canMount() && !process.env.CI)('on a full disk', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-full-'));
  beforeAll(() => {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', folder]);
    const filler = path.join(folder, 'filler');
    for (let size = 64 * 1024; size >= 1; size = Math.floor(size / 2)) {
      try {
        for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
      } catch {
        // Full for pieces of this size.
      }
    }
  });
  afterAll(() => {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('start says that there is no room, how much it needs, and where else it can go', async () => {
    const env = { XDG_DATA_HOME: folder };
    expectTrouble(
      await scene.run(['sandbox', 'start'], { env }),
      1,
      'There is no room on the disk for the sandbox.',
      'XDG_DATA_HOME',
    );
    expectJsonTrouble(await scene.run(['sandbox', 'start', '--json'], { env }), 1, 'DiskFull');
    expect(readdirSync(folder)).not.toContain('core');
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
