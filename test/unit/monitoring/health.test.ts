import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healthView } from '../../../src/lib/cli/views/health-view.ts';
import {
  type Alarm,
  alarmFinding,
  backupFindings,
  certificateFinding,
  diskFindings,
  type Finding,
  healthOf,
  healthWords,
  instanceFinding,
  targetFindings,
} from '../../../src/lib/monitoring/index.ts';

const HOUR = 3_600_000;
const LIMITS = { disk: 90, certificateDays: 14, backupAge: 26 * HOUR };

describe('one verdict', () => {
  const verdict = fc.constantFrom<Finding['verdict']>('good', 'bad', 'unknown', 'no-data');
  const finding = fc.record({
    kind: fc.constant('alarm' as const),
    name: fc.string(),
    verdict,
    why: fc.string(),
  });

  it('is bad with one that is bad, good with none else, and hides nothing that nobody could look at', () => {
    fc.assert(
      fc.property(fc.array(finding), (findings) => {
        const has = (wanted: string) => findings.some((one) => one.verdict === wanted);
        const expected = has('bad') ? 'unhealthy' : has('unknown') ? 'unknown' : 'healthy';
        expect(healthOf(findings)).toBe(expected);
        const counted = [...healthWords(findings).matchAll(/\d+/g)].reduce((sum, [n]) => sum + Number(n), 0);
        expect(counted).toBe(findings.length);
      }),
    );
  });
});

describe('an alarm', () => {
  const alarm = (state: Alarm['state']): Alarm => ({
    name: 'errors',
    arn: 'arn:aws:cloudwatch:eu-west-3:123456789012:alarm:errors',
    state,
    since: 0,
    reason: 'Unchecked: Initial alarm creation',
    watched: {
      kind: 'metric',
      statistic: 'Sum',
      metric: { namespace: 'AWS/Lambda', metric: 'Errors', dimensions: {} },
    },
    comparison: 'GreaterThanThreshold',
    threshold: 0,
    period: 60_000,
    actionsEnabled: true,
    actions: { ALARM: [], OK: [], INSUFFICIENT_DATA: [] },
  });

  it('without data is neither good nor bad: it is said, and makes nothing unhealthy', () => {
    const findings = [alarmFinding(alarm('INSUFFICIENT_DATA'), 3 * HOUR), alarmFinding(alarm('OK'), HOUR)];
    expect(findings).toMatchObject([
      { verdict: 'no-data', why: 'for 3 h: the sum of Errors in AWS/Lambda above 0 in 1 min' },
      { verdict: 'good' },
    ]);
    expect(healthOf(findings)).toBe('healthy');
    expect(healthWords(findings)).toBe('Healthy: 1 good and 1 alarm without data.');
    const view = healthView(findings);
    expect(view.exit).toBeUndefined();
    expect(view.text({ paint: (_, text) => text, columns: 100 })).toMatch(/^no data +alarm +errors/m);
  });

  it('in ALARM is bad beside it', () => {
    const findings = (['INSUFFICIENT_DATA', 'ALARM'] as const).map((state) => alarmFinding(alarm(state), 0));
    expect(healthWords(findings)).toBe('Unhealthy: 1 bad, 0 good and 1 alarm without data.');
  });
});

describe('what is bad', () => {
  it('a certificate that ends soon, or is not trusted', () => {
    expect(certificateFinding('api', 13, undefined, LIMITS)).toMatchObject({
      verdict: 'bad',
      why: 'good for only 13 days',
    });
    expect(certificateFinding('api', 14, undefined, LIMITS).verdict).toBe('good');
    expect(certificateFinding('api', 80, 'it is self-signed', LIMITS)).toMatchObject({
      verdict: 'bad',
      why: 'it is self-signed',
    });
  });

  it('a disk at its limit', () => {
    const reading = {
      cpuPercent: 1,
      cores: 1,
      load: [],
      memory: { used: 1, total: 2 },
      uptimeSeconds: 1,
      disks: [
        { path: '/', used: 90, total: 100 },
        { path: '/srv', used: 89, total: 100 },
        { path: '/none', used: 0, total: 0 },
      ],
    };
    expect(diskFindings('web', reading, LIMITS)).toMatchObject([
      { name: 'web:/', verdict: 'bad', why: '90 % in use, the limit is 90 %' },
      { name: 'web:/srv', verdict: 'good' },
      { name: 'web:/none', verdict: 'good' },
    ]);
  });

  it('an impaired instance; one without an answer is not known, a stopped one no trouble', () => {
    const of = (system: string, instance: string) =>
      instanceFinding({ logicalId: 'Host', id: 'i-1' }, { system, instance }).verdict;
    expect(of('ok', 'impaired')).toBe('bad');
    expect(of('insufficient-data', 'ok')).toBe('unknown');
    expect(of('not-applicable', 'not-applicable')).toBe('good');
    const broken = instanceFinding({ logicalId: 'Host', id: 'i-1' }, { system: 'impaired', instance: 'ok' });
    expect(broken.mend).toContain('infractl manage restart --hard --id i-1');
  });

  it('a target that is not healthy, with the reason in words; none at all; a group that is gone', () => {
    const of = (state: string, reason?: string, said?: string) =>
      targetFindings('Group', [
        { id: 'i-1', port: 3000, state, ...(reason ? { reason } : {}), ...(said ? { said } : {}) },
      ])[0];
    expect(of('healthy')).toEqual({
      kind: 'target',
      name: 'Group i-1:3000',
      verdict: 'good',
      why: 'healthy',
    });
    expect(
      of('unhealthy', 'Target.ResponseCodeMismatch', 'Health checks failed with these codes: [502]'),
    ).toMatchObject({
      verdict: 'bad',
      why: 'unhealthy; it answers the health check with another status; AWS says: Health checks failed with these codes: [502]',
      mend: expect.stringContaining('infractl manage status --id i-1'),
    });
    expect(of('unused', 'Target.InvalidState')).toMatchObject({
      verdict: 'bad',
      mend: 'infractl manage start --id i-1',
    });
    expect(of('initial', 'Elb.InitialHealthChecking')?.verdict).toBe('unknown');
    expect(of('draining', 'Target.DeregistrationInProgress')?.verdict).toBe('good');
    expect(of('unavailable', 'Target.HealthCheckDisabled')?.verdict).toBe('good');
    expect(of('unavailable', 'Elb.InternalError')?.verdict).toBe('bad');
    expect(of('unhealthy', 'Target.NewReason')?.why).toBe('unhealthy; Target.NewReason');
    expect(targetFindings('Group', [])).toMatchObject([
      { verdict: 'bad', why: expect.stringContaining('503') },
    ]);
    expect(targetFindings('Group', undefined)).toMatchObject([{ verdict: 'bad' }]);
  });

  it('a plan without a good backup that is young enough, for each of its subjects', () => {
    const now = Date.UTC(2026, 0, 5, 9);
    const backup = (subject: string, hours: number, state: 'good' | 'pending' | 'failed' = 'good') => ({
      plan: 'nightly',
      subject,
      region: 'eu-west-3',
      at: now - hours * HOUR,
      state,
    });
    const of = (subjects: string[], backups: ReturnType<typeof backup>[], regions: string[] = []) =>
      backupFindings({ name: 'nightly', subjects, regions }, backups, now, LIMITS);
    expect(of([], [])).toMatchObject([{ verdict: 'bad', why: 'there is no good one' }]);
    expect(of([], [backup('a', 5), backup('b', 30)])).toEqual([
      { kind: 'backup', name: 'nightly', verdict: 'good', why: 'the newest good one is 5 h old' },
    ]);
    expect(of(['a', 'b'], [backup('a', 5), backup('b', 30)])).toMatchObject([
      { name: 'nightly a', verdict: 'good' },
      {
        name: 'nightly b',
        verdict: 'bad',
        why: 'the newest good one is 30 h old, the limit is 26 h',
        mend: expect.stringContaining('infractl backup create nightly'),
      },
    ]);
    expect(of(['a'], [backup('a', 30), backup('a', 2, 'failed')])[0]?.why).toContain(
      'the last one, 2 h ago, failed',
    );
    expect(of(['a'], [backup('a', 5), backup('a', 0, 'pending')])).toMatchObject([
      { verdict: 'good', why: 'the newest good one is 5 h old; one is being made' },
    ]);
    expect(of(['a'], [{ ...backup('a', 1), plan: 'other' }])[0]?.verdict).toBe('bad');
    const copy = (hours: number, state?: 'failed') => ({ ...backup('a', hours, state), region: 'eu-west-1' });
    expect(of(['a'], [backup('a', 1), copy(50), copy(1, 'failed')], ['eu-west-1'])).toMatchObject([
      { name: 'nightly a', verdict: 'good', why: 'the newest good one is 1 h old' },
      {
        name: 'nightly a in eu-west-1',
        verdict: 'bad',
        why: expect.stringContaining('the last one, 1 h ago, failed'),
        mend: expect.stringContaining('infractl backup create nightly --wait'),
      },
    ]);
  });
});
