import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';
import { realClock } from '../fake/clock.ts';
import type { Behaviour } from '../fake/cloudformation-state.ts';
import type { Hold } from '../fake/hold.ts';
import { type Fake, type RecordedRequest, startFake } from '../fake/server.ts';
import { type CliOptions, type CliResult, ESCAPES, Home, type RunningCli } from './cli.ts';
import { holdTopic } from './stuck.ts';
import { tell } from './transcript.ts';
import { until } from './until.ts';

/** What must never be seen anywhere, whatever goes wrong. */
export const SECRETS = {
  JWT_SECRET: 'jwtNeverShown-9f27c1d8a4b6e350-7d1e-41aa',
  DATABASE_URL: 'postgres://app:pwNeverShown-5b1d77@db.internal:5432/app',
} as const;

/** A project of one stack, one zip function and one check: the least that has every stage but an image. */
export interface ProjectOptions {
  /** Further lines of infractl.yaml, at the top level. */
  readonly head?: string;
  readonly functionTimeout?: string;
  /** The URL that the check asks; no check without it. */
  readonly health?: string;
  /** How long it is asked. */
  readonly healthTimeout?: string;
  readonly template?: string;
  /** Further lines of the stack in infractl.yaml, each indented by four. */
  readonly stack?: string;
  readonly parameters?: string;
}

export const TEMPLATE = `AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  JwtSecret: { Type: String, NoEcho: true, MinLength: 32, ConstraintDescription: must have 32 characters or more }
  DatabaseUrl: { Type: String, NoEcho: true, Default: "" }
  Size: { Type: Number, Default: 1, MaxValue: 10 }
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: { DisplayName: !Sub "size \${Size}" }
  Function:
    Type: AWS::Lambda::Function
    DependsOn: Topic
    Properties:
      FunctionName: shop-api-dev
      Runtime: nodejs24.x
      Handler: index.handler
      Role: arn:aws:iam::123456789012:role/shop
      Code: { ZipFile: "exports.handler = async () => ({ statusCode: 200 })" }
      Environment: { Variables: { JWT_SECRET: !Ref JwtSecret, DATABASE_URL: !Ref DatabaseUrl } }
Outputs:
  FunctionName: { Value: !Ref Function }
`;

export function projectFile(options: ProjectOptions = {}): string {
  const { health, healthTimeout = '5m', functionTimeout = '5m' } = options;
  const check = health ? `checks:\n  health: { url: "${health}/health", timeout: ${healthTimeout} }\n` : '';
  return `project: shop
region: eu-west-3
${options.head ?? ''}stacks:
  app:
    template: template.yaml
${options.stack ?? ''}    parameters:
${options.parameters ?? '      JwtSecret: { env: JWT_SECRET }\n      DatabaseUrl: { env: DATABASE_URL }\n'}functions:
  api: { name: { output: app.FunctionName }, zip: code, timeout: ${functionTimeout} }
${check}`;
}

/** A command that waits for AWS. */
export interface Working extends RunningCli {
  /** AWS gets done. */
  release(): void;
}

/** A project in a home of its own, on a fake AWS of its own in real time. */
export class Scene {
  readonly home = new Home();
  readonly fake: Fake;

  private constructor(fake: Fake) {
    this.fake = fake;
  }

  static async open(options: ProjectOptions = {}): Promise<Scene> {
    const fake = await startFake({ clock: realClock() });
    Object.assign(fake.state.cloudFormation, { resourceMs: 10, changeSetMs: 10, stepMs: 5 });
    tell('the fake AWS was asked, newest last', () => lastRequests(fake));
    const scene = new Scene(fake);
    scene.configure(options);
    scene.put('code/index.js', 'exports.handler = async () => ({ statusCode: 200, body: "1" });\n');
    scene.put(
      '.env.secrets',
      Object.entries(SECRETS)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(''),
    );
    chmodSync(path.join(scene.home.work, '.env.secrets'), 0o600);
    return scene;
  }

  configure(options: ProjectOptions): void {
    this.put('infractl.yaml', projectFile(options));
    this.put('template.yaml', options.template ?? TEMPLATE);
  }

  put(name: string, text: string): void {
    const file = path.join(this.home.work, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Changes the code, so that the next deploy has something to do. */
  changeCode(mark: string): void {
    this.put('code/index.js', `exports.handler = async () => ({ statusCode: 200, body: "${mark}" });\n`);
  }

  /** Starts the built command line against the fake; what it printed must not hold a secret. */
  start(args: readonly string[], options: CliOptions = {}): RunningCli {
    const running = this.home.start(args, { ...options, env: { ...this.fake.env, ...options.env } });
    const ended = running.ended.then((result) => {
      show(args, result);
      expectNoSecret(result.stdout + result.stderr);
      return result;
    });
    return { ...running, ended };
  }

  /** The same, to its end. */
  run(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
    return this.start(args, options).ended;
  }

  /** A deploy whose stack AWS works on: its topic is not done before it is released. */
  async working(scripted: Omit<Behaviour, 'ms'> = {}): Promise<Working> {
    const hold = this.holdTopic(scripted);
    const running = this.start(['deploy', '--create-stack']);
    await until(() => hold.holds, running);
    return { ...running, release: () => hold.release() };
  }

  /** The next work on the stack's topic is not done before it is released. */
  holdTopic(scripted: Omit<Behaviour, 'ms'> = {}): Hold {
    return holdTopic(this.fake, scripted);
  }

  /** A deploy of everything that must succeed. */
  async deployed(): Promise<this> {
    const result = await this.run(['deploy', '--create-stack']);
    expect(result.stderr + result.stdout).toContain('Deployed');
    expect(result.code).toBe(0);
    return this;
  }

  /** Runs a command until its request arrives, kills it with -9, and lets AWS carry the request out. */
  async killedAt(args: readonly string[], pattern: string): Promise<void> {
    const held = this.fake.faults.hold(pattern);
    const running = this.start(args);
    await until(() => held.holds, running);
    running.child.kill('SIGKILL');
    expect((await running.ended).signal).toBe('SIGKILL');
    held.release();
  }

  /** Actions that changed something since the last look, the journal aside. */
  changes(): string[] {
    return this.fake
      .mutations()
      .filter(({ service }) => service !== 's3')
      .map(({ service, action }) => `${service}:${action}`);
  }

  /** Every object of the fake's buckets as text: journal and artifacts. */
  stored(): string {
    return [...this.fake.state.s3.buckets.values()]
      .flatMap((bucket) => [...bucket.objects.values()])
      .map(({ body }) => Buffer.from(body).toString('utf8'))
      .join('\n');
  }

  async close(): Promise<void> {
    expectNoSecret(this.stored());
    await this.fake.close();
    this.home.remove();
  }
}

function lastRequests({ requests }: Fake): string {
  const newest = requests.slice(-40);
  const line = ({ at, action, status }: RecordedRequest) =>
    `${new Date(at).toISOString()} ${action} ${status}`;
  return newest.map(line).join('\n');
}

export function expectNoSecret(text: string, secrets: readonly string[] = Object.values(SECRETS)): void {
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      if (text.includes(form)) throw new Error(`a secret is shown:\n${text}`);
    }
  }
  expect(text).not.toMatch(/NeverShown/);
}

/** A failure as people see it: on standard error, in these words, without a stack trace or an escape. */
export function expectTrouble(result: CliResult, exit: number, ...says: (string | RegExp)[]): void {
  expect(result.signal).toBeNull();
  for (const words of says) expect(result.stderr).toMatch(words instanceof RegExp ? words : literally(words));
  expect(result.code).toBe(exit);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toMatch(/\n\s+at /);
  expect(result.stderr).not.toMatch(ESCAPES);
  expect(result.stderr).not.toContain('not made for');
}

export interface JsonError {
  readonly code: string;
  readonly message: string;
  readonly suggestions: readonly string[];
  readonly exit: number;
}

/** A failure as programs see it: the last line (or all) of standard output, exactly four keys. */
export function expectJsonTrouble(result: CliResult, exit: number, code: string): JsonError {
  const text = result.stdout.trim();
  const parsed = JSON.parse(text.startsWith('{\n') ? text : (text.split('\n').at(-1) ?? '')) as {
    error: JsonError;
  };
  expect(Object.keys(parsed)).toEqual(['error']);
  expect(Object.keys(parsed.error).sort()).toEqual(['code', 'exit', 'message', 'suggestions']);
  expect(parsed.error).toMatchObject({ code, exit });
  expect(result.code).toBe(exit);
  for (const line of text.startsWith('{\n') ? [] : text.split('\n')) JSON.parse(line);
  return parsed.error;
}

function literally(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
}

/** With `SHOW_TROUBLE=<file>` all that was printed is kept there, to be read with tired eyes. */
function show(args: readonly string[], result: CliResult): void {
  const file = process.env.SHOW_TROUBLE;
  if (file)
    appendFileSync(
      file,
      `\n$ infractl ${args.join(' ')}   [${result.code ?? result.signal}, ${Math.round(result.ms)} ms] ${expect.getState().currentTestName}\n${result.stdout}${result.stderr}`,
    );
}
