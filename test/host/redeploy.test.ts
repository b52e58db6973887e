import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noHost, useHost } from '../helpers/host.ts';
import { Released } from '../helpers/released.ts';

describe.skipIf(noHost)('redeploy, restart', () => {
  const used = useHost();
  let app: Released;
  beforeAll(() => {
    app = new Released(used.host).prepare();
  });
  beforeEach(() => {
    app.reset();
    app.configure();
  });
  afterAll(() => app?.remove());

  it('releases what is new, says what serves, and goes back and forth', async () => {
    const one = app.commit('one');
    const first = await app.redeploy();
    expect(first.stderr + first.stdout).toContain('Released');
    expect(first.code).toBe(0);
    expect(app.current).toMatch(new RegExp(`^\\d{8}T\\d{6}Z-${one}$`));
    expect(app.answer()).toBe('one s3cr3t $HOME "quoted"');
    const idOne = app.current;

    const again = await app.redeploy('deploy');
    expect(again.stderr + again.stdout).toContain('Nothing to do');
    expect(app.releases).toEqual([idOne]);

    app.commit('two');
    const second = await app.redeploy('deploy', '--json');
    const result = JSON.parse(second.stdout.trim().split('\n').at(-1) ?? '');
    expect(result).toMatchObject({
      type: 'result',
      changed: true,
      hosts: [{ release: 'app', host: 'web', previous: idOne, subject: 'build two' }],
    });
    expect(result.hosts[0].switchedAfter).toBeGreaterThan(0);
    expect(app.answer()).toContain('two');
    const idTwo = app.current;

    expect((await app.redeploy('rollback')).stdout).toContain('Went back');
    expect(app.current).toBe(idOne);
    expect(app.answer()).toContain('one');
    expect((await app.redeploy('rollback')).code).toBe(0);
    expect(app.current).toBe(idTwo);
    expect((await app.redeploy('rollback', one)).code).toBe(0);
    expect(app.current).toBe(idOne);

    const status = await app.redeploy('status', '--json');
    expect(JSON.parse(status.stdout)[0]).toMatchObject({
      app: 'app',
      host: 'web',
      release: idOne,
      healthy: true,
      behind: 1,
      releases: 2,
      busy: null,
    });
    const history = JSON.parse((await app.redeploy('history', '--json')).stdout)[0].entries;
    expect(
      history.map(({ kind, result, running }: Record<string, unknown>) => [kind, result, running]),
    ).toEqual([
      ['rollback', 'good', true],
      ['rollback', 'good', false],
      ['rollback', 'good', false],
      ['deploy', 'good', false],
      ['deploy', 'good', false],
    ]);
  });

  it('keeps secrets in a file of root, and out of everything else', async () => {
    app.commit('one');
    const result = await app.run(['redeploy', '--json', '--debug']);
    expect(result.code).toBe(0);
    expect(result.stdout + result.stderr).not.toContain('s3cr3t');
    expect(used.host.sh('stat -c "%a %U" /srv/app/env/*.env')).toBe('600 root');
    expect(used.host.attempt('su', 'ubuntu', '-c', 'cat /srv/app/current/.infractl.env').status).not.toBe(0);
    expect(
      used.host.attempt(
        'grep',
        '-rl',
        's3cr3t',
        '/srv/app/releases.jsonl',
        '/srv/app/audit.jsonl',
        '/var/log',
      ).stdout,
    ).toBe('');
  });

  it('goes back by itself from a release that is not healthy: exit 8 with its last lines', async () => {
    app.commit('one');
    await app.redeploy();
    const before = app.current;
    app.commit('bad', { status: 500, extra: 'print("no database", os.environ["GREETING"], flush=True)' });
    app.configure({ health: { path: '/health', timeout: '5s' } });
    const result = await app.redeploy();
    app.configure();
    expect(result.code).toBe(8);
    expect(result.stderr).toContain('no database [secret]');
    expect(used.host.read('/srv/app/releases.jsonl')).not.toContain('s3cr3t');
    expect(result.stderr).toContain('it answered 500');
    expect(result.stderr).toContain(`${before} serves, as before.`);
    expect(app.current).toBe(before);
    expect(app.answer()).toContain('one');
    expect(app.releases).toEqual([before]);
    app.commit('three');
    expect((await app.redeploy()).code).toBe(0);
    expect(app.answer()).toContain('three');
  });
});
