import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redactor } from '../../../src/lib/base/redact.ts';
import type { ReportEvent } from '../../../src/lib/base/report.ts';
import { type DeployDeps, type DeployOptions, deployProject } from '../../../src/lib/deploy/index.ts';
import { loadProject } from '../../../src/lib/project/index.ts';
import type { Project } from '../../../src/lib/project/model.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

export const SECRET = 'jwtNeverShown-9f27c1d8a4b6e350-7d1e-41aa';

/** A stack of one function, and an output with its name. */
export const functionTemplate = (name: string): string =>
  JSON.stringify({
    Parameters: { JwtSecret: { Type: 'String', NoEcho: true, MinLength: 32 } },
    Resources: {
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          FunctionName: name,
          Handler: 'index.handler',
          Code: { ZipFile: 'exports.handler = () => 1' },
          Environment: { Variables: { JWT_SECRET: { Ref: 'JwtSecret' } } },
        },
      },
    },
    Outputs: { FunctionName: { Value: { Ref: 'Function' } } },
  });

/** `deploy` on the fake, whose virtual clock is also the deploy's. */
export class Deploys {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'infractl-deploy-'));
  readonly events: ReportEvent[] = [];
  readonly fake: Fake;
  /** Of the process that runs now: a dead one goes no further. */
  #life = new AbortController();
  #lives = 1;

  private constructor(fake: Fake) {
    this.fake = fake;
  }

  static async open(files: Readonly<Record<string, string>>): Promise<Deploys> {
    const deploys = new Deploys(await startFake());
    for (const [name, text] of Object.entries({ '.env.secrets': `JWT_SECRET=${SECRET}\n`, ...files })) {
      deploys.put(name, text);
    }
    return deploys;
  }

  /** Each process signs with a key of its own, so that the fake knows whose requests still come from a dead one. */
  get #key(): string {
    return `AKIDFAKE${this.#lives}`;
  }

  put(name: string, text: string): void {
    const file = path.join(this.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    if (name === '.env.secrets') chmodSync(file, 0o600);
  }

  async project(): Promise<Project> {
    return (await loadProject({ cwd: this.folder, env: {} })).project;
  }

  async deps(more: Partial<DeployDeps> = {}): Promise<DeployDeps> {
    const { variable } = await loadProject({ cwd: this.folder, env: {} });
    return {
      session: await sessionFor(this.fake, 1, this.#key),
      reporter: { emit: (event) => void this.events.push(event) },
      clock: this.fake.clock,
      signal: this.#life.signal,
      redactor: new Redactor(),
      env: { PATH: process.env.PATH },
      variable,
      commandLine: 'deploy',
      version: '0.0.0',
      ...more,
    };
  }

  async deploy(options: Partial<DeployOptions> = {}, more: Partial<DeployDeps> = {}) {
    const chosen = { parts: [], createStack: true, skipBuild: false, dryRun: false, ...options };
    return deployProject(await this.deps(more), await this.project(), chosen);
  }

  /** The journal's entries as they are in the bucket, oldest first. */
  journal(): Record<string, unknown>[] {
    return [...this.fake.state.s3.buckets.values()]
      .flatMap((bucket) => [...bucket.objects].filter(([key]) => key.startsWith('journal/')))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => JSON.parse(Buffer.from(object.body).toString('utf8')));
  }

  /**
   * What a run would do to AWS: the numbers of its requests that change something, counted from 0.
   *
   * @param from how many requests there were before it
   */
  changesSince(from: number): number[] {
    return this.fake.requests.slice(from).flatMap(({ mutates }, at) => (mutates ? [at] : []));
  }

  /** From the n-th request on nothing arrives any more, as after kill -9; `lost`: that one is carried out still. */
  killAt(n: number, how: 'reset' | 'lost'): void {
    const { faults, requests } = this.fake;
    if (how === 'lost') faults.lost('*', { after: n });
    const after = how === 'lost' ? n + 1 : n;
    faults.reset('*', { after, times: Number.POSITIVE_INFINITY });
    const last = requests.length + after;
    const life = this.#life;
    const watch = setInterval(() => {
      if (requests.length <= last && !life.signal.aborted) return;
      clearInterval(watch);
      life.abort();
    }, 1);
  }

  /** Another process, on a network that answers; the dead one's lock and stacks have come to their end. */
  async comeBack(): Promise<void> {
    this.#life.abort();
    this.fake.dead.add(this.#key);
    this.#life = new AbortController();
    this.#lives++;
    this.fake.faults.clear();
    await this.fake.clock.sleep(15 * 60_000);
  }

  alias(name: string): string | undefined {
    return this.fake.state.lambda.functions.get(name)?.aliases.get('live')?.version;
  }

  /** `stack app started`, `stack app created`, …: what was reported of the parts. */
  said(): string[] {
    return this.events.flatMap((event) => {
      if (event.type === 'part.started') return [`${event.part} started`];
      if (event.type === 'part.done') return [`${event.part} ${event.outcome}`];
      if (event.type === 'part.failed') return [`${event.part} failed`];
      return event.type === 'part.skipped' ? [`${event.part} skipped: ${event.because}`] : [];
    });
  }

  async close(): Promise<void> {
    await this.fake.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A server whose answers a test chooses: what a check asks. */
export async function startHealth(): Promise<{ url: string; status: number; close(): Promise<unknown> }> {
  const health = { url: '', status: 200, close: () => new Promise((resolve) => server.close(resolve)) };
  const server = createServer((_, answer) => answer.writeHead(health.status).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  health.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return health;
}
