import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exit } from '../../../src/lib/base/errors.ts';
import { planLines, rollbackPlanView } from '../../../src/lib/cli/views/rollback-view.ts';
import { openRollback } from '../../../src/lib/deploy/index.ts';
import { salvageProject } from '../../../src/lib/project/index.ts';
import { Deploys, functionTemplate, SECRET, startHealth } from './setup.ts';

let health: Awaited<ReturnType<typeof startHealth>>;
let deploys: Deploys;

const CONFIGURATION = (url: string) => `project: shop
region: eu-west-3
stacks:
  a: { template: a.json, parameters: { JwtSecret: { env: JWT_SECRET } } }
functions:
  a: { name: { output: a.FunctionName }, zip: code }
checks:
  health: { url: "${url}", timeout: 20s }
`;

beforeEach(async () => {
  health = await startHealth();
  deploys = await Deploys.open({
    'infractl.yaml': CONFIGURATION(health.url),
    'a.json': functionTemplate('shop-a'),
    'code/index.js': 'exports.handler = () => 1;\n',
  });
});
afterEach(async () => {
  await deploys.close();
  await health.close();
});

const change = (mark: string) => deploys.put('code/index.js', `exports.handler = () => '${mark}';\n`);
const describeStack = (text: string) =>
  deploys.put(
    'a.json',
    JSON.stringify({
      ...JSON.parse(functionTemplate('shop-a')),
      Description: text,
      Outputs: { FunctionName: { Value: { Ref: 'Function' } }, Mark: { Value: text } },
    }),
  );
const mark = () =>
  deploys.fake.state.cloudFormation.find('shop-a-dev')?.outputs.find(({ OutputKey }) => OutputKey === 'Mark')
    ?.OutputValue;

async function failure(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
}

/** As the command does it, but for the question. */
async function rollback(to?: string, parts: string[] = []) {
  const { project, variable } = await salvageProject({ cwd: deploys.folder, env: {} });
  const rollback = await openRollback(await deploys.deps({ commandLine: 'rollback', variable }), project, {
    to,
    parts,
  });
  const plan = await rollback.plan();
  return { plan, rollback, run: () => rollback.run(plan) };
}

/** Two good deploys: v1, then v2. */
async function twice(): Promise<string[]> {
  describeStack('v1');
  const one = await deploys.deploy();
  await deploys.fake.clock.sleep(60_000);
  describeStack('v2');
  change('v2');
  const two = await deploys.deploy();
  await deploys.fake.clock.sleep(60_000);
  return [one.journal ?? '', two.journal ?? ''];
}

describe('a rollback', () => {
  it('without an id takes the last change back: template, parameters and the version of the function', async () => {
    const [one, two] = await twice();
    expect([mark(), deploys.alias('shop-a')]).toEqual(['v2', '2']);
    const { plan, run } = await rollback();
    expect(plan).toMatchObject({ to: { id: one }, of: { id: two }, changes: true });
    expect(plan.parts).toMatchObject([
      { part: 'stack a', change: 'back' },
      { part: 'function a', change: 'back', detail: 'version 2 → 1' },
      { part: 'check health', change: 'check' },
    ]);
    const result = await run();
    expect(result.parts.map(({ part, outcome }) => `${part} ${outcome}`)).toEqual([
      'stack a updated',
      'function a updated',
      'check health passed',
    ]);
    expect([mark(), deploys.alias('shop-a')]).toEqual(['v1', '1']);
    expect(deploys.journal().at(-1)).toMatchObject({ result: 'succeeded', rollbackOf: two, rollbackTo: one });
  });

  it('planning changes nothing', async () => {
    await twice();
    const before = deploys.fake.mutations().length;
    await rollback();
    expect(deploys.fake.mutations()).toHaveLength(before);
  });

  it('a second one takes the first one back, and going to where one is does nothing', async () => {
    const [one] = await twice();
    await (await rollback()).run();
    const again = await rollback(one);
    expect(again.plan.changes).toBe(false);
    await deploys.fake.clock.sleep(60_000);
    await (await rollback()).run();
    expect([mark(), deploys.alias('shop-a')]).toEqual(['v2', '2']);
  });

  it('after a deploy that failed goes to the newest that did not', async () => {
    const [, two] = await twice();
    describeStack('v3');
    change('v3');
    health.status = 500;
    expect(await failure(deploys.deploy())).toMatchObject({ exit: Exit.unhealthy });
    expect(mark()).toBe('v3');
    health.status = 200;
    const { plan, run } = await rollback();
    expect(plan).toMatchObject({ to: { id: two }, of: { result: 'unhealthy' } });
    await run();
    expect([mark(), deploys.alias('shop-a')]).toEqual(['v2', '2']);
  });

  it('says whose data would go before anything is done', async () => {
    const withTable = (Resources: object) =>
      deploys.put(
        'a.json',
        JSON.stringify({
          ...JSON.parse(functionTemplate('shop-a')),
          Resources: { ...JSON.parse(functionTemplate('shop-a')).Resources, ...Resources },
        }),
      );
    await deploys.deploy();
    await deploys.fake.clock.sleep(60_000);
    withTable({
      Users: { Type: 'AWS::DynamoDB::Table' },
      Kept: { Type: 'AWS::DynamoDB::Table', DeletionPolicy: 'Retain' },
    });
    await deploys.deploy();
    const { plan } = await rollback();
    const lost = plan.parts[0]?.diff?.resources.find(({ path }) => path === 'Users');
    expect(lost).toMatchObject({ action: 'remove', dataLoss: 'lost' });
    expect(plan.parts[0]?.detail).toContain('2 resources to remove (Users and Kept)');
    expect(plan.parts[0]?.data).toEqual([
      { resource: 'Users', type: 'AWS::DynamoDB::Table', becomes: 'lost' },
      { resource: 'Kept', type: 'AWS::DynamoDB::Table', becomes: 'retained' },
    ]);
  });

  it('shows the difference first, with what would be replaced, and hides secrets in it', async () => {
    const keyed = (name: string) =>
      deploys.put(
        'a.json',
        JSON.stringify({
          ...JSON.parse(functionTemplate('shop-a')),
          Resources: {
            ...JSON.parse(functionTemplate('shop-a')).Resources,
            Users: {
              Type: 'AWS::DynamoDB::Table',
              Properties: { KeySchema: [{ AttributeName: name, KeyType: 'HASH' }] },
            },
          },
        }),
      );
    keyed('id');
    await deploys.deploy();
    await deploys.fake.clock.sleep(60_000);
    keyed('email');
    await deploys.deploy({ allowReplacement: ['a/Users'] });
    const { plan } = await rollback();
    const [part] = plan.parts;
    expect(part).toMatchObject({ change: 'back', diff: { change: 'update', basis: 'templates' } });
    expect(part?.diff?.resources).toMatchObject([
      { path: 'Users', action: 'modify', replacement: 'always', dataLoss: 'lost' },
    ]);
    expect(part?.detail).toContain('1 replacement');
    const ui = { paint: (_: string, text: string) => text, columns: 80 };
    const lines = planLines(plan, ui);
    expect(lines).toContain('± Users  AWS::DynamoDB::Table  REPLACEMENT, DATA LOSS');
    expect(lines).toMatch(/KeySchema\S* {2}email → id \(replaces\)/);
    const dry = rollbackPlanView(plan, true);
    expect(dry.text(ui)).toContain('± Users  AWS::DynamoDB::Table  REPLACEMENT, DATA LOSS');
    expect(dry.text(ui) + JSON.stringify(dry.json)).not.toContain(SECRET);
  });

  it('keeps the secret that the stack has, and never shows or asks for it', async () => {
    await twice();
    deploys.put('.env.secrets', 'NOTHING=here\n');
    const { run } = await rollback();
    await run();
    expect(JSON.stringify(deploys.journal())).not.toContain(SECRET);
    const sent = deploys.fake.requests.filter(({ action }) => action === 'CreateChangeSet').at(-1);
    expect(sent?.parameters.Parameters).toEqual([{ ParameterKey: 'JwtSecret', UsePreviousValue: 'true' }]);
    expect(deploys.fake.state.lambda.functions.get('shop-a')?.configuration.environment.JWT_SECRET).toBe(
      SECRET,
    );
  });

  it('needs neither a valid configuration nor the files of that time', async () => {
    await twice();
    deploys.put('infractl.yaml', 'project: shop\nregion: eu-west-3\nstacks: [this is, wrong\n');
    deploys.put('a.json', 'not a template');
    const { project, warnings, variable } = await salvageProject({ cwd: deploys.folder, env: {} });
    expect(project).toMatchObject({ name: 'shop', environment: 'dev', region: 'eu-west-3' });
    expect(warnings.join()).toContain("Only the project's name");
    const back = await openRollback(await deployDeps(variable), project, { parts: [] });
    await back.run(await back.plan());
    expect([mark(), deploys.alias('shop-a')]).toEqual(['v1', '1']);
  });

  async function deployDeps(variable: (name: string) => string | undefined) {
    deploys.put('infractl.yaml', CONFIGURATION(health.url));
    const deps = await deploys.deps({ commandLine: 'rollback', variable });
    deploys.put('infractl.yaml', 'project: shop\n');
    return deps;
  }

  it('gives the code again where the version is gone, and publishes a new one', async () => {
    await twice();
    deploys.fake.state.lambda.functions.get('shop-a')?.versions.shift();
    const { plan, run } = await rollback(undefined, ['function:a']);
    expect(plan.parts.find(({ part }) => part === 'function a')?.detail).toContain(
      'a new version of functions/',
    );
    await run();
    expect(deploys.alias('shop-a')).toBe('3');
    expect(mark()).toBe('v2');
  });

  it('refuses before it changes anything when a part cannot go back', async () => {
    await twice();
    for (const bucket of deploys.fake.state.s3.buckets.values())
      for (const key of bucket.objects.keys())
        if (/^(templates|functions)\//.test(key)) bucket.objects.delete(key);
    const before = deploys.fake.mutations().length;
    const { plan, run } = await rollback();
    expect(plan.parts[0]).toMatchObject({ part: 'stack a', change: 'blocked' });
    expect(await failure(run())).toMatchObject({ code: 'RollbackBlocked', exit: Exit.declined });
    expect(deploys.fake.mutations()).toHaveLength(before);
  });

  it('gets a stack out of UPDATE_ROLLBACK_FAILED first, where somebody decides so', async () => {
    await twice();
    const stack = deploys.fake.state.cloudFormation.stack('shop-a-dev');
    deploys.put('a.json', functionTemplate('shop-a').replace('return 1', 'return 3').replace('=> 1', '=> 3'));
    deploys.fake.state.cloudFormation.script.set('Function', {
      on: ['update', 'rollback'],
      fail: 'no',
      times: 2,
    });
    await failure(deploys.deploy());
    expect(stack.status).toBe('UPDATE_ROLLBACK_FAILED');
    await deploys.fake.clock.sleep(60_000);
    expect(await failure((await rollback()).run())).toMatchObject({ exit: Exit.declined });
    await deploys.fake.clock.sleep(60_000);
    const { project, variable } = await salvageProject({ cwd: deploys.folder, env: {} });
    const deps = await deploys.deps({ commandLine: 'rollback', variable, decide: async () => ({ but: [] }) });
    const back = await openRollback(deps, project, { to: deploys.journal()[0]?.id as string, parts: [] });
    await back.run(await back.plan());
    expect([mark(), stack.status, deploys.alias('shop-a')]).toEqual(['v1', 'UPDATE_COMPLETE', '1']);
  });

  it('makes a stack again that was deleted since', async () => {
    const [one] = await twice();
    const cf = deploys.fake.state.cloudFormation;
    const stack = cf.find('shop-a-dev');
    cf.stacks.splice(cf.stacks.indexOf(stack as never), 1);
    deploys.fake.state.lambda.functions.delete('shop-a');
    const { plan, run } = await rollback(one);
    expect(plan.parts).toMatchObject([{ change: 'create' }, { change: 'back' }, {}]);
    await run();
    expect(mark()).toBe('v1');
    expect(deploys.alias('shop-a')).toBe('1');
  });

  it('that ends unhealthy says so with 8, takes nothing back, and names the way forward', async () => {
    const [, two] = await twice();
    const { run } = await rollback();
    health.status = 500;
    const error = await failure(run());
    expect(error).toMatchObject({ exit: Exit.unhealthy });
    expect(String(error.suggestions)).toContain(`infractl rollback ${two?.slice(-6)}`);
    expect(deploys.alias('shop-a')).toBe('1');
    expect(deploys.journal().at(-1)).toMatchObject({ result: 'unhealthy', rollbackOf: two });
  });

  it('that somebody thought about while somebody else deployed takes nothing back unseen: exit 6', async () => {
    await twice();
    const { run } = await rollback();
    describeStack('v3');
    await deploys.deploy();
    await deploys.fake.clock.sleep(60_000);
    const error = await failure(run());
    expect(error).toMatchObject({ code: 'ChangedMeanwhile', exit: Exit.busy });
    expect(error.why).toContain('ran "deploy"');
    expect(mark()).toBe('v3');
  });

  it('killed half way goes on when it is run again', async () => {
    const [one] = await twice();
    const { run } = await rollback();
    deploys.fake.faults.add('lambda:UpdateAlias', { kind: 'reset' }, { times: 9 });
    await failure(run());
    expect([mark(), deploys.alias('shop-a')]).toEqual(['v1', '2']);
    await deploys.fake.clock.sleep(60_000);
    deploys.fake.faults.clear?.();
    const again = await rollback(one);
    expect(again.plan.parts).toMatchObject([{ change: 'unchanged' }, { change: 'back' }, {}]);
    await again.run();
    expect(deploys.alias('shop-a')).toBe('1');
  });
});
