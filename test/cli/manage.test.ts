import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FakeInstance } from '../fake/ec2-state.ts';
import { type ManifestCommand, root } from '../helpers/cli.ts';
import { expectJsonTrouble, expectTrouble, Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** Starting and stopping at the command line: the built CLI on the fake AWS, in real time. */

const FAST = { startMs: 300, checksMs: 300, stopMs: 300 };
let scene: Scene;
let app: Server;
let web: FakeInstance;
let port: number;

beforeEach(async () => {
  app = createServer((_, answer) => answer.end('ok'));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  port = (app.address() as AddressInfo).port;
  scene = await Scene.open();
  web = scene.fake.state.ec2.addInstance({
    tags: { Name: 'web', Schedule: 'office' },
    publicIp: '127.0.0.1',
    elasticIp: true,
    launchedAt: Date.now() - 3_600_000,
    script: { ...FAST },
  });
  scene.put(
    'infractl.yaml',
    `project: shop
region: eu-west-3
environments: { dev: {}, prod: { protected: true } }
hosts:
  web:
    tags: { Name: web }
    ssh: { user: ubuntu, port: ${port} }
    health: { url: "http://127.0.0.1:${port}", ports: [${port}] }
`,
  );
});
afterEach(async () => {
  await scene.close();
  await new Promise((resolve) => app.close(resolve));
});

const lastLine = (text: string) => JSON.parse(text.trim().split('\n').at(-1) ?? '') as { targets: unknown[] };

it('status --watch --json is a line for each look, the end too', async () => {
  const watch = scene.home.start(['manage', 'status', '--watch', '--json'], { env: scene.fake.env });
  await until(() => /"targets"/.test(watch.output()), watch);
  watch.child.kill('SIGINT');
  const { code, stdout } = await watch.ended;
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(code).toBe(130);
  expect(lines[0]).toMatchObject({ targets: [{ id: web.id }] });
  expect(lines.at(-1)).toMatchObject({ error: { code: 'Interrupted', exit: 130 } });
});

it('a login is to a host or to an instance, not to both', async () => {
  const result = await scene.run(['host', 'ssh', 'web', '--id', 'i-0123456789abcdef0']);
  expectTrouble(result, 2, 'Either the host web or the instance i-0123456789abcdef0');
});

describe('examples', () => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, ManifestCommand>;
  };
  const all = Object.entries(manifest.commands)
    .filter(([id]) => /^manage:(start|stop|restart|status|quick)$/.test(id))
    .flatMap(([id, { examples }]) =>
      (examples ?? []).map((example) =>
        (typeof example === 'string' ? example : example.command)
          .replaceAll('<%= config.bin %> ', '')
          .replaceAll('<%= command.id %>', id.replaceAll(':', ' ')),
      ),
    )
    .filter((line) => !line.includes('--watch'));

  it.each(all)('%s', async (line) => {
    const result = await scene.run(line.split(' '));
    // Those that ask name the flag where nobody can answer.
    if (result.code === 2) expect(result.stderr).toContain('Give --yes.');
    else expect(result.code).toBe(0);
  });
});

describe('status', () => {
  it('one in full, as JSON with every fact, many in a table', async () => {
    const one = await scene.run(['manage', 'status']);
    expect(one.stdout).toMatch(/instance +web \(i-0+1\)/);
    expect(one.stdout).toMatch(/health +answers 200/);
    expect(one.stdout).toMatch(/a month +\$17\.23/);
    const json = JSON.parse((await scene.run(['manage', 'status', '--json'])).stdout);
    expect(json).toMatchObject([
      {
        kind: 'instance',
        id: web.id,
        name: 'web',
        state: 'running',
        checks: 'ok',
        health: { ok: true },
        elastic: true,
      },
    ]);
    scene.fake.state.ec2.addInstance({ tags: { Schedule: 'office' }, state: 'stopped' });
    scene.fake.state.autoScaling.addGroup({ name: 'workers', tags: { Schedule: 'office' } });
    scene.fake.state.rds.addDatabase('orders', { tags: { Schedule: 'office' } });
    const many = await scene.run(['manage', 'status', '--tag', 'Schedule=office']);
    expect(many.stdout).toMatch(/^name +id +state/);
    expect(many.stdout.split('\n').filter((line) => /web|stopped|workers|orders/.test(line))).toHaveLength(4);
  });

  it('an environment with nothing: [] and exit 0', async () => {
    scene.put('infractl.yaml', 'project: shop\nregion: eu-west-3\nenvironments: { dev: {} }\n');
    const result = await scene.run(['manage', 'status', '--json']);
    expect(result).toMatchObject({ code: 0, stdout: '[]\n' });
  });
});

describe('start and stop', () => {
  it('stops with what changes said first, starts until it serves, and again is safe', async () => {
    const stopped = await scene.run(['manage', 'stop', '--yes']);
    expect(stopped.code).toBe(0);
    expect(stopped.stderr).toContain('in account 123456789012');
    expect(stopped.stderr).toContain('Its elastic IP 127.0.0.1 stays');
    expect(stopped.stderr).toContain('Saves about $17.23 a month');
    expect(stopped.stdout).toContain('Start again: infractl manage start');
    expect((await scene.run(['manage', 'stop', '--yes'])).stdout).toContain('Nothing to do');
    const started = await scene.run(['manage', 'start']);
    expect(started.stdout).toMatch(
      /Started web .* \(running .*, status checks .*, port .*, application .*\)/,
    );
    scene.fake.requests.length = 0;
    expect((await scene.run(['manage', 'start'])).stdout).toContain('Nothing to do');
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('--dry-run makes no change and needs no yes', async () => {
    for (const doing of ['stop', 'restart', 'start']) {
      const result = await scene.run(['manage', doing, '--dry-run', '--json']);
      expect(result.code).toBe(0);
      expect(lastLine(result.stdout)).toMatchObject({ doing, dryRun: true, targets: [{ id: web.id }] });
    }
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('nobody to ask: exit 2; a wrong --confirm: exit 5 before any call; more than ten want the name', async () => {
    expectTrouble(await scene.run(['manage', 'stop']), 2, 'Give --yes.');
    scene.fake.requests.length = 0;
    expectTrouble(await scene.run(['manage', 'stop', '--confirm', 'shop']), 5, 'nothing was done');
    expect(scene.fake.requests).toEqual([]);
    for (let n = 0; n < 12; n++) scene.fake.state.ec2.addInstance({ tags: { many: 'yes' }, script: FAST });
    const many = ['manage', 'stop', '--tag', 'many=yes'];
    expectTrouble(await scene.run([...many, '--yes']), 2, 'Give --confirm shop-dev.');
    expect(scene.fake.mutations()).toEqual([]);
    expect((await scene.run([...many, '--confirm', 'shop-dev'])).code).toBe(0);
  });

  it('a protected environment wants its name, before any call', async () => {
    const env = { INFRACTL_ENV: 'prod' };
    for (const words of [
      ['start'],
      ['stop', '--yes'],
      ['restart', '--yes'],
      ['schedule', 'set', '--stop', '20:00'],
    ])
      expectTrouble(await scene.run(['manage', ...words], { env }), 2, '--env prod');
    expect(scene.fake.requests).toEqual([]);
    // A dry run changes nothing, so it wants no name.
    for (const words of [['stop'], ['schedule', 'set', '--stop', '20:00']])
      expect((await scene.run(['manage', ...words, '--dry-run'], { env })).code, words.join(' ')).toBe(0);
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('one failure is the error of the command; of several each is named: exit 3', async () => {
    scene.fake.state.ec2.addInstance({
      tags: { Schedule: 'office', Name: 'keys' },
      state: 'stopped',
      script: {
        ...FAST,
        fallBack: { code: 'Client.InternalError', message: 'Client.InternalError: Client error on launch' },
      },
    });
    const one = await scene.run(['manage', 'start', '--tag', 'Name=keys']);
    expectTrouble(one, 1, 'keys (i-', 'did not start', 'KMS key');
    const both = await scene.run(['manage', 'start', '--tag', 'Schedule=office']);
    expect(both.code).toBe(3);
    expect(both.stdout).toContain('✗ keys');
  });

  it('a stage that takes too long: exit 7 with the command that goes on', async () => {
    web.script.checksMs = 3_600_000;
    web.since = Date.now();
    const result = await scene.run(['manage', 'start', '--timeout', 'checks=1s', '--json']);
    const error = expectJsonTrouble(result, 7, 'TimedOut');
    expect(error.suggestions[0]).toContain(`infractl manage start --id ${web.id}`);
  });

  it.each([
    [['manage', 'start', '--host', 'wbe'], 'Did you mean: --host web'],
    [['manage', 'start', '--tag', 'Name=wbe'], 'Did you mean: --tag Name=web'],
    [['manage', 'start', '--tag', 'Name'], 'KEY=VALUE'],
    [['manage', 'start', '--timeout', 'check=5m'], 'Did you mean: --timeout checks=5m'],
    [['manage', 'start', '--id', 'i-123'], 'i-123 is no id of an instance'],
    [['manage', 'start', '--id', 'i-0abcdef0123456789'], 'another account or region'],
  ])('%j: exit 2, in words', async (args, words) => {
    expectTrouble(await scene.run(args), 2, words);
    expect(scene.fake.mutations()).toEqual([]);
  });
});

describe('quick', () => {
  it('good: exit 0; what does not answer: exit 8', async () => {
    const good = await scene.run(['manage', 'quick']);
    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(/✓ web .*reachable/);
    app.closeAllConnections();
    await new Promise((resolve) => app.close(resolve));
    const bad = await scene.run(['manage', 'quick', '--json']);
    expect(bad.code).toBe(8);
    const [verdict] = JSON.parse(bad.stdout) as { ok: boolean }[];
    expect(verdict?.ok).toBe(false);
    app = createServer().listen(0);
  });
});

describe('schedule', () => {
  it('is set, listed, skipped, set again and removed; the stack is all that is kept of it', async () => {
    const times = ['--stop', '20:00 Mon-Fri', '--start', '07:30 Mon-Fri', '--timezone', 'Europe/Paris'];
    const planned = await scene.run(['manage', 'schedule', 'set', ...times, '--dry-run']);
    expect(planned.stdout).toContain('This was a dry run');
    expect(scene.fake.mutations()).toEqual([]);
    expect((await scene.run(['manage', 'schedule', 'set', ...times])).stdout).toContain(
      'default stops at 20:00 Mon-Fri',
    );
    expect((await scene.run(['manage', 'schedule', 'set', ...times])).stdout).toContain('Nothing to do');
    const list = async () => JSON.parse((await scene.run(['manage', 'schedule', 'list', '--json'])).stdout);
    expect(await list()).toMatchObject([
      { name: 'default', skipUntil: null, targets: [{ kind: 'instance', id: web.id }] },
    ]);
    await scene.run(['manage', 'schedule', 'skip-until', '2099-01-05']);
    expect(await list()).toMatchObject([{ skipUntil: '2099-01-04T23:00:00Z' }]);
    await scene.run(['manage', 'schedule', 'skip-until', 'now']);
    expect(await list()).toMatchObject([{ skipUntil: null }]);
    expectTrouble(
      await scene.run(['manage', 'schedule', 'remove', 'defualt', '--yes']),
      2,
      'Did you mean: default',
    );
    expect((await scene.run(['manage', 'schedule', 'remove', '--yes'])).code).toBe(0);
    expect(await list()).toEqual([]);
  });

  it.each([
    [['set'], 'Give --stop'],
    [['set', '--stop', '8pm'], '"8pm" is no time of a schedule'],
    [['set', '--stop', '20:00', '--timezone', 'Europe/Lutetia'], 'no time zone'],
    [['skip-until', '2099-01-05'], 'The environment has no schedule.'],
  ])('%j: exit 2, in words', async (args, words) => {
    expectTrouble(await scene.run(['manage', 'schedule', ...args]), 2, words);
    expect(scene.fake.mutations()).toEqual([]);
  });
});

describe('a host that is not there', () => {
  beforeEach(() => {
    const yaml = readFileSync(path.join(scene.home.work, 'infractl.yaml'), 'utf8');
    scene.put('infractl.yaml', `${yaml}  db: { tags: { Name: db } }\n`);
  });
  const DB = 'The host db is no instance in eu-west-3.';

  it('keeps the others from nothing where all is meant, and is named: exit 3', async () => {
    const planned = await scene.run(['manage', 'stop', '--dry-run', '--json']);
    expect(planned.code).toBe(0);
    expect(lastLine(planned.stdout).targets).toMatchObject([
      { name: 'web', does: 'stop', refused: null },
      { name: 'db', does: 'refused', refused: { code: 'NoSuchInstance', message: DB } },
    ]);
    const stopped = await scene.run(['manage', 'stop', '--yes', '--no-wait']);
    expect(stopped.code).toBe(3);
    expect(stopped.stderr).toContain(`db  not there: ${DB}`);
    expect(stopped.stdout).toContain('Asked AWS to stop web');
    expect(stopped.stdout).toContain(`✗ ${DB}`);
    expect(web.state).toMatch(/^stopp/);
    const seen = await scene.run(['manage', 'status', '--json']);
    expect(seen.code).toBe(3);
    expect(JSON.parse(seen.stdout)).toMatchObject([{ name: 'web' }, { name: 'db', state: 'not there' }]);
  });

  it.each([
    ['db', DB],
    ['wbe', 'Did you mean: --host web'],
  ])('stops everything where it is named: --host web,%s', async (name, words) => {
    expectTrouble(await scene.run(['manage', 'stop', '--host', `web,${name}`, '--yes']), 2, words);
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('is the trouble itself where nothing else is there', async () => {
    scene.fake.state.ec2.instances.clear();
    for (const words of [['stop', '--yes'], ['start'], ['status']])
      expectTrouble(await scene.run(['manage', ...words]), 2, 'is no instance in eu-west-3');
  });
});

it('a topic alone is its help where nobody can choose', async () => {
  const result = await scene.run(['manage']);
  expect(result.code).toBe(0);
  expect(result.stdout).toContain('manage status');
});
