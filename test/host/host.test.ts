import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { noHost, useHost } from '../helpers/host.ts';

describe.skipIf(noHost)('the test host', () => {
  const used = useHost();

  it('is a machine with systemd, sshd, nginx, git, Python and cron', () => {
    const { host } = used;
    expect(host.attempt('systemctl', 'is-system-running', '--wait').stdout).toMatch(/running|degraded/);
    expect(host.exec('systemctl', '--failed', '--no-legend')).toBe('');
    expect(host.exec('systemctl', 'is-active', 'ssh', 'nginx', 'cron')).toBe('active\nactive\nactive');
    host.exec('git', '--version');
    host.exec('python3', '-m', 'venv', '/tmp/venv');
  });

  it('is reached by ssh as a user who may sudo', () => {
    const { host } = used;
    const env = { ...process.env, PATH: host.path };
    const said = execFileSync('ssh', ['-o', 'BatchMode=yes', host.address, 'id -un; sudo -n id -un'], {
      env,
      encoding: 'utf8',
    });
    expect(said).toBe('ubuntu\nroot\n');
  });

  it('keeps what its services said', () => {
    used.host.exec('logger', 'hello journal');
    expect(used.host.exec('journalctl', '--no-pager', '-o', 'cat', '-n', '20')).toContain('hello journal');
  });
});
