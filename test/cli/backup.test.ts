import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { fillRoot, INSTANCE, oldBackups } from '../helpers/backed-up.ts';
import { type CliResult, Home, type ManifestCommand, root } from '../helpers/cli.ts';

/** Backups at the command line, against a fake AWS in real time. */

const CONFIGURATION = `project: auth-manager
region: eu-west-3
hosts:
  web: { tags: { Name: web } }
backups:
  nightly:
    targets: [{ host: web }, { database: shop }]
    keep: { daily: 3 }
`;

let home: Home;
let fake: Fake;
beforeEach(async () => {
  home = new Home();
  fake = await startFake({ clock: realClock() });
  const { ebs, ec2, rds } = fake.state;
  Object.assign(ebs, { snapshotMs: 50, volumeMs: 20, attachMs: 20, rootTaskMs: 50 });
  // Nobody listens there: the port of a restored database is knocked at in vain, at once.
  Object.assign(rds, { snapshotMs: 50, restoreMs: 50, endpoint: { Address: '127.0.0.1', Port: 9 } });
  ec2.addInstance({ id: INSTANCE, tags: { Name: 'web' } });
  rds.addDatabase('shop');
  put('infractl.yaml', CONFIGURATION);
});
afterEach(async () => {
  await fake.close();
  home.remove();
});

function put(name: string, text: string): void {
  writeFileSync(path.join(home.work, name), text);
}

const run = (line: string | readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
  home.run(typeof line === 'string' ? line.split(' ') : line, { env: { ...fake.env, ...env } });

/** A backup that is good: the fake ends its snapshots by itself, so nobody has to wait for the next look at them. */
async function backedUp(): Promise<void> {
  expect((await run('backup create')).code).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 100));
}

const old = (count: number) => oldBackups(fake, 'auth-manager', count);

describe('examples', () => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, ManifestCommand>;
  };
  const examples = Object.keys(manifest.commands)
    .filter((id) => /^backup:(?!schedule)/.test(id))
    .flatMap((id) =>
      (manifest.commands[id]?.examples ?? []).map((example) =>
        (typeof example === 'string' ? example : example.command)
          .replaceAll('<%= config.bin %> ', '')
          .replaceAll('<%= command.id %>', id.replaceAll(':', ' ')),
      ),
    );

  it.each(examples)('infractl %s', async (example) => {
    // A restore and a drill need something that is there.
    if (/restore|verify/.test(example)) {
      fillRoot(fake);
      await backedUp();
    } else old(5);
    const result = await run(example);
    expect(result.stderr + result.stdout).not.toContain('✗');
    expect(result.code).toBe(0);
    expect(result.stdout).not.toBe('');
  });
});

describe('backup create', () => {
  it('twice makes one, and says so', async () => {
    expect((await run('backup create --wait')).stdout).toMatch(/i-0a1b2c3d4e5f60718 +nightly +created +good/);
    const again = await run('backup create');
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/i-0a1b2c3d4e5f60718 +nightly +recent +good/);
    expect(fake.state.ebs.snapshots.size).toBe(1);
    expect(fake.state.rds.snapshots.size).toBe(1);
  });

  it('takes targets by flags, without a plan', async () => {
    put('infractl.yaml', 'project: auth-manager\n');
    const result = await run(['backup', 'create', '--instance', INSTANCE, '--json']);
    expect(JSON.parse(result.stdout)).toMatchObject({
      backups: [{ plan: 'manual', subject: INSTANCE, outcome: 'created', state: 'pending' }],
    });
  });

  it('some of several that fail: exit 3, each named', async () => {
    fake.state.rds.addDatabase('shop', { state: 'stopped' });
    const result = await run('backup create');
    expect(result.code).toBe(3);
    expect(result.stdout).toMatch(/shop +nightly +failed/);
  });

  it.each([
    ['a plan that is not there', 'backup create nightl', 2, 'Did you mean: nightly'],
    ['a tag that is none', 'backup create --tag Role', 2, 'KEY=VALUE'],
    ['a duration that is none', 'backup create --timeout soon', 2, 'no duration'],
    ['an instance of another account', 'backup create --instance i-0123456789abcdef0', 1, 'another account'],
    ['a policy that keeps nothing', 'backup cleanup --keep-daily 0', 2, 'keep nothing'],
    ['a span that is none', 'backup cleanup --keep-within 90m', 2, 'no span'],
  ])('%s', async (_, line, exit, says) => {
    const result = await run(line);
    expect(result.code).toBe(exit);
    expect(result.stderr).toContain(says);
    expect(fake.mutations()).toEqual([]);
  });

  it('without a plan and without flags says how to make one', async () => {
    put('infractl.yaml', 'project: auth-manager\n');
    const result = await run('backup create');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('backups: { nightly:');
    expect(fake.requests).toEqual([]);
  });
});

describe('backup cleanup', () => {
  it('is a dry run unless it is told to delete', async () => {
    old(6);
    const result = await run('backup cleanup');
    expect(result.stdout).toContain('nothing was deleted');
    expect(result.stdout).toMatch(/delete +nightly-\w+-n006/);
    expect(fake.mutations()).toEqual([]);
  });

  it('wants the name; a wrong one makes no call; the right one deletes and says what', async () => {
    old(6);
    const missing = await run('backup cleanup --apply');
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('--confirm auth-manager-dev');
    expect((await run('backup cleanup --apply --confirm auth-manager-prod')).code).toBe(5);
    expect(fake.requests).toEqual([]);
    const result = await run('backup cleanup --apply --confirm auth-manager-dev');
    expect(result.code).toBe(0);
    expect(result.stderr).toMatch(/account 123456789012:\n +- nightly-\w+-n006/);
    expect(result.stdout).toContain('Deleted 3 snapshots.');
    expect(fake.state.ebs.snapshots.size).toBe(3);
    expect((await run('backup cleanup --apply --confirm auth-manager-dev')).stdout).toContain(
      'Nothing to do',
    );
  });

  it('in a protected environment wants --env', async () => {
    put('infractl.yaml', `${CONFIGURATION}environments:\n  dev: { protected: true }\n`);
    const result = await run('backup cleanup --apply --confirm auth-manager-dev');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('--env dev');
  });
});

describe('backup auto', () => {
  it('asks nothing, prints one line a plan, and exits as it ended', async () => {
    const good = await run('backup auto');
    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(/^✓ backup auth-manager-dev nightly: 2 backed up.*\n$/);
    fake.faults.deny('ec2:DescribeInstances');
    const denied = await run('backup auto');
    expect(denied.code).toBe(4);
  });

  it('keeps the URL that it tells out of everything', async () => {
    put('infractl.yaml', `${CONFIGURATION}    ping: { env: PING }\n`);
    const result = await run('backup auto --debug', { PING: 'http://127.0.0.1:9/NeverShown-4711' });
    expect(result.code).toBe(0);
    expect(result.stdout + result.stderr).not.toContain('NeverShown');
    expect(result.stderr).toContain('could not be told');
  });
});

describe('backup restore', () => {
  const restore = `backup restore latest --of ${INSTANCE}`;
  beforeEach(async () => {
    await backedUp();
    fake.requests.length = 0;
  });

  it('says what it will do, how long, what it costs, and asks', async () => {
    const asked = await run(restore);
    expect(asked.code).toBe(2);
    for (const words of [
      '123456789012',
      'Makes a volume of 20 GiB',
      'It takes',
      'about $1.86 a month for 20 GiB of volumes as gp3',
      'Give --yes',
    ])
      expect(asked.stderr).toContain(words);
    expect(fake.mutations()).toEqual([]);
  });

  it('never over a live disk without its name', async () => {
    for (const [more, exit] of [
      ['', 2],
      [' --yes', 2],
      [' --confirm wbe', 5],
    ] as const) {
      expect((await run(`${restore} --replace-root${more}`)).code).toBe(exit);
      expect(fake.mutations()).toEqual([]);
    }
    // The AWS CLI knows nothing of infractl.yaml, whose region this is.
    const done = await run(`${restore} --replace-root --confirm web`, { AWS_REGION: '' });
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(
      /Kept: vol-\w+, the root volume that was replaced\.\n\nThe way back:\n +aws ec2 stop-instances --instance-ids i-\w+ --region eu-west-3 --endpoint-url http:\S+\n/,
    );
  });

  it('in a dry run changes nothing', async () => {
    const result = await run(`${restore} --dry-run --json`);
    expect(JSON.parse(result.stdout)).toMatchObject({ dryRun: true, to: 'volume', made: [] });
    expect(fake.mutations()).toEqual([]);
  });

  it('of nothing that is there names what is near', async () => {
    const id = JSON.parse((await run('backup list --json')).stdout)[0].id as string;
    const mistyped = `${id.slice(0, -1)}${id.endsWith('x') ? 'z' : 'x'}`;
    const result = await run(`backup restore ${mistyped} --of ${INSTANCE}`);
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(`Did you mean: ${id}`);
  });
});

describe('backup verify of a database', () => {
  it('says what it makes, how long, what it costs, and asks', async () => {
    await backedUp();
    const asked = await run('backup verify latest --of shop');
    expect(asked.code).toBe(2);
    for (const words of [
      'a new instance db.t3.micro, not public',
      '10 to 30 minutes',
      'It costs',
      'Give --yes',
    ])
      expect(asked.stderr).toContain(words);
    expect(fake.state.rds.databases.size).toBe(1);
  });

  it('refuses what is not for it before anything is made', async () => {
    await backedUp();
    for (const [line, code] of [
      ['--of shop --how blocks', 'WrongKind'],
      [`--of ${INSTANCE} --how restore`, 'WrongKind'],
      [`--of ${INSTANCE} --check true`, 'NotDatabase'],
      ['--of shop --through nowhere --yes', 'NoSuchHost'],
    ] as const) {
      const refused = await run(`backup verify latest ${line} --json`);
      expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code, exit: 2 } });
    }
    expect(fake.state.rds.databases.size).toBe(1);
  });

  it('gives the check the way to it', async () => {
    await backedUp();
    const line = [
      'backup',
      'verify',
      'latest',
      '--of',
      'shop',
      '--yes',
      '--json',
      '--check',
      'echo $PGHOST:$DB_PORT',
    ];
    const result = await run(line);
    expect(JSON.parse(result.stdout)).toMatchObject({
      ok: true,
      snapshots: [{ how: 'restore', detail: expect.stringContaining('the check is good: 127.0.0.1:9') }],
    });
    const left = [...fake.state.rds.databases.values()].filter(({ state }) => state !== 'deleting');
    expect(left.map(({ id }) => id)).toEqual(['shop']);
  });
});

describe('backup schedule install --engine dlm', () => {
  it('makes a stack with the policy, once; uninstall --dlm takes it away, the snapshots stay', async () => {
    Object.assign(fake.state.cloudFormation, { resourceMs: 10, changeSetMs: 10, stepMs: 5 });
    put(
      'infractl.yaml',
      'project: shop\nregion: eu-west-3\nbackups:\n  nightly: { targets: [{ tags: { Role: web } }] }\n',
    );
    const made = await run('backup schedule install --engine dlm');
    expect(made.stdout).toContain('by the stack shop-backup-nightly-dev');
    expect(made.code).toBe(0);
    expect((await run('backup schedule install --engine dlm')).stdout).toContain('Nothing to do');
    expect((await run('backup schedule uninstall --dlm')).stdout).toContain('The backups stay.');
    expect((await run('backup schedule uninstall --dlm')).stdout).toContain('Nothing to do');
  });

  it('of a plan that it cannot do is refused before any call', async () => {
    const result = await run('backup schedule install --engine dlm');
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('finds disks by tags alone');
    expect(fake.requests).toEqual([]);
  });
});

describe('keys of JSON', () => {
  it('are those that were promised', async () => {
    old(5);
    const keys = async (line: string) => Object.keys(JSON.parse((await run(`${line} --json`)).stdout));
    expect(await keys('backup create')).toEqual(['backups']);
    expect(await keys('backup cleanup')).toEqual(['dryRun', 'backups', 'warnings', 'deleted', 'failures']);
    expect(await keys('backup auto')).toEqual(['dryRun', 'plans']);
    const [one] = JSON.parse((await run('backup list --json')).stdout);
    expect(Object.keys(one)).toEqual(
      'id plan subject at state progress region sizeGiB encrypted verified snapshots keep reasons'.split(' '),
    );
  });

  it('an empty list is []', async () => {
    expect(JSON.parse((await run('backup list --json')).stdout)).toEqual([]);
  });
});
