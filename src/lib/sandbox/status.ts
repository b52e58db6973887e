import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { askStatus, type EmulatorStatus, type MachinesAnswer } from './answers.ts';
import { askEngine, type EngineAnswer } from './engine.ts';
import { SANDBOX_LIMITS } from './limits.ts';
import { sandboxPaths } from './paths.ts';
import { processMemory } from './process.ts';
import { endpointOf, readRunning } from './running.ts';

export interface SandboxStatus {
  /** `silent`: the process is there and does not answer. `gone`: it ended without being stopped. */
  readonly state: 'running' | 'starting' | 'silent' | 'gone' | 'stopped';
  readonly endpoint?: string;
  readonly pid?: number;
  readonly version?: string;
  /** ISO 8601, UTC. */
  readonly startedAt?: string;
  readonly uptimeMs?: number;
  readonly memoryBytes?: number;
  readonly stacks?: number;
  readonly functions?: number;
  /** Containers of image functions that are running. */
  readonly containers?: number;
  readonly machines?: MachinesAnswer;
  /** What the sandbox's state takes on the disk. */
  readonly diskBytes: number;
  readonly log: string;
  readonly engine: EngineAnswer;
  /** What it cannot do, a sentence each. */
  readonly limits: readonly string[];
}

/** Looks at the sandbox; changes nothing, and answers also where it is not running. */
export async function sandboxStatus(
  env: NodeJS.ProcessEnv = process.env,
  clock: Clock = systemClock,
): Promise<SandboxStatus> {
  const paths = sandboxPaths(env);
  const now = readRunning(paths);
  const [said, diskBytes] = await Promise.all([
    now.is === 'running' ? askStatus(now.noted.port) : undefined,
    sizeOf(paths.data),
  ]);
  const shared = {
    diskBytes,
    log: paths.log,
    engine: said?.engine ?? (await askEngine(env)),
    limits: SANDBOX_LIMITS,
  };
  if (now.is === 'stopped' || now.is === 'gone') return { state: now.is, ...shared };
  const memoryBytes = processMemory(now.noted.pid);
  return {
    state: now.is === 'starting' ? 'starting' : said ? 'running' : 'silent',
    endpoint: endpointOf(now.noted),
    pid: now.noted.pid,
    version: now.noted.version,
    startedAt: now.noted.startedAt,
    uptimeMs: Math.max(0, clock.now() - Date.parse(now.noted.startedAt)),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
    ...(said ? held(said) : {}),
    ...shared,
  };
}

function held({ stacks, functions, containers, machines }: EmulatorStatus) {
  return { stacks, functions, containers, machines };
}

/** Bytes of all files below a folder; 0 where there is none. */
async function sizeOf(folder: string): Promise<number> {
  let total = 0;
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    total += await stat(join(entry.parentPath, entry.name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return total;
}
