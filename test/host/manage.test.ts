import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../fake/clock.ts';
import type { FakeInstance } from '../fake/ec2-state.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { Home, launcher, root } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { HOST_NODE, letIn } from '../helpers/host-aws.ts';
import { running, until } from '../helpers/until.ts';

/** Starting and stopping with a real machine: its cron, and who is logged in on it. AWS is the fake. */

const OTHERS = '# of somebody else\n17 4 * * * /bin/true % x\n';
const FAST = { startMs: 100, checksMs: 100, stopMs: 100 };
/** Half an hour off every machine's clock: the line must look at another minute. */
const ZONE = 'Asia/Kolkata';

describe.skipIf(noHost)('manage', () => {
  const used = useHost([`--volume=${root}:${root}:ro`, `--volume=${process.execPath}:${HOST_NODE}:ro`]);
  let fake: Fake;
  let web: FakeInstance;
  let closeDoor: (() => void) | undefined;

  beforeAll(async () => {
    fake = await startFake({ clock: realClock() });
    web = fake.state.ec2.addInstance({ tags: { Name: 'web' }, script: FAST });
    closeDoor = await letIn(used.host, fake);
    used.host.write('/srv/shop/infractl.yaml', 'project: shop\nhosts:\n  web: { tags: { Name: web } }\n');
    used.host.write('/root/others', OTHERS);
    used.host.sh('crontab /root/others');
  }, 900_000);
  afterAll(async () => {
    await fake?.close();
    closeDoor?.();
  });

  const inside = (words: string) =>
    used.host.run('sh', '-c', `cd /srv/shop && HOME=/root ${HOST_NODE} ${launcher} ${words}`);

  it('cron stops at its time in another zone, skips while it is told to, and goes without a trace', async () => {
    const soon = new Date(Date.now() + 75_000);
    const at = soon.toLocaleTimeString('en-GB', { timeZone: ZONE, hour: '2-digit', minute: '2-digit' });
    const words = `manage schedule set --engine cron --name night --stop ${at} --timezone ${ZONE}`;
    const set = await inside(words);
    expect(set.stderr).not.toContain('✗');
    expect(set.stdout).toContain(`night stops at ${at}`);
    const skipped = `manage schedule set --engine cron --name later --start ${at} --timezone ${ZONE}`;
    await inside(skipped);
    await inside('manage schedule skip-until 2099-01-05 --name later --engine cron');
    expect(used.host.sh('crontab -l')).toContain(OTHERS.trim());
    expect(web.state).toBe('running');
    const log = () => used.host.sh('cat /root/.local/state/infractl/schedule-shop-dev.log || true');
    // Cron looks once a minute, and the line asks whether it is its minute in the other zone.
    await until(() => web.state === 'stopped', undefined, 240_000);
    await expect.poll(log).toContain('Stopped web');
    expect(log()).not.toContain('Started');
    for (const name of ['night', 'later'])
      expect((await inside(`manage schedule remove ${name} --yes --engine cron`)).status).toBe(0);
    expect(`${used.host.sh('crontab -l')}\n`).toBe(OTHERS);
  }, 400_000);

  it('a stop says who is logged in', async () => {
    const { host } = used;
    web.state = 'running';
    const home = new Home();
    const session = spawn('ssh', ['-tt', host.address, 'sleep', '300'], {
      env: { ...process.env, PATH: host.path },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    try {
      const { writeFileSync } = await import('node:fs');
      writeFileSync(
        `${home.work}/infractl.yaml`,
        `project: shop\nregion: eu-west-3\nhosts:\n  web:\n    tags: { Name: web }\n    address: ${host.address}\n    ssh: { user: ubuntu }\n`,
      );
      await until(() => host.sh('who').includes('ubuntu'), running(session));
      const env = { ...fake.env, PATH: host.path };
      const plan = await home.run(['manage', 'stop', '--dry-run'], { env });
      expect(plan.stderr).toMatch(/logged in[^\n]*ubuntu/i);
      expect(web.state).toBe('running');
    } finally {
      session.kill();
      home.remove();
    }
  });
});
