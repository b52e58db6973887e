import { describe, expect, it } from 'vitest';
import { dlmTemplate } from '../../../src/lib/backups/schedule/dlm.ts';
import { parseMoment } from '../../../src/lib/backups/schedule/entry.ts';
import { planOf } from './scene.ts';
import { DAY, OWNER } from './setup.ts';

const at = parseMoment('02:05 Mon-Fri');
const wanted = [{ kind: 'instance', tags: { Role: 'web' } }] as const;
const policyOf = (template: string) => JSON.parse(template).Resources.Policy.Properties;

describe('a policy of Data Lifecycle Manager', () => {
  it('does what the plan says, under a role of its own', () => {
    const plan = planOf(wanted, { policy: { daily: 7, weekly: 4 }, excludeBoot: true });
    const { PolicyDetails, State } = policyOf(dlmTemplate(plan, OWNER, at));
    expect(State).toBe('ENABLED');
    expect(PolicyDetails).toMatchObject({
      ResourceTypes: ['INSTANCE'],
      TargetTags: [{ Key: 'Role', Value: 'web' }],
      Parameters: { ExcludeBootVolume: true },
      Schedules: [
        { CreateRule: { CronExpression: 'cron(5 2 ? * MON,TUE,WED,THU,FRI *)' }, RetainRule: { Count: 7 } },
        { CreateRule: { CronExpression: 'cron(5 2 ? * SUN *)' }, RetainRule: { Count: 4 } },
      ],
    });
  });

  it('keeps by age where the plan does', () => {
    const { PolicyDetails } = policyOf(dlmTemplate(planOf(wanted), OWNER, at));
    expect(PolicyDetails.Schedules[0].RetainRule).toEqual({ Interval: 7, IntervalUnit: 'DAYS' });
  });

  it('tags nothing that cleaning up would take for its own', () => {
    const text = dlmTemplate(planOf(wanted), OWNER, at);
    expect(text).not.toContain('infractl:backup');
  });

  it.each([
    ['an id', planOf([{ kind: 'instance', id: 'i-1' }])],
    ['two targets', planOf([...wanted, ...wanted])],
    ['a database', planOf([{ kind: 'database', tags: { a: 'b' } }])],
    ['two tags, of which any would do', planOf([{ kind: 'volume', tags: { a: 'b', c: 'd' } }])],
    ['commands', planOf(wanted, { before: ['sync'] })],
    ['a key', planOf(wanted, { encrypt: { key: 'alias/ours' } })],
    ['copies', planOf(wanted, { copies: [{ region: 'eu-west-1' }] })],
    ['rules that it does not know', planOf(wanted, { policy: { last: 3 } })],
    ['two a night', planOf(wanted, { policy: { daily: 1, within: { ms: DAY, written: '1d' } } })],
  ])('refuses %s in words', (_, plan) => {
    expect(() => dlmTemplate(plan, OWNER, at)).toThrow(
      expect.objectContaining({ code: 'DlmCannot', exit: 2 }),
    );
  });
});
