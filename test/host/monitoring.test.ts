import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { until } from '../helpers/until.ts';

/** `monitoring services` and `metrics` on a real machine. */
describe.skipIf(noHost)('monitoring of a host', () => {
  const used = useHost();
  let home: Home;
  beforeAll(() => {
    home = new Home();
    configure('  web: { address: ADDRESS, services: [shop, cron] }\n');
    const unit = (command: string, more = '') =>
      `[Service]\nExecStart=${command}\n${more}\n[Install]\nWantedBy=multi-user.target\n`;
    const { host } = used;
    host.write('/etc/systemd/system/shop.service', unit('/usr/bin/python3 -m http.server 8501'));
    host.write(
      '/etc/systemd/system/broken.service',
      unit('/bin/sh -c "echo no database; exit 3"', 'Restart=on-failure\nRestartSec=0\nStartLimitBurst=2'),
    );
    host.sh('systemctl daemon-reload; systemctl start nginx shop; systemctl start broken; sleep 2; true');
  }, 900_000);
  afterAll(() => home?.remove());

  function configure(hosts: string): void {
    const text = `project: shop\nhosts:\n${hosts.replaceAll('ADDRESS', used.host.address)}`;
    writeFileSync(path.join(home.work, 'infractl.yaml'), text);
  }
  const infractl = (...args: string[]) =>
    home.run(['monitoring', ...args], { env: { PATH: used.host.path } });

  it('services: state, since, memory, ports; nginx without being named', async () => {
    const { code, stdout } = await infractl('services', '--json');
    expect(code).toBe(0);
    const [{ host, services, error }] = JSON.parse(stdout);
    expect({ host, error }).toEqual({ host: 'web', error: null });
    expect(services.map(({ unit }: { unit: string }) => unit)).toEqual(['shop', 'cron', 'nginx']);
    const [shop, , nginx] = services;
    expect(shop).toMatchObject({
      state: 'active',
      substate: 'running',
      well: true,
      restarts: 0,
      enabled: 'disabled',
    });
    expect(shop.ports).toEqual(['0.0.0.0:8501']);
    expect(nginx.ports).toContain('0.0.0.0:80');
    expect(shop.sinceSeconds).toBeGreaterThanOrEqual(0);
    expect(shop.sinceSeconds).toBeLessThan(3600);
    const text = (await infractl('services')).stdout;
    expect(text).toMatch(/shop +active running, not at boot +\d+ (?:s|min) +0 .*0\.0\.0\.0:8501/);
  });

  it('logs: what the journals of the hosts have of errors, without a name', async () => {
    used.host.sh('logger -p user.err -t shop "disk 7 is full"; true');
    const { code, stdout } = await infractl('logs', 'web', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ sources: [{ name: 'web', group: 'journal of web' }] });
    configure('  web: { address: ADDRESS }\n');
    const all = await infractl('logs');
    configure('  web: { address: ADDRESS, services: [shop, cron] }\n');
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(/web journal of web: \d+ errors? of \d+ messages/);
    expect(all.stdout).toContain('disk 7 is full');
  });

  it('a connection that is gone between two looks is made anew: what runs there is not called gone', async () => {
    const { host } = used;
    const watch = home.start(['monitoring', 'continuous', '--interval', '1s', '--json'], {
      env: { PATH: host.path },
    });
    await until(() => /"unit":"cron"/.test(watch.output()), watch);
    host.sh("pkill -KILL -f '^sshd: ubuntu'; true");
    host.sh('systemctl stop cron');
    await until(() => /"name":"web\/cron"[^\n]*"to":"inactive/.test(watch.output()), watch);
    watch.child.kill('SIGINT');
    const { stdout } = await watch.ended;
    host.sh('systemctl start cron');
    expect(stdout).not.toContain('"to":null');
    expect(stdout).not.toContain('unreachable');
    expect(stdout).not.toContain('"name":"services of web"');
  });

  it('one that failed: why, restarts, its last lines; one that is not there', async () => {
    const { code, stdout } = await infractl('services', '--unit', 'broken,no-such');
    expect(code).toBe(0);
    expect(stdout).toMatch(/broken +failed \(exit-code\)/);
    expect(stdout).toContain('no database');
    expect(stdout).toMatch(/no-such +no such unit/);
    const json = JSON.parse((await infractl('services', '-u', 'broken', '-n', '0', '--json')).stdout);
    expect(json[0].services[0]).toMatchObject({
      well: false,
      state: 'failed',
      result: 'exit-code',
      lines: [],
    });
    expect(json[0].services[0].restarts).toBeGreaterThan(0);
  });

  it('a unit is a word, never a part of the script', async () => {
    const { stdout } = await infractl('services', '--unit', '$(touch /tmp/owned);x', '--json');
    expect(JSON.parse(stdout)[0].services[0]).toMatchObject({ state: 'not-found' });
    expect(used.host.attempt('test', '-e', '/tmp/owned').status).toBe(1);
  });

  it('metrics: CPU, memory, disk and load from the host itself, without AWS', async () => {
    const { code, stdout } = await infractl('metrics', '--json');
    expect(code).toBe(0);
    const { hosts, resources } = JSON.parse(stdout);
    expect(resources).toEqual([]);
    expect(hosts).toHaveLength(1);
    expect(hosts[0]).toMatchObject({ host: 'web', error: null });
    expect(hosts[0].cpuPercent).toBeGreaterThanOrEqual(0);
    expect(hosts[0].cpuPercent).toBeLessThanOrEqual(100);
    expect(hosts[0].memory.total).toBeGreaterThan(hosts[0].memory.used);
    expect(hosts[0].disks.map(({ path: at }: { path: string }) => at)).toContain('/');
    const text = (await infractl('metrics')).stdout;
    expect(text).toMatch(
      /^host web now, up \d+ \w+\n {2}CPU .* of \d+ cores, load [\d. ]+\n {2}memory .* of .*\n {2}disk \/ /,
    );
  });

  it('health: services and disks decide', async () => {
    const good = await infractl('health', '--disk', '100', '--json');
    expect(good.code).toBe(0);
    const kinds = JSON.parse(good.stdout).findings.map(({ kind }: { kind: string }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['service', 'disk']));
    configure('  web: { address: ADDRESS, services: [shop, broken] }\n');
    const bad = await infractl('health', '--disk', '100');
    expect(bad.code).toBe(8);
    expect(bad.stdout).toMatch(/bad +service +web\/broken +failed/);
    configure('  web: { address: ADDRESS }\n');
    const full = await infractl('health', '--disk', '1');
    expect(full.code).toBe(8);
    expect(full.stdout).toMatch(/bad +disk +web:\/ .* in use, the limit is 1 %/);
  });

  it('one of two that cannot be reached: the other is shown, exit 3', async () => {
    configure('  web: { address: ADDRESS }\n  gone: { address: 127.0.0.1, ssh: { port: 9 } }\n');
    for (const what of ['services', 'metrics']) {
      const result = await infractl(what);
      expect(result.code).toBe(3);
      expect(result.stdout).toContain('host web');
      expect(result.stdout).toContain('✗ The host gone (127.0.0.1) could not be reached');
    }
  });

  it('the dashboard has a host and its services, without AWS; exit 3 says that the rest was not seen', async () => {
    configure('  web: { address: ADDRESS, services: [shop, cron] }\n');
    const { code, stdout } = await infractl('dashboard', '--json', '--region', 'eu-west-3');
    expect(code).toBe(3);
    const { hosts, services, deploy, verdict } = JSON.parse(stdout);
    expect(hosts.items[0].memory.total).toBeGreaterThan(0);
    expect(services.items[0].services.map(({ unit }: { unit: string }) => unit)).toEqual([
      'shop',
      'cron',
      'nginx',
    ]);
    expect(deploy.error.code).toBe('NoCredentials');
    expect(verdict).toBe('unknown');
  });
});
