import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Scene, TEMPLATE } from '../helpers/trouble.ts';

/** What is said before something is done, and what must not be done. */

let scene: Scene;
beforeEach(async () => {
  scene = await Scene.open();
});
afterEach(() => scene.close());

describe('destroy', () => {
  it('prints account, region, environment and what goes, first', async () => {
    await scene.deployed();
    const result = await scene.run(['destroy', '--confirm', 'shop-dev']);
    expect(result.code).toBe(0);
    const said = result.stderr.slice(0, result.stderr.indexOf('✓'));
    for (const words of ['123456789012', 'eu-west-3', 'shop · dev', 'stack shop-app-dev']) {
      expect(said).toContain(words);
    }
    expect(result.stdout).toContain('Stays: the bucket infractl-shop-');
  });

  it('with a wrong name makes no API call: exit 5', async () => {
    await scene.deployed();
    scene.fake.requests.length = 0;
    for (const name of ['shop', 'shop-prod', 'SHOP-DEV', '']) {
      const result = await scene.run(['destroy', '--confirm', name]);
      expect(result.code).toBe(5);
      expect(result.stderr).toContain('nothing was done');
    }
    expect(scene.fake.requests).toEqual([]);
  });

  it('again is safe, and says that nothing was to do', async () => {
    await scene.deployed();
    await scene.run(['destroy', '--confirm', 'shop-dev']);
    scene.fake.requests.length = 0;
    const again = await scene.run(['destroy', '--confirm', 'shop-dev']);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain('Nothing to do');
    expect(scene.fake.mutations()).toEqual([]);
  });
});

describe('destroy of a stack with a bucket', () => {
  const BUCKET = TEMPLATE.replace(
    'Resources:\n',
    'Resources:\n  Files: { Type: AWS::S3::Bucket, Properties: { BucketName: shop-files } }\n',
  );

  it('that is not empty wants --empty where nobody can be asked, and says what goes', async () => {
    scene.configure({ template: BUCKET });
    await scene.deployed();
    const bucket = scene.fake.state.s3.buckets.get('shop-files');
    const object = { etag: '"e"', modified: 0, contentType: 'text/plain', metadata: {}, versionId: 'v' };
    bucket?.objects.set('a/b & c.txt', { body: Buffer.from('12345'), ...object });
    scene.fake.requests.length = 0;
    const asked = await scene.run(['destroy', '--confirm', 'shop-dev']);
    expect(asked.code).toBe(2);
    for (const words of ['1 object in the bucket shop-files, 5 B', 'the data in Files', '--empty'])
      expect(asked.stderr).toContain(words);
    expect(scene.fake.mutations()).toEqual([]);
    const done = await scene.run(['destroy', '--confirm', 'shop-dev', '--empty']);
    expect(done.code).toBe(0);
    expect(done.stderr).toContain('1 object deleted first');
    expect(scene.fake.state.s3.buckets.has('shop-files')).toBe(false);
  });
});

describe('--dry-run makes no mutating call', () => {
  it.each([[[]], [['--create-stack']], [['--create-stack', '--json']]])(
    'deployed already, %j',
    async (flags) => {
      await scene.deployed();
      scene.changeCode('new');
      scene.fake.requests.length = 0;
      const result = await scene.run(['deploy', '--dry-run', ...flags]);
      expect(result.code).toBe(0);
      expect(scene.fake.requests.length).toBeGreaterThan(0);
      expect(scene.fake.mutations()).toEqual([]);
      expect(result.stdout).toMatch(
        /function api +update|"part":"function api","kind":"function","outcome":"update"|"outcome":"update"/,
      );
    },
  );

  it('with --create-stack when nothing is deployed yet', async () => {
    const result = await scene.run(['deploy', '--dry-run', '--create-stack']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/stack app +create/);
    expect(result.stdout).toMatch(/function api +unknown/);
    expect(result.stdout).toContain('nothing was changed');
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('without --create-stack when nothing is deployed yet: it says how to begin', async () => {
    const result = await scene.run(['deploy', '--dry-run']);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('infractl deploy --create-stack');
    expect(scene.fake.mutations()).toEqual([]);
  });
});

describe('rollback', () => {
  async function twice(): Promise<void> {
    await scene.deployed();
    scene.changeCode('second');
    expect((await scene.run(['deploy'])).code).toBe(0);
    scene.fake.requests.length = 0;
  }

  it('says where and what first, and asks; --dry-run and a missing answer change nothing', async () => {
    await twice();
    const dry = await scene.run(['rollback', '--dry-run']);
    expect(dry.code).toBe(0);
    expect(dry.stdout).toContain('version 2 → 1');
    const asked = await scene.run(['rollback']);
    expect(asked.code).toBe(2);
    for (const words of ['123456789012', 'eu-west-3', 'shop · dev', 'function api', '--yes'])
      expect(asked.stderr).toContain(words);
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('in a protected environment --yes is not enough; a wrong name makes no API call', async () => {
    await twice();
    scene.configure({ head: 'environments:\n  dev: { protected: true }\n' });
    const unnamed = await scene.run(['rollback', '--yes']);
    expect(unnamed.code).toBe(2);
    expect(unnamed.stderr).toContain('--env dev');
    const yes = await scene.run(['rollback', '--env', 'dev', '--yes']);
    expect(yes.code).toBe(2);
    expect(yes.stderr).toContain('--confirm shop-dev');
    const wrong = await scene.run(['rollback', '--env', 'dev', '--confirm', 'shop']);
    expect(wrong.code).toBe(5);
    expect(scene.fake.requests).toEqual([]);
    const right = await scene.run(['rollback', '--env', 'dev', '--confirm', 'shop-dev']);
    expect(right.code).toBe(0);
    expect(right.stdout).toContain('Rolled back shop dev');
  });

  it('works where infractl.yaml and the template are broken, and where there is none with --project', async () => {
    await twice();
    scene.put('template.yaml', 'Resources: [');
    scene.put(
      'infractl.yaml',
      'project: shop\nregion: eu-west-3\nenvironments: { dev: {} }\nstacks: { app: 1 }\n',
    );
    const back = await scene.run(['rollback', '--yes']);
    expect(back.code).toBe(0);
    expect(back.stderr).toContain("Only the project's name");
    const elsewhere = await scene.run(
      ['rollback', '--project', 'shop', '--env', 'dev', '--confirm', 'shop-dev'],
      { cwd: '/' },
    );
    expect(elsewhere.code).toBe(0);
    expect(elsewhere.stdout).toContain('Rolled back shop dev');
  });
});

describe('prune', () => {
  it('only shows by itself; with --apply it says what goes, and asks', async () => {
    await scene.deployed();
    scene.changeCode('second');
    await scene.run(['deploy']);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    scene.fake.requests.length = 0;
    const few = ['--keep', '1', '--keep-within', '0s', '--older-than', '0s'];
    const shown = await scene.run(['prune', ...few]);
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/stays +templates\/\S+ .*names it/);
    expect(scene.fake.mutations()).toEqual([]);
    const kept = await scene.run(['prune', '--apply']);
    expect(kept.stdout).toContain('Nothing to do');
    scene.fake.state.lambda.functions.get('shop-api-dev')?.versions.shift();
    const asked = await scene.run(['prune', '--apply', ...few, '--json']);
    if (asked.code !== 0) expect(asked.stdout + asked.stderr).toContain('--yes');
    expect(scene.fake.mutations()).toEqual([]);
    const wrong = await scene.run(['prune', '--keep-within', 'soon']);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('30d');
  });
});

describe('again', () => {
  it('deploy with nothing to do changes nothing and says so', async () => {
    await scene.deployed();
    scene.fake.requests.length = 0;
    for (const flags of [['--create-stack'], []]) {
      const result = await scene.run(['deploy', ...flags]);
      expect(result.code).toBe(0);
      expect(result.stdout).toContain('Nothing to do');
    }
    // Whether something differs may take a change set to know; it is taken away again.
    const changing = scene.fake.mutations().map(({ action }) => action);
    expect(changing.filter((action) => !/ChangeSet$/.test(action))).toEqual([]);
    expect(changing).not.toContain('ExecuteChangeSet');
  });
});

describe('a protected environment', () => {
  const head = 'environments:\n  dev: { protected: true }\n';

  it.each([[['deploy', '--create-stack']], [['destroy', '--confirm', 'shop-dev']]])(
    '%j wants --env, before any call',
    async (args) => {
      scene.configure({ head });
      const refused = await scene.run(args);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('--env dev');
      expect(scene.fake.requests).toEqual([]);
      // What INFRACTL_ENV or a default chose was not said on this command line.
      expect((await scene.run([...args, '--env', 'dev'])).code).toBe(0);
    },
  );

  it('may be looked at without', async () => {
    scene.configure({ head });
    for (const args of [['deploy', '--create-stack', '--dry-run'], ['outputs'], ['history']]) {
      expect((await scene.run(args)).code).toBe(0);
    }
  });
});

describe('a deploy that would lose data', () => {
  const table = (key: string) =>
    TEMPLATE.replace(
      'Outputs:',
      `  Orders: { Type: AWS::DynamoDB::Table, Properties: { KeySchema: [{ AttributeName: ${key}, KeyType: HASH }] } }\nOutputs:`,
    );
  const deploy = ['deploy', '--create-stack'];

  it('stops before it, exit 5, and says what would let it go on; which it does', async () => {
    scene.configure({ template: table('id') });
    await scene.deployed();
    scene.configure({ template: table('key') });
    scene.fake.requests.length = 0;
    const refused = await scene.run(deploy);
    expect(refused).toMatchObject({ code: 5, stdout: '' });
    expect(refused.stderr).toMatch(
      /Orders \(AWS::DynamoDB::Table, .*\) would be replaced, because KeySchema changes/,
    );
    expect(refused.stderr).toContain('--allow-replacement app/Orders');
    expect(scene.fake.mutations().map(({ action }) => action)).toEqual([
      'CreateChangeSet',
      'DeleteChangeSet',
    ]);
    const allowed = await scene.run([...deploy, '--allow-replacement', 'app/Orders']);
    expect(allowed.code).toBe(0);
    expect(allowed.stderr).toContain('replaces Orders');
  });

  it('in a protected environment nothing is replaced without --yes', async () => {
    const head = 'environments:\n  dev: { protected: true }\n';
    scene.configure({ head });
    const named = [...deploy, '--env', 'dev'];
    expect((await scene.run(named)).code).toBe(0);
    scene.configure({ head, template: TEMPLATE.replace('shop-api-dev', 'shop-web-dev') });
    const refused = await scene.run(named);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain('It replaces Function.');
    expect(refused.stderr).toContain('add: --yes');
    expect((await scene.run([...named, '--yes'])).code).toBe(0);
  });

  it('a stack policy is checked before any call, then set', async () => {
    const stack = '    stackPolicy: policy.json\n';
    scene.put('policy.json', '{ "Statement": [{ "Effect": "Allow", "Action": "Update:Modfy" }] }');
    scene.configure({ stack });
    const wrong = await scene.run(deploy);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(
      /infractl\.yaml:\d+:\d+: stacks\.app\.stackPolicy names policy\.json, but its statement 1 needs an "Action"/,
    );
    expect(scene.fake.requests).toEqual([]);
    const policy = { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' };
    scene.put('policy.json', JSON.stringify({ Statement: [policy] }));
    expect((await scene.run(deploy)).code).toBe(0);
    expect(scene.fake.state.cloudFormation.stack('shop-app-dev').policy).toContain('Update:*');
    const shown = await scene.run(['config', 'show', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ stacks: { app: { stackPolicy: 'policy.json' } } });
  });
});

describe('--debug', () => {
  it.each([
    ['--debug', ['--debug'], {}],
    ['INFRACTL_DEBUG=1', [], { INFRACTL_DEBUG: '1' }],
  ] as const)('%s shows every AWS call, without its parameters', async (_, flags, env) => {
    scene.fake.faults.throttle('cloudformation:DescribeStacks', { times: 1 });
    const result = await scene.run(['deploy', '--create-stack', ...flags], { env });
    expect(result.code).toBe(0);
    const calls = [
      ...result.stderr.matchAll(/^aws (\w+:\w+) eu-west-3 (\d+)( \w+)?, \d+ ms(?:, attempt (\d))?$/gm),
    ];
    expect(calls.map(([, action]) => action).sort()).toEqual(
      scene.fake.requests.map(({ service, action }) => `${service}:${action}`).sort(),
    );
    expect(result.stderr).toMatch(/aws cloudformation:DescribeStacks eu-west-3 400 Throttling, \d+ ms\n/);
    expect(result.stderr).toMatch(/aws cloudformation:DescribeStacks eu-west-3 [24]00.*, attempt 2/);
  });

  it('without it there is no word of calls, and no stack trace', async () => {
    const result = await scene.run(['deploy']);
    expect(result.code).toBe(1);
    expect(result.stderr).not.toMatch(/^aws |\n\s+at /m);
    expect((await scene.run(['deploy'], { env: { INFRACTL_DEBUG: '0' } })).stderr).not.toMatch(/^aws /m);
    expect((await scene.run(['deploy', '--debug'])).stderr).toMatch(/\n\s+at /);
  });
});
