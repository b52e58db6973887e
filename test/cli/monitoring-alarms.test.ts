import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Scene, TEMPLATE } from '../helpers/trouble.ts';

/** `monitoring alarms` and its parts at the command line, on a fake AWS in real time. */

const ALARMS = `  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: shop-errors
      Namespace: AWS/Lambda
      MetricName: Errors
      Dimensions: [{ Name: FunctionName, Value: shop-api-dev }]
      Statistic: Sum
      Period: 300
      EvaluationPeriods: 2
      Threshold: 10
      ComparisonOperator: GreaterThanThreshold
      AlarmActions: ["arn:aws:sns:eu-west-3:123456789012:alerts"]
  Any:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties: { AlarmName: shop-any, AlarmRule: ALARM(shop-errors) }
Outputs:`;

let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open({ template: TEMPLATE.replace('Outputs:', ALARMS) });
  await scene.deployed();
}, 60_000);
afterAll(() => scene.close());

beforeEach(() => {
  const { cloudWatch } = scene.fake.state;
  scene.fake.faults.clear();
  cloudWatch.muteRules.clear();
  cloudWatch.history.length = 0;
  cloudWatch.carriedOut.length = 0;
  cloudWatch.withoutMuteRules = false;
  Object.assign(cloudWatch.alarms.get('shop-errors') as object, {
    state: 'ALARM',
    reason: 'Threshold Crossed: 2 datapoints were greater than the threshold (10.0).',
    reasonData:
      '{"startDate":"2026-11-21T14:00:00.000+0000","period":300,"recentDatapoints":[12,15],"threshold":10}',
    changed: Date.now() - 12 * 60_000,
  });
  scene.fake.requests.length = 0;
});

const TEST = ['monitoring', 'alarms', 'test'];
const SILENCE = ['monitoring', 'alarms', 'silence'];

describe('monitoring alarms', () => {
  it('lists what needs somebody first, since when and why', async () => {
    const result = await scene.run(['monitoring', 'alarms']);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    const [, first, second] = result.stdout.split('\n');
    expect(first).toBe(
      'ALARM    shop-errors  12 min  the sum of Errors of shop-api-dev above 10 in 5 min, 2 times in a row — 2 datapoints: 12, 15, the limit is 10',
    );
    expect(second).toMatch(/^no data {2}shop-any .* ALARM\(shop-errors\)/);
    expect(result.stdout).toContain('2 alarms, 1 in ALARM, 1 without data');
  });

  it('--json: a list, with datapoints and silences', async () => {
    const { stdout } = await scene.run(['monitoring', 'alarms', '--json']);
    const alarms = JSON.parse(stdout);
    expect(alarms[0]).toMatchObject({
      name: 'shop-errors',
      stack: 'app',
      resource: 'Errors',
      state: 'ALARM',
      datapoints: [{ at: '2026-11-21T14:00:00.000Z', value: 12 }, { value: 15 }],
      silences: [],
    });
  });

  it('by name, at length, with what became of it; by the name in the template too', async () => {
    const { cloudWatch } = scene.fake.state;
    const summary = 'Alarm updated from OK to ALARM';
    cloudWatch.history.push({ alarm: 'shop-errors', at: Date.now() - 60_000, kind: 'StateUpdate', summary });
    cloudWatch.history.push({ alarm: 'shop-errors', at: 0, kind: 'StateUpdate', summary: 'long ago' });
    for (const name of ['shop-errors', 'Errors', 'app/Errors']) {
      const { code, stdout } = await scene.run(['monitoring', 'alarms', name]);
      expect(code).toBe(0);
      for (const words of ['ALARM  shop-errors', 'app/Errors', 'notifies alerts at ALARM', summary])
        expect(stdout).toContain(words);
      expect(stdout).not.toContain('long ago');
    }
  });

  it('history: what became of all of them, in one order of time', async () => {
    const { history } = scene.fake.state.cloudWatch;
    const now = Date.now();
    const put = (alarm: string, minutes: number, kind: string, summary: string) =>
      history.push({ alarm, at: now - minutes * 60_000, kind, summary });
    put('shop-errors', 30, 'StateUpdate', 'Alarm updated from OK to ALARM');
    put('shop-any', 29, 'StateUpdate', 'Alarm updated from OK to ALARM');
    put('shop-errors', 28, 'Action', 'Successfully executed action');
    put('shop-errors', 3000, 'StateUpdate', 'long ago');
    put('of-others', 5, 'StateUpdate', 'Alarm updated from OK to ALARM');
    const { code, stdout } = await scene.run(['monitoring', 'alarms', 'history']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^when .*\n.* shop-errors .*\n.* shop-any .*\n.* shop-errors +Action .*\n$/);
    const one = await scene.run(['monitoring', 'alarms', 'history', 'Any', '--since', '1h', '--json']);
    expect(JSON.parse(one.stdout)).toEqual([
      {
        at: new Date(now - 29 * 60_000).toISOString(),
        alarm: 'shop-any',
        kind: 'StateUpdate',
        summary: 'Alarm updated from OK to ALARM',
      },
    ]);
    expect((await scene.run(['monitoring', 'alarms', 'history', '--since', '1m'])).stdout).toMatch(
      /^Nothing happened/,
    );
  });

  it('list and explain are other words for it', async () => {
    const alarms = ['monitoring', 'alarms'];
    const [plain, list, named, explain] = await Promise.all([
      scene.run([...alarms, '--json']),
      scene.run([...alarms, 'list', '--json']),
      scene.run([...alarms, 'shop-errors', '--json']),
      scene.run([...alarms, 'explain', 'shop-errors', '--json']),
    ]);
    expect(list).toMatchObject({ code: 0, stdout: plain.stdout });
    expect(explain).toMatchObject({ code: 0, stdout: named.stdout });
  });

  it('a wrong name has the nearest; one deleted by hand is said', async () => {
    const wrong = await scene.run(['monitoring', 'alarms', 'shop-error']);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('Did you mean: shop-errors');
    const { alarms } = scene.fake.state.cloudWatch;
    const any = alarms.get('shop-any');
    alarms.delete('shop-any');
    const gone = await scene.run(['monitoring', 'alarms']);
    expect(gone.code).toBe(0);
    expect(gone.stderr).toContain('shop-any (app/Any) is not there any more');
    expect((await scene.run([...TEST, 'shop-any', '--yes'])).stderr).toContain('not there any more');
    if (any) alarms.set('shop-any', any);
  });

  it('without the right to see silences the alarms are shown: exit 3, said', async () => {
    scene.fake.faults.deny('cloudwatch:ListAlarmMuteRules', { times: 9 });
    const result = await scene.run(['monitoring', 'alarms']);
    expect(result.code).toBe(3);
    expect(result.stdout).toContain('shop-errors');
    expect(result.stderr).toContain('cloudwatch:ListAlarmMuteRules');
    scene.fake.faults.clear();
    scene.fake.faults.deny('cloudwatch:DescribeAlarms', { times: 9 });
    expect((await scene.run(['monitoring', 'alarms'])).code).toBe(4);
  });

  it('changes nothing, and no AWS without mute rules stops it', async () => {
    scene.fake.state.cloudWatch.withoutMuteRules = true;
    expect((await scene.run(['monitoring', 'alarms'])).code).toBe(0);
    expect((await scene.run([...SILENCE, 'shop-errors'])).code).toBe(2);
    expect(scene.fake.mutations()).toEqual([]);
  });
});

describe('monitoring alarms silence', () => {
  it('has an end that AWS keeps; again replaces it; --off ends it', async () => {
    const { cloudWatch } = scene.fake.state;
    const before = Date.now();
    for (const time of ['1h', '2h']) {
      const done = await scene.run([...SILENCE, 'shop-errors', '--for', time]);
      expect(done.code).toBe(0);
      expect(done.stdout).toContain('AWS ends it by itself');
    }
    const [rule, more] = cloudWatch.muteRules.values();
    expect(more).toBeUndefined();
    expect(rule).toMatchObject({ name: 'infractl-shop-errors', alarms: ['shop-errors'], duration: 'PT120M' });
    expect(rule?.expires).toBeGreaterThan(before + 2 * 3_600_000);
    expect((await scene.run(['monitoring', 'alarms'])).stdout).toMatch(/\(silent (?:from .* )?until /);
    const off = await scene.run([...SILENCE, 'shop-errors', '--off']);
    expect(off.stdout).toContain('shop-errors acts again');
    expect(cloudWatch.muteRules.size).toBe(0);
    const again = await scene.run([...SILENCE, 'shop-errors', '--off']);
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('Nothing to do');
  });

  it("leaves somebody else's rule", async () => {
    const rule = { name: 'nightly', alarms: ['shop-errors'], duration: 'PT1H', expires: undefined };
    scene.fake.state.cloudWatch.muteRules.set('nightly', { ...rule, expression: 'cron(0 2 * * *)' });
    const off = await scene.run([...SILENCE, 'shop-errors', '--off']);
    expect(off.stdout).toContain('nightly of somebody else stays');
    expect(scene.fake.state.cloudWatch.muteRules.size).toBe(1);
  });

  it('refuses what cannot be before anything is changed', async () => {
    for (const wrong of [['--for', 'soon'], ['--for', '16d'], []])
      expect(
        (await scene.run([...SILENCE, ...(wrong.length > 0 ? ['shop-errors'] : []), ...wrong])).code,
      ).toBe(2);
    expect(scene.fake.mutations()).toEqual([]);
  });
});

describe('monitoring alarms test', () => {
  it('says what its actions do, asks, and sets them off', async () => {
    const asked = await scene.run([...TEST, 'shop-errors', '--state', 'OK']);
    expect(asked.code).toBe(2);
    expect(asked.stderr).toContain('--yes');
    expect(scene.fake.mutations()).toEqual([]);
    expect((await scene.run([...TEST, 'shop-errors', '--state', 'OK', '--yes'])).code).toBe(0);
    const done = await scene.run([...TEST, 'Errors', '--yes']);
    expect(done.code).toBe(0);
    expect(done.stderr).toContain('shop-errors goes from OK to ALARM: it notifies alerts.');
    expect(scene.fake.state.cloudWatch.carriedOut).toEqual([
      { alarm: 'shop-errors', action: 'arn:aws:sns:eu-west-3:123456789012:alerts' },
    ]);
  });

  it('in the state already there is nothing to do', async () => {
    const result = await scene.run([...TEST, 'shop-errors', '--yes']);
    expect(result).toMatchObject({ code: 0 });
    expect(result.stdout).toContain('Nothing to do');
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('a protected environment wants --env', async () => {
    scene.configure({
      template: TEMPLATE.replace('Outputs:', ALARMS),
      head: 'environments:\n  dev: { protected: true }\n',
    });
    for (const args of [
      [...TEST, 'shop-errors', '--yes'],
      [...SILENCE, 'shop-errors'],
    ]) {
      const refused = await scene.run(args);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('--env dev');
    }
    expect(scene.fake.requests).toEqual([]);
    scene.configure({ template: TEMPLATE.replace('Outputs:', ALARMS) });
  });
});
