import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { letIn } from '../helpers/host-aws.ts';
import { byAgent, putPlugin } from '../helpers/host-ssm.ts';
import { Pty } from '../helpers/pty.ts';
import { Released } from '../helpers/released.ts';
import { until } from '../helpers/until.ts';

const INSTANCE = 'i-0123456789abcdef0';

/** What works over ssh, over Systems Manager: the built command line, AWS's stand-in, and a real machine. */
describe.skipIf(noHost)('infractl on a host of Systems Manager', { timeout: 300_000 }, () => {
  const used = useHost();
  let fake: Fake;
  let app: Released;
  let shut: () => void;
  let env: Record<string, string>;
  beforeAll(async () => {
    fake = await startFake({ clock: realClock() });
    fake.state.ec2.addInstance({ id: INSTANCE, tags: { Name: 'shop' } });
    fake.state.ssm.addNode({ id: INSTANCE, execute: byAgent(used.host) });
    shut = await letIn(used.host, fake);
    const url = /endpoint_url = (\S+)/.exec(used.host.read('/root/.aws/config'))?.[1] ?? '';
    app = new Released(used.host).prepare();
    env = { ...fake.env, AWS_ENDPOINT_URL: url };
    configure();
  });
  afterAll(async () => {
    app?.remove();
    shut?.();
    await fake?.close();
  });

  function configure(release: Readonly<Record<string, unknown>> = {}): void {
    const ssm = { instance: INSTANCE, connect: 'ssm', services: ['app'] };
    app.configure({ host: 'far', ...release }, { far: ssm });
  }
  const infractl = (...args: string[]) => app.run(args, { env });
  const scripts = () => [...fake.state.ssm.commands.values()].map(({ script }) => script).join('\n');

  it('runs, tails and copies', async () => {
    const ran = await infractl('host', 'run', '-H', 'far', '--', 'sh', '-c', 'id -un; exit 3');
    expect(ran).toMatchObject({ code: 1, stdout: 'root\n✗ the command ended with 3\n' });
    used.host.write('/var/log/shop.log', 'first\nsecond\n');
    const tail = await infractl('host', 'tail', '-H', 'far', '--file', '/var/log/shop.log', '--no-follow');
    expect(tail.stdout).toContain('first\nsecond\n');
    app.put('local.txt', 'from here\n');
    expect((await infractl('host', 'copy', 'local.txt', 'far:/srv/there.txt')).code).toBe(0);
    expect(used.host.read('/srv/there.txt')).toBe('from here');
    expect((await infractl('host', 'copy', 'far:/srv/there.txt', 'back.txt')).code).toBe(0);
    expect(readFileSync(path.join(app.home.work, 'back.txt'), 'utf8')).toBe('from here\n');
  });

  it('releases, goes back, and shows what runs; no secret is in what Systems Manager keeps', async () => {
    app.commit('one');
    const first = await infractl('redeploy');
    expect(first).toMatchObject({ code: 0 });
    expect(app.answer()).toBe('one s3cr3t $HOME "quoted"');
    // Systems Manager logs in as root; the release belongs to whom its unit names.
    expect(used.host.exec('stat', '-c', '%U', '/srv/app/current/app.py')).toBe('ubuntu');
    app.commit('two');
    expect((await infractl('redeploy')).code).toBe(0);
    expect(app.answer()).toContain('two');
    const status = await infractl('redeploy', 'status');
    expect(status).toMatchObject({ code: 0 });
    expect(status.stdout).toContain('build two');
    expect((await infractl('redeploy', 'rollback')).code).toBe(0);
    expect(app.answer()).toContain('one');
    expect((await infractl('redeploy', 'history')).stdout).toContain('rollback');
    const kept =
      scripts() +
      JSON.stringify(
        [...fake.state.ssm.commands.values()].map((one) =>
          [...one.invocations.values()].map(({ stdout, stderr }) => stdout + stderr),
        ),
      );
    expect(kept).not.toContain('s3cr3t');
    expect(used.host.exec('stat', '-c', '%U %a', '/srv/app/env')).toBe('root 700');
  });

  it('takes back a release that is not healthy, and says why', async () => {
    app.commit('three', { status: 500 });
    configure({ health: { path: '/health', timeout: '5s' } });
    const result = await infractl('redeploy');
    configure();
    expect(result.code).toBe(8);
    expect(app.answer()).toContain('one');
    app.commit('four');
  });

  it('reads services and metrics from the host', async () => {
    const services = await infractl('monitoring', 'services');
    expect(services).toMatchObject({ code: 0 });
    expect(services.stdout).toContain('app');
    const metrics = await infractl('monitoring', 'metrics', 'far', '--json');
    expect(JSON.parse(metrics.stdout)).toMatchObject({ hosts: [{ host: 'far' }] });
    expect(metrics.stdout).toContain('cpuPercent');
  });

  it('stops what runs on the host on Ctrl-C', async () => {
    const running = () => used.host.attempt('pgrep', '-f', 'sleep 81238').stdout.trim();
    const work = app.home.start(['host', 'run', '-H', 'far', '--', 'sleep', '81238'], { env });
    await until(() => running() !== '', work);
    work.child.kill('SIGINT');
    const result = await work.ended;
    expect(result.code).toBe(130);
    expect(running()).toBe('');
  });

  it('logs in through the Session Manager plugin; says what to install where there is none', async () => {
    const bare = new Pty(app.home, ['host', 'ssh', 'far'], {
      env: { ...env, PATH: '/usr/bin:/bin' },
      columns: 200,
    });
    await bare.ended;
    expect(bare.text).toContain('takes the Session Manager plugin, which is not installed');
    putPlugin(used.host, '1.2.463.0');
    const old = new Pty(app.home, ['host', 'ssh', 'far'], {
      env: { ...env, PATH: used.host.path },
      columns: 200,
    });
    await old.ended;
    expect(old.text).toContain('1.2.463.0 is too old');
    putPlugin(used.host);
    const login = new Pty(app.home, ['host', 'ssh', 'far'], {
      env: { ...env, PATH: used.host.path },
      columns: 200,
    });
    expect(await login.exited).toMatchObject({ exitCode: 0 });
    expect(login.text).toContain(`Starting session with SessionId: dev-1 on ${INSTANCE}`);
  });

  it('is reached by ssh through a tunnel of Session Manager: one session for all commands', async () => {
    putPlugin(used.host);
    const before = fake.state.ssm.sessions.length;
    const hosts = {
      web: { instance: INSTANCE, ssh: { tunnel: 'ssm', user: 'ubuntu', hostKey: used.host.hostKey } },
    };
    writeFileSync(path.join(app.home.work, 'infractl.yaml'), JSON.stringify({ project: 'shop', hosts }));
    const ran = await infractl('host', 'run', '--', 'id', '-un');
    expect(ran).toMatchObject({ code: 0, stdout: 'ubuntu\n', stderr: '' });
    expect(fake.state.ssm.sessions.slice(before)).toEqual([`${INSTANCE}:22`]);
    configure();
  });
});
