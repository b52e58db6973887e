import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Exit } from '../../../src/lib/base/errors.ts';
import { type DeployOptions, openDestroy, openRollback } from '../../../src/lib/deploy/index.ts';
import { salvageProject } from '../../../src/lib/project/index.ts';
import { Hosts } from './release-setup.ts';
import { Deploys, functionTemplate, startHealth } from './setup.ts';

let health: Awaited<ReturnType<typeof startHealth>>;
let deploys: Deploys;
let hosts: Hosts;

const CONFIGURATION = (url: string) => `project: shop
region: eu-west-3
stacks:
  a: { template: a.json, parameters: { JwtSecret: { env: JWT_SECRET } } }
functions:
  a: { name: { output: a.FunctionName }, zip: code }
hosts:
  web1: { address: { output: a.FunctionName } }
  web2: { address: 10.0.0.2 }
releases:
  app:
    host: [web1, web2]
    source: { git: "https://example.com/app.git" }
    start: python3 app.py
    port: 8501
    environment: { TOKEN: { env: JWT_SECRET } }
checks:
  health: { url: "${url}", timeout: 20s }
`;

beforeEach(async () => {
  health = await startHealth();
  hosts = new Hosts();
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

const deploy = (options: Partial<DeployOptions> = {}) => deploys.deploy(options, { releases: hosts.open });
const failure = (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error) => error,
  );
const release = (result: { parts: readonly { part: string }[] }) =>
  result.parts.find(({ part }) => part === 'release app') as unknown as Record<string, unknown>;
const running = () => ['web1', 'web2'].map((name) => hosts.host(name).running);

describe('a deploy with hosts', () => {
  it('releases after the stack that gives the host, and before the checks', async () => {
    const result = await deploy();
    expect(release(result)).toMatchObject({
      outcome: 'created',
      detail: 'one on web1 and web2',
      after: {
        places: [
          { place: 'web1', id: 'one' },
          { place: 'web2', id: 'one' },
        ],
      },
    });
    const said = deploys.said();
    expect(said.indexOf('stack a created')).toBeLessThan(said.indexOf('release app started'));
    expect(said.indexOf('release app created')).toBeLessThan(said.indexOf('check health started'));
    expect(hosts.did).toEqual(['prepare web1', 'prepare web2', 'deploy web1 one', 'deploy web2 one']);
    // A machine of a stack that was just changed may still be starting.
    expect(hosts.patience).toEqual([300_000]);
  });

  it('again looks once, changes nothing and writes nothing down', async () => {
    await deploy();
    const entries = deploys.journal().length;
    const mutations = deploys.fake.mutations().length;
    hosts.did.length = 0;
    const result = await deploy({ createStack: false });
    expect(result.changed).toBe(false);
    expect(release(result)).toMatchObject({ outcome: 'unchanged', detail: 'one on web1 and web2' });
    expect(hosts.did).toEqual([]);
    expect(hosts.patience).toEqual([300_000, 0]);
    expect(deploys.fake.mutations()).toHaveLength(mutations);
    expect(deploys.journal()).toHaveLength(entries);
  });

  it('writes down which release is where and was before, under the lock, and no secret', async () => {
    await deploy();
    hosts.code = 'two';
    await deploy({ createStack: false });
    const entry = deploys.journal().at(-1) as { parts: { part: string }[]; result: string };
    expect(entry.result).toBe('succeeded');
    expect(entry.parts.find(({ part }) => part === 'release app')).toMatchObject({
      outcome: 'updated',
      before: {
        places: [
          { place: 'web1', id: 'one' },
          { place: 'web2', id: 'one' },
        ],
      },
      after: {
        places: [
          { place: 'web1', id: 'two' },
          { place: 'web2', id: 'two' },
        ],
      },
      config: { name: 'app', machines: [{ name: 'web1' }, { name: 'web2' }] },
    });
    expect(JSON.stringify(entry)).not.toContain('jwtNeverShown');
  });

  it('leaves hosts out when it is told to, and takes one part alone', async () => {
    const without = await deploy({ skipReleases: true });
    expect(release(without)).toBeUndefined();
    expect(hosts.did).toEqual([]);
    const alone = await deploy({ createStack: false, parts: [{ kind: 'release', name: 'app' }] });
    expect(alone.parts.map(({ part }) => part)).toEqual(['release app']);
    expect(running()).toEqual(['one', 'one']);
  });

  it('is refused for a variable that is not set before anything is touched', async () => {
    deploys.put('.env.secrets', 'OTHER=1\n');
    const error = await failure(deploy({ createStack: false }));
    expect(error).toMatchObject({ exit: Exit.usage });
    expect(error.why).toContain('release app, TOKEN: The variable JWT_SECRET is not set.');
    expect(deploys.fake.requests).toEqual([]);
  });
});

describe('a dry run', () => {
  it('says that a host is not there yet, and later what would be released', async () => {
    expect(release(await deploy({ dryRun: true }))).toMatchObject({
      outcome: 'create',
      detail: 'one of the hosts web1 and web2 does not exist yet',
    });
    await deploy();
    expect(release(await deploy({ dryRun: true }))).toMatchObject({ outcome: 'unchanged' });
    hosts.code = 'two';
    hosts.did.length = 0;
    expect(release(await deploy({ dryRun: true }))).toMatchObject({
      outcome: 'update',
      detail: 'two, to web1 and web2',
    });
    expect(hosts.did).toEqual([]);
  });
});

describe('a release that is not healthy', () => {
  it('ends with 8: its host serves what it did, the host before it and the function go back', async () => {
    await deploy();
    deploys.put('code/index.js', 'exports.handler = () => 2;\n');
    hosts.code = 'two';
    hosts.sick.add('web2');
    const error = await failure(deploy({ createStack: false }));
    expect(error).toMatchObject({ code: 'ReleaseUnhealthy', exit: Exit.unhealthy });
    expect(error.why).toContain('one serves, as before.\nIt was on web1 by then.');
    expect(error.why).toContain('It was taken back: app is on one again.');
    expect(error.why).toContain('shop-a is on version');
    expect(error.why).not.toContain('Nothing was taken back');
    expect(running()).toEqual(['one', 'one']);
    expect(deploys.said()).toContain('check health skipped: release app failed');
    expect(deploys.journal().at(-1)).toMatchObject({ result: 'unhealthy' });
  });

  it('with the first release says that nothing serves, and nothing of taking back', async () => {
    hosts.sick.add('web1');
    const error = await failure(deploy());
    expect(error).toMatchObject({ exit: Exit.unhealthy });
    expect(error.why).toContain('Not begun: web2.');
    expect(error.why).not.toContain('this deploy changed no function');
  });

  it('goes back when a check finds it broken', async () => {
    await deploy();
    hosts.code = 'two';
    health.status = 500;
    const error = await failure(deploy({ createStack: false }));
    expect(error).toMatchObject({ exit: Exit.unhealthy });
    expect(error.why).toContain('It was taken back: app is on one again.');
    expect(running()).toEqual(['one', 'one']);
  });
});

describe('a rollback of a deploy that released', () => {
  const rollback = async () => {
    const { project, variable } = await salvageProject({ cwd: deploys.folder, env: {} });
    const deps = await deploys.deps({ commandLine: 'rollback', variable, releases: hosts.open });
    const rollback = await openRollback(deps, project, { parts: [] });
    const plan = await rollback.plan();
    return { plan: plan.parts.find(({ part }) => part === 'release app'), run: () => rollback.run(plan) };
  };
  const later = () => deploys.fake.clock.sleep(60_000);
  const deployBoth = async () => {
    await deploy();
    await later();
    hosts.code = 'two';
    await deploy({ createStack: false });
    await later();
    hosts.did.length = 0;
  };

  it('brings the hosts back to what they have kept, and can be taken back', async () => {
    await deployBoth();
    const back = await rollback();
    expect(back.plan).toMatchObject({ change: 'back', detail: 'two → one on web1; two → one on web2' });
    expect(release(await back.run())).toMatchObject({ outcome: 'updated' });
    expect(hosts.did).toEqual(['back web1 one', 'back web2 one']);
    await later();
    const forward = await rollback();
    expect(forward.plan).toMatchObject({ change: 'back' });
    await forward.run();
    expect(running()).toEqual(['two', 'two']);
  });

  it('releases the commit of then once more where a host has not kept it', async () => {
    await deployBoth();
    hosts.hosts.set('web1', { ready: false, running: null, kept: [] });
    const { plan, run } = await rollback();
    expect(plan).toMatchObject({
      change: 'back',
      detail: 'nothing → one from git once more on web1; two → one on web2',
    });
    await run();
    expect(hosts.did).toEqual(['prepare web1', 'deploy web1 one', 'back web2 one']);
    expect(running()).toEqual(['one', 'one']);
  });

  it('is refused with what to run where a folder of then is kept nowhere', async () => {
    deploys.put('app/main.py', '');
    const text = CONFIGURATION(health.url).replace('git: "https://example.com/app.git"', 'folder: app');
    deploys.put('infractl.yaml', text);
    await deployBoth();
    hosts.hosts.set('web1', { ready: true, running: 'two', kept: ['two'] });
    const { plan, run } = await rollback();
    expect(plan).toMatchObject({
      change: 'blocked',
      detail: expect.stringContaining('one is not kept on web1'),
    });
    expect(await failure(run())).toMatchObject({ code: 'RollbackBlocked', exit: Exit.declined });
    expect(hosts.did).toEqual([]);
  });
});

describe('a destroy', () => {
  it('says which releases end with their machines, and asks no host', async () => {
    await deploy();
    hosts.did.length = 0;
    const destroy = await openDestroy(await deploys.deps(), await deploys.project(), { keep: [] });
    expect((await destroy.inventory()).releases).toEqual([
      { part: 'release app', hosts: ['web1', 'web2'], goes: true },
    ]);
    const kept = await openDestroy(await deploys.deps(), await deploys.project(), { keep: ['stack:a'] });
    expect((await kept.inventory()).releases).toMatchObject([{ goes: false }]);
    expect((await kept.run()).stays).toContain('the release app on web1 and web2, as it is');
    expect(hosts.did).toEqual([]);
  });
});
