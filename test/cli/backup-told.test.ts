import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { Home } from '../helpers/cli.ts';
import { CTRL_C, Pty } from '../helpers/pty.ts';

/** Whom `backup auto` tells how the night went: an HTTP watcher that listens here, and a topic of SNS. */

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:ops';
/** The path of such a URL is all that keeps others from using it. */
const KEY = 'NeverShown-4711';

let home: Home;
let fake: Fake;
let watcher: Server;
let told: { method: string; path: string; body: string }[];
let refusals: number;
beforeEach(async () => {
  home = new Home();
  fake = await startFake({ clock: realClock() });
  fake.state.ebs.snapshotMs = 50;
  fake.state.ec2.addInstance({ id: 'i-0a1b2c3d4e5f60718', tags: { Name: 'web' } });
  fake.state.sns.topics.set(TOPIC, []);
  told = [];
  refusals = 0;
  watcher = createServer(async (request, answer) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (refusals-- > 0) return void answer.writeHead(503).end();
    told.push({ method: request.method ?? '', path: request.url ?? '', body });
    answer.end('OK');
  });
  await new Promise<void>((resolve) => watcher.listen(0, '127.0.0.1', resolve));
  configure('{ daily: 3 }');
});
afterEach(async () => {
  await fake.close();
  watcher.closeAllConnections();
  await new Promise((resolve) => watcher.close(resolve));
  home.remove();
});

function configure(keep: string, topic = TOPIC): void {
  const text = `project: mbot
region: eu-west-3
backups:
  nightly:
    targets: [{ tags: { Name: web } }]
    keep: ${keep}
    ping: { env: PING }
    topic: ${topic}
`;
  writeFileSync(path.join(home.work, 'infractl.yaml'), text);
}

const url = () => `http://127.0.0.1:${(watcher.address() as AddressInfo).port}/${KEY}`;
const auto = (line = 'backup auto') => home.run(line.split(' '), { env: { ...fake.env, PING: url() } });
const published = () => fake.state.sns.topics.get(TOPIC) ?? [];

describe('a good night', () => {
  it('is told at its start and its end, with the log, and to the topic in its own region', async () => {
    const result = await auto();
    expect(result.code).toBe(0);
    expect(told.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /${KEY}/start`,
      `POST /${KEY}`,
    ]);
    const [snapshot] = fake.state.ebs.snapshots.keys();
    expect(told[1]?.body).toMatch(/^backup mbot-dev nightly: 1 backed up, 0 snapshots deleted, newest good/);
    expect(told[1]?.body).toContain(`created, ${snapshot}`);
    expect(published()).toEqual([{ subject: 'backup mbot-dev nightly', message: told[1]?.body }]);
    expect(fake.requests.find(({ service }) => service === 'sns')?.region).toBe('eu-central-1');
  });

  it('asks a watcher again that is busy for a moment', async () => {
    refusals = 2;
    const result = await auto();
    expect(result.code).toBe(0);
    expect(result.stderr).not.toContain('could not be told');
    expect(told.map(({ path }) => path)).toEqual([`/${KEY}/start`, `/${KEY}`]);
  });
});

describe('a bad night', () => {
  it('is told as a failure, with the reason', async () => {
    fake.faults.deny('ec2:CreateSnapshots');
    const result = await auto();
    expect(result.code).toBe(1);
    expect(told.map(({ path }) => path)).toEqual([`/${KEY}/start`, `/${KEY}/fail`]);
    expect(told[1]?.body).toContain('CreateSnapshots');
    expect(published()).toMatchObject([{ subject: 'FAILED: backup mbot-dev nightly' }]);
    expect(published()[0]?.message).toContain('A backup failed: nothing is deleted.');
  });

  it('that never got as far as a backup is told, too', async () => {
    fake.faults.expired('ec2:*');
    const result = await auto();
    expect(result.code).toBe(4);
    expect(told.map(({ path }) => path)).toEqual([`/${KEY}/start`, `/${KEY}/fail`]);
    expect(published()).toMatchObject([{ subject: 'FAILED: backup mbot-dev nightly' }]);
  });

  it.each([
    ['a topic that is gone', () => void fake.state.sns.topics.clear(), 'The topic could not be told'],
    ['no right to publish', () => void fake.faults.deny('sns:Publish'), 'The topic could not be told'],
  ])('%s fails no backup: a warning', async (_, trouble, says) => {
    trouble();
    const result = await auto();
    expect(result.code).toBe(0);
    expect(result.stderr).toContain(says);
    expect(told).toHaveLength(2);
  });
});

it('the URL is shown nowhere: not in the log, not with --debug, not in JSON, not to the topic', async () => {
  refusals = 99;
  for (const line of ['backup auto --debug --json', 'config show', 'config show --json']) {
    const { stdout, stderr } = await auto(line);
    expect(stdout + stderr, line).not.toContain(KEY);
  }
  expect(JSON.stringify(published())).not.toContain(KEY);
  expect(JSON.stringify(fake.requests)).not.toContain(KEY);
}, 120_000);

it('backup alone on a terminal opens its part of the menu', async () => {
  const run = new Pty(home, ['backup'], { env: fake.env, columns: 120, rows: 40 });
  await run.until('backup verify');
  for (const command of ['auto', 'cleanup', 'costs', 'create', 'list', 'restore', 'schedule install'])
    expect(run.text).toContain(`backup ${command}`);
  expect(run.text).not.toMatch(/manage status|sandbox start/);
  run.type(CTRL_C);
  expect((await run.exited).exitCode).toBe(130);
});
