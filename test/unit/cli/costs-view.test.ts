import stringWidth from 'fast-string-width';
import { describe, expect, it } from 'vitest';
import { costChangeText } from '../../../src/lib/cli/views/cost-change-view.ts';
import { estimateView } from '../../../src/lib/cli/views/costs-view.ts';
import type { CostLine, EnvironmentEstimate, StackCostChange } from '../../../src/lib/costs/index.ts';
import type { Range } from '../../../src/lib/project/model.ts';

/** How costs are shown: on a wide terminal, on one of 30 columns, and where prices are old or unknown. */

const wide = { paint: (_: string, text: string) => text, columns: Number.POSITIVE_INFINITY };
const narrow = { ...wide, columns: 30 };
const one = (value: number): Range => ({ low: value, typical: value, high: value });
const line = (resource: string, month: Range | null): CostLine => ({
  resource,
  type: 'AWS::EC2::NatGateway',
  service: 'EC2 - Other',
  what: 'data through it',
  quantity: one(1),
  on: ['transfer'],
  price: month && { usd: 0.0000166667, per: 'GB', source: 'a list', asOf: '2026-05-03', like: 'us-east-1' },
  month,
});
const estimate = (lines: readonly CostLine[], old: boolean): EnvironmentEstimate => ({
  project: 'shop',
  environment: 'dev',
  region: 'eu-west-3',
  currency: 'USD',
  hours: 730,
  month: { low: 1, typical: 2, high: 3000 },
  parts: [
    {
      part: 'stack app',
      stackName: 'shop-app-dev',
      month: { low: 1, typical: 2, high: 3000 },
      lines,
      notCounted: [{ resource: 'Users', type: 'AWS::Cognito::UserPool', why: 'its price goes by its users' }],
      free: 3,
      usage: { transfer: { low: 1, typical: 10, high: 100, said: false } },
    },
  ],
  sources: [{ source: 'a list', asOf: '2026-05-03', like: 'us-east-1', ageDays: old ? 202 : 9, old }],
});

describe('an estimate', () => {
  it('has each figure with its source and age, and says what is old and what is not known', () => {
    const text = estimateView(
      estimate([line('Nat', { low: 1, typical: 2, high: 3000 }), line('Odd', null)], true),
    ).text(wide);
    expect(text).toMatch(
      /^Nat +data through it +\$1\.00 +\$2\.00 +\$3,000\.00 +\$0\.0000166667 \/ GB +\[1\]$/m,
    );
    expect(text).toMatch(/^Odd +data through it +\? +\? +\? +not known$/m);
    expect(text).toContain(
      '[1]  a list of 2026-05-03, 202 d old; of us-east-1, as that of eu-west-3 is not known here',
    );
    expect(text).toContain(
      '[1] is older than 90 days.\nTo ask AWS for its prices of today: infractl costs --refresh',
    );
    expect(text).toContain('Without 1 figure whose price is not known');
    expect(text).toContain('Users (AWS::Cognito::UserPool): its price goes by its users');
    expect(text).toContain('3 resources of types that cost nothing');
    expect(text).toContain('costs: { app: { transfer: 10 } }');
    expect(estimateView(estimate([line('Nat', one(2))], false)).text(wide)).not.toContain('older than');
  });

  it('on 30 columns keeps resource and typical; only what is to be copied is longer', () => {
    const lines = estimateView(estimate([line('NatGatewayOfTheZone', one(2))], true))
      .text(narrow)
      .split('\n');
    expect(lines.some((text) => /^Nat\S+… {2}data\S*…? +\$2\.00$/.test(text))).toBe(true);
    const long = lines.filter((text) => stringWidth(text) > 30);
    expect(long.every((text) => /infractl costs|^ {2}costs:|AWS::/.test(text))).toBe(true);
  });
});

describe('a change', () => {
  const change = (
    part: string,
    before: Range,
    after: Range,
    notCounted: StackCostChange['notCounted'] = [],
  ) => ({
    part,
    before,
    after,
    difference: one(after.typical - before.typical),
    notCounted,
  });
  const all = (...stacks: StackCostChange[]) => ({
    currency: 'USD' as const,
    stacks,
    before: one(1),
    after: one(5),
    difference: one(4),
  });

  it('of one stack is a line, of several a line each and their sum; of none nothing', () => {
    const grown = change('stack app', one(1), one(4));
    expect(costChangeText(all(grown), wide)).toEqual(['A month on AWS: +$3.00 ($1.00 → $4.00).']);
    expect(costChangeText(all(grown, change('stack db', one(0), one(1))), wide)).toEqual([
      [
        'A month on AWS:',
        '  stack app  +$3.00 ($1.00 → $4.00)',
        '  stack db   +$1.00 ($0.00 → $1.00)',
        '  total      +$4.00 ($1.00 → $5.00)',
      ].join('\n'),
    ]);
    expect(costChangeText(all(change('stack app', one(1), one(1.001))), wide)).toEqual([]);
    expect(costChangeText(undefined, wide)).toEqual([]);
  });

  it('says what it adds that is in no sum', () => {
    const pool = { resource: 'Users', type: 'AWS::Cognito::UserPool', why: 'by its users' };
    const [text] = costChangeText(all(change('stack app', one(1), one(1), [pool])), wide);
    expect(text).toBe('A month on AWS: ±$0.00 ($1.00 → $1.00).\nNot in it: Users (by its users).');
  });
});
