import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home, type RunningCli } from '../helpers/cli.ts';
import { useSandbox } from '../helpers/sandbox.ts';
import { until } from '../helpers/until.ts';

/**
 * A stack that takes its time in the sandbox: its custom resource runs a function that asks this test what to answer,
 * and gets no answer before the test wants it. It is watched, joined from another machine, cancelled, failed, explained.
 */

const used = useSandbox();

/** What the functions of custom resources ask for; an answer is held until it is released. */
class Answers {
  readonly #held: ServerResponse[] = [];
  readonly #server: Server = createServer((_, answer) => void this.#held.push(answer));

  async open(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Whether somebody waits for an answer. */
  get asked(): boolean {
    return this.#held.length > 0;
  }

  release(answer: { readonly Status: 'SUCCESS' | 'FAILED'; readonly Reason?: string }): void {
    for (const one of this.#held.splice(0)) one.end(JSON.stringify(answer));
  }

  close(): void {
    this.release({ Status: 'SUCCESS' });
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

const CODE = `exports.handler = async (event) => {
  const { RequestType, ResponseURL, ResourceProperties } = event;
  let answer = { Status: 'SUCCESS' };
  if (RequestType !== 'Delete') answer = await (await fetch(ResourceProperties.Ask)).json();
  if (answer.Status === 'FAILED') console.error('the seed has no field');
  const { RequestId, StackId, LogicalResourceId, PhysicalResourceId = 'seed' } = event;
  const body = { ...answer, RequestId, StackId, LogicalResourceId, PhysicalResourceId };
  await fetch(ResponseURL, { method: 'PUT', body: JSON.stringify(body) });
};
`;

const template = (size: number) => `Parameters:
  Ask: { Type: String }
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
  Sower:
    Type: AWS::Lambda::Function
    Properties: { Code: code, Handler: index.handler, Runtime: nodejs24.x, Timeout: 600, Role: !GetAtt Role.Arn }
  Seed:
    Type: Custom::Seed
    Properties: { ServiceToken: !GetAtt Sower.Arn, Ask: !Ref Ask, Size: ${size} }
`;

/** A machine of its own: home, cache, a copy of the project; the sandbox is AWS for all of them. */
class Machine {
  readonly #home = new Home();

  write(project: string, size: number, ask: string): void {
    const files = {
      'infractl.yaml': `project: ${project}\nregion: eu-west-3\nstacks:\n  app: { template: template.yaml, parameters: { Ask: ${ask} } }\n`,
      'template.yaml': template(size),
      'code/index.js': CODE,
    };
    mkdirSync(path.join(this.#home.work, 'code'), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(this.#home.work, name), text);
  }

  start(...args: string[]): RunningCli {
    const env = { XDG_DATA_HOME: used.sandbox.folder };
    return this.#home.start([...args, '--sandbox'], { env, timeout: 240_000 });
  }

  run(...args: string[]): RunningCli['ended'] {
    return this.start(...args).ended;
  }

  remove(): void {
    this.#home.remove();
  }
}

const answers = new Answers();
const [mine, theirs] = [new Machine(), new Machine()];
let ask: string;
beforeAll(async () => {
  ask = await answers.open();
});
afterAll(() => {
  answers.close();
  mine.remove();
  theirs.remove();
});

const write = (project: string, size: number) => {
  for (const machine of [mine, theirs]) machine.write(project, size, ask);
};

/** A deploy on this machine that has got as far as the custom resource. */
async function working(): Promise<RunningCli> {
  const deploy = mine.start('deploy', '--create-stack');
  await until(() => answers.asked && deploy.output().includes('Custom::Seed'), deploy);
  return deploy;
}

describe('a stack that takes its time', { timeout: 600_000 }, () => {
  it('is watched, joined from another machine, and nobody else can change it meanwhile', async () => {
    write('watched', 1);
    const deploy = await working();
    expect(deploy.output()).toContain('CREATE_COMPLETE  Sower AWS::Lambda::Function');
    expect((await theirs.run('list')).stdout).toMatch(/app +being created/);
    const joining = theirs.start('attach', 'app');
    await until(() => joining.output().includes('Custom::Seed'), joining);

    for (const command of [
      ['deploy', '--create-stack'],
      ['deploy'],
      ['destroy', '--confirm', 'watched-dev'],
    ]) {
      const refused = await theirs.run(...command);
      expect(refused).toMatchObject({ code: 6 });
      expect(refused.stderr).toContain('Somebody else is changing watched dev. Nothing was changed.');
    }
    const waiting = theirs.start('deploy', '--create-stack', '--wait', '5m');
    await until(() => waiting.output().includes('waiting'), waiting);

    answers.release({ Status: 'SUCCESS' });
    expect(await deploy.ended).toMatchObject({ code: 0 });
    expect(await joining.ended).toMatchObject({
      code: 0,
      stdout: 'Created watched-app-dev: CREATE_COMPLETE.\n',
    });
    const after = await waiting.ended;
    expect(after).toMatchObject({ code: 0 });
    expect(after.stdout).toContain('Nothing to do: watched dev is as it should be');
  });

  it('that fails is explained, to who deployed it, who joined it and who comes later', async () => {
    write('watched', 2);
    const deploy = await working();
    const joining = theirs.start('attach', 'app');
    await until(() => joining.output().includes('Custom::Seed'), joining);
    answers.release({ Status: 'FAILED', Reason: 'The seed cannot be sown' });
    // AWS takes it back: the function is asked for the way back too.
    await until(() => answers.asked, deploy);
    answers.release({ Status: 'SUCCESS' });
    for (const one of [await deploy.ended, await joining.ended]) {
      expect(one.code).toBe(1);
      expect(one.stderr).toMatch(/Seed \(Custom::Seed, template\.yaml:13\): The seed cannot be sown/);
      expect(one.stderr).toContain('the seed has no field');
      expect(one.stderr).toContain('Now: UPDATE_ROLLBACK_COMPLETE. It is back to what it was before.');
    }
    const explained = await theirs.run('explain', 'app');
    expect(explained.code).toBe(0);
    expect(explained.stdout).toMatch(
      /^✗ The update of the stack watched-app-dev failed\.\n {2}Seed \(Custom::Seed/,
    );
    expect(explained.stdout).toContain('the seed has no field');
    expect((await theirs.run('list')).stdout).toMatch(/app +last update taken back/);
  });

  it('is cancelled from another machine while it is made: what was made of it goes', async () => {
    write('cancelled', 1);
    const deploy = await working();
    const cancelled = await theirs.run('cancel', 'app', '--yes');
    expect(cancelled).toMatchObject({
      code: 0,
      stdout: 'Cancelled: the stack cancelled-app-dev is deleted.\n',
    });
    const told = await deploy.ended;
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('The stack cancelled-app-dev could not be created');
    expect((await theirs.run('history')).stdout).toMatch(/succeeded +cancel app/);
  });
});
