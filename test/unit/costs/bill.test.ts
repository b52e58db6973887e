import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { billPort } from '../../../src/lib/aws/cost-explorer.ts';
import { InfractlError } from '../../../src/lib/base/errors.ts';
import {
  type Bill,
  type BillOrder,
  costExplorerOff,
  noBillYet,
  periodOf,
  readBill,
} from '../../../src/lib/costs/bill.ts';
import { billStore } from '../../../src/lib/costs/bill-store.ts';
import { compare, comparedMonth } from '../../../src/lib/costs/explain.ts';
import type { CostLine } from '../../../src/lib/costs/types.ts';
import { USAGE } from '../../../src/lib/project/index.ts';
import type { Range, UsageName } from '../../../src/lib/project/model.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

const DAY = 86_400_000;
const ACCOUNT = '123456789012';
const TAGS = { 'infractl:project': 'shop', 'infractl:environment': 'dev' };
const ORDER = { from: '2025-12-01', to: '2026-01-05', tags: TAGS };

let fake: Fake;
let home: string;
let agreed: number;
beforeEach(async () => {
  fake = await startFake();
  home = mkdtempSync(path.join(tmpdir(), 'infractl-bill-'));
  agreed = 0;
});
afterEach(async () => {
  await fake.close();
  rmSync(home, { recursive: true });
});

/** As another run of the command would have it. */
async function read(order: BillOrder = ORDER, agree = true, region = 'eu-west-3'): Promise<Bill> {
  const own = await sessionFor(fake);
  const session = { ...own, region, config: { ...own.config, region } };
  const deps = {
    port: async () => billPort(session, { off: costExplorerOff, noData: noBillYet }),
    store: billStore({ XDG_CACHE_HOME: home }),
    now: () => fake.clock.now(),
    agree: async () => {
      agreed++;
      if (!agree) throw new InfractlError({ code: 'Declined', message: 'Nothing was done.' });
    },
  };
  return readBill(deps, ACCOUNT, order);
}

const asked = () => fake.requests.filter(({ action }) => action === 'GetCostAndUsage');
function billed(day: string, service: string, usd: number, part = 'app'): void {
  const { costs, activeTags } = fake.state.costExplorer;
  costs.push({ day, service, usd, tags: { ...TAGS, 'infractl:part': part } });
  for (const tag of [...Object.keys(TAGS), 'infractl:part']) activeTags.add(tag);
}

describe('a bill', () => {
  it('is what carries the tags, by month, service and part', async () => {
    billed('2025-12-03', 'AWS Lambda', 1.5);
    billed('2025-12-04', 'AWS Lambda', 0.25);
    billed('2026-01-02', 'AmazonCloudWatch', 0.5, 'watch');
    fake.state.costExplorer.costs.push({ day: '2025-12-03', service: 'AWS Lambda', usd: 99 });
    expect((await read()).amounts).toEqual([
      { month: '2025-12', service: 'AWS Lambda', part: 'app', amount: 1.75, usd: 1.75 },
      { month: '2026-01', service: 'AmazonCloudWatch', part: 'watch', amount: 0.5, usd: 0.5 },
    ]);
    expect((await read({ ...ORDER, tags: undefined })).amounts).toMatchObject([
      { usd: 100.75, part: '' },
      {},
    ]);
  });

  it('is asked for in the home region of the partition, and is in its currency', async () => {
    billed('2025-12-03', 'AWS Lambda', 1.5);
    fake.state.costExplorer.currency = 'CNY';
    const { amounts, currency } = await read(ORDER, true, 'cn-north-1');
    expect(currency).toBe('CNY');
    expect(amounts).toEqual([
      { month: '2025-12', service: 'AWS Lambda', part: 'app', amount: 1.5, usd: null },
    ]);
    expect(asked().map(({ region }) => region)).toEqual(['cn-northwest-1']);
  });

  it('is nothing where the tags are not activated', async () => {
    billed('2025-12-03', 'AWS Lambda', 1.5);
    fake.state.costExplorer.activeTags.clear();
    expect((await read()).amounts).toEqual([]);
  });

  it('is asked for once a day, by an account and a question, and agreed to once for good', async () => {
    billed('2025-12-03', 'AWS Lambda', 1.5);
    await expect(read(ORDER, false)).rejects.toMatchObject({ code: 'Declined' });
    expect(asked()).toEqual([]);
    const first = await read();
    expect(await read()).toEqual(first);
    expect(asked()).toHaveLength(1);
    await fake.clock.sleep(DAY);
    expect((await read()).askedAt).not.toBe(first.askedAt);
    await read({ ...ORDER, from: '2025-11-01' });
    expect(asked()).toHaveLength(3);
    expect(agreed).toBe(2);
  });

  it('counts what every page of it cost', async () => {
    for (const service of ['a', 'b', 'c']) billed('2025-12-03', service, 1);
    fake.state.costExplorer.pageSize = 2;
    const { amounts, questions } = await read();
    expect(amounts.map(({ service }) => service)).toEqual(['a', 'b', 'c']);
    expect(questions).toBe(2);
  });

  it.each([
    ['off', 'CostExplorerOff', 1],
    ['empty', 'NoBillYet', 1],
    ['denied', 'AccessDenied', 4],
  ])('of Cost Explorer that is %s is refused in words, and kept by nobody', async (how, code, exit) => {
    if (how !== 'empty') billed('2025-12-03', 'AWS Lambda', 1);
    fake.state.costExplorer.enabled = how !== 'off';
    if (how === 'denied') fake.faults.deny('ce:GetCostAndUsage');
    const refused = await read().catch((error: unknown) => error);
    expect(refused).toMatchObject({ code, exit });
    expect((refused as InfractlError).suggestions.length).toBeGreaterThan(0);
    await read().catch(() => {});
    expect(asked()).toHaveLength(2);
  });

  it('is kept for the user alone, and a cache that cannot be written is no trouble', async () => {
    billed('2025-12-03', 'AWS Lambda', 1);
    await read();
    const folder = path.join(home, 'infractl/costs');
    for (const file of readdirSync(folder)) expect(statSync(path.join(folder, file)).mode & 0o077).toBe(0);
    rmSync(home, { recursive: true });
    home = path.join('/dev/null', 'home');
    expect((await read()).amounts).toHaveLength(1);
    expect(existsSync(home)).toBe(false);
    home = mkdtempSync(path.join(tmpdir(), 'infractl-bill-'));
  });

  it('is of full months and the one that runs, over the turn of a year', () => {
    const day = (text: string) => Date.parse(`${text}T12:00:00Z`);
    expect(periodOf(1, day('2026-01-05'))).toEqual({ from: '2025-12-01', to: '2026-01-05' });
    expect(periodOf(12, day('2026-03-01'))).toEqual({ from: '2025-03-01', to: '2026-03-01' });
  });
});

const usage = (_: CostLine, name: UsageName) => USAGE[name];
const line = (service: string, month: Range, on: UsageName[] = []) =>
  ({ service, month, on, resource: 'X', price: {} }) as unknown as CostLine;
const one = (value: number): Range => ({ low: value, typical: value, high: value });
const paid = (service: string, usd: number, month = '2025-12') => ({
  service,
  amount: usd,
  usd,
  month,
  part: '',
});
const DECEMBER = { month: '2025-12', passed: 1 };

describe('the difference', () => {
  it('is explained by service, the dearest first', () => {
    const lines = [
      line('AWS Lambda', { low: 0.1, typical: 1, high: 10 }, ['requests', 'seconds']),
      line('Amazon API Gateway', { low: 0.1, typical: 1, high: 2 }, ['requests']),
      line('AWS Secrets Manager', one(1.2)),
      line('Amazon DynamoDB', one(2)),
    ];
    const bill = [
      paid('AWS Lambda', 30),
      paid('Amazon API Gateway', 0.95),
      paid('AWS Secrets Manager', 2),
      paid('Tax', 3),
    ];
    expect(compare(bill, lines, DECEMBER, usage)).toMatchObject([
      {
        service: 'AWS Lambda',
        verdict: 'more',
        why: 'Its use (requests, seconds) is 30 times the typical one.',
      },
      { service: 'Tax', verdict: 'not estimated', estimate: null, why: 'Taxes are in no estimate.' },
      { service: 'AWS Secrets Manager', verdict: 'more', why: expect.stringContaining('More of it runs') },
      { service: 'Amazon API Gateway', verdict: 'as estimated', why: 'As the typical use has it.' },
      { service: 'Amazon DynamoDB', verdict: 'not billed' },
    ]);
  });

  it('says the use that would explain it, beyond what costs without use', () => {
    const lines = [
      line('Amazon Route 53', one(0.5)),
      line('Amazon Route 53', { low: 0.04, typical: 0.4, high: 4 }, ['queries']),
    ];
    const [found] = compare([paid('Amazon Route 53', 8.5)], lines, DECEMBER, usage);
    expect(found?.why).toBe('As if queries were 2,000,000, not 100,000.');
  });

  it('of a month that runs is told by its days so far', () => {
    const bill = [paid('AWS Lambda', 1, '2026-01')];
    const month = comparedMonth(bill, '2026-01-11');
    expect(month).toEqual({ month: '2026-01', passed: 10 / 31 });
    const lines = [line('AWS Lambda', one(3.1))];
    expect(compare(bill, lines, month ?? DECEMBER, usage)).toMatchObject([
      { actual: expect.closeTo(3.1), verdict: 'as estimated' },
    ]);
    expect(comparedMonth([...bill, paid('AWS Lambda', 1)], '2026-01-11')).toEqual(DECEMBER);
    expect(comparedMonth(bill, '2026-01-01')).toBeUndefined();
    expect(comparedMonth([], '2026-01-11')).toBeUndefined();
  });
});
