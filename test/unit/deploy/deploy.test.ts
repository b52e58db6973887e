import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exit, Interrupted } from '../../../src/lib/base/errors.ts';
import { chooseParts, deployProject, openDestroy } from '../../../src/lib/deploy/index.ts';
import { Deploys, functionTemplate, SECRET, startHealth } from './setup.ts';

let health: Awaited<ReturnType<typeof startHealth>>;
let deploys: Deploys;

/** Two functions side by side, each in a stack of its own, and a check of the whole. */
beforeEach(async () => {
  health = await startHealth();
  deploys = await Deploys.open({
    'infractl.yaml': `project: shop
region: eu-west-3
stacks:
  a: { template: a.json, parameters: { JwtSecret: { env: JWT_SECRET } } }
  b: { template: b.json, parameters: { JwtSecret: { env: JWT_SECRET } } }
functions:
  a: { name: { output: a.FunctionName }, zip: code }
  b: { name: { output: b.FunctionName }, zip: code }
checks:
  health: { url: "${health.url}", timeout: 20s }
`,
    'a.json': functionTemplate('shop-a'),
    'b.json': functionTemplate('shop-b'),
    'code/index.js': 'exports.handler = () => 1;\n',
  });
});
afterEach(async () => {
  await deploys.close();
  await health.close();
});

const change = (mark: string) => deploys.put('code/index.js', `exports.handler = () => '${mark}';\n`);
async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

describe('a deploy', () => {
  it('runs parts side by side: what does not need the other does not wait for it', async () => {
    await deploys.deploy();
    const said = deploys.said();
    const started = said.filter((line) => /^stack \w started$/.test(line));
    expect(started.sort()).toEqual(['stack a started', 'stack b started']);
    expect(said.indexOf('stack b started')).toBeLessThan(said.indexOf('stack a created'));
    expect(said.indexOf('function a started')).toBeGreaterThan(said.indexOf('stack a created'));
    expect(said.at(-1)).toBe('check health passed');
  });

  it('again changes nothing and leaves no entry in the journal', async () => {
    await deploys.deploy();
    expect(deploys.journal()).toHaveLength(1);
    const again = await deploys.deploy();
    expect(again).toMatchObject({ changed: false });
    expect(again).not.toHaveProperty('journal');
    expect(deploys.journal()).toHaveLength(1);
  });

  it('begins the journal before the first change, and ends it with what happened', async () => {
    await deploys.deploy();
    const changing = deploys.fake.mutations().filter(({ action }) => action !== 'CreateChangeSet');
    const journal = changing.findIndex(
      ({ service, action, parameters }) =>
        service === 's3' && action === 'PutObject' && JSON.stringify(parameters).includes('journal/'),
    );
    const first = changing.findIndex(({ service }) => service !== 's3');
    expect(journal).toBeGreaterThanOrEqual(0);
    expect(journal).toBeLessThan(first);
    expect(deploys.journal()[0]).toMatchObject({ result: 'succeeded', command: 'deploy' });
  });

  it('holds no secret in its result, its events and its journal', async () => {
    const result = await deploys.deploy();
    const all = JSON.stringify([result, deploys.events, deploys.journal()]);
    expect(all).not.toContain(SECRET);
    expect(all).not.toContain(Buffer.from(SECRET).toString('base64'));
  });
});

describe('a part that fails', () => {
  it('skips what needs it and says because of what; the others go on', async () => {
    deploys.fake.state.cloudFormation.script.set('shop-a-dev/Function', {
      fail: 'limit reached',
      on: ['create'],
    });
    const error = await failure(deploys.deploy());
    expect(error).toMatchObject({ exit: Exit.failed });
    const said = deploys.said();
    expect(said).toContain('stack a failed');
    expect(said).toContain('function a skipped: stack a failed');
    expect(said.find((line) => line.startsWith('check health skipped'))).toBeDefined();
    expect(said).toContain('stack b created');
    expect(deploys.journal()[0]).toMatchObject({ result: 'failed' });
  });

  it('takes back the functions that moved before it', async () => {
    await deploys.deploy();
    const before = [deploys.alias('shop-a'), deploys.alias('shop-b')];
    change('two');
    const reason = { code: 'InvalidRuntime', reason: 'no such runtime' };
    deploys.fake.state.lambda.script.set('shop-b', { ms: 60_000, fail: reason });
    const error = await failure(deploys.deploy({ createStack: false }));
    expect(String(error.why)).toContain(`shop-a is on version ${before[0]} again`);
    expect([deploys.alias('shop-a'), deploys.alias('shop-b')]).toEqual(before);
    expect(deploys.said()).toContain('function shop-a reverted');
  });
});

describe('a check that fails', () => {
  it('takes every function back: exit 8, and the journal says unhealthy', async () => {
    await deploys.deploy();
    const before = [deploys.alias('shop-a'), deploys.alias('shop-b')];
    change('broken');
    health.status = 500;
    const error = await failure(deploys.deploy({ createStack: false }));
    expect(error).toMatchObject({ exit: Exit.unhealthy });
    expect(String(error.why)).toContain('It was taken back');
    expect(error.suggestions).toContain('infractl logs --since 10m');
    expect([deploys.alias('shop-a'), deploys.alias('shop-b')]).toEqual(before);
    expect(deploys.journal().at(-1)).toMatchObject({ result: 'unhealthy' });
  });

  it('says that nothing was taken back where nothing was before', async () => {
    health.status = 500;
    const error = await failure(deploys.deploy());
    expect(error).toMatchObject({ exit: Exit.unhealthy });
    expect(String(error.why)).toContain('Nothing was taken back');
  });

  it('is asked again until it passes', async () => {
    health.status = 503;
    deploys.fake.clock.after(5_000, () => {
      health.status = 200;
    });
    await deploys.deploy();
    expect(deploys.said().at(-1)).toBe('check health passed');
  });
});

describe('a deploy right after one that failed', () => {
  it('looks again under the lock, and tells once what it does first', async () => {
    const { script } = deploys.fake.state.cloudFormation;
    script.set('shop-a-dev/Function', { ms: 100, fail: 'no', times: 1 });
    await failure(deploys.deploy({ parts: [{ kind: 'stack', name: 'a' }] }));
    deploys.events.length = 0;
    const before = deploys.fake.requests.length;
    await deploys.deploy({ parts: [{ kind: 'stack', name: 'a' }] });
    const looks = deploys.fake.requests.slice(before).filter(({ action }) => action === 'GetTemplate');
    expect(looks.length).toBeGreaterThan(1);
    const notes = deploys.events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    expect(notes).toContainEqual(expect.stringContaining('It is deleted first, then created.'));
    expect(notes).toEqual([...new Set(notes)]);
  });
});

describe('an interrupted deploy', () => {
  it('ends with 130, takes nothing back, says what was changed, and the journal knows', async () => {
    await deploys.deploy();
    const before = deploys.alias('shop-a');
    change('two');
    deploys.fake.state.lambda.script.set('shop-b', { ms: 60_000 });
    const controller = new AbortController();
    deploys.fake.clock.after(20_000, () => controller.abort(new Interrupted()));
    const error = await failure(deploys.deploy({ createStack: false }, { signal: controller.signal }));
    expect(error).toMatchObject({ exit: Exit.interrupted });
    expect(String(error.why)).toContain('function a (version 1 → 2)');
    expect(deploys.alias('shop-a')).not.toBe(before);
    expect(deploys.said()).not.toContain('function shop-a reverted');
    expect(deploys.journal().at(-1)).toMatchObject({ result: 'interrupted' });
  });
});

describe('a dry run', () => {
  it('makes no mutating call and writes no journal, deployed or not', async () => {
    await deploys.deploy({ dryRun: true });
    expect(deploys.fake.mutations()).toEqual([]);
    await deploys.deploy();
    change('two');
    deploys.fake.requests.length = 0;
    const plan = await deploys.deploy({ dryRun: true });
    expect(deploys.fake.mutations()).toEqual([]);
    expect(plan.parts.find(({ part }) => part === 'function a')).toMatchObject({ outcome: 'update' });
  });
});

describe('the choice of parts', () => {
  it('is a part with all that it needs, and nothing else', async () => {
    const project = await deploys.project();
    const result = await deploys.deploy({ parts: chooseParts(project, ['function:a']) });
    expect(result.parts.map(({ part }) => part)).toEqual(['stack a', 'function a']);
  });

  it('takes a name for every part of that name, and names what is near', async () => {
    const project = await deploys.project();
    expect(chooseParts(project, ['a'])).toEqual([
      { kind: 'stack', name: 'a' },
      { kind: 'function', name: 'a' },
    ]);
    expect(chooseParts(project, [])).toEqual([]);
    expect(() => chooseParts(project, ['healht'])).toThrow(
      expect.objectContaining({
        code: 'NoSuchPart',
        suggestions: expect.arrayContaining(['Did you mean: health']),
      }),
    );
  });
});

describe('Ctrl-C that was answered with taking it back', () => {
  it('takes it back although AWS is too busy for a while', async () => {
    const topic = (name: string) =>
      deploys.put(
        'data.json',
        JSON.stringify({ Resources: { X: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: name } } } }),
      );
    deploys.put(
      'infractl.yaml',
      'project: shop\nregion: eu-west-3\nstacks: { data: { template: data.json } }\n',
    );
    topic('one');
    await deploys.deploy();
    topic('two');
    const { state, faults, clock } = deploys.fake;
    state.cloudFormation.script.set('X', { ms: 600_000 });
    faults.throttle('cloudformation:CancelUpdateStack', { times: 3 });
    const controller = new AbortController();
    clock.after(60_000, () => controller.abort(new Interrupted()));
    const more = { signal: controller.signal, interruption: () => 'cancel' as const };
    const error = await failure(deploys.deploy({}, more));
    expect(error).toMatchObject({ code: 'Cancelled', exit: Exit.interrupted });
    expect(error.why).toContain('The stack shop-data-dev is what it was before (UPDATE_ROLLBACK_COMPLETE).');
    expect(state.cloudFormation.stack('shop-data-dev').status).toBe('UPDATE_ROLLBACK_COMPLETE');
  });
});

describe('two environments whose stacks have one name', () => {
  const shared = (environments: string) =>
    deploys.put(
      'infractl.yaml',
      `project: shop
region: eu-west-3
stacks: { data: { template: data.json, name: shop } }
environments: { ${environments} }
`,
    );
  const of = async (environment: string) => ({ ...(await deploys.project()), environment });
  const options = { parts: [], createStack: true, skipBuild: false, dryRun: false };

  beforeEach(async () => {
    deploys.put('data.json', JSON.stringify({ Resources: { X: { Type: 'AWS::SNS::Topic' } } }));
    shared('dev: {}, prod: {}');
    await deployProject(await deploys.deps(), await of('dev'), options);
  });

  it('do not deploy to, nor destroy, what the other one has made', async () => {
    const before = deploys.fake.mutations().length;
    const refused = { code: 'NotOurStack', exit: Exit.declined };
    const deps = await deploys.deps();
    for (const one of [options, { ...options, createStack: false }, { ...options, dryRun: true }])
      expect(await failure(deployProject(deps, await of('prod'), one))).toMatchObject(refused);
    const destroy = await openDestroy(deps, await of('prod'), { keep: [] });
    expect(await failure(destroy.inventory())).toMatchObject(refused);
    expect(deploys.fake.mutations()).toHaveLength(before);
  });

  it('an environment that was renamed takes its stacks along', async () => {
    shared('prod: {}');
    const { parts } = await deployProject(await deploys.deps(), await of('prod'), options);
    expect(parts[0]?.outcome).toBe('updated');
  });
});

describe('before AWS is touched', () => {
  it('all problems are reported at once, without any call', async () => {
    deploys.put('.env.secrets', 'JWT_SECRET=short\n');
    deploys.put(
      'b.json',
      JSON.stringify({
        Parameters: { Size: { Type: 'Number' } },
        Resources: { X: { Type: 'AWS::SNS::Topic' } },
      }),
    );
    const error = await failure(deploys.deploy());
    expect(error).toMatchObject({ exit: Exit.usage });
    expect(String(error.why)).toContain('a: ');
    expect(String(error.why)).toContain('b: ');
    expect(String(error.why).split('\n').length).toBeGreaterThanOrEqual(2);
    expect(String(error.why)).not.toContain('short"');
    expect(deploys.fake.requests).toEqual([]);
  });
});
