import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { priceListPort } from '../../../src/lib/aws/price-list.ts';
import { builtIn, PriceBook, type PricedItem, priceStore } from '../../../src/lib/prices/index.ts';
import type { FakeProduct } from '../../fake/pricing.ts';
import { type Fake, startFake } from '../../fake/server.ts';
import { sessionFor } from '../../fake/session.ts';

const DAY = 86_400_000;
const SNAPSHOT = { kind: 'storage', of: 'snapshot' } as const;

let fake: Fake;
let home: string;
beforeEach(async () => {
  fake = await startFake();
  home = mkdtempSync(path.join(tmpdir(), 'infractl-prices-'));
});
afterEach(async () => {
  await fake.close();
  rmSync(home, { recursive: true });
});

/** As another run of the command would have it. */
async function book(): Promise<PriceBook> {
  const session = await sessionFor(fake);
  return new PriceBook({
    list: async () => priceListPort(session),
    store: priceStore({ XDG_CACHE_HOME: home }),
    clock: fake.clock,
  });
}

const ec2 = (attributes: FakeProduct['attributes'], usd: number): FakeProduct => ({
  service: 'AmazonEC2',
  attributes: { regionCode: 'eu-west-3', ...attributes },
  usd,
});
const listed = () =>
  fake.state.products.push(
    ec2({ productFamily: 'Storage Snapshot', usagetype: 'EUW3-EBS:SnapshotUsage' }, 0.053),
    ec2({ productFamily: 'Storage Snapshot', usagetype: 'EUW3-EBS:SnapshotArchiveStorage' }, 0.0131),
  );
const asked = () => fake.requests.filter(({ action }) => action === 'GetProducts');

describe('a price', () => {
  it('is found behind the first page of the list, and looked for on so many only', async () => {
    const product = { productFamily: 'Storage Snapshot', usagetype: 'EUW3-EBS:SnapshotArchiveStorage' };
    fake.state.products.push(...Array.from({ length: 250 }, (_, at) => ec2(product, at)));
    listed();
    expect(await (await book()).quote('eu-west-3', SNAPSHOT)).toMatchObject({ usd: 0.053 });
    expect(asked()).toHaveLength(3);
  });

  it('comes from the price list, and for a week from what that has answered', async () => {
    listed();
    const first = await book();
    expect(await first.quote('eu-west-3', SNAPSHOT)).toMatchObject({
      usd: 0.053,
      per: 'GiB-month',
      asOf: '2026-01-05',
    });
    expect(asked()).toMatchObject([{ region: 'us-east-1', parameters: { ServiceCode: 'AmazonEC2' } }]);
    await fake.clock.sleep(6 * DAY);
    const second = await book();
    expect(await second.quote('eu-west-3', SNAPSHOT)).toMatchObject({ usd: 0.053 });
    expect(second.note).toContain("AWS's price list of 2026-01-05, read 6 d ago");
    expect(asked()).toHaveLength(1);
    await fake.clock.sleep(2 * DAY);
    await (await book()).quote('eu-west-3', SNAPSHOT);
    expect(asked()).toHaveLength(2);
  });

  it('is the built-in one, with its date, where the list may not be read', async () => {
    fake.faults.deny('pricing:GetProducts');
    const mine = await book();
    expect(await mine.quote('us-east-1', SNAPSHOT)).toMatchObject({ usd: 0.05 });
    expect(await mine.quote('us-east-1', { kind: 'instance', type: 't3.small' })).toMatchObject({
      usd: 0.0208,
    });
    expect(mine.note).toMatch(/of 2026-07-20.*; AWS's price list may not be read: pricing:GetProducts$/);
    expect(asked()).toHaveLength(1);
  });

  it('that an older answer knows is better than none while the list does not answer', async () => {
    listed();
    await (await book()).quote('eu-west-3', SNAPSHOT);
    await fake.clock.sleep(30 * DAY);
    fake.faults.reset('pricing:GetProducts', { times: 99 });
    const later = await book();
    expect(await later.quote('eu-west-3', SNAPSHOT)).toMatchObject({ usd: 0.053 });
    expect(later.note).toContain('read 30 d ago');
    expect(later.note).toContain("AWS's price list did not answer");
  });

  it('that nobody knows is unknown; it is asked for once a day', async () => {
    const item: PricedItem = { kind: 'instance', type: 'x99.huge' };
    for (let turn = 0; turn < 3; turn++)
      expect(await (await book()).lookUp('eu-west-3', item)).toBeUndefined();
    expect(asked()).toHaveLength(1);
    const look = await book();
    expect(look.note).toMatch(/^No price is known here: AWS's price list was not asked/);
    expect(look.known('eu-west-3', item)).toBeUndefined();
    expect(look.note).toBe("No price is known here: AWS's price list has none");
    await fake.clock.sleep(2 * DAY);
    await (await book()).lookUp('eu-west-3', item);
    expect(asked()).toHaveLength(2);
  });

  it('that is known is looked up without a call, and a damaged cache is no trouble', async () => {
    writeFileSync(path.join(home, 'infractl'), 'a file where the folder should be');
    const mine = await book();
    expect(mine.known('eu-west-3', { kind: 'storage', of: 'gp3' })).toMatchObject({ usd: 0.0928 });
    expect(await mine.lookUp('eu-west-3', { kind: 'storage', of: 'gp2' })).toMatchObject({ usd: 0.116 });
    expect(asked()).toEqual([]);
    listed();
    expect(await mine.quote('eu-west-3', SNAPSHOT)).toMatchObject({ usd: 0.053 });
  });

  it('that the list has twice is not guessed', async () => {
    listed();
    fake.state.products.push(
      ec2({ productFamily: 'Storage Snapshot', usagetype: 'EUW3-EBS:SnapshotUsage' }, 0.06),
    );
    expect(await (await book()).quote('eu-west-3', SNAPSHOT)).toBeUndefined();
  });

  it('with tiers is that of the first one that costs, by the unit of our tables', async () => {
    fake.state.products.push(
      {
        service: 'AWSLambda',
        attributes: { regionCode: 'eu-west-3', usagetype: 'EUW3-Request' },
        usd: 0.0000002,
        before: [0],
      },
      {
        service: 'AWSLambda',
        attributes: { regionCode: 'eu-west-3', usagetype: 'EUW3-Request-ARM' },
        usd: 0.0000009,
      },
    );
    const quote = await (await book()).quote('eu-west-3', { kind: 'rate', of: 'lambda-requests' });
    expect(quote).toMatchObject({ usd: expect.closeTo(0.2), per: '1M requests', source: "AWS's price list" });
  });

  it('that the list has for no region is the built-in one, without a question', async () => {
    const quote = await (await book()).quote('eu-west-3', { kind: 'rate', of: 'cloudfront-gb' });
    expect(quote).toMatchObject({ usd: 0.085, asOf: '2026-10-09' });
    expect(asked()).toEqual([]);
  });

  it('of an instance and of a database is asked for by what tells them apart', async () => {
    fake.state.products.push(
      ec2(
        {
          instanceType: 'm7i.large',
          operatingSystem: 'Linux',
          tenancy: 'Shared',
          preInstalledSw: 'NA',
          capacitystatus: 'Used',
          usagetype: 'EUW3-BoxUsage:m7i.large',
        },
        0.1176,
      ),
      {
        service: 'AmazonRDS',
        attributes: {
          regionCode: 'eu-west-3',
          instanceType: 'db.t4g.micro',
          databaseEngine: 'PostgreSQL',
          deploymentOption: 'Multi-AZ',
          usagetype: 'EUW3-Multi-AZUsage:db.t4g.micro',
        },
        usd: 0.037,
      },
    );
    const mine = await book();
    expect(await mine.lookUp('eu-west-3', { kind: 'instance', type: 'm7i.large' })).toMatchObject({
      usd: 0.1176,
    });
    const database = {
      kind: 'database',
      class: 'db.t4g.micro',
      engine: 'postgres',
      multiZone: true,
    } as const;
    expect(await mine.lookUp('eu-west-3', database)).toMatchObject({ usd: 0.037, per: 'hour' });
  });
});

describe('the built-in tables', () => {
  const database = (type: string, engine: string, multiZone = false) =>
    builtIn('eu-west-3', { kind: 'database', class: type, engine, multiZone })?.usd;

  it('know databases by class, engine and zones, and larger ones by their family', () => {
    expect(database('db.t3.micro', 'postgres')).toBe(0.021);
    expect(database('db.t3.micro', 'postgres', true)).toBe(0.042);
    expect(database('db.t3.micro', 'mariadb')).toBe(0.019);
    expect(database('db.m5.2xlarge', 'postgres')).toBeCloseTo(0.824);
    expect(database('db.m6g.large', 'postgres')).toBeUndefined();
    expect(database('db.t3.micro', 'oracle-se2')).toBeUndefined();
  });

  it('guess nothing', () => {
    expect(builtIn('eu-west-3', SNAPSHOT)).toBeUndefined();
    expect(builtIn('xx-nowhere-1', { kind: 'instance', type: 't3.small' })).toBeUndefined();
    expect(builtIn('us-east-1', { kind: 'instance', type: 't3.enormous' })).toBeUndefined();
    expect(builtIn('us-east-2', { kind: 'instance', type: 't3.small' })?.usd).toBeCloseTo(0.0208);
  });
});
