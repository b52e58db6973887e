import { afterAll, describe, expect, it } from 'vitest';
import { noHost, useHost } from '../helpers/host.ts';
import { Released } from '../helpers/released.ts';

/** What `setup` installs comes from where the distribution has it: a host without git and nginx gets both. */
describe.skipIf(noHost)('a host without the packages', { timeout: 600_000 }, () => {
  const used = useHost();
  let app: Released | undefined;
  afterAll(() => app?.remove());

  it('gets them from its distribution, and is released to', async (context) => {
    const { host } = used;
    const reached = host.attempt(
      'timeout',
      '120',
      'apt-get',
      'update',
      '-qq',
      '-o',
      'APT::Update::Error-Mode=any',
    );
    if (reached.status !== 0) context.skip(`the host reaches no packages: ${reached.stderr}`);
    app = new Released(host).prepare();
    app.commit('one');
    const gone = ['git', 'git-man', 'nginx', 'nginx-light', 'nginx-common'];
    host.attempt('systemctl', 'stop', 'nginx');
    host.exec('apt-get', 'purge', '-y', '-qq', '--autoremove', ...gone);
    host.sh('rm -rf /etc/nginx /etc/systemd/system/app.service /etc/systemd/system/app@.service');
    expect(host.attempt('sh', '-c', 'command -v git || command -v nginx').stdout).toBe('');
    // Brought before, so that no mirror which fails in between decides.
    const brought = host.attempt('apt-get', 'install', '-y', '-qq', '--download-only', 'git', 'nginx');
    if (brought.status !== 0) context.skip(`the host reaches no packages: ${brought.stderr}`);
    app.configure({ start: 'python3 app.py', nginx: {}, user: 'ubuntu' });
    const planned = await app.run(['redeploy', 'setup', '--dry-run']);
    expect(planned.stdout).toMatch(/install git,? (and )?nginx/);
    expect(host.attempt('sh', '-c', 'command -v git').stdout).toBe('');
    const done = await app.run(['redeploy', 'setup', '--yes'], { timeout: 400_000 });
    expect(done.stderr).not.toContain('✗');
    expect(done.code).toBe(0);
    expect(await app.redeploy()).toMatchObject({ code: 0 });
    expect(app.answer(80)).toContain('one');
    expect((await app.run(['redeploy', 'setup', '--dry-run'])).stdout).toContain('Nothing to do');
  });
});
