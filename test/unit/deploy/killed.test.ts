import { afterEach, describe, expect, it } from 'vitest';
import { openDestroy, openPrune, openRollback } from '../../../src/lib/deploy/index.ts';
import { asItIs, type JournalEntry, witness } from '../../../src/lib/journal/index.ts';
import { addFunction } from '../../fake/lambda.ts';
import { Deploys, functionTemplate, SECRET } from './setup.ts';

/** Runs that end at any of their changes, as a process that is killed does; and what the next run makes of it. */

const HOUR = 3_600_000;
const HOWS = ['reset', 'lost'] as const;
const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const opened: Deploys[] = [];
afterEach(async () => {
  for (const deploys of opened.splice(0)) await deploys.close();
});

async function open(files: Readonly<Record<string, string>>): Promise<Deploys> {
  const deploys = await Deploys.open(files);
  opened.push(deploys);
  return deploys;
}

const failed = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

/** Every cut is a deploy and two runs more. */
const LONG = { timeout: 240_000 };

/** Where to cut: some of the changes that an undisturbed run makes, the first and the last among them. */
function some(changes: readonly number[], most: number): number[] {
  const step = Math.max(1, (changes.length - 1) / (most - 1));
  const picked = Array.from({ length: most }, (_, at) => changes[Math.round(at * step)]);
  return [...new Set([...picked, changes.at(-1)])].filter((at) => at !== undefined);
}

const FILES = {
  'infractl.yaml': `project: shop
region: eu-west-3
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
};

describe('prune, killed', () => {
  const order = { keep: 1, within: 0, grace: HOUR };
  const prune = async (deploys: Deploys) =>
    openPrune(await deploys.deps({ commandLine: 'prune' }), await deploys.project(), order);

  /** Runs, archives and images that nothing uses beside others that are in use. */
  async function littered(): Promise<Deploys> {
    const deploys = await open(FILES);
    for (const mark of ['one', 'two', 'three']) {
      deploys.put('code/index.js', `exports.handler = () => '${mark}';\n`);
      await deploys.deploy({ createStack: mark === 'one' });
      await deploys.fake.clock.sleep(3 * HOUR);
    }
    deploys.fake.state.lambda.functions.get('shop-a')?.versions.splice(1, 1);
    const images = deploys.fake.state.ecr.repositories.get('shop');
    for (const letter of ['a', 'b', 'c'])
      images?.push({ digest: digest(letter), tags: new Set(), pushedAt: 0, sizeInBytes: 1 });
    images?.push({
      digest: digest('d'),
      tags: new Set(),
      pushedAt: 0,
      sizeInBytes: 1,
      children: [digest('c')],
    });
    const uri = `123456789012.dkr.ecr.eu-west-3.amazonaws.com/shop@${digest('a')}`;
    addFunction(deploys.fake.state, { name: 'by-hand', image: uri });
    return deploys;
  }

  /** Everything that there is, as `prune` names it. */
  function there(deploys: Deploys): Set<string> {
    const { ecr, s3 } = deploys.fake.state;
    return new Set([
      ...[...ecr.repositories.values()].flatMap((images) => images.map((one) => one.digest)),
      ...[...s3.buckets.values()].flatMap((bucket) => [...bucket.objects.keys()]),
    ]);
  }

  async function expectFinished(deploys: Deploys, used: readonly string[]): Promise<void> {
    const again = await prune(deploys);
    const { removed } = await again.run(await again.plan());
    expect(removed.filter(({ failed }) => failed)).toEqual([]);
    expect((await (await prune(deploys)).plan()).items.filter(({ remove }) => remove)).toEqual([]);
    for (const id of used) expect(there(deploys)).toContain(id);
  }

  it.each(HOWS)(
    'at any of its deletions (%s): what is used stays, and the next run ends it',
    LONG,
    async (how) => {
      const measured = await littered();
      const whole = await prune(measured);
      const plan = await whole.plan();
      expect(new Set(plan.items.filter(({ remove }) => remove).map(({ kind }) => kind)).size).toBe(3);
      const from = measured.fake.requests.length;
      await whole.run(plan);
      for (const at of some(measured.changesSince(from), 4)) {
        const deploys = await littered();
        const clean = await prune(deploys);
        const planned = await clean.plan();
        const used = planned.items.filter(({ remove }) => !remove).map(({ id }) => id);
        deploys.killAt(at, how);
        await failed(clean.run(planned));
        for (const id of used) expect(there(deploys)).toContain(id);
        await deploys.comeBack();
        await expectFinished(deploys, used);
      }
    },
  );

  it('throttled at every second call: what is used stays, nothing is told as gone that is there', async () => {
    const deploys = await littered();
    const clean = await prune(deploys);
    const plan = await clean.plan();
    const used = plan.items.filter(({ remove }) => !remove).map(({ id }) => id);
    for (const action of ['s3:DeleteObject', 'ecr:BatchDeleteImage'])
      deploys.fake.faults.throttle(action, { every: 2, times: Number.POSITIVE_INFINITY });
    const { removed } = await clean.run(plan);
    expect(removed.length).toBeGreaterThan(4);
    for (const { id, failed } of removed)
      expect([failed, there(deploys).has(id)]).toEqual([undefined, false]);
    deploys.fake.faults.clear();
    await expectFinished(deploys, used);
  });

  it('throttled while it looks: nothing goes, and the error says to wait', async () => {
    const deploys = await littered();
    const clean = await prune(deploys);
    const plan = await clean.plan();
    const before = there(deploys);
    deploys.fake.faults.throttle('lambda:ListFunctions');
    expect(await failed(clean.run(plan))).toMatchObject({ code: 'Throttling', exit: 1 });
    expect([...before].filter((id) => !there(deploys).has(id))).toEqual([]);
  });

  it('that slept through the end of its lock deletes nothing further', async () => {
    const deploys = await littered();
    const deps = await deploys.deps({ commandLine: 'prune', pulse: deploys.fake.clock });
    const clean = await openPrune(deps, await deploys.project(), order);
    const plan = await clean.plan();
    // Its machine sleeps in the middle of the first deletions; meanwhile somebody takes the lock over.
    const bucket = [...deploys.fake.state.s3.buckets.values()][0];
    const key = [...(bucket?.objects.keys() ?? [])].find((name) => name.startsWith('locks/')) ?? '';
    const identity = deps.session.identity;
    let looks = 0;
    Object.assign(deps.session, {
      identity: async () => {
        const lock = bucket?.objects.get(key);
        if (++looks === 3 && lock) {
          const record = { ...JSON.parse(Buffer.from(lock.body).toString()), id: 'somebody-else' };
          bucket?.objects.set(key, { ...lock, etag: '"theirs"', body: Buffer.from(JSON.stringify(record)) });
          await deploys.fake.clock.sleep(10 * 60_000);
        }
        return identity();
      },
    });
    const before = there(deploys);
    expect(await failed(clean.run(plan))).toMatchObject({ code: 'LockLost', exit: 6 });
    expect([...before].filter((id) => !there(deploys).has(id))).toEqual([]);
  });
});

describe('destroy, killed', () => {
  const DATA = {
    Resources: {
      Files: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'shop-files' } },
      Kept: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', Properties: { BucketName: 'shop-kept' } },
      Repository: { Type: 'AWS::ECR::Repository', Properties: { RepositoryName: 'shop' } },
    },
  };
  const destroy = async (deploys: Deploys, commandLine = 'destroy') => {
    const one = await openDestroy(await deploys.deps({ commandLine }), await deploys.project(), { keep: [] });
    await one.inventory();
    return one;
  };

  async function deployed(): Promise<Deploys> {
    const deploys = await open({
      'infractl.yaml': `project: shop
region: eu-west-3
stacks:
  data: { template: data.json }
  app: { template: app.json, after: [data] }
`,
      'data.json': JSON.stringify(DATA),
      'app.json': JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } }),
    });
    await deploys.deploy();
    const { s3, ecr } = deploys.fake.state;
    for (const name of ['shop-files', 'shop-kept'])
      for (const key of ['one', 'two'])
        s3.buckets.get(name)?.objects.set(key, {
          body: Buffer.from('0123456789'),
          etag: '"e"',
          modified: 0,
          contentType: 'text/plain',
          metadata: {},
          versionId: key,
        });
    for (const name of ['shop', 'somebody-elses']) {
      if (!ecr.repositories.has(name)) ecr.repositories.set(name, []);
      ecr.repositories.get(name)?.push({ digest: digest('a'), tags: new Set(), pushedAt: 0, sizeInBytes: 7 });
    }
    addFunction(deploys.fake.state, { name: 'somebody-elses' });
    return deploys;
  }

  const left = (deploys: Deploys) =>
    deploys.fake.state.cloudFormation.stacks.filter(({ status }) => status !== 'DELETE_COMPLETE');

  function expectOthersWhole(deploys: Deploys): void {
    const { s3, ecr, lambda } = deploys.fake.state;
    expect(s3.buckets.get('shop-kept')?.objects.size).toBe(2);
    expect(ecr.repositories.get('somebody-elses')).toHaveLength(1);
    expect(lambda.functions.has('somebody-elses')).toBe(true);
  }

  it.each(HOWS)(
    'at any of its changes (%s): run again it ends clean, and touches nothing else',
    async (how) => {
      const measured = await deployed();
      const whole = await destroy(measured);
      const from = measured.fake.requests.length;
      await whole.run();
      for (const at of some(measured.changesSince(from), 6)) {
        const deploys = await deployed();
        const one = await destroy(deploys);
        deploys.killAt(at, how);
        await failed(one.run());
        expectOthersWhole(deploys);
        await deploys.comeBack();
        await (await destroy(deploys)).run();
        expect(left(deploys)).toEqual([]);
        expectOthersWhole(deploys);
        const { parts } = await (await destroy(deploys)).run();
        expect(parts.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
      }
    },
  );

  it('the journal of one that died says what it had deleted', async () => {
    const deploys = await deployed();
    deploys.fake.state.cloudFormation.script.set('Files', { on: ['delete'], fail: 'no', times: 9 });
    const one = await destroy(deploys);
    const running = () => deploys.journal().at(-1) as unknown as JournalEntry;
    const told: string[] = [];
    for (const { objects } of deploys.fake.state.s3.buckets.values()) {
      const put = objects.set.bind(objects);
      objects.set = (key, object) => {
        put(key, object);
        if (key.startsWith('journal/')) told.push(...running().parts.map(({ part }) => part));
        return objects;
      };
    }
    await failed(one.run());
    expect(running()).toMatchObject({ result: 'failed' });
    expect(told).toContain('stack app');
  });

  it('by two people at once: one does it, the other is told who', async () => {
    const deploys = await deployed();
    const [one, two] = [await destroy(deploys, 'destroy one'), await destroy(deploys, 'destroy two')];
    const ends = await Promise.all([failed(one.run()), failed(two.run())]);
    expect(ends.filter((error) => error === undefined)).toHaveLength(1);
    expect(ends.find((error) => error !== undefined)).toMatchObject({ code: 'Locked', exit: 6 });
    expect(left(deploys)).toEqual([]);
    expectOthersWhole(deploys);
  });
});

describe('rollback, killed', () => {
  const describeStack = (deploys: Deploys, text: string) =>
    deploys.put(
      'a.json',
      JSON.stringify({
        ...JSON.parse(functionTemplate('shop-a')),
        Outputs: { FunctionName: { Value: { Ref: 'Function' } }, Mark: { Value: text } },
      }),
    );
  const state = (deploys: Deploys) => [
    deploys.fake.state.cloudFormation
      .find('shop-a-dev')
      ?.outputs.find(({ OutputKey }) => OutputKey === 'Mark')?.OutputValue,
    deploys.alias('shop-a'),
  ];

  async function twice(): Promise<Deploys> {
    const deploys = await open(FILES);
    for (const mark of ['v1', 'v2']) {
      describeStack(deploys, mark);
      deploys.put('code/index.js', `exports.handler = () => '${mark}';\n`);
      await deploys.deploy();
      await deploys.fake.clock.sleep(60_000);
    }
    return deploys;
  }

  async function rollback(deploys: Deploys, to?: string) {
    const deps = await deploys.deps({ commandLine: 'rollback' });
    const one = await openRollback(deps, await deploys.project(), { to, parts: [] });
    const plan = await one.plan();
    return { plan, run: () => one.run(plan) };
  }

  it.each(HOWS)(
    'at any of its changes (%s): the same command goes on, and no state is lost',
    LONG,
    async (how) => {
      const measured = await twice();
      const whole = await rollback(measured);
      const from = measured.fake.requests.length;
      await whole.run();
      expect(state(measured)).toEqual(['v1', '1']);
      for (const at of some(measured.changesSince(from), 6)) {
        const deploys = await twice();
        const [one, two] = deploys.journal().map(({ id }) => String(id));
        const { run } = await rollback(deploys);
        deploys.killAt(at, how);
        await failed(run());
        await deploys.comeBack();
        const now = witness(deploys.fake.clock.now());
        const last = asItIs(deploys.journal().at(-1) as unknown as JournalEntry, now);
        if (last.id !== two) expect(['abandoned', 'succeeded']).toContain(last.result);
        if (last.result !== 'succeeded' || last.id === two) {
          const again = await rollback(deploys);
          expect(again.plan.to.id).toBe(one);
          if (again.plan.changes) await again.run();
        }
        expect(state(deploys)).toEqual(['v1', '1']);
        await deploys.fake.clock.sleep(60_000);
        await (await rollback(deploys, two)).run();
        expect(state(deploys)).toEqual(['v2', '2']);
      }
    },
  );

  it('a deploy that is killed leaves in the journal what it had done, with what that state needs', async () => {
    const deploys = await twice();
    const registry = JSON.stringify({ ...JSON.parse(FILES['registry.json']), Metadata: { Mark: 'v3' } });
    deploys.put('registry.json', registry.replace('"shop"}', '"shop","ImageTagMutability":"IMMUTABLE"}'));
    describeStack(deploys, 'v3');
    deploys.put('a.json', functionTemplate('shop-a').replace('=> 1', '=> 3'));
    deploys.fake.state.cloudFormation.script.set('Function', { on: ['update'], ms: 20 * 60_000 });
    const emit = (event: { type: string; part?: string }) => {
      // Long after what it did is written down, and long before the other stack is done.
      if (event.type === 'part.done' && event.part === 'stack registry') deploys.killAt(40, 'reset');
    };
    await failed(deploys.deploy({}, { reporter: { emit } }));
    await deploys.comeBack();
    const last = deploys.journal().at(-1) as unknown as JournalEntry;
    expect(asItIs(last, witness(deploys.fake.clock.now())).result).toBe('abandoned');
    expect(last.parts).toMatchObject([{ part: 'stack registry', outcome: 'updated' }]);
    const [bucket] = deploys.fake.state.s3.buckets.values();
    expect(bucket?.objects.has(`templates/${last.parts[0]?.after?.templateSha256}.yaml`)).toBe(true);
  });

  it('says which parameters keep the value of now, and why', async () => {
    const deploys = await twice();
    deploys.put('.env.secrets', `JWT_SECRET=${SECRET}-another-one\n`);
    describeStack(deploys, 'v3');
    await deploys.deploy();
    await deploys.fake.clock.sleep(60_000);
    const { plan, run } = await rollback(deploys);
    expect(plan.parts.find(({ part }) => part === 'stack a')).toMatchObject({ keeps: ['JwtSecret'] });
    await run();
    expect(deploys.fake.state.lambda.functions.get('shop-a')?.configuration.environment.JWT_SECRET).toBe(
      `${SECRET}-another-one`,
    );
    expect(state(deploys)[0]).toBe('v2');
  });
});
