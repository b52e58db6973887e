import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeGroup } from '../fake/autoscaling.ts';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { Home } from '../helpers/cli.ts';

const TEMPLATE = 'lt-0123456789abcdef0';

/** A group whose image has all in it: what `redeploy` says of it. */
describe('infractl redeploy of an image', () => {
  const home = new Home();
  let fake: Fake;
  let group: FakeGroup;
  beforeAll(async () => {
    fake = await startFake({ clock: realClock() });
    fake.state.ec2.launchTemplates.set(TEMPLATE, 7);
    group = fake.state.autoScaling.addGroup({ name: 'shop-api', min: 2, desired: 2, memberMs: 50 });
    group.template = { id: TEMPLATE, name: 'shop-api', version: '6' };
    for (const id of ['i-00000000000000001', 'i-00000000000000002'])
      group.members.push({ id, lifecycle: 'InService', healthy: true, version: 6 });
    const releases = {
      api: { group: { name: 'shop-api', batch: '50%' }, source: { launchTemplate: 'latest' } },
    };
    writeFileSync(path.join(home.work, 'infractl.yaml'), JSON.stringify({ project: 'shop', releases }));
  });
  afterAll(async () => {
    home.remove();
    await fake?.close();
  });
  const infractl = (...args: string[]) => home.run(args, { env: fake.env });

  it('is planned, done, told and remembered; what works on hosts says that there are none', async () => {
    const plan = await infractl('redeploy', 'deploy', '--dry-run');
    expect(plan).toMatchObject({ code: 0 });
    expect(plan.stdout).toContain(
      'Would replace the members of shop-api by version 7 of shop-api: 2 members with version 6.',
    );
    expect(fake.mutations()).toEqual([]);
    const done = await infractl('redeploy');
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain('they have version 7');
    expect(done.stdout).toContain('To go back to version 6: infractl redeploy rollback --app api');
    const status = await infractl('redeploy', 'status');
    expect(status.stdout).toContain('2 members with version 7');
    const history = await infractl('redeploy', 'history', '--json');
    expect(JSON.parse(history.stdout)).toMatchObject([{ status: 'Successful', version: 7 }]);
    const prune = await infractl('redeploy', 'prune', '--dry-run');
    expect(prune).toMatchObject({ code: 2 });
    expect(prune.stderr).toContain('api is released as an image');
  });

  it.each([
    [['deploy', '--ref', 'main'], '--ref'],
    [['deploy', '--force'], '--force'],
    [['deploy', '--settle', '5s', '--dry-run'], '--settle'],
    [['rollback', '--wait', '1m'], '--wait'],
    [['rollback', '--host', 'web'], '--host'],
    [['status', '--no-fetch'], '--no-fetch'],
    [['history', '--host', 'web'], '--host'],
  ])('refuses a flag that means nothing to it: %j', async (words, flag) => {
    const before = fake.mutations().length;
    const result = await infractl('redeploy', ...words);
    expect(result).toMatchObject({ code: 2 });
    expect(result.stderr).toContain(`${flag} means nothing to an application that is released as an image.`);
    expect(fake.mutations()).toHaveLength(before);
  });

  it('is part of a deploy, and goes back with a rollback', async () => {
    for (const version of [8, 9]) {
      fake.state.ec2.launchTemplates.set(TEMPLATE, version);
      const done = await infractl('deploy');
      expect(done).toMatchObject({ code: 0 });
      expect(done.stderr).toMatch(new RegExp(`release api +updated .* version ${version}`));
    }
    expect((await infractl('deploy')).stdout).toContain('Nothing to do');
    const plan = await infractl('rollback', '--dry-run');
    expect(plan.stdout).toContain('version 9 → version 8 on shop-api');
    expect(await infractl('rollback', '--yes')).toMatchObject({ code: 0 });
    expect(group.members.map(({ version }) => version)).toEqual([8, 8]);
  });
});
