import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InfractlError } from '../../src/lib/base/errors.ts';
import { servicesView } from '../../src/lib/cli/views/services-view.ts';
import type { CliResult } from '../helpers/cli.ts';
import { TestSandbox } from '../helpers/sandbox.ts';
import { Scene, TEMPLATE } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/**
 * The keys of every JSON result. Programs read them: they may be added, never renamed or taken away.
 * After an addition: `UPDATE_KEYS=1 npx vitest run test/cli/json.test.ts`, which refuses to drop any.
 */
const recorded = path.join(import.meta.dirname, 'json-keys.json');
type Keys = Record<string, string>;
const known: Record<string, Keys> = existsSync(recorded) ? JSON.parse(readFileSync(recorded, 'utf8')) : {};
const seen: Record<string, Keys> = {};

/** Says what the file need not say: its key is promised too. */
const PLAIN = { stack: '    terminationProtection: false\n' };

let scene: Scene;
let sandbox: TestSandbox;
beforeAll(async () => {
  scene = await Scene.open(PLAIN);
  sandbox = await new TestSandbox().prepare();
}, 600_000);
afterAll(async () => {
  if (process.env.UPDATE_KEYS) {
    const all = { ...known };
    for (const [name, keys] of Object.entries(seen)) all[name] = { ...known[name], ...keys };
    writeFileSync(recorded, `${JSON.stringify(sorted(all), null, 2)}\n`);
  }
  await scene.close();
  await sandbox.remove();
});

/** Adds paths and types of all values: `parts[].ms` is a number. */
function collect(keys: Keys, value: unknown, at = ''): void {
  const type = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  const types = new Set([...(keys[at || '.'] ?? '').split(' | '), type].filter(Boolean));
  keys[at || '.'] = [...types].sort().join(' | ');
  if (Array.isArray(value)) for (const one of value) collect(keys, one, `${at}[]`);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) collect(keys, inner, at === '' ? key : `${at}.${key}`);
  }
}

function sorted<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)])) as T;
}

function check(name: string, value: unknown): void {
  seen[name] ??= {};
  collect(seen[name], value);
}

const lines = (result: CliResult) =>
  result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type?: string });

async function run(args: readonly string[]): Promise<CliResult> {
  const env = { XDG_DATA_HOME: sandbox.folder };
  return scene.run([...args, '--json'], { env, timeout: 120_000 });
}

async function result(name: string, args: readonly string[]): Promise<unknown> {
  const done = await run(args);
  expect(done.code).toBe(0);
  const value: unknown = JSON.parse(done.stdout);
  check(name, name.startsWith('sandbox status') ? withoutEngine(value as object) : value);
  return value;
}

/** What is said of a container engine, and of machines, depends on whether this machine has one. */
function withoutEngine(status: object): object {
  const { engine, machines: _, ...rest } = status as { engine: { command: string }; machines?: object };
  expect(engine.command).toBeTypeOf('string');
  return rest;
}

describe('results of commands that talk to AWS', () => {
  it('an empty list is [], an empty map {}', async () => {
    expect(JSON.parse((await run(['history'])).stdout)).toEqual([]);
    expect(JSON.parse((await run(['outputs'])).stdout)).toEqual({});
  });

  it('deploy is a stream: events, then the result', async () => {
    const done = await run(['deploy', '--create-stack']);
    expect(done.code).toBe(0);
    const all = lines(done);
    expect(all.at(-1)?.type).toBe('result');
    for (const event of all) check(`deploy ${event.type}`, event);
    expect(new Set(all.slice(0, -1).map(({ type }) => type))).toEqual(
      new Set(['note', 'part.started', 'part.status', 'part.done', 'stack.event']),
    );
    expect(all.filter(({ type }) => type === 'result')).toHaveLength(1);
  });

  it('a dry run has the same result', async () => {
    check('deploy --dry-run result', lines(await run(['deploy', '--dry-run', '--create-stack'])).at(-1));
  });

  it('costs: as estimated, and as billed', async () => {
    const { costs, activeTags } = scene.fake.state.costExplorer;
    const day = new Date(Date.now() - 40 * 86_400_000).toISOString().slice(0, 10);
    const tags = { 'infractl:project': 'shop', 'infractl:environment': 'dev', 'infractl:part': 'app' };
    costs.push({ day, service: 'AWS Lambda', tags, usd: 1.25 }, { day, service: 'Tax', tags, usd: 0.2 });
    for (const tag of Object.keys(tags)) activeTags.add(tag);
    const estimate = await result('costs', ['costs']);
    expect(estimate).toMatchObject({ currency: 'USD', parts: [{ part: 'stack app' }] });
    const bill = await result('costs actual', ['costs', 'actual', '--months', '2', '--yes']);
    expect(bill).toMatchObject({ of: 'tags', questions: 1, again: false });
  });

  it('a failing deploy ends its stream with the error', async () => {
    scene.changeCode('fails');
    scene.fake.faults.deny('lambda:UpdateFunctionCode');
    const done = await run(['deploy']);
    scene.fake.faults.clear();
    expect(done.code).toBe(4);
    const all = lines(done);
    expect(Object.keys(all.at(-1) ?? {})).toEqual(['error']);
    check('deploy error', all.at(-1));
    check(
      'deploy part.failed',
      all.find(({ type }) => type === 'part.failed'),
    );
  });

  it('outputs, history and one entry of it', async () => {
    await result('outputs', ['outputs']);
    expect(await result('outputs NAME', ['outputs', 'app.FunctionName'])).toBe('shop-api-dev');
    await result('history', ['history']);
    const entries = (await result('history', ['history'])) as { id: string; result: string }[];
    const done = entries.find((entry) => entry.result === 'succeeded')?.id ?? '';
    await result('history ID', ['history', done]);
    const short = done.slice(done.lastIndexOf('-') + 1);
    expect(await result('history ID', ['history', short])).toMatchObject({ id: done });
    for (const { startedAt } of entries as unknown as { startedAt: string }[]) {
      expect(startedAt).toBe(new Date(startedAt).toISOString());
    }
  });

  it('manage: what is there, plans, acts, schedules', async () => {
    const script = { startMs: 50, checksMs: 50, stopMs: 50 };
    const one = scene.fake.state.ec2.addInstance({ tags: { Name: 'web' }, publicIp: '127.0.0.1', script });
    const on = ['--id', one.id];
    await result('manage status', ['manage', 'status', ...on]);
    check('manage quick', JSON.parse((await run(['manage', 'quick', ...on])).stdout));
    for (const doing of ['restart', 'stop', 'start']) {
      check(`manage ${doing} --dry-run`, lines(await run(['manage', doing, ...on, '--dry-run'])).at(-1));
      const done = await run([
        'manage',
        doing,
        ...on,
        ...(doing === 'start' ? ['--until', 'checks'] : ['--yes']),
      ]);
      expect(done.code).toBe(0);
      check(`manage ${doing}`, lines(done).at(-1));
    }
    const times = ['--stop', '20:00 Mon-Fri', '--timezone', 'Europe/Paris', ...on];
    const set = await run(['manage', 'schedule', 'set', ...times]);
    expect(set.code).toBe(0);
    check('manage schedule set', lines(set).at(-1));
    const skipped = await run(['manage', 'schedule', 'skip-until', '2099-01-05']);
    check('manage schedule skip-until', lines(skipped).at(-1));
    await result('manage schedule list', ['manage', 'schedule', 'list']);
    check('manage schedule remove', lines(await run(['manage', 'schedule', 'remove', '--yes'])).at(-1));
  });

  it('backup: made, listed, cleaned up, brought back, proved, counted, put on a schedule', async () => {
    const { ebs, ec2, rds } = scene.fake.state;
    Object.assign(ebs, { snapshotMs: 50, volumeMs: 20, attachMs: 20 });
    Object.assign(rds, { snapshotMs: 50, restoreMs: 50, endpoint: { Address: '127.0.0.1', Port: 9 } });
    const root = { id: 'vol-0123456789abcdef0', device: '/dev/sda1', deleteOnTermination: true };
    const { id } = ec2.addInstance({ tags: { Role: 'db' }, volumes: [root] });
    ebs.addVolume({ id: root.id, state: 'in-use', blocks: new Map([[0, Buffer.alloc(524_288, 1)]]) });
    rds.addDatabase('shop');
    scene.put(
      'infractl.yaml',
      'project: shop\nregion: eu-west-3\nbackups:\n' +
        '  nightly: { targets: [{ instance: ' +
        `${id} }, { database: shop }] }\n` +
        '  tagged: { targets: [{ tags: { Role: db } }], keep: { daily: 3 } }\n',
    );
    try {
      for (const [name, line] of [
        ['backup create --dry-run', 'backup create nightly --dry-run'],
        ['backup create', 'backup create nightly --wait'],
        ['backup list', 'backup list'],
        ['backup cleanup', 'backup cleanup'],
        ['backup cleanup --apply', 'backup cleanup --apply --confirm shop-dev'],
        ['backup auto', 'backup auto nightly'],
        ['backup costs', 'backup costs'],
        ['backup verify', `backup verify latest --of ${id} --how blocks`],
        ['backup verify', 'backup verify latest --of shop --yes'],
        ['backup restore --dry-run', `backup restore latest --of ${id} --dry-run`],
        ['backup restore', `backup restore latest --of ${id} --attach ${id} --yes`],
        ['backup restore', 'backup restore latest --of shop --to database --yes'],
        ['backup schedule install --engine dlm', 'backup schedule install tagged --engine dlm'],
        ['backup schedule uninstall --dlm', 'backup schedule uninstall --dlm'],
        ['backup schedule status', 'backup schedule status'],
      ] as const) {
        const done = await run(line.split(' '));
        expect(done.stdout + done.stderr, line).not.toContain('"error"');
        expect(done.code, line).toBe(0);
        check(name, JSON.parse(done.stdout));
      }
    } finally {
      scene.configure(PLAIN);
    }
  }, 300_000);

  it('rollback: what it would do, and what it did', async () => {
    scene.changeCode('second');
    expect((await run(['deploy'])).code).toBe(0);
    check('rollback --dry-run result', lines(await run(['rollback', '--dry-run'])).at(-1));
    const done = await run(['rollback', '--yes']);
    expect(done.code).toBe(0);
    check('rollback result', lines(done).at(-1));
  });

  it('prune: what would go, and what went', async () => {
    expect(await result('prune', ['prune'])).toMatchObject({ applied: false });
    scene.changeCode('for nobody');
    expect((await run(['deploy'])).code).toBe(0);
    scene.changeCode('for us');
    expect((await run(['deploy'])).code).toBe(0);
    const few = ['--keep', '1', '--keep-within', '0s', '--older-than', '0s'];
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(await result('prune --apply', ['prune', '--apply', '--yes', ...few])).toMatchObject({
      applied: true,
    });
  });

  it('list and explain; events, attach and cancel are streams', async () => {
    await result('list', ['list']);
    await result('explain', ['explain', 'app']);
    await result('unlock', ['unlock']);
    for (const name of ['events', 'attach', 'cancel']) {
      const all = lines(await run([name, 'app']));
      expect(all.at(-1)?.type).toBe('result');
      check(`${name} result`, all.at(-1));
      if (name === 'events') check('events stack.event', all[0]);
    }
  });

  it('logs are a stream; stats and query', async () => {
    const { groups } = scene.fake.state.logs;
    const at = Date.now();
    const report =
      'REPORT RequestId: r\tDuration: 3 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 65 MB\tInit Duration: 1.5 ms\t';
    groups.set('/aws/lambda/shop-api-dev', [
      { at, message: '{"level":"error","message":"no table"}' },
      { at, message: report },
    ]);
    groups.set('/shop/web', []);
    scene.fake.faults.deny('logs:FilterLogEvents', { times: 1 });
    check('logs result', lines(await run(['logs', 'api', '/shop/'])).at(-1));
    const all = lines(await run(['logs', 'api', '--fields', 'level']));
    check('logs log', all[0]);
    check('logs result', all.at(-1));
    await result('logs stats', ['logs', 'stats', 'api']);
    await result('logs query', ['logs', 'query', 'fields @message', '--in', 'api']);
    scene.fake.faults.deny('logs:FilterLogEvents', { times: 1 });
    check('monitoring logs', JSON.parse((await run(['monitoring', 'logs', 'api', '/shop/'])).stdout));
    await result('monitoring logs', ['monitoring', 'logs', 'api']);
    groups.clear();
  });

  it('monitoring alarms, and what is done to them', async () => {
    const { cloudWatch } = scene.fake.state;
    const alarm =
      '  Alarm: { Type: AWS::CloudWatch::Alarm, Properties: { AlarmName: shop-alarm, MetricName: Errors, Threshold: 1, AlarmDescription: d, AlarmActions: [a] } }\nOutputs:';
    scene.configure({ template: TEMPLATE.replace('Outputs:', alarm) });
    expect((await run(['deploy', '--create-stack'])).code).toBe(0);
    const reasonData = '{"startDate":"2026-11-21T14:00:00.000+0000","period":60,"recentDatapoints":[1]}';
    Object.assign(cloudWatch.alarms.get('shop-alarm') as object, { reasonData });
    const alarms = ['monitoring', 'alarms'];
    await result('monitoring alarms silence', [...alarms, 'silence', 'shop-alarm']);
    const off = { duration: 'PT1H', expires: undefined, alarms: ['shop-alarm'] };
    cloudWatch.muteRules.set('other', { name: 'other', expression: 'cron(0 2 * * *)', ...off });
    await result('monitoring alarms', alarms);
    await result('monitoring alarms silence --off', [...alarms, 'silence', 'shop-alarm', '--off']);
    await result('monitoring alarms test', [...alarms, 'test', 'shop-alarm', '--yes']);
    await result('monitoring alarms NAME', [...alarms, 'shop-alarm']);
    await result('monitoring alarms history', [...alarms, 'history']);
    const values = [[Date.now() - 60_000, 3]] as const;
    const dimensions = { FunctionName: 'shop-api-dev' };
    cloudWatch.metrics.push({ namespace: 'AWS/Lambda', metric: 'Invocations', dimensions, values });
    await result('monitoring metrics', ['monitoring', 'metrics']);
    Object.assign(cloudWatch.alarms.get('shop-alarm') as object, { state: 'OK' });
    await result('monitoring health', ['monitoring', 'health']);
    await result('monitoring dashboard', ['monitoring', 'dashboard', '--html', 'report.html']);
    const endless = ['monitoring', 'continuous', '--interval', '1s', '--exit-on', 'alarm', '--json'];
    const watching = scene.start(endless, { env: { XDG_DATA_HOME: sandbox.folder } });
    await until(() => watching.output().includes('"picture"'), watching);
    Object.assign(cloudWatch.alarms.get('shop-alarm') as object, { state: 'ALARM' });
    const watched = lines(await watching.ended);
    expect(watched[0]?.type).toBe('picture');
    check('monitoring continuous result', watched.at(-1));
    const service = {
      unit: 'web',
      state: 'active',
      substate: 'running',
      enabled: 'enabled',
      sinceSeconds: 1,
    };
    const rest = { restarts: 0, memory: 1, result: 'success', ports: ['0.0.0.0:80'], lines: ['an error'] };
    const unknown = { ...service, ...rest, sinceSeconds: null, memory: null };
    const error = new InfractlError({ code: 'HostUnreachable', message: 'm' });
    const hosts = [
      { host: 'a', services: [{ ...service, ...rest }, unknown] },
      { host: 'b', services: [], error },
    ];
    check('monitoring services', servicesView(hosts).json);
  });

  it('drift of a resource that was changed by hand', async () => {
    const { cloudFormation } = scene.fake.state;
    cloudFormation.driftMs = 10;
    cloudFormation.byHand.set('shop-app-dev/Function', { properties: { Code: {}, FunctionName: 'other' } });
    await result('drift', ['drift']);
    cloudFormation.byHand.clear();
  });

  it('diff, with AWS and without', async () => {
    const group =
      '  Web: { Type: AWS::EC2::SecurityGroup, Properties: { SecurityGroupIngress: [{ CidrIp: 0.0.0.0/0 }] } }\nOutputs:\n  More: { Value: more }';
    const template = TEMPLATE.replace('Outputs:', group).replace('shop-api-dev', 'shop-web-dev');
    scene.configure({
      template: template.replace('size $', 'new size $'),
      stack: '    tags: { team: web }\n    terminationProtection: true\n',
    });
    await result('diff', ['diff']);
    await result('diff --offline', ['diff', '--offline']);
    scene.configure(PLAIN);
  });

  it('explain of a failure, with the log behind a custom resource', async () => {
    const { cloudFormation, logs } = scene.fake.state;
    cloudFormation.script.set('Seed', { fail: 'Received response status [FAILED]', on: ['create'] });
    const seed =
      '  Seed: { Type: Custom::Seed, Properties: { ServiceToken: !GetAtt Function.Arn } }\nOutputs:';
    scene.configure({ template: TEMPLATE.replace('Outputs:', seed) });
    const at = Date.now() + 2000;
    logs.groups.set('/aws/lambda/shop-api-dev', [{ at, message: 'no table\n' }]);
    expect((await run(['deploy', '--create-stack'])).code).toBe(1);
    expect(await result('explain a failure', ['explain', 'app'])).toMatchObject({
      log: { lines: ['no table'] },
    });
    scene.configure(PLAIN);
  });

  it('destroy is a stream too', async () => {
    const all = lines(await run(['destroy', '--confirm', 'shop-dev']));
    expect(all.at(-1)?.type).toBe('result');
    check('destroy result', all.at(-1));
    expect(all[0]?.type).toBe('part.started');
  });
});

describe('results of the others', () => {
  it('config show, config show --origin, config validate', async () => {
    await result('config show', ['config', 'show']);
    await result('config show --origin', ['config', 'show', '--origin']);
    await result('config validate', ['config', 'validate']);
  });

  it('config validate that finds something is exit 2, with its findings as the result', async () => {
    scene.put('wrong/infractl.yaml', 'project: wrong\nregionn: eu-west-3\n');
    const cwd = path.join(scene.home.work, 'wrong');
    const done = await scene.run(['config', 'validate', '--json'], { cwd });
    expect(done.code).toBe(2);
    const value = JSON.parse(done.stdout) as { findings?: unknown };
    check('config validate with findings', value);
  });

  it('doctor', async () => {
    scene.fake.state.iam.policies.set(scene.fake.state.arn, { allow: [] });
    const done = await scene.run(['doctor', '--json']);
    expect(done.code).toBe(0);
    check('doctor', JSON.parse(done.stdout));
  });

  it('secrets', async () => {
    await scene.run(['secrets', 'set', 'shop/jwt'], { input: 'a' });
    const set = await scene.run(['secrets', 'set', 'shop/jwt', '--json'], { input: 'b' });
    check('secrets set', JSON.parse(set.stdout));
    await result('secrets get', ['secrets', 'get', 'shop/jwt']);
    await result('secrets rotate', ['secrets', 'rotate', 'shop/jwt', '--yes']);
    await result('secrets undo', ['secrets', 'undo', 'shop/jwt', '--yes']);
    await result('secrets list', ['secrets', 'list']);
    await result('secrets import', ['secrets', 'import', '.env.secrets', '--dry-run']);
    await result('secrets check', ['secrets', 'check']);
  });

  it('completion', async () => {
    await result('completion', ['completion', 'bash']);
  });

  it('init', async () => {
    const cwd = path.join(scene.home.folder, 'nothing-yet');
    mkdirSync(cwd);
    const made = await scene.run(['init', '--empty', '--name', 'made', '--dry-run', '--json'], { cwd });
    check('init, from nothing', JSON.parse(made.stdout));
    await result('init', ['init', 'auth-manager', 'made', '--variant', 'zip', '--region', 'eu-west-3']);
  });

  it('sandbox start, status, reset, stop; each again is safe and says so', async () => {
    const start = ['sandbox', 'start', '--port', '4931'];
    expect(await result('sandbox start', start)).toMatchObject({ outcome: 'started' });
    expect(await result('sandbox start', start)).toMatchObject({ outcome: 'already-running' });
    await result('sandbox status', ['sandbox', 'status']);
    expect(await result('sandbox reset', ['sandbox', 'reset', '--yes'])).toMatchObject({ was: 'running' });
    await result('sandbox reset', ['sandbox', 'reset', '--yes']);
    expect(await result('sandbox stop', ['sandbox', 'stop'])).toMatchObject({ outcome: 'stopped' });
    const again = (await result('sandbox stop', ['sandbox', 'stop'])) as { outcome: string };
    expect(again.outcome).not.toBe('stopped');
    await result('sandbox status, stopped', ['sandbox', 'status']);
  }, 180_000);
});

describe('the keys of all of them', () => {
  it('are those that were promised, with their types', () => {
    for (const name of Object.keys(known)) expect(seen).toHaveProperty([name]);
    for (const [name, keys] of Object.entries(seen)) {
      expect({ [name]: keys }).toMatchObject({ [name]: known[name] ?? {} });
    }
  });

  it('are all recorded', () => {
    if (!process.env.UPDATE_KEYS) expect(sorted(seen)).toEqual(known);
  });
});
