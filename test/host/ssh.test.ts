import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Redactor } from '../../src/lib/base/redact.ts';
import { HostDesk } from '../../src/lib/desks/host-desk.ts';
import type { HostPort } from '../../src/lib/hosts/port.ts';
import { openSsh, type SshDeps } from '../../src/lib/hosts/ssh.ts';
import type { HostPart, Project, SshReach } from '../../src/lib/project/model.ts';
import { startFake } from '../fake/server.ts';
import { sessionFor } from '../fake/session.ts';
import { noHost, useHost } from '../helpers/host.ts';

describe.skipIf(noHost)('a host by ssh', () => {
  const used = useHost();
  let folder: string;
  let opened: HostPort[] = [];
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'infractl-ssh-'));
  });
  afterEach(async () => {
    for (const host of opened) await host.close();
    opened = [];
    used.host.trust();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function open(
    reach: Partial<SshReach> = {},
    deps: Partial<SshDeps> = {},
    address = used.host.address,
  ) {
    const env = { ...process.env, PATH: used.host.path };
    const port = await openSsh(
      { name: 'web', address, reach: { via: 'ssh', ...reach } },
      { env, patience: 5000, ...deps },
    );
    opened.push(port);
    return port;
  }
  const failure = (work: Promise<unknown>) =>
    work.then(
      () => {
        throw new Error('it succeeded');
      },
      (error: { code: string; message: string; why?: string; suggestions: string[]; exit: number }) => error,
    );
  const running = (mark: string) => used.host.attempt('pgrep', '-f', '--', mark).stdout.trim();

  it('runs words as they are, and tells the streams and the exit code apart', async () => {
    const host = await open();
    const words = ["it's", 'a "b" \\ $HOME `id`', '', '*', 'new\nline', '-n', 'é'];
    const print = 'import sys; print(sys.argv[1:]); print("err", file=sys.stderr); sys.exit(7)';
    const result = await host.run({ argv: ['python3', '-c', print, ...words] });
    expect(result).toEqual({
      exitCode: 7,
      stdout: `["it's", 'a "b" \\\\ $HOME \`id\`', '', '*', 'new\\nline', '-n', 'é']\n`,
      stderr: 'err\n',
    });
  });

  it('says how a command ended that is not there, or that a signal ended', async () => {
    const host = await open();
    expect((await host.run({ argv: ['no-such-command'] })).exitCode).toBe(127);
    expect((await host.run({ argv: ['sh', '-c', 'kill -9 $$'] })).exitCode).toBe(137);
    expect((await host.run({ argv: ['sh', '-c', 'exit 255'] })).exitCode).toBe(255);
  });

  it('uses one connection for everything, and leaves nothing behind', async () => {
    const logins = () =>
      used.host.sh(
        'journalctl --sync; journalctl -u ssh -o cat --no-pager | grep -c "Accepted publickey" || true',
      );
    const before = Number(logins());
    const host = await open();
    await Promise.all([1, 2, 3, 4].map((n) => host.run({ argv: ['echo', String(n)] })));
    await host.close();
    expect(Number(logins())).toBe(before + 1);
    await expect(host.run({ argv: ['true'] })).rejects.toMatchObject({ code: 'HostConnectionLost' });
  });

  it('gives standard input to the command, and to no process list or log', async () => {
    const host = await open();
    const secret = 'correct horse\nbattery';
    const take =
      'umask 077; cat > /tmp/secret; stat -c %a /tmp/secret; ps ax -o args; cat /proc/self/environ';
    const { stdout } = await host.run({ argv: ['sh', '-c', take], input: secret });
    expect(stdout).toMatch(/^600\n/);
    expect(stdout).not.toContain('correct horse');
    expect(used.host.read('/tmp/secret')).toBe(secret);
  });

  it('becomes root with sudo, and says so when that wants a password', async () => {
    const host = await open();
    expect((await host.run({ argv: ['id', '-un'], sudo: true })).stdout).toBe('root\n');
    used.host.sh('mv /etc/sudoers.d/ubuntu /root/sudoers');
    try {
      const error = await failure(host.run({ argv: ['touch', '/tmp/never'], sudo: true }));
      expect(error).toMatchObject({ code: 'SudoNeedsPassword', exit: 4 });
      expect(used.host.attempt('test', '-e', '/tmp/never').status).toBe(1);
    } finally {
      used.host.sh('mv /root/sudoers /etc/sudoers.d/ubuntu');
    }
  });

  it('streams lines as they come', async () => {
    const host = await open();
    const lines: string[] = [];
    await host.run({
      argv: ['sh', '-c', 'echo one; echo two >&2; printf three'],
      onLine: (line, stream) => lines.push(`${stream} ${line}`),
    });
    expect(lines.sort()).toEqual(['stderr two', 'stdout one', 'stdout three']);
  });

  it.each([false, true])('kills the command on the host when it is aborted (sudo: %s)', async (sudo) => {
    const host = await open();
    const stop = new AbortController();
    const mark = `9${sudo ? 1 : 0}4711`;
    const error = failure(
      host.run({
        argv: ['sh', '-c', `echo ready; sleep ${mark} & sleep ${mark}; wait`],
        sudo,
        signal: stop.signal,
        onLine: () => stop.abort(),
      }),
    );
    expect((await error).code).toBe('Interrupted');
    await expect.poll(() => running(`sleep ${mark}`)).toBe('');
    expect((await host.run({ argv: ['echo', 'still here'] })).stdout).toBe('still here\n');
  });

  it('kills it after its timeout, also one that does not want to go', async () => {
    const host = await open();
    const argv = ['sh', '-c', 'trap "" TERM; sleep 94713; sleep 94713'] as const;
    const error = await failure(host.run({ argv: [...argv], timeout: 300 }));
    expect(error).toMatchObject({ code: 'HostTimeout', exit: 7 });
    await expect.poll(() => running('sleep 94713')).toBe('');
  });

  describe('host keys', () => {
    it('a new one is refused with its fingerprint', async () => {
      used.host.forget();
      const error = await failure(open());
      expect(error).toMatchObject({ code: 'HostKeyUnknown', exit: 5 });
      expect(error.why).toMatch(/SHA256:/);
      expect(readFileSync(used.host.knownHosts, 'utf8')).toBe('');
    });

    it('a new one is kept once it was said to be right', async () => {
      used.host.forget();
      const asked: string[] = [];
      const trust: SshDeps['trust'] = async ({ fingerprint }) => asked.push(fingerprint) > 0;
      expect((await (await open({}, { trust })).run({ argv: ['true'] })).exitCode).toBe(0);
      expect(asked).toEqual([expect.stringMatching(/^SHA256:/)]);
      await open();
      expect(asked).toHaveLength(1);
    });

    it('a new one that the console of its instance has shown is right without a question', async () => {
      used.host.forget();
      const fake = await startFake();
      const fingerprints = used.host.sh(
        'for key in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $key; done',
      );
      const lines = fingerprints.split('\n').map((line) => `ec2: ${line}`);
      const console = ['BEGIN', ...lines, 'END']
        .map((line) => line.replace(/^(BEGIN|END)$/, '-----$1 SSH HOST KEY FINGERPRINTS-----'))
        .join('\r\n');
      const instance = fake.state.ec2.addInstance({ publicIp: used.host.address });
      const desk = new HostDesk(
        {
          session: () => sessionFor(fake),
          redactor: new Redactor(),
          variable: () => undefined,
          env: { ...process.env, PATH: used.host.path },
          signal: new AbortController().signal,
        },
        { hosts: new Map(), stacks: new Map() } as unknown as Project,
      );
      const health = { path: '', ports: [] };
      const web: HostPart = {
        name: 'web',
        instance: instance.id,
        reach: { via: 'ssh' },
        health,
        services: [],
      };
      try {
        expect(await failure(desk.open(web))).toMatchObject({ code: 'HostKeyUnknown' });
        instance.console = console;
        expect((await (await desk.open(web)).run({ argv: ['true'] })).exitCode).toBe(0);
      } finally {
        await desk.close();
        await fake.close();
      }
    });

    it('a changed one is refused, whatever is said', async () => {
      const other = readFileSync(`${used.host.identity}.pub`, 'utf8').trim();
      writeFileSync(used.host.knownHosts, `${used.host.address} ${other}\n`);
      const error = await failure(open({}, { trust: async () => true }));
      expect(error).toMatchObject({ code: 'HostKeyChanged', exit: 5 });
      expect(error.suggestions.join('\n')).toContain(`ssh-keygen -R ${used.host.address}`);
    });

    it('a pinned one needs no known_hosts, and another one is refused', async () => {
      used.host.forget();
      const pinned = await open({ hostKey: used.host.hostKey });
      expect((await pinned.run({ argv: ['true'] })).exitCode).toBe(0);
      const other = readFileSync(`${used.host.identity}.pub`, 'utf8').trim();
      const error = await failure(open({ hostKey: other }, { trust: async () => true }));
      expect(error).toMatchObject({ code: 'HostKeyChanged', exit: 5 });
      expect(readFileSync(used.host.knownHosts, 'utf8')).toBe('');
    });
  });

  it('says why the host cannot be reached', async () => {
    expect(await failure(open({ port: 9 }))).toMatchObject({ code: 'HostUnreachable', exit: 1 });
    expect(await failure(open({}, {}, 'no-such-host.invalid'))).toMatchObject({ code: 'HostUnreachable' });
    const login = await failure(open({ user: 'nobody' }));
    expect(login).toMatchObject({ code: 'HostLoginRefused', exit: 4 });
  });

  it('notices that the connection is gone', async () => {
    const host = await open();
    const error = failure(
      host.run({
        argv: ['sh', '-c', 'echo ready; sleep 94712'],
        onLine: () => used.host.attempt('pkill', '-9', '-f', 'sshd: ubuntu'),
      }),
    );
    expect(await error).toMatchObject({ code: 'HostConnectionLost' });
    expect(await failure(host.run({ argv: ['true'] }))).toMatchObject({ code: 'HostConnectionLost' });
    used.host.attempt('pkill', '-f', 'sleep 94712');
  });

  describe('copies', () => {
    it('a file, under its name only when it is whole, with its mode', async () => {
      const host = await open();
      const file = path.join(folder, "a file's name");
      writeFileSync(file, Buffer.from([0, 255, 10, 13, 0]), { mode: 0o750 });
      await host.upload(file, '/tmp/in/new folder/');
      await host.upload(file, '/tmp/in/as named');
      expect(
        used.host.exec('stat', '-c', '%a %s', "/tmp/in/new folder/a file's name", '/tmp/in/as named'),
      ).toBe('750 5\n750 5');
      await host.download('/tmp/in/as named', path.join(folder, 'back'));
      expect(readFileSync(path.join(folder, 'back'))).toEqual(readFileSync(file));
    });

    it('a folder with all that is in it', async () => {
      const host = await open();
      const tree = path.join(folder, 'tree');
      mkdirSync(path.join(tree, 'deep/er'), { recursive: true });
      writeFileSync(path.join(tree, 'deep/er/x'), 'x'.repeat(300_000));
      writeFileSync(path.join(tree, '.hidden'), 'h');
      symlinkSync('deep/er/x', path.join(tree, 'link'));
      await host.upload(tree, '/tmp/tree');
      await host.download('/tmp/tree', path.join(folder, 'copy'));
      expect(readFileSync(path.join(folder, 'copy/link'), 'utf8')).toHaveLength(300_000);
      expect(readFileSync(path.join(folder, 'copy/.hidden'), 'utf8')).toBe('h');
    });

    it('say what is not there, and what could not be written', async () => {
      const host = await open();
      expect(await failure(host.upload(path.join(folder, 'none'), '/tmp/x'))).toMatchObject({
        code: 'NoSuchFile',
        exit: 2,
      });
      expect(await failure(host.download('/tmp/none', folder))).toMatchObject({ code: 'NoSuchFile' });
      const error = await failure(host.upload(`${used.host.identity}.pub`, '/proc/x'));
      expect(error).toMatchObject({ code: 'CopyFailed', exit: 1 });
    });

    it('keeps to itself what is for its owner alone, and takes back what does not fit', async () => {
      const host = await open();
      const own = path.join(folder, 'own');
      mkdirSync(own);
      const secret = path.join(own, 'secret');
      writeFileSync(secret, 'x'.repeat(4_000_000), { mode: 0o600 });
      await host.upload(secret, '/tmp/secret');
      expect(used.host.sh('stat -c %a /tmp/secret')).toBe('600');
      await host.download('/tmp/secret', path.join(own, 'back'));
      expect(statSync(path.join(own, 'back')).mode & 0o777).toBe(0o600);
      used.host.sh('mkdir -p /tmp/small && mount -t tmpfs -o size=1m,mode=777 none /tmp/small');
      try {
        expect(await failure(host.upload(secret, '/tmp/small/secret'))).toMatchObject({ code: 'DiskFull' });
        expect(used.host.sh('ls -A /tmp/small')).toBe('');
        expect(await failure(host.upload(own, '/tmp/small'))).toMatchObject({ code: 'DiskFull' });
      } finally {
        used.host.sh('umount /tmp/small');
      }
    });
  });
});
