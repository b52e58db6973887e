import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { type CliOptions, Home } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { until } from '../helpers/until.ts';

/** The journal of a real host, beside a log group of a fake AWS. */
describe.skipIf(noHost)('logs of a host', () => {
  const used = useHost();
  let home: Home;
  let fake: Fake;
  beforeAll(async () => {
    home = new Home();
    fake = await startFake({ clock: realClock() });
    const host = `{ address: ${used.host.address}, services: [] }`;
    writeFileSync(
      path.join(home.work, 'infractl.yaml'),
      `project: shop\nregion: eu-west-3\nhosts:\n  web: ${host}\n  gone: { address: 127.0.0.1, ssh: { port: 9 } }\n`,
    );
  });
  afterAll(async () => {
    home?.remove();
    await fake?.close();
  });
  beforeEach(
    () =>
      void fake.state.logs.groups.set('/shop/app', [{ at: Date.now() - 1000, message: 'from the group' }]),
  );

  const start = (args: readonly string[], options: CliOptions = {}) =>
    home.start(args, { ...options, env: { ...fake.env, PATH: used.host.path, ...options.env } });
  const infractl = (args: readonly string[], options: CliOptions = {}) => start(args, options).ended;
  const say = (priority: string, text: string) =>
    used.host.attempt('logger', '--priority', `user.${priority}`, '--tag', 'shop', text);

  it('are shown by the same command, merged with a group in time, with their level', async () => {
    say('err', 'no table');
    const result = await infractl([
      'logs',
      'web',
      '/shop/app',
      '--json',
      '--grep',
      'no table|from the group',
    ]);
    expect(result.code).toBe(0);
    const lines = result.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      expect.objectContaining({ name: 'app', message: 'from the group' }),
      expect.objectContaining({ name: 'web', group: 'journal of web', message: 'no table' }),
      expect.objectContaining({ type: 'result', events: 2 }),
    ]);
    const coloured = await infractl(['logs', 'web', '--grep', 'no table'], { env: { FORCE_COLOR: '1' } });
    expect(coloured.stdout).toContain('\u001B[31m');
  });

  it('are followed until Ctrl-C, each line once', async () => {
    const following = start(['logs', 'web', '--follow', '--grep', 'while it is|the last']);
    await until(() => following.output().includes('Following'), following);
    say('info', 'while it is followed');
    await until(() => following.output().includes('while it is followed'), following);
    say('info', 'the last');
    await until(() => following.output().includes('the last'), following);
    following.child.kill('SIGINT');
    const result = await following.ended;
    expect(result.code).toBe(130);
    expect(result.stdout.match(/while it is followed/g)).toHaveLength(1);
    await expect.poll(() => used.host.attempt('pgrep', '-f', 'journalctl').stdout).toBe('');
  });

  it('of one that cannot be reached do not hide the others', async () => {
    const result = await infractl(['logs', 'gone', '/shop/app']);
    expect(result.code).toBe(3);
    expect(result.stdout).toContain('from the group');
    expect(result.stdout).toContain('could not be reached');
  });
});
