import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { realClock } from '../fake/clock.ts';
import { type Fake, startFake } from '../fake/server.ts';
import { type CliResult, ESCAPES, Home } from '../helpers/cli.ts';
import { CTRL_C, Pty } from '../helpers/pty.ts';
import { until } from '../helpers/until.ts';
import { putShop, setOff, shopOnAws } from '../helpers/watched.ts';

/** `monitoring dashboard` and `continuous` at the command line, on a fake AWS and an endpoint of the test. */

let fake: Fake;
let home: Home;
let server: Server;

beforeAll(async () => {
  fake = await startFake({ clock: realClock() });
  home = new Home();
  server = createServer((_, answer) => answer.end('fine'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await shopOnAws(fake);
  const health = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  putShop(home.work, health, (text) => text.replace(/^hosts:\n.*\n/m, ''));
}, 120_000);
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await fake.close();
  home.remove();
});

beforeEach(() => {
  fake.faults.clear();
  for (const alarm of fake.state.cloudWatch.alarms.values()) Object.assign(alarm, { state: 'OK' });
  fake.requests.length = 0;
});

const DASHBOARD = ['monitoring', 'dashboard'];
const CONTINUOUS = ['monitoring', 'continuous', '--interval', '1s'];
const run = (args: readonly string[]): Promise<CliResult> => home.run(args, { env: fake.env });
const screen = (args: readonly string[], options: ConstructorParameters<typeof Pty>[2] = {}) =>
  new Pty(home, args, { columns: 120, rows: 40, ...options, env: { ...fake.env, ...options.env } });

describe('monitoring dashboard without a terminal', () => {
  it('prints everything once, changes nothing, and keeps what cannot be seen to its panel', async () => {
    const result = await run(DASHBOARD);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).not.toMatch(ESCAPES);
    for (const words of [
      /^shop dev eu-west-3, .* {2}all good$/m,
      /✓ shop-errors/,
      /✓ health +200 in \d+ ms/,
      /✓ backup +9 h old/,
      /Web CPU +[▁-█]/,
    ])
      expect(result.stdout).toMatch(words);
    expect(fake.mutations()).toEqual([]);
    fake.faults.deny('ec2:DescribeSnapshots');
    const denied = await run(DASHBOARD);
    expect(denied.code).toBe(3);
    expect(denied.stdout).toMatch(/backup +no permission/);
    expect(denied.stdout).toMatch(/✓ shop-errors/);
  });

  it('is JSON, and a file for the browser', async () => {
    const result = await run([...DASHBOARD, '--json', '--range', '1h', '--html', 'report.html']);
    expect(result.code).toBe(0);
    const picture = JSON.parse(result.stdout);
    expect(picture).toMatchObject({
      project: 'shop',
      verdict: 'healthy',
      window: { range: '1h', periodSeconds: 60 },
    });
    expect(picture.alarms.items).toHaveLength(3);
    expect(picture.hosts).toBeNull();
    const html = readFileSync(path.join(home.work, 'report.html'), 'utf8');
    expect(html).toContain('<title>shop dev: all good</title>');
    expect(picture.report.bytes).toBe(Buffer.byteLength(html));
  });

  it('without credentials it is one error: exit 4', async () => {
    const keys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
    putShop(path.join(home.work, 'alone'), undefined, (text) => text.replace(/^hosts:\n.*\n/m, ''));
    const result = await home.run(DASHBOARD, {
      env: { ...fake.env, ...keys },
      cwd: path.join(home.work, 'alone'),
    });
    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(result.stderr).toContain('There are no AWS credentials.');
  });
});

describe('monitoring continuous without a terminal', () => {
  it('tells the whole, then a line for each change, and ends with exit 8 on an alarm', async () => {
    const watch = home.start([...CONTINUOUS, '--exit-on', 'alarm'], { env: fake.env });
    await until(() => watch.output().includes('shop dev: all good'), watch);
    const told = watch.output();
    setOff(fake, 'shop-errors');
    const result = await watch.ended;
    expect(told).toMatch(/^Watching every 1.0 s; Ctrl-C ends it\.$/m);
    expect(result.code).toBe(8);
    expect(result.stdout).toMatch(/ ✗ alarm shop-errors: OK → ALARM, for \d+ s: 2 datapoints: 12, 17/);
    expect(result.stdout).not.toMatch(ESCAPES);
  });

  it('as JSON: the picture, the changes, the result; a lost connection is said and survived', async () => {
    const watch = home.start([...CONTINUOUS, '--json'], { env: { ...fake.env, AWS_MAX_ATTEMPTS: '1' } });
    const said = (words: RegExp) => until(() => words.test(watch.output()), watch);
    await said(/"type":"picture"/);
    fake.faults.reset('cloudwatch:DescribeAlarms', { times: 2 });
    await said(/"name":"alarms".*"to":"no connection"/);
    await said(/"name":"alarms".*"to":"seen"/);
    watch.child.kill('SIGINT');
    const result = await watch.ended;
    const lines = result.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ type: 'picture', verdict: 'healthy' });
    expect(lines.at(-1)).toMatchObject({ error: { code: 'Interrupted', exit: 130 } });
    expect(result.code).toBe(130);
  });

  it('ends by itself after --for', async () => {
    const result = await run([...CONTINUOUS, '--json', '--for', '4s']);
    expect(result.code).toBe(0);
    expect(JSON.parse(result.stdout.trim().split('\n').at(-1) ?? '')).toMatchObject({
      type: 'result',
      because: 'time',
    });
  });
});

describe('the screen', () => {
  const ENTER_SCREEN = '\u001B[?1049h';
  const LEAVE_SCREEN = '\u001B[?1049l';

  it('draws the frame at once, fills it, takes keys, and gives the terminal back at q', async () => {
    const terminal = screen(DASHBOARD);
    try {
      await terminal.until('─ Alarms');
      await terminal.until('Api errors');
      await terminal.until('✓ all good');
      expect(terminal.raw).toContain(ENTER_SCREEN);
      terminal.type('?');
      await terminal.until('move among rows and charts');
      terminal.type('q');
      terminal.type('r');
      await terminal.until('12h, 5 min a point');
      terminal.type('/disk\r');
      await terminal.until('filter: disk');
      terminal.type('\u001B[Bd');
      await terminal.until(/infractl monitoring alarms shop-disk|newest|Nothing is selected/);
      terminal.resize(60, 15);
      await terminal.until('needs 80 columns');
      terminal.resize(100, 30);
      terminal.type('q');
      terminal.type('q');
      expect((await terminal.exited).exitCode).toBe(0);
      expect(terminal.raw.lastIndexOf(LEAVE_SCREEN)).toBeGreaterThan(terminal.raw.lastIndexOf(ENTER_SCREEN));
      expect(terminal.raw.lastIndexOf('\u001B[?25h')).toBeGreaterThan(
        terminal.raw.lastIndexOf('\u001B[?25l'),
      );
    } finally {
      terminal.kill();
    }
  });

  it('Ctrl-C leaves with 130; NO_COLOR leaves no colours', async () => {
    const terminal = screen(DASHBOARD, { env: { NO_COLOR: '1' } });
    try {
      await terminal.until('✓ all good');
      terminal.type(CTRL_C);
      expect((await terminal.exited).exitCode).toBe(130);
      expect(terminal.raw).toContain(LEAVE_SCREEN);
      expect(terminal.raw).not.toMatch(/\u001B\[[\d;]*m/);
    } finally {
      terminal.kill();
    }
  });

  it('ends on an alarm with what it is, on the screen that was there before', async () => {
    const terminal = screen([...CONTINUOUS, '--exit-on', 'alarm']);
    try {
      await terminal.until('✓ all good');
      setOff(fake, 'shop-errors');
      expect((await terminal.exited).exitCode).toBe(8);
      const after = terminal.raw.slice(terminal.raw.lastIndexOf(LEAVE_SCREEN));
      expect(after).toContain('alarm shop-errors');
    } finally {
      terminal.kill();
    }
  });

  it('is left for the menu that it was opened from, which stays', async () => {
    const terminal = screen([]);
    try {
      await terminal.until('More');
      terminal.type('monitoring dashboard');
      await terminal.until(/❯ monitoring dashboard/);
      terminal.type('\r');
      await terminal.until('[options]');
      terminal.type('\r');
      await terminal.until('✓ all good');
      terminal.type('q');
      await terminal.until(/That was: infractl monitoring dashboard[\s\S]*What do you want to do\?/);
      // Longer than the dashboard waits for what is under way.
      await pause(2_000);
      terminal.type('leave');
      await terminal.until(/❯ leave/);
      terminal.type('\r');
      expect((await terminal.exited).exitCode).toBe(0);
    } finally {
      terminal.kill();
    }
  });

  it('SIGTERM and a terminal that is gone end it', async () => {
    for (const signal of ['SIGTERM', 'SIGHUP']) {
      const terminal = screen(DASHBOARD);
      try {
        await terminal.until('✓ all good');
        terminal.kill(signal);
        await terminal.exited;
      } finally {
        terminal.kill();
      }
    }
  });
});
