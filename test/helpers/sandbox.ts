import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { SandboxTarget } from '../../src/lib/aws/session.ts';
import { resetSandbox, startSandbox, stopSandbox } from '../../src/lib/sandbox/index.ts';
import { ensureInstalled } from '../../src/lib/sandbox/install.ts';
import { withLock } from '../../src/lib/sandbox/lock.ts';
import { type SandboxPaths, sandboxPaths } from '../../src/lib/sandbox/paths.ts';
import { makePrivateFolder } from '../../src/lib/sandbox/running.ts';
import { root } from './cli.ts';
import { freePort } from './ports.ts';

/** A sandbox of one test file: its own data folder and port, one installation shared by all of them. */
export class TestSandbox {
  readonly folder = mkdtempSync(join(tmpdir(), 'infractl-sandbox-'));
  /** Give it to commands: with it they find this sandbox and no other. */
  readonly env: NodeJS.ProcessEnv = { ...process.env, XDG_DATA_HOME: this.folder };
  readonly paths: SandboxPaths = sandboxPaths(this.env);

  /** Makes the folder with the shared installation in it; nothing runs yet. */
  async prepare(): Promise<this> {
    const venv = await sharedInstallation();
    mkdirSync(this.paths.root, { recursive: true, mode: 0o700 });
    symlinkSync(venv, join(this.paths.root, venv.slice(dirname(venv).length + 1)));
    return this;
  }

  /** @param machines EC2 instances are machines: needs a container engine, and takes a second for each of them */
  async start(port?: number, machines = false): Promise<SandboxTarget> {
    return (await startSandbox({ env: this.env, port: port ?? (await freePort()), machines })).target;
  }

  /** Empties it: quicker than a new one. */
  async reset(): Promise<void> {
    await resetSandbox({ env: this.env });
  }

  /** Keeps what it holds. */
  async stop(): Promise<void> {
    await stopSandbox({ env: this.env });
  }

  async remove(): Promise<void> {
    await stopSandbox({ env: this.env, delete: true });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Call it at the top of a test file: a sandbox runs before its first test and is gone after the last.
 * The answer is filled when tests run.
 */
export function useSandbox(): { readonly sandbox: TestSandbox; readonly target: SandboxTarget } {
  const used = {} as { sandbox: TestSandbox; target: SandboxTarget };
  beforeAll(async () => {
    used.sandbox = await new TestSandbox().prepare();
    used.target = await used.sandbox.start();
  }, 600_000);
  afterAll(() => used.sandbox?.remove());
  return used;
}

/** The environment with MiniStack, installed once per clone; its path. */
async function sharedInstallation(): Promise<string> {
  const env = { ...process.env, XDG_DATA_HOME: join(root, '.cache', 'sandbox') };
  const paths = sandboxPaths(env);
  makePrivateFolder(paths.root);
  const install = () => ensureInstalled({ paths, env });
  return dirname(dirname(await withLock(paths.lock, { timeout: 600_000 }, install)));
}
