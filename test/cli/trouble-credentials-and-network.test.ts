import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectJsonTrouble, expectTrouble, Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** Credentials, regions, accounts and the way to AWS: said in words, and nothing is changed. */

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

const nobody = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
const deploy = ['deploy', '--create-stack'];

/** An AWS configuration in the home of the scene. */
function awsConfig(text: string): void {
  mkdirSync(path.join(scene.home.folder, '.aws', 'sso', 'cache'), { recursive: true });
  writeFileSync(path.join(scene.home.folder, '.aws', 'config'), text);
}

describe('credentials', () => {
  it('are not there', async () => {
    expectTrouble(
      await scene.run(deploy, { env: nobody }),
      4,
      'There are no AWS credentials.',
      'aws configure',
      '--sandbox',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json'], { env: nobody }), 4, 'NoCredentials');
    expect(scene.fake.requests).toEqual([]);
  });

  it('are asked of a profile that does not exist', async () => {
    awsConfig('[profile other]\nregion = eu-west-3\n');
    expectTrouble(
      await scene.run([...deploy, '--profile', 'live'], { env: nobody }),
      4,
      'The profile live gives no AWS credentials.',
      '--profile',
    );
    expectJsonTrouble(
      await scene.run([...deploy, '--profile', 'live', '--json'], { env: nobody }),
      4,
      'NoCredentials',
    );
    expect(scene.fake.requests).toEqual([]);
  });

  it('have expired', async () => {
    scene.fake.faults.expired();
    expectTrouble(
      await scene.run(deploy),
      4,
      'The AWS credentials have expired.',
      'AWS_ACCESS_KEY_ID',
      'aws sso login',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json']), 4, 'ExpiredToken');
    expect(scene.changes()).toEqual([]);
  });

  it('expire in the middle of a stack operation: what goes on in AWS is said', async () => {
    scene.holdTopic();
    scene.fake.faults.expired('cloudformation:DescribeStackEvents', { after: 2, times: 1e6 });
    const result = await scene.run(deploy);
    expectTrouble(
      result,
      4,
      'have expired',
      'AWS goes on creating the stack shop-app-dev',
      'infractl attach app',
    );
  });

  it.each([
    ['the old form', 'sso_start_url = https://team.awsapps.com/start\nsso_region = eu-west-3\n', ''],
    [
      'a named session',
      'sso_session = team\n',
      '[sso-session team]\nsso_start_url = https://team.awsapps.com/start\nsso_region = eu-west-3\n',
    ],
  ])('come from an SSO session that has expired (%s)', async (_form, lines, session) => {
    awsConfig(
      `[profile team]\n${lines}sso_account_id = 123456789012\nsso_role_name = dev\nregion = eu-west-3\n${session}`,
    );
    const old = {
      startUrl: 'https://team.awsapps.com/start',
      region: 'eu-west-3',
      accessToken: 'tokenNeverShown-77aa',
      expiresAt: '2020-01-01T00:00:00Z',
    };
    const { createHash } = await import('node:crypto');
    for (const name of ['team', old.startUrl]) {
      const file = `${createHash('sha1').update(name).digest('hex')}.json`;
      writeFileSync(path.join(scene.home.folder, '.aws', 'sso', 'cache', file), JSON.stringify(old));
    }
    const args = [...deploy, '--profile', 'team'];
    expectTrouble(
      await scene.run(args, { env: nobody }),
      4,
      'The AWS credentials of the profile team have expired.',
      'Run: aws sso login --profile team',
    );
    expectJsonTrouble(await scene.run([...args, '--json', '--debug'], { env: nobody }), 4, 'ExpiredToken');
    expect(scene.fake.requests).toEqual([]);
  });

  it('may not do what is needed: the action and the principal are named', async () => {
    scene.fake.faults.deny('cloudformation:CreateChangeSet');
    expectTrouble(
      await scene.run(deploy),
      4,
      'arn:aws:iam::123456789012:user/dev may not do cloudformation:CreateChangeSet',
      'Ask for a policy that allows cloudformation:CreateChangeSet',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json']), 4, 'AccessDenied');
    expect(scene.fake.state.cloudFormation.stacks).toEqual([]);
  });
});

describe('the region', () => {
  it('is one in which the stack is not', async () => {
    for (const [flag, json] of [
      ['us-west-2', false],
      ['us-west-2', true],
    ] as const) {
      const env = { AWS_REGION: undefined };
      const result = await scene.run(['deploy', '--region', flag, ...(json ? ['--json'] : [])], { env });
      if (json) expectJsonTrouble(result, 1, 'StackNotFound');
      else
        expectTrouble(
          result,
          1,
          'The stack shop-app-dev does not exist in us-west-2',
          'infractl deploy --create-stack',
          'region',
        );
    }
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('has no such host', async () => {
    const env = { AWS_ENDPOINT_URL: undefined, AWS_REGION: undefined };
    const args = [...deploy, '--region', 'eu-nowhere-9'];
    const result = await scene.run(args, { env });
    expectTrouble(result, 1, 'AWS could not be reached', 'eu-nowhere-9 (from the flag)', 'region');
    expect(result.stderr).not.toContain('aws sso login');
    expectJsonTrouble(await scene.run([...args, '--json'], { env }), 1, 'Network');
  });

  it('is not set at all', async () => {
    scene.put('infractl.yaml', 'project: shop\nstacks:\n  app: { template: template.yaml }\n');
    const env = { AWS_REGION: undefined };
    expectTrouble(await scene.run(['outputs'], { env }), 2, 'No AWS region is set.', 'region: eu-west-3');
    expectJsonTrouble(await scene.run(['outputs', '--json'], { env }), 2, 'NoRegion');
    expect(scene.fake.requests).toEqual([]);
  });
});

describe('somebody else', () => {
  it('owns the account: nothing is changed', async () => {
    scene.configure({ head: 'account: "999999999999"\n' });
    for (const command of [deploy, ['destroy', '--confirm', 'shop-dev']]) {
      expectTrouble(
        await scene.run(command),
        5,
        'belongs to the account 999999999999, but these credentials are of 123456789012',
        '--profile NAME',
      );
      expectJsonTrouble(await scene.run([...command, '--json']), 5, 'WrongAccount');
    }
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('has a stack of the same name in another account: no command that changes gets to it', async () => {
    scene.configure({ head: 'account: "123456789012"\n' });
    await scene.deployed();
    // The same names, seen with credentials of another account, where nobody has tagged the stack.
    scene.fake.state.account = '210987654321';
    const stack = scene.fake.state.cloudFormation.stack('shop-app-dev');
    stack.desired = { ...stack.desired, tags: [] };
    stack.status = 'UPDATE_IN_PROGRESS';
    scene.fake.requests.length = 0;
    for (const command of [
      deploy,
      ['deploy'],
      ['cancel', 'app'],
      ['rollback', '--yes'],
      ['destroy', '--confirm', 'shop-dev'],
    ]) {
      expectTrouble(
        await scene.run(command),
        5,
        'belongs to the account 123456789012, but these credentials are of 210987654321',
      );
    }
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('owns the stack of that name: nothing is changed', async () => {
    await scene.deployed();
    const stack = scene.fake.state.cloudFormation.stack('shop-app-dev');
    const tags = [{ Key: 'infractl:project', Value: 'bakery' }];
    stack.desired = { ...stack.desired, tags };
    scene.fake.requests.length = 0;
    for (const command of [deploy, ['deploy'], ['cancel', 'app'], ['destroy', '--confirm', 'shop-dev']]) {
      expectTrouble(
        await scene.run(command),
        5,
        'The stack shop-app-dev belongs to another project: bakery.',
      );
      expectJsonTrouble(await scene.run([...command, '--json']), 5, 'NotOurStack');
    }
    expect(scene.changes()).toEqual([]);
  });
});

describe('the network', () => {
  it('is cut in the middle of a stack operation: the deploy goes on when it is back', async () => {
    scene.fake.faults.reset('cloudformation:DescribeStackEvents', { after: 2, times: 5 });
    const deploying = await scene.working();
    await until(() => scene.fake.requests.filter(({ status }) => status === 0).length === 5, deploying);
    deploying.release();
    const result = await deploying.ended;
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('created');
    expect(scene.changes().filter((name) => name.endsWith('ExecuteChangeSet'))).toHaveLength(1);
  });

  it('loses the answer to the order to begin: it is begun once', async () => {
    scene.fake.faults.lost('cloudformation:ExecuteChangeSet', { times: 1 });
    expect((await scene.run(deploy)).code).toBe(0);
    expect(scene.fake.state.cloudFormation.stack('shop-app-dev').status).toBe('CREATE_COMPLETE');
  });

  it('is away from the start', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const result = await scene.run(deploy, { env });
    expectTrouble(
      result,
      1,
      'AWS could not be reached',
      'AWS_ENDPOINT_URL is set to http://127.0.0.1:9',
      'run the same command again',
    );
    expectJsonTrouble(await scene.run([...deploy, '--json'], { env }), 1, 'Network');
  });

  it('throttles every second call: the deploy takes longer and succeeds', async () => {
    scene.fake.faults.throttle('cloudformation:*', { every: 2, times: Number.POSITIVE_INFINITY });
    scene.fake.faults.throttle('lambda:*', { every: 2, times: Number.POSITIVE_INFINITY });
    const result = await scene.run(deploy);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('2 parts changed');
    expect(scene.fake.state.lambda.functions.get('shop-api-dev')?.aliases.get('live')?.version).toBe('1');
  });
});
