import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noHost, useHost } from '../helpers/host.ts';
import { Released } from '../helpers/released.ts';

const TOKEN = 'ghp_NeverShown0123456789';

/** A repository behind a password, as plain files; every request and every list of processes is kept. */
const GUARDED = `import base64, http.server, subprocess
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        with open("/tmp/seen", "a") as seen:
            seen.write(subprocess.run(["ps", "ax", "-ww", "-o", "args"], capture_output=True, text=True).stdout)
        wanted = "Basic " + base64.b64encode(b"x-access-token:${TOKEN}").decode()
        if self.headers.get("Authorization") != wanted:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
`;

describe.skipIf(noHost)('where a release comes from', () => {
  const used = useHost();
  let app: Released;
  beforeAll(() => {
    app = new Released(used.host).prepare();
  });
  beforeEach(() => {
    app.reset();
    app.commit('one');
  });
  afterAll(() => app?.remove());

  const released = async (...args: string[]) => {
    const result = await app.redeploy('deploy', ...args);
    expect(result.stderr + result.stdout).toContain('Released');
    expect(result.stderr + result.stdout).not.toContain('NeverShown');
  };

  it('a repository that wants a key: it is in no argument, and nowhere afterwards', async () => {
    used.host.sh(
      'id git 2>/dev/null || useradd --create-home --shell /bin/bash git; chown -R git /srv/git/app.git; rm -f /tmp/key*; ssh-keygen -q -t ed25519 -N "" -f /tmp/key; install -D -o git -m 600 /tmp/key.pub /home/git/.ssh/authorized_keys; chown -R git /home/git/.ssh',
    );
    const key = used.host.read('/tmp/key');
    used.host.sh('rm /tmp/key');
    const source = { git: 'ssh://git@127.0.0.1/srv/git/app.git', ref: 'main', key: { env: 'DEPLOY_KEY' } };
    app.configure({ source });
    const refused = await app.redeploy();
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('DEPLOY_KEY');
    const result = await app.run(['redeploy'], { env: { DEPLOY_KEY: key } });
    expect(result.stderr + result.stdout).toContain('Released');
    expect(app.answer()).toContain('one');
    expect(used.host.attempt('grep', '-rl', 'OPENSSH PRIVATE KEY', '/run', '/srv/app', '/tmp').stdout).toBe(
      '',
    );
    used.host.sh('chown -R root /srv/git/app.git');
  });

  it('a repository that wants a token: neither in an argument nor in the configuration of git', async () => {
    used.host.write('/srv/guarded.py', GUARDED);
    used.host.sh(
      'cd /srv/git/app.git && git update-server-info && systemd-run --unit=guarded --working-directory=/srv/git python3 /srv/guarded.py',
    );
    await expect
      .poll(
        () =>
          used.host.attempt('curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1:8080/')
            .stdout,
      )
      .toBe('401');
    const git = 'http://127.0.0.1:8080/app.git';
    app.configure({ source: { git, ref: 'main' } });
    const without = await app.redeploy();
    expect(without.code).toBe(1);
    expect(without.stderr).toContain('could not be fetched');
    app.configure({ source: { git, ref: 'main', token: { env: 'TOKEN' } } });
    const result = await app.run(['redeploy'], { env: { TOKEN } });
    expect(result.stderr + result.stdout).toContain('Released');
    expect(used.host.read('/tmp/seen')).toContain('git');
    expect(used.host.read('/tmp/seen')).not.toContain(TOKEN);
    expect(used.host.attempt('grep', '-rl', TOKEN, '/srv/app', '/run', '/root').stdout).toBe('');
    used.host.sh('systemctl stop guarded');
  });

  it('a tag, a commit, and dependencies that are kept', async () => {
    const first = app.commit('first', { files: { 'requirements.txt': '' } });
    used.host.sh('cd /srv/git/work && git tag -f v1 && git push -q -f origin v1 2>/dev/null');
    app.commit('second');
    app.configure({ build: ['python', 'test -x .venv/bin/python'] });
    await released('--ref', 'v1');
    expect(app.answer()).toContain('first');
    const made = used.host.sh('ls -d /srv/app/cache/venv-*');
    await released();
    expect(app.answer()).toContain('second');
    expect(used.host.sh('ls -d /srv/app/cache/venv-*')).toBe(made);
    await released('--ref', first);
    expect(app.answer()).toContain('first');
    used.host.sh('cd /srv/git/work && git rm -q requirements.txt');
  });

  it('files that outlive releases stay', async () => {
    app.commit('one', { files: { 'data/seed.txt': 'from the repository' } });
    app.configure({ shared: ['data'] });
    await released();
    expect(used.host.read('/srv/app/current/data/seed.txt')).toBe('from the repository');
    used.host.sh('echo mine > /srv/app/current/data/mine.txt');
    app.commit('two');
    await released();
    expect(used.host.read('/srv/app/current/data/mine.txt')).toBe('mine');
    used.host.sh('cd /srv/git/work && git rm -rq data');
  });

  it('several hosts get it one after the other, and the first failure leaves the rest alone', async () => {
    const hosts = { gone: { address: '127.0.0.1', ssh: { port: 9 } } };
    app.configure({ host: ['gone', 'web'] }, hosts);
    const stopped = await app.redeploy();
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain('Not begun: web.');
    expect(app.current).toBe('');
    app.configure({ host: ['web', 'gone'] }, hosts);
    const half = await app.redeploy();
    expect(half.code).toBe(1);
    expect(half.stderr).toContain('It is on web already.');
    expect(app.answer()).toContain('one');
    const status = await app.redeploy('status');
    expect(status.stdout).toContain(app.current);
    expect(status.stderr).toContain('The host gone (127.0.0.1) could not be reached.');
    expect(status.code).toBe(3);
    expect((await app.redeploy('status', '--host', 'gone')).code).toBe(1);
    expect((await app.redeploy('deploy', '--host', 'web')).stdout).toContain('Nothing to do');
  });
});
