import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CliResult, RunningCli } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { Released } from '../helpers/released.ts';
import { until } from '../helpers/until.ts';

/** Whatever goes wrong: the release before it serves, and the next run goes on cleanly. */

describe.skipIf(noHost)('redeploy in trouble', () => {
  const used = useHost();
  let app: Released;
  let before: string;
  beforeAll(async () => {
    app = new Released(used.host, 0.2).prepare();
    app.configure();
    app.commit('old');
    const first = await app.redeploy();
    expect(first.stderr + first.stdout).toContain('Released');
    before = app.current;
    app.keep();
  });
  beforeEach(async () => {
    await app.restore();
    app.configure();
  });
  afterAll(() => app?.remove());

  function refused(result: CliResult, code: number, ...words: string[]): void {
    for (const each of words) expect(result.stderr).toContain(each);
    expect(result.code).toBe(code);
    unharmed();
  }
  function unharmed(): void {
    expect(app.answer()).toContain('old');
    expect(app.current).toBe(before);
    expect(app.releases).toEqual([before]);
  }
  async function goesOn(): Promise<void> {
    app.commit('new');
    const result = await app.redeploy();
    expect(result.stderr + result.stdout).toContain('Released');
    expect(app.answer()).toContain('new');
    expect(used.host.attempt('ls', '/srv/app/switching.json').status).not.toBe(0);
  }

  it('the host cannot be reached', async () => {
    app.configure({}, { web: { address: '127.0.0.1', ssh: { port: 9 } } });
    refused(await app.redeploy(), 1, 'The host web (127.0.0.1) could not be reached.');
    app.configure();
    await goesOn();
  });

  it('the host shows another key than the one that is known', async () => {
    const other = readFileSync(`${used.host.identity}.pub`, 'utf8');
    writeFileSync(used.host.knownHosts, `${used.host.address} ${other}`);
    const result = await app.redeploy();
    used.host.trust();
    refused(result, 5, 'shows another key than the one that is known: nothing was done.');
    await goesOn();
  });

  it('the ref is not there', async () => {
    refused(
      await app.redeploy('deploy', '--ref', 'mian'),
      2,
      'There is no branch, tag or commit "mian"',
      'main',
    );
    await goesOn();
  });

  it('the repository cannot be fetched', async () => {
    app.configure({ source: { git: '/srv/git/none.git', ref: 'main' } });
    refused(await app.redeploy(), 1, '/srv/git/none.git could not be fetched');
    const status = await app.redeploy('status');
    expect(status.stdout).toContain(before);
    expect(status.stderr).toContain('/srv/git/none.git could not be fetched');
    expect(status.code).toBe(0);
    app.configure();
    await goesOn();
  });

  it('the build fails', async () => {
    app.configure({ build: ['echo compiling; echo "no such module" >&2; exit 3'] });
    app.commit('new');
    refused(await app.redeploy(), 1, 'The build failed', 'no such module');
    app.configure();
    await goesOn();
  });

  it('the service does not start', async () => {
    app.commit('bad', { extra: 'this is no Python' });
    refused(await app.redeploy(), 8, 'SyntaxError', `${before} serves, as before.`);
    expect(used.host.attempt('grep', '-r', 's3cr3t', '/srv/app/releases.jsonl').stdout).toBe('');
    await goesOn();
  });

  it('it starts, and dies while it is watched', async () => {
    const dies = 'threading.Timer(3, lambda: (print("out of memory", flush=True), os._exit(3))).start()';
    app.commit('bad', { extra: dies });
    refused(
      await app.redeploy('deploy', '--settle', '20s'),
      8,
      'out of memory',
      `${before} serves, as before.`,
    );
    await goesOn();
  });

  it('there is no unit', async () => {
    app.configure({ unit: 'nothing', path: '/srv/app' });
    refused(await app.redeploy('deploy', '--force'), 1, 'The host has no systemd unit nothing.');
    app.configure();
    await goesOn();
  });

  it('the port is taken', async () => {
    used.host.sh('systemctl stop app');
    used.host.sh('systemd-run --unit=squatter python3 -m http.server --bind 127.0.0.1 8501');
    await expect.poll(() => app.answer()).toContain('Directory listing');
    app.commit('new');
    const result = await app.redeploy();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('The port 8501 of the host is taken (squatter');
    expect(app.current).toBe(before);
    used.host.sh('systemctl stop squatter; systemctl start app');
    await goesOn();
  });

  it('the disk is full in the middle', async () => {
    used.host.sh(
      'systemctl stop app; cp -a /srv/app /srv/kept; mount -t tmpfs -o size=3m tmpfs /srv/app; cp -a /srv/kept/. /srv/app/; systemctl start app',
    );
    try {
      app.configure({ build: ['head -c 20000000 /dev/zero > big'] });
      app.commit('new');
      refused(await app.redeploy(), 1, 'No space left on device');
      app.configure();
      await goesOn();
    } finally {
      used.host.sh('systemctl stop app; umount -l /srv/app; rm -rf /srv/kept');
    }
  });

  it('current is a folder', async () => {
    used.host.sh('cd /srv/app && rm current && mkdir current');
    const result = await app.redeploy();
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('/srv/app/current is no link to a release.');
    expect(app.answer()).toContain('old');
    used.host.sh(`cd /srv/app && rmdir current && ln -s releases/${before} current`);
    await goesOn();
  });

  it('sudo wants a password', async () => {
    used.host.sh('mv /etc/sudoers.d/ubuntu /root/sudoers');
    const result = await app.redeploy();
    used.host.sh('mv /root/sudoers /etc/sudoers.d/ubuntu');
    refused(result, 4, 'may not become root without a password');
    await goesOn();
  });

  describe('the lock', () => {
    /** A deploy that is in its build until the file is there. */
    async function hanging(): Promise<RunningCli> {
      app.configure({ build: ['echo building; while [ ! -e /tmp/go ]; do sleep 0.1; done'] });
      used.host.sh('rm -f /tmp/go');
      app.commit('new');
      const running = app.start(['redeploy']);
      await until(isBuilding, running);
      return running;
    }
    const isBuilding = () => used.host.attempt('pgrep', '-f', 'while .*tmp/go').status === 0;
    // What one test leaves behind must not be taken for the build of the next.
    afterEach(() => used.host.attempt('pkill', '-9', '-f', 'while .*tmp/go'));

    it('is told to others, is waited for, and is taken', async () => {
      const first = await hanging();
      const second = await app.redeploy();
      expect(second.code).toBe(6);
      expect(second.stderr).toMatch(/Somebody else is at work[\s\S]*deploy since/);
      // Who was refused leaves the words of who is at work as they are.
      expect(JSON.parse(used.host.read('/srv/app/lock'))).toMatchObject({ action: 'deploy' });
      expect(JSON.parse((await app.redeploy('status', '--json')).stdout)[0].busy).toMatchObject({
        action: 'deploy',
      });
      const waiting = app.redeploy('rollback', '--wait', '60s');
      await wait(500);
      used.host.sh('touch /tmp/go');
      expect((await first.ended).code).toBe(0);
      expect((await waiting).code).toBe(0);
      expect(app.current).toBe(before);
      expect(app.answer()).toContain('old');
    });

    it('unlock stops who hangs, and nothing is harmed', async () => {
      const first = await hanging();
      expect((await app.redeploy('unlock')).code).toBe(2);
      const done = await app.redeploy('unlock', '--yes');
      expect(done.stdout).toContain('Unlocked');
      expect((await first.ended).code).not.toBe(0);
      unharmed();
      expect((await app.redeploy('unlock', '--yes')).stdout).toContain('nothing to unlock');
      app.configure();
      await goesOn();
    });

    it('of a machine that died is passed over', async () => {
      used.host.sh(
        `echo '{"by":"eve@dead","action":"deploy","pid":99999,"since":"2020-01-01T00:00:00Z","expires":"2020-01-01T00:00:30Z"}' > /srv/app/lock`,
      );
      await goesOn();
    });

    it('goes with a connection that is cut', async () => {
      const first = await hanging();
      used.host.attempt('pkill', '-9', '-f', 'sshd: ubuntu');
      const result = await first.ended;
      expect(result.code).toBe(1);
      expect(result.stderr).toContain('The connection to the host web was lost.');
      await expect.poll(() => app.releases).toEqual([before]);
      app.configure();
      await goesOn();
    });

    it('goes at Ctrl-C, before anything that serves was touched', async () => {
      const first = await hanging();
      first.child.kill('SIGINT');
      const result = await first.ended;
      expect(result.code).toBe(130);
      expect(result.stderr).toContain('The host takes everything back');
      expect(result.stderr).toContain('Stopped before anything that serves was touched.');
      unharmed();
      app.configure();
      await goesOn();
    });
  });

  describe('the switch goes to its end', () => {
    const WELL = '/srv/app/well';
    /** A deploy that has switched to what is not healthy until the file is there. */
    async function switching(): Promise<RunningCli> {
      app.commit('new', { status: `200 if os.path.exists("${WELL}") else 503` });
      const running = app.start(['redeploy']);
      await until(() => app.answer().includes('new'), running);
      return running;
    }

    it('when the connection is cut in the middle of it', async () => {
      const first = await switching();
      used.host.attempt('pkill', '-9', '-f', 'sshd: ubuntu');
      expect((await first.ended).stderr).toContain('The connection to the host web was lost.');
      used.host.sh(`touch ${WELL}`);
      await expect
        .poll(async () => JSON.parse((await app.redeploy('history', '--json')).stdout)[0].entries[0].running)
        .toBe(true);
      expect(app.answer()).toContain('new');
      expect((await app.redeploy()).stdout).toContain('Nothing to do');
    });

    it('at Ctrl-C, and its result is told', async () => {
      const first = await switching();
      first.child.kill('SIGINT');
      await until(() => first.output().includes('it goes to the end first'), first);
      used.host.sh(`touch ${WELL}`);
      const result = await first.ended;
      expect(result.stdout).toContain('Released');
      expect(result.code).toBe(0);
      expect(app.answer()).toContain('new');
    });
  });

  it('a command that the host lacks is named, with what installs it', async () => {
    used.host.sh('mv /usr/bin/git /usr/bin/git.away');
    try {
      refused(await app.redeploy(), 1, 'The host has no command git.', 'infractl redeploy setup');
    } finally {
      used.host.sh('mv /usr/bin/git.away /usr/bin/git');
    }
  });

  it('one that was declared good before its machine died stays', async () => {
    const entry = JSON.parse(used.host.read('/srv/app/releases.jsonl').trim().split('\n').at(-1) ?? '');
    used.host.write('/srv/app/switching.json', JSON.stringify({ to: entry.id, from: null, entry }));
    expect((await app.redeploy()).code).toBe(0);
    unharmed();
    expect(used.host.attempt('ls', '/srv/app/switching.json').status).not.toBe(0);
  });

  it('a switch that died with its machine is taken back by the next run', async () => {
    app.configure({ health: { path: '/health', timeout: '2m', settle: '5m' } });
    app.commit('half');
    const first = app.start(['redeploy']);
    await until(() => app.answer().includes('half'), first);
    used.host.attempt('pkill', '-9', '-f', 'python3 -c import sys,zlib');
    expect((await first.ended).code).not.toBe(0);
    const back = await app.redeploy('rollback');
    expect(back.stderr).toContain('There is no other good release');
    expect(app.current).toBe(before);
    expect(app.answer()).toContain('old');
    app.configure();
    await goesOn();
  });
});
