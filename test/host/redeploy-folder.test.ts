import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunningCli } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { appText, Released } from '../helpers/released.ts';
import { until } from '../helpers/until.ts';

const RSYNC = '/usr/bin/rsync';

/** A folder of this machine as the source: by rsync where it is on both ends, else as an archive. */
describe.skipIf(noHost)('a folder is released', () => {
  const used = useHost();
  let app: Released;
  beforeAll(() => {
    app = new Released(used.host, 0.2).prepare();
    app.put('app/app.py', appText('one'));
    big();
    app.put('app/left-out/secret.txt', 'not for the host');
    for (let number = 0; number < 200; number++) app.put(`app/lib/${number}.txt`, `module ${number}\n`);
  });
  beforeEach(() => {
    configure();
    localRsync();
    used.host.sh(`[ ! -e ${RSYNC}.off ] || mv ${RSYNC}.off ${RSYNC}`);
  });
  afterAll(() => app?.remove());

  function configure(more = {}): void {
    app.configure({ source: { folder: 'app', exclude: ['left-out'] }, ...more });
  }
  /** 3 MB that no compression makes smaller. */
  const big = () => writeFileSync(path.join(app.home.work, 'app', 'big'), randomBytes(3_000_000));
  /** What is called as rsync on this machine; without words the system's own. */
  function localRsync(script = 'exec /usr/bin/env PATH="$AFTER" rsync "$@"'): void {
    const file = path.join(used.host.bin, 'rsync');
    writeFileSync(file, `#!/bin/sh\nAFTER=\${PATH#*:}\n${script}\n`);
    chmodSync(file, 0o755);
  }
  const hostRsyncAway = () => used.host.sh(`mv ${RSYNC} ${RSYNC}.off`);
  /** Names, modes and contents of what runs. */
  const tree = () =>
    used.host.sh(
      'cd /srv/app/current/ && find . -type f -printf "%m %P\\n" | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum',
    );
  /** A release; all that is told of it. */
  async function release(...args: string[]): Promise<string> {
    const { code, stdout } = await app.redeploy('deploy', '--json', ...args);
    expect(stdout).toContain('"changed":true');
    expect(code).toBe(0);
    return stdout;
  }
  const ids = () => JSON.parse(used.host.sh('tail -n 1 /srv/app/releases.jsonl')) as { commit: string };
  const differed = (said: string) => Number(/(\d+) of \d+ files differed/.exec(said)?.[1]);

  it('is the same release whichever way it came', async () => {
    const folder = path.join(app.home.work, 'app');
    for (const name of ['# a comment?', 'ä ö "quoted" \'too\'', '-rf', 'a\nb', '*', '.hidden'])
      app.put(`app/odd names/${name}`, name);
    app.put('app/run.sh', '#!/bin/sh\n');
    chmodSync(path.join(folder, 'run.sh'), 0o755);
    chmodSync(path.join(folder, 'lib/1.txt'), 0o400);
    symlinkSync('run.sh', path.join(folder, 'linked.sh'));
    symlinkSync('odd names', path.join(folder, 'linked'));
    const said = await release();
    expect(differed(said)).toBeGreaterThan(200);
    expect(app.answer()).toContain('one');
    const { commit } = ids();
    const byRsync = tree();
    expect(byRsync).toContain('755 linked.sh');
    expect(byRsync).toContain('644 lib/1.txt');
    expect(byRsync).toContain('linked/.hidden');
    expect(byRsync).not.toContain('left-out');
    expect(used.host.sh('find /srv/app/upload -name "*secret*"')).toBe('');

    hostRsyncAway();
    expect((await app.redeploy()).stdout).toContain('Nothing to do');
    expect(await release('--force')).not.toContain('rsync');
    expect(ids().commit).toBe(commit);
    expect(tree()).toBe(byRsync);
  });

  it.each([
    [
      'one that is no rsync 3',
      'echo "openrsync: protocol version 29"; echo "rsync version 2.6.9 compatible"',
    ],
    ['one that breaks off', 'case $1 in --version) echo "rsync  version 3.2.7" ;; *) exit 12 ;; esac'],
  ])('comes as an archive where this machine has %s', async (_, script) => {
    localRsync(script);
    const before = tree();
    expect(await release('--force')).not.toContain('by rsync');
    expect(tree()).toBe(before);
  });

  it('brings the difference alone', async () => {
    app.put('app/app.py', appText('two'));
    const said = await release();
    expect(said).toMatch(/1 of \d+ files differed: [\d.]+ KiB sent by rsync/);
    expect(app.answer()).toContain('two');
    // Of the same size and the same time: the content decides.
    app.put('app/app.py', appText('six'));
    expect(differed(await release())).toBe(1);
    expect(app.answer()).toContain('six');
    // A file where a folder was, a folder where a file was, and what went is gone.
    used.host.sh(
      'cd /srv/app/upload && rm -rf run.sh lib/2.txt && mkdir -p run.sh/x lib/2.txt/y && echo > stray',
    );
    expect(differed(await release('--force'))).toBe(2);
    expect(tree()).not.toContain('stray');
  });

  it.each([
    ['is killed', (first: RunningCli) => first.child.kill('SIGKILL')],
    ['loses its connection', () => spawnSync('pkill', ['-9', '-f', `ControlPath=${app.home.folder}`])],
  ])('goes on where it was when it %s half-way, and the release before serves meanwhile', async (_, cut) => {
    await release('--force');
    const before = app.current;
    const releases = app.releases;
    big();
    // Slow enough to be killed in the middle on any machine.
    localRsync('exec /usr/bin/env PATH="$AFTER" rsync --bwlimit=100 "$@"');
    const first = app.start(['redeploy'], { env: { TMPDIR: app.home.folder } });
    const brought = () =>
      Number(used.host.attempt('sh', '-c', 'cat /srv/app/upload/.big.* | wc -c').stdout) > 250_000;
    await until(brought, first);
    cut(first);
    expect((await first.ended).code).not.toBe(0);
    await until(() => used.host.attempt('pgrep', '-x', 'rsync').status !== 0);
    await expect.poll(() => app.releases).toEqual(releases);
    expect(app.current).toBe(before);
    expect(app.answer()).toContain('six');
    localRsync();
    const said = await release();
    const [, sent = '', unit] = /([\d.]+) (\w+) sent by rsync/.exec(said) ?? [];
    expect(unit).toBe('MiB');
    expect(Number(sent)).toBeLessThan(2.75);
  });

  it('is not taken where it changed while it was brought', async () => {
    const file = path.join(app.home.work, 'app', 'lib', '7.txt');
    app.put('app/lib/8.txt', 'changed');
    localRsync(
      `case $1 in --version) ;; *) echo changed meanwhile > "${file}" ;; esac; exec /usr/bin/env PATH="$AFTER" rsync "$@"`,
    );
    const before = app.current;
    const result = await app.redeploy();
    expect(result.stderr).toContain('The files of the folder changed while they were brought.');
    expect(result.code).toBe(1);
    expect(app.current).toBe(before);
    localRsync();
    await release();
  });

  it('leaves a full disk as it was', async () => {
    const before = app.current;
    mkdirSync(path.join(app.home.work, 'app', 'more'), { recursive: true });
    app.put('app/more/large', randomBytes(4_000_000).toString('latin1'));
    used.host.sh('mkdir -p /srv/app/upload && mount -t tmpfs -o size=3m tmpfs /srv/app/upload');
    const result = await app.redeploy();
    expect(result.stderr).toContain('The disk of the host web (');
    expect(result.code).toBe(1);
    expect(app.current).toBe(before);
    expect(used.host.sh('ls /srv/app/upload')).toBe('');
    used.host.sh('umount /srv/app/upload');
    await release();
  });
});
