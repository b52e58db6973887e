import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { CTRL_C, ENTER, Pty } from '../helpers/pty.ts';

describe.skipIf(noHost)('infractl host', () => {
  const used = useHost();
  let home: Home;
  beforeAll(() => {
    home = new Home();
    configure(['web']);
  });
  afterAll(() => home?.remove());

  function configure(names: readonly string[], more = ''): void {
    const hosts = names.map((name) => `  ${name}: { address: ${used.host.address}, services: [cron] }\n`);
    writeFileSync(path.join(home.work, 'infractl.yaml'), `project: shop\nhosts:\n${hosts.join('')}${more}`);
  }
  const infractl = (args: readonly string[], options: Parameters<Home['run']>[1] = {}) =>
    home.run(args, { ...options, env: { PATH: used.host.path, ...options.env } });

  describe('run', () => {
    it('prints what the command prints, and needs no AWS', async () => {
      const result = await infractl(['host', 'run', '--', 'sh', '-c', 'echo "a  b"; echo err >&2']);
      expect(result).toMatchObject({ code: 0, stdout: 'a  b\n', stderr: 'err\n' });
    });

    it('exits with 1 where it failed, and says with what', async () => {
      const result = await infractl(['host', 'run', '--', 'sh', '-c', 'exit 42']);
      expect(result).toMatchObject({ code: 1, stdout: '✗ the command ended with 42\n' });
    });

    it('names the hosts where there are several, and goes on where one cannot be reached', async () => {
      configure(['web', 'db'], '  gone: { address: 127.0.0.1, ssh: { port: 9 } }\n');
      try {
        const which = await infractl(['host', 'run', '--', 'true']);
        expect(which.code).toBe(2);
        expect(which.stderr).toContain('web, db, gone');
        const all = await infractl(['host', 'run', '--all', '--', 'echo', 'hello']);
        expect(all.code).toBe(3);
        expect(all.stdout).toContain('web  | hello\n');
        expect(all.stdout).toContain('db   | hello\n');
        expect(all.stdout).toContain('✗ gone: The host gone (127.0.0.1) could not be reached.');
        const json = await infractl(['host', 'run', '--host', 'web,db', '--json', '--', 'echo', 'hello']);
        const lines = json.stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line));
        expect(lines.slice(0, 2)).toEqual(
          expect.arrayContaining([
            { type: 'line', host: 'web', stream: 'stdout', line: 'hello' },
            { type: 'line', host: 'db', stream: 'stdout', line: 'hello' },
          ]),
        );
        expect(lines[2]).toMatchObject({
          type: 'result',
          hosts: [{ host: 'web', exitCode: 0 }, { host: 'db' }],
        });
        const typo = await infractl(['host', 'run', '--host', 'wep', '--', 'true']);
        expect(typo.stderr).toContain('Did you mean: web');
      } finally {
        configure(['web']);
      }
    });

    it('kills the command on the host at Ctrl-C', async () => {
      const pty = new Pty(home, ['host', 'run', '--', 'sh', '-c', 'echo begun; sleep 81237'], {
        env: { PATH: used.host.path },
      });
      await pty.until('begun');
      pty.type(CTRL_C);
      expect((await pty.exited).exitCode).toBe(130);
      await expect.poll(() => used.host.attempt('pgrep', '-f', 'sleep 81237').stdout).toBe('');
    });

    it('stops it after the timeout with exit 7', async () => {
      const result = await infractl(['host', 'run', '--timeout', '1s', '--', 'sleep', '81238']);
      expect(result.code).toBe(7);
      expect(result.stderr).toContain('longer than 1 s');
    });
  });

  it('a new host key is asked for on a terminal, and refused elsewhere', async () => {
    used.host.forget();
    const refused = await infractl(['host', 'run', '--', 'true']);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toMatch(/SHA256:[\s\S]*--accept-host-key/);
    const pty = new Pty(home, ['host', 'run', '--', 'echo', 'reached'], {
      env: { PATH: used.host.path },
      columns: 200,
    });
    await pty.until('Is that its key?');
    pty.type(`y${ENTER}`);
    await pty.until('reached');
    expect((await pty.exited).exitCode).toBe(0);
    used.host.forget();
    expect((await infractl(['host', 'run', '--accept-host-key', '--', 'true'])).code).toBe(0);
  });

  it('copy brings files there and back', async () => {
    writeFileSync(path.join(home.work, 'note.txt'), 'hello');
    const there = await infractl(['host', 'copy', 'note.txt', 'web:/tmp/notes/']);
    expect(there).toMatchObject({ code: 0, stdout: 'Copied note.txt to web:/tmp/notes/.\n' });
    const back = await infractl(['host', 'copy', 'web:/tmp/notes', 'back', '--json']);
    expect(JSON.parse(back.stdout)).toEqual({ from: 'web:/tmp/notes', to: 'back' });
    expect(readFileSync(path.join(home.work, 'back/note.txt'), 'utf8')).toBe('hello');
    const none = await infractl(['host', 'copy', 'web:/tmp/nothing', 'x']);
    expect(none.code).toBe(1);
    expect(existsSync(path.join(home.work, 'x'))).toBe(false);
    expect((await infractl(['host', 'copy', 'a', 'b'])).code).toBe(2);
  });

  it('tail shows a journal or a file, and follows it until Ctrl-C', async () => {
    used.host.sh('echo first > /var/log/shop.log; systemctl restart cron');
    const file = await infractl(['host', 'tail', '--file', '/var/log/shop.log', '--no-follow']);
    expect(file).toMatchObject({ code: 0, stdout: 'first\n' });
    const unit = await infractl(['host', 'tail', '--no-follow']);
    expect(unit.stdout).toContain('cron');
    const pty = new Pty(home, ['host', 'tail', '--file', '/var/log/shop.log'], {
      env: { PATH: used.host.path },
    });
    await pty.until('first');
    used.host.sh('echo second >> /var/log/shop.log');
    await pty.until('second');
    pty.type(CTRL_C);
    expect((await pty.exited).exitCode).toBe(130);
    await expect.poll(() => used.host.attempt('pgrep', '-f', 'tail -n').stdout).toBe('');
  });

  it('ssh logs in on a terminal, and says what to do elsewhere', async () => {
    const nowhere = await infractl(['host', 'ssh']);
    expect(nowhere.code).toBe(2);
    expect(nowhere.stderr).toContain('infractl host run');
    used.host.trust();
    const pty = new Pty(home, ['host', 'ssh'], { env: { PATH: used.host.path } });
    await pty.until('$');
    pty.type(`echo "I am $(id -un)"${ENTER}`);
    await pty.until('I am ubuntu');
    pty.type(`exit 3${ENTER}`);
    expect((await pty.exited).exitCode).toBe(0);
  });
});
