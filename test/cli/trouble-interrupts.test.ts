import { mkdirSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Hold } from '../fake/hold.ts';
import type { CliResult } from '../helpers/cli.ts';
import { baseImage, forget, noEngine } from '../helpers/images.ts';
import { CTRL_C, ENTER, Pty } from '../helpers/pty.ts';
import { MoodyRegistry } from '../helpers/registry.ts';
import { expectJsonTrouble, expectTrouble, Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/**
 * Ctrl-C and SIGTERM at every stage of a deploy: the first says what still runs and ends with 130, the second
 * leaves at once, and the next run of the same command goes on and finishes.
 */

const STACK = 'shop-app-dev';
const NAME = 'shop-api-dev';
let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

interface Interruption {
  /** The signal is sent as soon as this is true. */
  readonly when: () => boolean;
  readonly signal?: NodeJS.Signals;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a deploy and interrupts it. That it ends while what it waited for is held proves that it waits no more. */
async function interrupted(options: Interruption): Promise<CliResult> {
  const { when, signal = 'SIGINT', args = ['deploy', '--create-stack'], env = {} } = options;
  const running = scene.start(args, { env });
  await until(when, running);
  running.child.kill(signal);
  return running.ended;
}

/** Asked since now. */
function asked(action: string): () => boolean {
  const from = scene.fake.requests.length;
  return () => scene.fake.requests.slice(from).some((request) => request.action === action);
}

async function finishes(args: readonly string[] = ['deploy', '--create-stack']): Promise<void> {
  const result = await scene.run(args);
  expect(result.stderr).not.toContain('✗');
  expect(result.code).toBe(0);
}

const live = () => scene.fake.state.lambda.functions.get(NAME)?.aliases.get('live')?.version;

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  it('while the change set is worked out: nothing was changed', async () => {
    const hold = new Hold();
    scene.fake.state.cloudFormation.changeSetMs = hold;
    const withdrawn = asked('DeleteChangeSet');
    const running = interrupted({ when: asked('DescribeChangeSet'), signal });
    // AWS does not delete it before it is worked out.
    await until(withdrawn);
    hold.release();
    const result = await running;
    expectTrouble(
      result,
      130,
      'The deploy was interrupted.',
      `Nothing of the stack ${STACK} was changed.`,
      'Run the same command again',
    );
    expect(scene.fake.requests.some(({ action }) => action === 'ExecuteChangeSet')).toBe(false);
    scene.fake.state.cloudFormation.changeSetMs = 10;
    await finishes();
  });

  it('while the stack is made: says what goes on in AWS, and how to see and to stop it', async () => {
    const hold = new Hold();
    scene.fake.state.cloudFormation.script.set('Topic', { ms: hold });
    const result = await interrupted({ when: asked('ExecuteChangeSet'), signal });
    expectTrouble(
      result,
      130,
      'Stopping; press Ctrl-C again to leave at once.',
      `AWS goes on creating the stack ${STACK}`,
      'infractl attach app',
      'infractl cancel app',
      'Run the same command again',
    );
    hold.release();
    await until(() => scene.fake.state.cloudFormation.find(STACK)?.status === 'CREATE_COMPLETE');
    await finishes();
    const history = JSON.parse((await scene.run(['history', '--json'])).stdout) as { result: string }[];
    expect(history.map((entry) => entry.result)).toEqual(['succeeded', 'interrupted']);
  });

  it('while the function takes its code: the alias stays', async () => {
    await scene.deployed();
    const hold = new Hold();
    scene.fake.state.lambda.script.set(NAME, { ms: hold });
    scene.changeCode('2');
    const result = await interrupted({ when: asked('UpdateFunctionCode'), signal, args: ['deploy'] });
    expectTrouble(
      result,
      130,
      `AWS goes on giving the function ${NAME} its new code; its alias live was left`,
    );
    expect(live()).toBe('1');
    hold.release();
    await finishes(['deploy']);
    expect(live()).toBe('2');
  });
});

describe('during the check', () => {
  let server: Server;
  let asks = 0;
  let status = 500;
  beforeEach(async () => {
    asks = 0;
    status = 500;
    server = createServer((_request, answer) => {
      asks++;
      answer.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it('what was changed stays and is said', async () => {
    await scene.deployed();
    scene.configure({ health: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    scene.changeCode('2');
    const result = await interrupted({ when: () => asks > 1, args: ['deploy'] });
    expectTrouble(
      result,
      130,
      'The deploy was interrupted.',
      'Changed so far: function api (version 1 → 2).',
      `aws lambda update-alias --function-name ${NAME} --name live --function-version 1`,
      'Run the same command again',
    );
    expect(live()).toBe('2');
    status = 200;
    await finishes(['deploy']);
  });
});

describe('a destroy', () => {
  it('says that AWS goes on deleting; the next run finishes', async () => {
    await scene.deployed();
    const hold = new Hold();
    scene.fake.state.cloudFormation.script.set('Topic', { ms: hold });
    const args = ['destroy', '--confirm', 'shop-dev'];
    const result = await interrupted({ when: asked('DeleteStack'), args });
    expectTrouble(result, 130, `AWS goes on deleting the stack ${STACK}`, 'run the same command again');
    hold.release();
    await finishes(args);
    expect(scene.fake.state.cloudFormation.find(STACK)).toBeUndefined();
  });
});

describe('on a terminal', () => {
  it.each([
    ['and the answer to leave it running', ENTER],
    ['twice', CTRL_C],
  ])('Ctrl-C %s ends with 130 and gives the cursor back', async (_, second) => {
    scene.fake.state.cloudFormation.script.set('Topic', { ms: new Hold() });
    const terminal = new Pty(scene.home, ['deploy', '--create-stack'], { env: { ...scene.fake.env } });
    try {
      await terminal.until('Topic');
      terminal.type(CTRL_C);
      await terminal.until('What becomes of it?');
      terminal.type(second);
      expect(await terminal.exited).toMatchObject({ exitCode: 130 });
      const shows = terminal.raw.lastIndexOf('\u001B[?25h');
      expect(shows).toBeGreaterThan(terminal.raw.lastIndexOf('\u001B[?25l'));
      if (second === ENTER) expect(terminal.text).toContain(`AWS goes on creating the stack ${STACK}`);
    } finally {
      terminal.kill();
    }
  });
});

describe('a second signal', () => {
  /** Interrupts it in the making of a change set, and again while that is taken back. */
  async function twice(...words: readonly string[]): Promise<CliResult> {
    scene.fake.state.cloudFormation.changeSetMs = new Hold();
    scene.fake.faults.delay('cloudformation:DeleteChangeSet', new Hold());
    const running = scene.start(['deploy', '--create-stack', ...words]);
    await until(asked('DescribeChangeSet'), running);
    running.child.kill('SIGINT');
    await until(asked('DeleteChangeSet'), running);
    running.child.kill('SIGINT');
    return running.ended;
  }

  it('leaves at once, and the next run finishes', async () => {
    expectTrouble(await twice(), 130, 'Left at once.', 'Run the same command again');
    scene.fake.state.cloudFormation.changeSetMs = 10;
    await finishes();
  });

  it('as JSON leaves an error object too', async () => {
    expectJsonTrouble(await twice('--json'), 130, 'Interrupted');
  });

  it('as JSON the first ends with the error object', async () => {
    scene.fake.state.cloudFormation.script.set('Topic', { ms: new Hold() });
    const result = await interrupted({
      when: asked('ExecuteChangeSet'),
      args: ['deploy', '--create-stack', '--json'],
    });
    const error = expectJsonTrouble(result, 130, 'Interrupted');
    expect(error.message).toContain(`AWS goes on creating the stack ${STACK}`);
  });
});

describe.skipIf(noEngine)('an image', () => {
  let registry: MoodyRegistry;
  let base = '';
  beforeAll(() => {
    base = baseImage();
  }, 120_000);
  beforeEach(async () => {
    registry = await MoodyRegistry.start(scene.fake);
    scene.fake.state.ecr.repositories.set('shop', []);
    scene.put(
      'infractl.yaml',
      `project: shop\nregion: eu-west-3\nimages:\n  api: { context: code, repository: ${registry.host}/shop }\n`,
    );
  });
  afterEach(async () => {
    forget(`${registry.host}/shop`);
    await registry.stop();
  });

  it('while it is built: the build ends too, and nothing was pushed', async () => {
    scene.put('code/wait.js', 'console.log("waiting in the build"); setTimeout(() => {}, 600000);');
    scene.put('code/Dockerfile', `FROM ${base}\nCOPY wait.js /\nRUN ["node", "/wait.js"]\nCMD ["node"]\n`);
    const building = scene.start(['deploy', '--json']);
    await until(() => building.output().includes('waiting in the build'), building);
    building.child.kill('SIGINT');
    const result = await building.ended;
    expectJsonTrouble(result, 130, 'Interrupted');
    expect(registry.uploads).toBe(0);
    scene.put('code/Dockerfile', 'FROM scratch\nCOPY wait.js /\nCMD ["/wait.js"]\n');
    await finishes(['deploy']);
  });

  it('while it is pushed: the login is removed, the next run pushes without a build', async () => {
    scene.put('code/Dockerfile', 'FROM scratch\nCOPY index.js /\nCMD ["/index.js"]\n');
    registry.mood = 'hang';
    const tmp = path.join(scene.home.folder, 'tmp');
    mkdirSync(tmp);
    const logins = () => readdirSync(tmp).filter((name) => name.startsWith('infractl-docker-'));
    let during: string[] = [];
    const when = () => {
      during = logins();
      return registry.uploads > 0;
    };
    const result = await interrupted({ when, args: ['deploy'], signal: 'SIGTERM', env: { TMPDIR: tmp } });
    expect(during).toHaveLength(1);
    expect(logins()).toEqual([]);
    expectTrouble(result, 130, 'The deploy was interrupted.', 'Run the same command again');
    registry.mood = 'accept';
    await finishes(['deploy']);
  });
});
