import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { launcher, root } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { letIn, HOST_NODE as NODE } from '../helpers/host-aws.ts';
import { until } from '../helpers/until.ts';

/** Schedules on a real machine: cron and systemd run infractl, which backs up in a fake AWS. */

const OTHERS = '# of somebody else\n17 4 * * * /bin/true % x\nMAILTO=ops@example.com\n';

describe.skipIf(noHost)('a schedule', () => {
  const used = useHost([`--volume=${root}:${root}:ro`, `--volume=${process.execPath}:${NODE}:ro`]);
  let fake: Fake;
  let closeDoor: (() => void) | undefined;

  beforeAll(async () => {
    fake = await startFake({ clock: realClock() });
    fake.state.ebs.snapshotMs = 100;
    fake.state.ec2.addInstance({ tags: { Name: 'web' } });
    const { host } = used;
    closeDoor = await letIn(host, fake);
    host.write(
      '/srv/my mbot/infractl.yaml',
      'project: mbot\nbackups:\n  nightly: { targets: [{ tags: { Name: web } }] }\n',
    );
    host.write('/root/others', OTHERS);
    host.sh('crontab /root/others');
  }, 900_000);
  afterAll(async () => {
    await fake?.close();
    closeDoor?.();
  });
  beforeEach(() => fake.state.ebs.snapshots.clear());

  const infractl = (words: string) =>
    used.host.run('sh', '-c', `cd '/srv/my mbot' && HOME=/root ${NODE} ${launcher} ${words}`);

  it('by cron fires at its time, beside all other lines, and goes without a trace', async () => {
    const at = new Date(Date.now() + 75_000).toISOString().slice(11, 16);
    const installed = await infractl(`backup schedule install --engine cron --at ${at}`);
    expect(installed.stderr).not.toContain('✗');
    expect(installed.stdout).toContain(`Installed by cron: backup auto of mbot-dev at ${at}`);
    expect(used.host.sh('crontab -l')).toContain(OTHERS.trim());
    expect((await infractl(`backup schedule install --engine cron --at ${at}`)).stdout).toContain(
      'Nothing to do',
    );
    expect(fake.state.ebs.snapshots.size).toBe(0);
    await until(() => fake.state.ebs.snapshots.size > 0, undefined, 240_000);
    // The snapshot is there before the run has seen that it is complete.
    const status = async () => (await infractl('backup schedule status')).stdout;
    await expect.poll(status).toMatch(/result +✓ backup mbot-dev nightly: 1 backed up/);
    expect(fake.state.ebs.snapshots.size).toBe(1);
    const doctor = await infractl('backup schedule doctor');
    expect(doctor.stdout).toContain('cron runs');
    expect(doctor.status).toBe(0);
    expect((await infractl('backup schedule uninstall')).stdout).toContain('The backups stay.');
    expect(`${used.host.sh('crontab -l')}\n`).toBe(OTHERS);
    expect((await infractl('backup schedule uninstall')).stdout).toContain('Nothing to do');
  }, 300_000);

  it('by systemd makes up for missed runs; its service backs up', async () => {
    expect((await infractl('backup schedule install --at "02:00 Mon-Fri"')).stdout).toContain(
      'Installed by systemd',
    );
    const timer = used.host.sh(
      'systemctl show infractl-backup-mbot-dev.timer --property=ActiveState,Persistent',
    );
    expect(timer).toContain('ActiveState=active');
    expect(timer).toContain('Persistent=yes');
    await used.host.run('systemctl', 'start', 'infractl-backup-mbot-dev.service');
    await until(() => fake.state.ebs.snapshots.size === 1);
    expect((await infractl('backup schedule doctor')).status).toBe(0);
    expect((await infractl('backup schedule uninstall')).status).toBe(0);
    expect(used.host.sh('ls /etc/systemd/system')).not.toContain('infractl');
  }, 300_000);

  it('that would not work at night is not installed', async () => {
    used.host.sh('mv /root/.aws/credentials /root/.aws/away');
    const refused = await infractl('backup schedule install --engine cron');
    used.host.sh('mv /root/.aws/away /root/.aws/credentials');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/nothing was installed[\s\S]*There are no AWS credentials/);
    expect(`${used.host.sh('crontab -l')}\n`).toBe(OTHERS);
  });

  it('on a machine without cron and systemd says what to do', async () => {
    used.host.sh('mv /usr/bin/crontab /usr/bin/crontab.away');
    const refused = await infractl('backup schedule install --engine cron');
    used.host.sh('mv /usr/bin/crontab.away /usr/bin/crontab');
    expect(refused.stderr).toContain('no crontab command');
  });
});
