import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noHost, useHost } from '../helpers/host.ts';
import { appText, CERTBOT, Released } from '../helpers/released.ts';
import { until } from '../helpers/until.ts';

describe.skipIf(noHost)('a bare host', () => {
  const used = useHost();
  let app: Released;
  beforeAll(() => {
    app = new Released(used.host);
    writeFileSync(path.join(app.home.work, 'app.py'), appText('one'));
  });
  afterAll(() => app?.remove());

  const configure = (more: Readonly<Record<string, unknown>> = {}) =>
    app.configure({
      source: { folder: '.', exclude: ['infractl.yaml'] },
      user: 'mbot',
      start: 'python3 app.py',
      nginx: {},
      ...more,
    });
  const served = async () => (await (await fetch(`http://${used.host.address}/`)).text()).split(' ')[0];

  it('is made ready after it was shown what changes, and is released to from a folder', async () => {
    configure();
    const dry = await app.redeploy('setup', '--dry-run');
    expect(dry.stdout).toContain('make the user mbot');
    expect(used.host.attempt('id', 'mbot').status).not.toBe(0);
    expect(used.host.attempt('ls', '/etc/systemd/system/app.service').status).not.toBe(0);
    expect((await app.redeploy('setup')).code).toBe(2);
    const done = await app.redeploy('setup', '--yes');
    expect(done.stderr + done.stdout).toContain('write /etc/systemd/system/app.service');
    expect(done.code).toBe(0);
    expect((await app.redeploy('setup', '--yes')).stdout).toContain('Nothing to do');

    const first = await app.redeploy();
    expect(first.stderr + first.stdout).toContain('Released');
    expect(await served()).toBe('one');
    expect(used.host.exec('ps', '-o', 'user=', '-C', 'python3')).toContain('mbot');
    expect((await app.redeploy()).stdout).toContain('Nothing to do');
    expect(used.host.attempt('find', '/srv/app/releases', '-name', '.env.secrets').stdout).toBe('');
  });

  it("is run by a user of its own where root logs in, unless its unit is root's", async () => {
    used.host.sh('install -D -m 600 /home/ubuntu/.ssh/authorized_keys /root/.ssh/authorized_keys');
    const root = { root: { address: used.host.address, ssh: { user: 'root' } } };
    const more = { host: 'root', unit: 'Shop.API', port: 8601, user: undefined, nginx: undefined };
    const asRoot = { source: { folder: '.', exclude: ['infractl.yaml'] }, start: 'python3 app.py', ...more };
    app.configure(asRoot, root);
    expect((await app.redeploy('setup', '--dry-run')).stdout).toContain('make the user shop-api');
    expect((await app.redeploy('setup', '--yes')).code).toBe(0);
    expect((await app.redeploy('setup', '--yes')).stdout).toContain('Nothing to do');
    const first = await app.redeploy();
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).not.toContain('root,');
    expect(used.host.sh('ps -o user= -p $(systemctl show -P MainPID Shop.API)')).toBe('shop-api');
    expect(used.host.exec('stat', '-c', '%U', '/srv/Shop.API/current/app.py')).toBe('shop-api');

    used.host.sh("sed -i '/^User=/d' /etc/systemd/system/Shop.API.service && systemctl daemon-reload");
    const warned = await app.redeploy('deploy', '--force');
    expect(warned.stderr).toContain('The unit Shop.API names no user: the application runs as root');
    expect(warned.code).toBe(0);
    used.host.sh('systemctl disable --now Shop.API');
  });

  it('becomes blue-green without a word by hand', async () => {
    configure({ port: undefined, ports: [8501, 8502], strategy: 'blue-green' });
    const done = await app.redeploy('setup', '--yes');
    expect(done.stdout).toContain('write /etc/systemd/system/app@.service');
    used.host.sh('systemctl disable --now app');
    const released = await app.redeploy('deploy', '--force');
    expect(released.stderr + released.stdout).toContain('Released');
    expect(await served()).toBe('one');
  });

  it('says what is missing', async () => {
    configure({ start: undefined });
    const result = await app.redeploy('setup', '--yes');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('releases.app.start');
    expect((await app.run(['https', 'status'])).stderr).toContain('releases.app.nginx');
  });

  describe('https', () => {
    beforeAll(() => {
      used.host.write('/usr/bin/certbot', CERTBOT, '755');
      configure({
        port: undefined,
        ports: [8501, 8502],
        strategy: 'blue-green',
        nginx: { host: 'mbot.example.com' },
      });
    });
    const https = (...args: string[]) => app.run(['https', ...args]);
    const curl = (...args: string[]) =>
      used.host.attempt('curl', '-sk', '-i', '--resolve', 'mbot.example.com:443:127.0.0.1', ...args).stdout;

    it('says why there is no certificate, and what serves goes on', async () => {
      expect((await https('status')).stdout).toContain('No certificate for mbot.example.com');
      used.host.sh('touch /root/certbot-fails');
      const failed = await https('enable', '--yes');
      expect(failed.code).toBe(1);
      expect(failed.stderr).toContain('NXDOMAIN');
      used.host.sh('rm /root/certbot-fails');
      expect(curl('-H', 'Host: mbot.example.com', 'http://127.0.0.1/')).toContain('one');
    });

    it('is enabled with HSTS and the redirect, once', async () => {
      const dry = await https('enable', '--dry-run');
      expect(dry.stdout).toContain("fetch a certificate for mbot.example.com from Let's Encrypt");
      const done = await https('enable', '--email', 'ops@example.com', '--yes');
      expect(done.stderr + done.stdout).toContain('good until');
      expect(used.host.read('/var/log/certbot-words')).toContain(
        '--webroot --webroot-path /var/lib/infractl/acme --domain mbot.example.com',
      );
      const secure = curl('https://mbot.example.com/');
      expect(secure).toMatch(/strict-transport-security: max-age=63072000/i);
      expect(secure).toContain('one');
      expect(curl('-H', 'Host: mbot.example.com', 'http://127.0.0.1/')).toMatch(
        /301[\s\S]*Location: https:\/\/mbot.example.com\//,
      );
      expect((await https('enable', '--yes')).stdout).toContain('Nothing to do');
      expect((await app.redeploy('setup', '--yes')).stdout).toContain('Nothing to do');
    });

    it('has its days in both kinds of status, and is renewed', async () => {
      const [state] = JSON.parse((await https('status', '--json')).stdout);
      expect(state.certificate).toMatchObject({ domain: 'mbot.example.com', days: 89 });
      expect((await app.redeploy('status', '--no-fetch')).stdout).toContain('mbot.example.com: 89 days left');
      expect((await https('renew', '--dry-run')).stdout).toContain('A renewal would work.');
      expect((await https('renew', '--force')).code).toBe(0);
      expect(JSON.parse((await https('status', '--json')).stdout)[0].certificate.days).toBe(119);
      const released = await app.redeploy('deploy', '--force');
      expect(released.stderr + released.stdout).toContain('Released');
    });

    it('gets a good certificate in place of one that was for trying', async () => {
      const issuer = () => curl('-v', 'https://mbot.example.com/', '--stderr', '-');
      used.host.sh('certbot certonly --staging && systemctl reload nginx');
      // A reload of nginx is over before its new workers serve.
      await until(() => issuer().includes('STAGING'));
      expect((await https('enable', '--staging', '--yes')).stdout).toContain('Nothing to do');
      expect((await https('enable', '--yes')).code).toBe(0);
      expect(used.host.read('/var/log/certbot-words').trim().split('\n').at(-1)).toContain('--force-renewal');
      await until(() => /issuer:/.test(issuer()) && !issuer().includes('STAGING'));
    });
  });
});
