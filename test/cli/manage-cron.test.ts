import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ManifestCommand, root } from '../helpers/cli.ts';
import { expectTrouble, Scene } from '../helpers/trouble.ts';

/** Schedules in a crontab. `crontab` is a shim that keeps a file, as strict as the real one; see test/host for that. */

const OTHERS = '# of somebody else\n17 4 * * * /bin/true % x\nMAILTO=ops@example.com\n';
const SHIM = `#!/bin/sh
case "$1" in
-l) [ -f "$HOME/tab" ] && cat "$HOME/tab" || { echo "no crontab for root" >&2; exit 1; } ;;
-r) rm "$HOME/tab" ;;
-*) echo "usage: crontab file" >&2; exit 64 ;;
*) cat "$1" >"$HOME/new"
  [ -f "$HOME/full" ] && { echo "crontab: too many entries, limit 256" >&2; exit 1; }
  mv "$HOME/new" "$HOME/tab" ;;
esac
`;
let scene: Scene;
let id: string;

beforeEach(async () => {
  scene = await Scene.open();
  id = scene.fake.state.ec2.addInstance({ tags: { Name: 'web', Schedule: 'office' } }).id;
  scene.put(
    'infractl.yaml',
    'project: shop\nregion: eu-west-3\nenvironments: { dev: {} }\nhosts:\n  web: { tags: { Name: web } }\n',
  );
  // Cron has nothing of this shell: what it needs stands in files.
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = scene.fake.env;
  mkdirSync(home('.aws'));
  writeFileSync(home('.aws/config'), `[default]\nendpoint_url = ${AWS_ENDPOINT_URL}\n`);
  writeFileSync(
    home('.aws/credentials'),
    `[default]\naws_access_key_id = ${AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}\n`,
  );
  mkdirSync(home('bin'));
  writeFileSync(home('bin/crontab'), SHIM);
  chmodSync(home('bin/crontab'), 0o755);
  writeFileSync(home('tab'), OTHERS);
});
afterEach(() => scene.close());

const home = (name: string) => path.join(scene.home.folder, name);
const tab = () => (existsSync(home('tab')) ? readFileSync(home('tab'), 'utf8') : '');
const schedule = (...words: string[]) =>
  scene.run(['manage', 'schedule', ...words], { env: { PATH: `${home('bin')}:${process.env.PATH}` } });
const NIGHT = [
  'set',
  '--engine',
  'cron',
  '--stop',
  '20:00 Mon-Fri',
  '--start',
  '07:30',
  '--timezone',
  'Europe/Paris',
];

it('is set beside all other lines, again without a change, skipped, and gone without a trace', async () => {
  const planned = await schedule(...NIGHT, '--dry-run');
  expect(planned.stdout).toContain('This was a dry run');
  expect(tab()).toBe(OTHERS);
  const set = await schedule(...NIGHT);
  expect(set.stderr).not.toContain('✗');
  expect(set.stdout).toContain('default stops at 20:00 Mon-Fri and starts at 07:30');
  const full = tab();
  expect(full.startsWith(OTHERS)).toBe(true);
  expect(full).toMatch(/\n0 \* \* \* \* case \$\(TZ=Europe\/Paris date \+\\%u\\%H\) in \[12345\]20\) cd /);
  expect(full).toMatch(/\n30 \* \* \* \* case .* in \[1234567\]07\) cd .* manage start --id i-/);
  expect(full).toContain('--confirm shop-dev');
  expect((await schedule(...NIGHT)).stdout).toContain('Nothing to do');
  expect(tab()).toBe(full);
  const list = async () => JSON.parse((await schedule('list', '--json')).stdout);
  expect(await list()).toMatchObject([{ name: 'default', engine: 'cron', targets: [{ id }] }]);
  await schedule('skip-until', '2099-01-05');
  expect(tab()).toContain(`[ $(date +\\%s) -ge ${Date.parse('2099-01-04T23:00:00Z') / 1000} ] && cd `);
  expect(await list()).toMatchObject([{ skipUntil: '2099-01-04T23:00:00Z' }]);
  await schedule('skip-until', 'now', '--engine', 'cron');
  expect(tab()).toBe(full);
  expectTrouble(
    await schedule('set', '--stop', '20:00', '--timezone', 'UTC'),
    2,
    "kept by this machine's cron already",
  );
  expect((await schedule('remove', '--yes')).code).toBe(0);
  expect(tab()).toBe(OTHERS);
  expect(scene.changes()).toEqual([]);
});

it('without its start has one line; a line too long for cron is refused', async () => {
  await schedule(...NIGHT);
  await schedule('set', '--engine', 'cron', '--stop', '21:00', '--timezone', 'UTC');
  expect(tab().match(/manage start/g)).toBeNull();
  const before = tab();
  for (let n = 0; n < 60; n++) scene.fake.state.ec2.addInstance({ tags: { many: 'yes' } });
  expectTrouble(
    await schedule('set', '--engine', 'cron', '--stop', '21:00', '--timezone', 'UTC', '--tag', 'many=yes'),
    2,
    'takes 998 characters',
  );
  expect(tab()).toBe(before);
});

it('a full crontab stays as it was', async () => {
  writeFileSync(home('full'), '');
  expectTrouble(await schedule(...NIGHT), 1, 'it is as it was', 'too many entries');
  expect(tab()).toBe(OTHERS);
});

it('what would not work at night is not installed', async () => {
  writeFileSync(home('.aws/credentials'), '');
  expectTrouble(await schedule(...NIGHT), 1, 'nothing was installed', 'There are no AWS credentials');
  expect(tab()).toBe(OTHERS);
});

it('a machine without cron: what to install', async () => {
  const result = await scene.run(['manage', 'schedule', ...NIGHT], { env: { PATH: '/nowhere' } });
  expectTrouble(result, 1, 'This machine has no crontab command.', 'Install cron');
});

it('the account of the environment is checked before anything is changed, on cron and on AWS', async () => {
  scene.put(
    'infractl.yaml',
    'project: shop\nregion: eu-west-3\nenvironments: { dev: { account: "999999999999" } }\nhosts:\n  web: { tags: { Name: web } }\n',
  );
  for (const words of [
    ['start'],
    ['stop', '--yes'],
    ['restart', '--yes'],
    ['schedule', 'set', '--stop', '20:00'],
  ])
    expectTrouble(await scene.run(['manage', ...words]), 5, 'belongs to the account 999999999999');
  expectTrouble(await schedule(...NIGHT), 5, 'belongs to the account 999999999999');
  expect(tab()).toBe(OTHERS);
  expect(scene.fake.mutations()).toEqual([]);
});

it('the examples of manage schedule work as printed', async () => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Record<string, ManifestCommand>;
  };
  const lines = ['set', 'list', 'skip-until', 'remove'].flatMap((name) =>
    (manifest.commands[`manage:schedule:${name}`]?.examples ?? []).map((example) =>
      (typeof example === 'string' ? example : example.command)
        .replaceAll('<%= config.bin %> ', '')
        .replaceAll('<%= command.id %>', `manage schedule ${name}`),
    ),
  );
  expect(lines.length).toBeGreaterThan(5);
  const env = { PATH: `${home('bin')}:${process.env.PATH}` };
  for (const line of lines) {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
    expect(await scene.run(words, { env }), line).toMatchObject({ code: 0 });
  }
});
