import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Scene } from '../helpers/trouble.ts';
import { until } from '../helpers/until.ts';

/** `logs` and its parts at the command line, on a fake AWS in real time. */

const API = '/aws/lambda/shop-api-dev';
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open();
  expect((await scene.run(['deploy', '--create-stack'])).code).toBe(0);
}, 60_000);
afterAll(() => scene.close());

beforeEach(() => {
  scene.fake.faults.clear();
  const { groups } = scene.fake.state.logs;
  groups.clear();
  const now = Date.now();
  groups.set(API, [
    { at: now - 60_000, message: 'START RequestId: r Version: 1\n' },
    { at: now - 59_000, message: '{"level":"error","message":"order failed","order":17}' },
    { at: now - 3_600_000, message: 'an hour ago' },
  ]);
  groups.set('/shop/web', [{ at: now - 58_000, message: 'GET /\u001B[2J' }]);
});

const lines = (text: string) => text.trim().split('\n');

describe('logs', () => {
  it('shows what the project writes, the newest minutes', async () => {
    const result = await scene.run(['logs']);
    expect(result).toMatchObject({ code: 0 });
    expect(lines(result.stdout)).toEqual([
      expect.stringMatching(/^\d\d:\d\d:\d\d\.\d{3} ERROR order failed order=17$/),
    ]);
  });

  it('by function, stack, group and the beginning of several; in one order', async () => {
    for (const name of ['api', 'function:api', 'app', 'stack:app', 'Function', API, '/aws/lambda/shop*'])
      expect((await scene.run(['logs', name])).stdout).toContain('order failed');
    // By the end of the name of a group of the project, which it may be shown as.
    expect((await scene.run(['logs', 'shop-api-dev'])).stdout).toContain('order failed');
    const both = await scene.run(['logs', 'api', '/shop/']);
    const [first, second] = lines(both.stdout);
    expect(first).toMatch(/ api {2}ERROR order failed order=17$/);
    // What was logged cannot drive the terminal.
    expect(second).toMatch(/ web {2}GET \/\\x1b\[2J$/);
  });

  it('--since, --until, --lines, --grep, --filter', async () => {
    const hour = await scene.run(['logs', 'api', '--since', '2h', '--until', '30m']);
    expect(lines(hour.stdout).at(-1)).toMatch(/an hour ago$/);
    expect(hour.stdout).not.toContain('order');
    expect(lines((await scene.run(['logs', 'api', '--since', '2h', '-n', '1'])).stdout)).toHaveLength(1);
    // As many as are shown: marks of the platform do not count.
    scene.fake.state.logs.groups.get(API)?.push({ at: Date.now() - 1000, message: 'END RequestId: r\n' });
    expect((await scene.run(['logs', 'api', '-n', '1'])).stdout).toContain('order failed');
    expect((await scene.run(['logs', 'api', '--grep', 'ORDER'])).stdout).toBe(
      'No events in this time. --since goes further back.\n',
    );
    expect((await scene.run(['logs', 'api', '--filter', 'order'])).stdout).toContain('order failed');
  });

  it('--grep shows an error with its stack, the lines of which are events of their own', async () => {
    const at = Date.now() - 30_000;
    const lines = ['Error: no stock', 'GET /cart', '    at take (stock.js:7)', 'later'];
    const stream = (index: number) => (index === 1 ? 'b' : 'a');
    scene.fake.state.logs.groups.set(
      '/shop/web',
      lines.map((message, index) => ({ at: at + index, stream: stream(index), message })),
    );
    const shown = ['logs', '/shop/web', '--grep', 'no stock'];
    expect((await scene.run(shown)).stdout).toMatch(
      /^\S+ Error: no stock\n {4} {4}at take \(stock.js:7\)\n$/,
    );
    const newest = await scene.run([...shown, '-n', '2', '--json']);
    expect(newest.stdout.match(/"message":"[^"]*"/g)).toHaveLength(2);
  });

  it('--json: one event a line, the result last', async () => {
    const result = await scene.run(['logs', 'api', '--json', '--fields', 'order']);
    const [start, event, end] = lines(result.stdout).map((line) => JSON.parse(line));
    expect(start).toMatchObject({ type: 'log', name: 'api', group: API });
    expect(event).toMatchObject({ fields: { order: 17 } });
    expect(end).toEqual({ type: 'result', events: 2, groups: [API], missing: [], failed: [] });
  });

  it('names what is wrong before it asks: times, patterns, groups', async () => {
    scene.fake.actions();
    for (const wrong of [
      ['--since', 'soon'],
      ['--until', '1h'],
      ['--grep', '('],
    ])
      expect((await scene.run(['logs', ...wrong])).code).toBe(2);
    expect(scene.fake.actions()).toEqual([]);
    for (const [typed, meant] of [
      ['apy', 'api'],
      ['/shop/wob', '/shop/web'],
      ['/shp/web', '/shop/web'],
      ['shop-api', API],
    ] as const) {
      const near = await scene.run(['logs', typed]);
      expect(near).toMatchObject({ code: 2, stdout: '' });
      expect(near.stderr).toMatch(new RegExp(`Did you mean: .*${meant}`));
    }
    expect((await scene.run(['logs', '--filter', '{ $.broken'])).code).toBe(2);
  });

  it('goes on without one group of ten that may not be read: exit 3, named', async () => {
    const { groups } = scene.fake.state.logs;
    const names = Array.from({ length: 10 }, (_, index) => `/ten/${index}`);
    for (const name of names) groups.set(name, [{ at: Date.now() - 5000, message: `of ${name}` }]);
    scene.fake.faults.deny('logs:FilterLogEvents', { times: 1 });
    const result = await scene.run(['logs', '/ten/']);
    expect(result.code).toBe(3);
    const shown = names.filter((name) => result.stdout.includes(`of ${name}\n`));
    expect(shown).toHaveLength(9);
    const [lost] = names.filter((name) => !shown.includes(name));
    expect(result.stdout).toMatch(new RegExp(`✗ ${lost}: .* may not do logs:FilterLogEvents`));
    scene.fake.faults.clear();
    scene.fake.faults.deny('logs:FilterLogEvents', { times: 1 });
    const programs = await scene.run(['logs', '/ten/', '--json']);
    expect(programs.code).toBe(3);
    expect(lines(programs.stdout)).toHaveLength(10);
    expect(JSON.parse(lines(programs.stdout).at(-1) ?? '')).toMatchObject({
      type: 'result',
      events: 9,
      failed: [{ code: 'AccessDenied' }],
    });
  });

  it('throttled on every second call, it shows all', async () => {
    scene.fake.faults.throttle('logs:*', { every: 2, times: Number.POSITIVE_INFINITY });
    const result = await scene.run(['logs', 'api', '/shop/web']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toMatch(/order failed[\s\S]*GET/);
  });

  it('a function that was never called has no group yet, which is no failure', async () => {
    scene.fake.state.logs.groups.clear();
    const result = await scene.run(['logs', 'api']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('Nothing was logged yet');
  });

  it('--follow: what comes, in order, until Ctrl-C', async () => {
    const following = scene.start(['logs', '/shop/web', '--follow']);
    await until(() => following.output().includes('GET'), following);
    scene.fake.state.logs.groups.get('/shop/web')?.push({ at: Date.now(), message: 'one more' });
    await until(() => following.output().includes('one more'), following);
    following.child.kill('SIGINT');
    const result = await following.ended;
    expect(result.code).toBe(130);
    expect(lines(result.stdout)).toHaveLength(2);
  });
});

describe('a reader that goes away', () => {
  const line = (index: number) => ({
    at: Date.now() - 5000 + index,
    message: `${index} ${'x'.repeat(2000)}`,
  });

  it('ends it quietly: many events, and while they are followed', async () => {
    const { groups } = scene.fake.state.logs;
    groups.set(
      '/shop/web',
      Array.from({ length: 2000 }, (_, index) => line(index)),
    );
    for (const follow of [[], ['--follow']]) {
      const reading = scene.start(['logs', '/shop/web', ...follow]);
      reading.child.stdout?.once('data', () => reading.child.stdout?.destroy());
      const result = await reading.ended;
      expect(result).toMatchObject({ code: 0 });
      expect(result.stderr).not.toMatch(/EPIPE|Error/);
    }
  });
});

describe('logs --live', () => {
  it('says what it costs; each line once, until Ctrl-C', async () => {
    scene.fake.state.products.push({
      service: 'AmazonCloudWatch',
      attributes: { regionCode: 'eu-west-3', usagetype: 'EUW3-Logs-LiveTail' },
      usd: 0.02,
    });
    const following = scene.start(['logs', '/shop/web', '--live']);
    await until(() => following.output().includes('Live Tail of'), following);
    scene.fake.state.logs.groups.get('/shop/web')?.push({ at: Date.now(), message: 'one more' });
    await until(() => following.output().includes('one more'), following);
    following.child.kill('SIGINT');
    const result = await following.ended;
    expect(result.code).toBe(130);
    expect(lines(result.stdout)).toHaveLength(2);
    expect(result.stderr).toContain('Live Tail of 1 group: 1 session, $0.02 a minute after the 1,800 free');
  });
});

describe('monitoring logs', () => {
  it('shows the last errors of each log, and which have none', async () => {
    const result = await scene.run(['monitoring', 'logs', 'api', '/shop/web']);
    expect(result.code).toBe(0);
    expect(result.stdout).toMatch(
      /api \/aws\/lambda\/shop-api-dev: 1 error of 1 message\n.* {2}order failed order=17/,
    );
    expect(result.stdout).toContain('✓ web: no errors in 1 message');
    expect((await scene.run(['monitoring', 'logs'])).stdout).toContain('order failed');
  });

  it('names what it could not read: exit 3', async () => {
    scene.fake.faults.deny('logs:FilterLogEvents', { times: 1 });
    const result = await scene.run(['monitoring', 'logs', 'api', '/shop/web', '--json']);
    expect(result.code).toBe(3);
    expect(JSON.parse(result.stdout)).toMatchObject({ failed: [{ code: 'AccessDenied' }] });
  });
});

describe('logs stats and query', () => {
  it('counts', async () => {
    const result = await scene.run(['logs', 'stats', 'api', '--json']);
    expect(result.code).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({
      events: 1,
      errors: 1,
      patterns: [{ pattern: 'order failed' }],
    });
    expect((await scene.run(['logs', 'stats', 'api'])).stdout).toContain('1 message, 1 error, 0 warnings');
  });

  it('asks Insights, and says what it scanned', async () => {
    const result = await scene.run(['logs', 'query', 'fields @message', '--in', 'api']);
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('order failed');
    // What a GB costs in this region is not known to infractl, and nothing is made up.
    expect(result.stdout).toMatch(/2 events matched; scanned \d+ B\.\n/);
    expect((await scene.run(['logs', 'query', 'select 1', '--in', 'api'])).code).toBe(2);
  });

  it('an interrupted query is stopped in AWS', async () => {
    scene.fake.state.logs.queryMs = 60_000;
    scene.fake.requests.length = 0;
    const asking = scene.start(['logs', 'query', 'fields @message', '--in', 'api']);
    await until(() => scene.fake.requests.some(({ action }) => action === 'GetQueryResults'), asking);
    asking.child.kill('SIGINT');
    const result = await asking.ended;
    scene.fake.state.logs.queryMs = 0;
    expect(result.code).toBe(130);
    expect(scene.fake.requests.at(-1)?.action).toBe('StopQuery');
  });
});
