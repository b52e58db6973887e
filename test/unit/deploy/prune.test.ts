import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exit } from '../../../src/lib/base/errors.ts';
import { openPrune } from '../../../src/lib/deploy/index.ts';
import { addFunction } from '../../fake/lambda.ts';
import { Deploys, functionTemplate } from './setup.ts';

let deploys: Deploys;
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const HOUR = 3_600_000;

beforeEach(async () => {
  deploys = await Deploys.open({
    'infractl.yaml': `project: shop
region: eu-west-3
environments: { dev: {}, test: {} }
stacks:
  registry: { template: registry.json }
  a: { template: a.json, parameters: { JwtSecret: { env: JWT_SECRET } } }
functions:
  a: { name: { output: a.FunctionName }, zip: code }
`,
    'registry.json': JSON.stringify({
      Resources: { Repository: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: 'shop' } } },
    }),
    'a.json': functionTemplate('shop-a'),
    'code/index.js': 'exports.handler = () => 1;\n',
  });
});
afterEach(() => deploys.close());

async function prune(order: { keep?: number; within?: number; grace?: number } = {}) {
  return openPrune(await deploys.deps({ commandLine: 'prune' }), await deploys.project(), {
    keep: 1,
    within: 0,
    grace: HOUR,
    ...order,
  });
}
const going = (plan: { items: readonly { remove: boolean; id: string }[] }) =>
  plan.items.filter(({ remove }) => remove).map(({ id }) => id.replace(/^sha256:/, ''));

function push(...letters: string[]): void {
  const images = deploys.fake.state.ecr.repositories.get('shop');
  for (const letter of letters)
    images?.push({
      digest: digest(letter),
      tags: new Set([`content-${letter}`]),
      pushedAt: deploys.fake.clock.now(),
      sizeInBytes: 1024 ** 3,
    });
}

/** Three deploys, an hour between them: each with its own archive. */
async function thrice(): Promise<void> {
  for (const mark of ['one', 'two', 'three']) {
    deploys.put('code/index.js', `exports.handler = () => '${mark}';\n`);
    await deploys.deploy({ createStack: mark === 'one' });
    await deploys.fake.clock.sleep(3 * HOUR);
  }
}
const keys = (prefix: string) =>
  [...deploys.fake.state.s3.buckets.values()]
    .flatMap((bucket) => [...bucket.objects.keys()])
    .filter((key) => key.startsWith(prefix));

describe('a clean-up', () => {
  it('by itself only looks', async () => {
    await thrice();
    const before = deploys.fake.mutations().length;
    const plan = await (await prune()).plan();
    expect(plan.items.length).toBeGreaterThan(3);
    expect(plan.items.every(({ because }) => because !== '')).toBe(true);
    expect(deploys.fake.mutations()).toHaveLength(before);
  });

  it('takes the runs beyond what is kept, and what they alone named', async () => {
    await thrice();
    // No version runs the first archive any more.
    deploys.fake.state.lambda.functions.get('shop-a')?.versions.shift();
    const archives = keys('functions/');
    expect(archives).toHaveLength(3);
    const clean = await prune();
    const plan = await clean.plan();
    const result = await clean.run(plan);
    expect(result.removed.every(({ failed }) => failed === undefined)).toBe(true);
    // The first run stays: it is the last word on the registry.
    expect(keys('journal/')).toHaveLength(2);
    expect(keys('templates/')).toHaveLength(2);
    const stays = plan.items.filter(({ id, remove }) => id.startsWith('functions/') && !remove);
    expect(stays.map(({ because }) => because).sort()).toEqual(
      expect.arrayContaining([expect.stringMatching(/names it$/)]),
    );
    expect(going(await (await prune()).plan())).toEqual([]);
  });

  it('never takes an image that any function, stack or kept run names, whoever made it', async () => {
    await deploys.deploy();
    push('a', 'b', 'c', 'd', 'e');
    const [, , , , e] = deploys.fake.state.ecr.repositories.get('shop') ?? [];
    e?.tags.add('release-7');
    const uri = (letter: string) => `123456789012.dkr.ecr.eu-west-3.amazonaws.com/shop@${digest(letter)}`;
    addFunction(deploys.fake.state, { name: 'by-hand', image: uri('a') });
    const old = addFunction(deploys.fake.state, { name: 'old-version', image: uri('b') });
    old.versions.push({
      ...old,
      version: '1',
      description: '',
      code: old.code,
      configuration: old.configuration,
    });
    old.code = { ...old.code, sha256: 'c'.repeat(64), imageUri: uri('c') };
    await deploys.fake.clock.sleep(2 * HOUR);
    const plan = await (await prune()).plan();
    expect(going(plan).filter((id) => /^(.)\1{63}$/.test(id))).toEqual(['d'.repeat(64)]);
    expect(plan.items.find(({ id }) => id === digest('e'))?.because).toContain('release-7');
    expect(plan.items.find(({ id }) => id === digest('b'))?.because).toContain('version 1 of old-version');
  });

  it('takes an index before what it is made of, in batches, and again does nothing', async () => {
    await deploys.deploy();
    const images = deploys.fake.state.ecr.repositories.get('shop') ?? [];
    push('1', '2');
    images.push({
      digest: digest('3'),
      tags: new Set(),
      pushedAt: 0,
      sizeInBytes: 1,
      children: [digest('1'), digest('2')],
    });
    for (let at = 0; at < 230; at++)
      images.push({
        digest: `sha256:${at.toString(16).padStart(64, 'f')}`,
        tags: new Set(),
        pushedAt: 0,
        sizeInBytes: 1,
      });
    await deploys.fake.clock.sleep(2 * HOUR);
    const clean = await prune();
    const result = await clean.run(await clean.plan());
    expect(result.removed.filter(({ failed }) => failed)).toEqual([]);
    expect(images).toHaveLength(0);
    expect(deploys.fake.requests.filter(({ action }) => action === 'BatchDeleteImage')).toHaveLength(4);
    expect(going(await (await prune()).plan())).toEqual([]);
  });

  it('tells what could not go and goes on with the rest', async () => {
    await deploys.deploy();
    push('a');
    await thrice();
    deploys.fake.faults.deny('ecr:BatchDeleteImage');
    const clean = await prune();
    const result = await clean.run(await clean.plan());
    const failed = result.removed.filter((one) => one.failed);
    expect(failed.map(({ id }) => id)).toEqual([digest('a')]);
    expect(result.removed.length).toBeGreaterThan(1);
  });

  it('leaves what has come into use since it was shown', async () => {
    await deploys.deploy();
    push('a', 'b');
    await deploys.fake.clock.sleep(2 * HOUR);
    const clean = await prune();
    const plan = await clean.plan();
    expect(going(plan)).toHaveLength(2);
    addFunction(deploys.fake.state, {
      name: 'late',
      image: `123456789012.dkr.ecr.eu-west-3.amazonaws.com/shop@${digest('a')}`,
    });
    const { removed } = await clean.run(plan);
    expect(removed.map(({ id }) => id)).toEqual([digest('b')]);
  });

  it('waits for no deploy: while one runs it removes nothing, exit 6; a dead one does not hold it up', async () => {
    await deploys.deploy();
    push('a');
    await deploys.fake.clock.sleep(2 * HOUR);
    const bucket = [...deploys.fake.state.s3.buckets.values()][0];
    const [key = '', object] =
      [...(bucket?.objects ?? [])].find(([name]) => name.startsWith('journal/')) ?? [];
    const running = (aliveAt: number) => {
      const entry = {
        ...JSON.parse(Buffer.from(object?.body ?? '').toString()),
        result: 'running',
        host: 'elsewhere',
        aliveAt: new Date(aliveAt).toISOString(),
      };
      if (object) bucket?.objects.set(key, { ...object, body: Buffer.from(JSON.stringify(entry)) });
    };
    running(deploys.fake.clock.now());
    const clean = await prune();
    const plan = await clean.plan();
    await expect(clean.run(plan)).rejects.toMatchObject({ code: 'DeployRunning', exit: Exit.busy });
    running(0);
    expect((await clean.run(plan)).removed.map(({ id }) => id)).toContain(digest('a'));
  });

  it('keeps the images of a repository from which another account may pull', async () => {
    await deploys.deploy();
    push('a');
    await deploys.fake.clock.sleep(2 * HOUR);
    deploys.fake.state.ecr.policies.set(
      'shop',
      '{"Statement":[{"Principal":{"AWS":"arn:aws:iam::210987654321:root"}}]}',
    );
    const plan = await (await prune()).plan();
    expect(going(plan).filter((id) => id === 'a'.repeat(64))).toEqual([]);
    expect(plan.notes.join()).toContain('other accounts');
  });

  it('looks at nothing half: what cannot be read keeps everything', async () => {
    await deploys.deploy();
    deploys.fake.faults.deny('lambda:ListFunctions');
    await expect((await prune()).plan()).rejects.toMatchObject({ exit: Exit.credentials });
  });
});

describe('images that containers run', () => {
  const uri = (rest: string) => `123456789012.dkr.ecr.eu-west-3.amazonaws.com/shop${rest}`;
  const images = (plan: Parameters<typeof going>[0]) =>
    going(plan)
      .filter((id) => /^(.)\1{63}$/.test(id))
      .map((id) => id[0]);

  beforeEach(async () => {
    await deploys.deploy();
    push('a', 'b', 'c', 'd', 'e', 'f');
    const [, , , d] = deploys.fake.state.ecr.repositories.get('shop') ?? [];
    d?.tags.add('0123abc');
    await deploys.fake.clock.sleep(30 * HOUR);
  });

  it('stay: of a task, of a service and its deployments, of the newest revision that a schedule may start', async () => {
    const { running, definitions, serviceDefinitions } = deploys.fake.state.ecs;
    definitions.set('web:1', [uri(`@${digest('a')}`)]);
    definitions.set('web:2', [uri(`@${digest('b')}`)]);
    definitions.set('web:3', ['public.ecr.aws/nginx/nginx:latest']);
    definitions.set('night:1', [uri(`@${digest('e')}`)]);
    definitions.set('night:2', [uri(':0123abc')]);
    // A task goes on with what its tag was when it started.
    const containers = [{ image: uri(':latest'), imageDigest: digest('c') }];
    running.set('batch', [{ id: '1a2b', definition: 'web:1', containers }]);
    for (let at = 0; at < 11; at++) serviceDefinitions.set(`web/other-${at}`, ['web:3']);
    serviceDefinitions.set('web/api', ['web:3', 'web:2']);
    const plan = await (await prune()).plan();
    expect(images(plan)).toEqual(['e', 'f']);
    const because = (letter: string) => plan.items.find(({ id }) => id === digest(letter))?.because;
    expect(because('a')).toBe('the task 1a2b of batch names it');
    expect(because('b')).toBe('the service api of web names it');
    expect(because('c')).toBe('the task 1a2b of batch names it');
    expect(because('d')).toBe('the task definition night names it');
  });

  it.each([
    'ecs:ListClusters',
    'ecs:ListTasks',
    'ecs:DescribeTasks',
    'ecs:ListServices',
    'ecs:DescribeServices',
    'ecs:ListTaskDefinitionFamilies',
    'ecs:DescribeTaskDefinition',
  ])('all stay where %s is not allowed, and that is said; the rest goes', async (action) => {
    const { running, definitions, serviceDefinitions } = deploys.fake.state.ecs;
    definitions.set('web:1', [uri(`@${digest('a')}`)]);
    running.set('web', [{ id: '1', definition: 'web:1', containers: [{ image: uri(':x') }] }]);
    serviceDefinitions.set('web/api', ['web:1']);
    deploys.fake.faults.deny(action);
    const plan = await (await prune()).plan();
    expect(images(plan)).toEqual([]);
    expect(plan.notes.join()).toContain(action);
  });

  it('stay when they were pulled lately, by whatever pulls', async () => {
    const all = deploys.fake.state.ecr.repositories.get('shop') ?? [];
    const [a, b] = all;
    const now = deploys.fake.clock.now();
    if (a) all[0] = { ...a, pulledAt: now - 20 * HOUR };
    if (b) all[1] = { ...b, pulledAt: now - 26 * HOUR };
    const plan = await (await prune()).plan();
    expect(images(plan)).toEqual(['b', 'c', 'd', 'e', 'f']);
    expect(plan.items.find(({ id }) => id === digest('a'))?.because).toBe('it was pulled lately');
  });
});

describe('a deploy that looked before a clean-up, and changes after it', () => {
  it('looks again, and never runs an image that is gone', async () => {
    deploys.put(
      'infractl.yaml',
      `project: shop
region: eu-west-3
stacks:
  registry: { template: registry.json }
images:
  api: { repository: { output: registry.Uri }, context: code }
functions:
  api: { name: shop-api, image: api }
`,
    );
    deploys.put('code/Dockerfile', 'FROM scratch\n');
    const Uri = { Value: '123456789012.dkr.ecr.eu-west-3.amazonaws.com/shop' };
    deploys.put(
      'registry.json',
      JSON.stringify({
        Resources: { Repository: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: 'shop' } } },
        Outputs: { Uri },
      }),
    );
    const { state, clock } = deploys.fake;
    addFunction(state, { name: 'shop-api', image: `${Uri.Value}@${digest('0')}` });
    await deploys.deploy({ parts: [{ kind: 'stack', name: 'registry' }] });
    push('b');
    await clock.sleep(30 * HOUR);
    push('a');
    await clock.sleep(30 * HOUR);
    // The newest image is old, and nothing names it: a deploy --skip-build is about to.
    const deps = await deploys.deps();
    const { identity } = deps.session;
    let seen = false;
    let cleaning: Promise<readonly { id: string }[]> | undefined;
    const clean = async () => {
      const one = await prune();
      const plan = await one.plan();
      const items = plan.items.map((item) => (item.id === digest('b') ? { ...item, remove: false } : item));
      return (await one.run({ ...plan, items })).removed;
    };
    const late = {
      ...deps,
      reporter: {
        emit: ({ type }: { type: string }) => {
          seen ||= type === 'part.done';
        },
      },
      session: {
        ...deps.session,
        async identity() {
          // Right before it takes the lock.
          if (seen) cleaning ??= clean();
          await cleaning;
          return identity();
        },
      },
    };
    await deploys.deploy({ createStack: false, skipBuild: true }, late);
    expect((await cleaning)?.map(({ id }) => id)).toContain(digest('a'));
    expect(state.lambda.functions.get('shop-api')?.code.imageUri).toContain(digest('b'));
  });
});
