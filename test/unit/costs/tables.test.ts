import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { estimateStack } from '../../../src/lib/costs/estimate.ts';
import { pricer } from '../../../src/lib/costs/price.ts';
import { exactly, plus } from '../../../src/lib/costs/range.ts';
import type { CostLine, Service } from '../../../src/lib/costs/types.ts';
import { builtIn } from '../../../src/lib/prices/index.ts';
import { USAGE } from '../../../src/lib/project/index.ts';
import type { Usage, UsageName } from '../../../src/lib/project/model.ts';
import { readInventory } from '../../../src/lib/stacks/index.ts';

/**
 * The tables of costs that the teams of the five systems had made by hand, line by line beside the estimate of the same
 * system at the use that the table states. The fifth has none.
 */

const root = path.resolve(import.meta.dirname, '../../..');
const here = (name: string) => path.join(import.meta.dirname, 'systems', name);

type Said = Readonly<Partial<Record<UsageName, number>>>;
const usage = (said: Said): Usage =>
  Object.fromEntries(Object.entries(said).map(([name, value]) => [name, exactly(value)]));

interface System {
  readonly template: string;
  readonly region: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly use: Said;
  readonly of?: Readonly<Record<string, Said>>;
}

async function lines({
  template,
  region,
  parameters = {},
  use,
  of = {},
}: System): Promise<readonly CostLine[]> {
  const open = { templateFile: template, parameters, open: [], region };
  const said = {
    usage: usage(use),
    resources: Object.fromEntries(Object.entries(of).map(([id, one]) => [id, usage(one)])),
  };
  const price = pricer(builtIn, region);
  const { lines: found } = estimateStack(await readInventory(open), { usage: USAGE, said, price });
  return found;
}

const sum = (all: readonly CostLine[], fits: (line: CostLine) => boolean = () => true) =>
  plus(...all.filter(fits).flatMap(({ month }) => month ?? [])).typical;
const of =
  (...services: Service[]) =>
  ({ service }: CostLine) =>
    services.includes(service);
const on =
  (...resources: string[]) =>
  ({ resource }: CostLine) =>
    resources.includes(resource);

/** A figure that a table gives as "about": within a fifth, or half a dollar. */
function expectAbout(actual: number, table: number): void {
  expect(Math.abs(actual - table), `${actual} is not about ${table}`).toBeLessThanOrEqual(
    Math.max(0.5, table / 5),
  );
}

describe('the container on Lambda behind an HTTP API', () => {
  const app = (requests: number, logs: number): System => ({
    template: path.join(root, 'templates/auth-manager/infra/template.yaml'),
    region: 'us-east-1',
    parameters: { EnvironmentName: 'prod', ImageUri: 'x', LambdaMemorySize: '1024' },
    use: { requests, seconds: 1 },
    of: { FunctionLogGroup: { logs: logs - 1 }, ApiLogGroup: { logs: 1 } },
  });
  const registry: System = {
    template: path.join(root, 'templates/auth-manager/infra/registry.yaml'),
    region: 'us-east-1',
    parameters: { EnvironmentName: 'prod' },
    use: { images: 10 },
  };

  it.each([
    { requests: 1_000_000, logs: 10, lambda: 20, api: 1, watching: 5, total: 27 },
    { requests: 10_000_000, logs: 40, lambda: 180, api: 10, watching: 20, total: 211 },
  ])('at $requests requests of 1 s with 1 GB', async ({ requests, logs, lambda, api, watching, total }) => {
    const [main, images] = [await lines(app(requests, logs)), await lines(registry)];
    expectAbout(sum(main, of('AWS Lambda')), lambda);
    expectAbout(sum(main, of('Amazon API Gateway')), api);
    expectAbout(sum(main, of('AmazonCloudWatch')), watching);
    expectAbout(sum(images), 1);
    expectAbout(sum([...main, ...images]), total);
  });
});

describe('the static site with a REST API and a table', () => {
  const template = here('site-and-api.yaml');
  const functions = (all: number) => ({
    Auth: { requests: all / 10 },
    Authorizer: { requests: all },
    Crud: { requests: all * 0.8 },
    Recaptcha: { requests: all / 30 },
  });

  it('as a proof of concept, at 3,000 requests', async () => {
    const all = await lines({
      template,
      region: 'us-east-1',
      use: {
        requests: 3_000,
        seconds: 0.2,
        reads: 3_000,
        writes: 1_500,
        storage: 0.9,
        transfer: 5,
        lookups: 0,
        queries: 3_000,
        logs: 0,
      },
      of: { ...functions(3_000), Site: { storage: 0.05, reads: 3_000, writes: 100 } },
    });
    expect(sum(all, on('Site'))).toBeLessThan(0.02);
    expect(sum(all, on('Cdn'))).toBeLessThan(1);
    expect(sum(all, of('AWS Lambda'))).toBeLessThan(0.01);
    expect(sum(all, on('Api'))).toBeLessThan(0.02);
    expect(sum(all, on('Table'))).toBeLessThan(2);
    expect(sum(all, of('AWS Secrets Manager'))).toBeCloseTo(1.2);
    expect(sum(all, on('Zone'))).toBeCloseTo(0.5, 2);
    expect(sum(all)).toBeGreaterThanOrEqual(2);
    expect(sum(all)).toBeLessThanOrEqual(5);
  });

  it('in production, at 30,000 requests: where the table counts what AWS does not charge', async () => {
    const all = await lines({
      template,
      region: 'us-east-1',
      use: {
        requests: 30_000,
        seconds: 0.2,
        reads: 30_000,
        writes: 15_000,
        storage: 1,
        transfer: 15,
        lookups: 0,
        queries: 30_000,
        logs: 0,
      },
      of: { ...functions(30_000), Site: { storage: 0.05, reads: 30_000, writes: 100 } },
    });
    const front = sum(all, on('Site', 'Cdn'));
    expect(front).toBeGreaterThanOrEqual(1);
    expect(front).toBeLessThanOrEqual(2);
    expect(sum(all, of('AWS Lambda'))).toBeLessThan(0.5);
    expect(sum(all, of('AWS Secrets Manager'))).toBeCloseTo(1.2);
    expect(sum(all, on('Zone'))).toBeCloseTo(0.5, 1);
    // $3.50 is the price of a million, of which these are the thirty-third part.
    const [api] = all.filter(on('Api'));
    expect(api?.price?.usd).toBe(3.5);
    expect(api?.month?.typical).toBeCloseTo(3.5 * 0.03);
    // $2 to $5 are said of a table that holds more: on demand, so few requests cost cents.
    expect(sum(all, on('Table'))).toBeLessThan(2);
    const overstated = 3.5 - (api?.month?.typical ?? 0) + 2 - sum(all, on('Table'));
    expect(sum(all) + overstated).toBeGreaterThanOrEqual(8);
    expect(sum(all) + overstated).toBeLessThanOrEqual(13);
  });
});

describe('the load balancer, the group and the database', () => {
  const system = (Production: string, use: Said): System => ({
    template: here('web-tier.yaml'),
    region: 'us-east-1',
    parameters: { Production },
    use,
  });

  it.each([
    { production: 'false', storage: 50, transfer: 55, logs: 0, table: [7.5, 15, 1.15, 16, 0, 5], total: 45 },
    {
      production: 'true',
      storage: 500,
      transfer: 222,
      logs: 20,
      table: [30, 60, 11.5, 16, 10, 20],
      total: 150,
    },
  ])('production $production', async ({ production, storage, transfer, logs, table, total }) => {
    const all = await lines(
      system(production, { storage, transfer, logs, reads: 0, writes: 0, capacity: 0 }),
    );
    const out = sum(all, ({ what }) => what === 'data out to the Internet');
    const rows = [
      sum(all, of('Amazon Elastic Compute Cloud - Compute')),
      sum(all, on('Database')),
      sum(all, on('Scores')),
      sum(all, of('Amazon Elastic Load Balancing')),
      sum(all, of('AmazonCloudWatch')),
      out,
    ];
    for (const [at, row] of rows.entries()) expectAbout(row, table[at] ?? 0);
    expectAbout(
      rows.reduce((a, b) => a + b),
      total,
    );
    // What the tables leave out: the NAT gateway alone is more than half of the smaller one.
    const beyond = all.filter(
      (line) => !['AmazonCloudWatch', 'Amazon Elastic Load Balancing'].includes(line.service),
    );
    expect(sum(beyond, on('Nat'))).toBeGreaterThan(30);
    expect(sum(all, ({ what }) => what === 'public IPv4 address')).toBeCloseTo(2 * 730 * 0.005);
    expect(sum(all, ({ what }) => what === 'gp3 disk')).toBeGreaterThan(0);
  });
});

describe('the one host', () => {
  /** What a dollar was worth when the table was made in euros. */
  const EUR = 1.08;
  const host = (hours: number) =>
    lines({
      template: path.join(root, 'templates/mbot/infra/template.yaml'),
      region: 'eu-west-3',
      parameters: {
        EnvironmentName: 'prod',
        SshCidr: '203.0.113.7/32',
        SshPublicKey: 'ssh-ed25519 AAAA',
        VolumeSize: '20',
      },
      use: { hours },
    });
  const machine = (all: readonly CostLine[]) => sum(all, ({ what }) => what === 't3.small, Linux');
  const disk = (all: readonly CostLine[]) => sum(all, ({ what }) => what === 'gp3 disk');

  it('on all day, off at night, and off', async () => {
    const [always, nights, off] = await Promise.all([host(730), host(365), host(0)]);
    expectAbout(machine(always) / 730 / EUR, 0.022);
    expect(machine(always) / 730 / EUR).toBeCloseTo(0.022, 3);
    expectAbout(machine(always) / EUR, 16);
    expectAbout(disk(always) / EUR, 2);
    expectAbout((machine(always) + disk(always)) / EUR, 18);
    expectAbout((machine(always) - machine(nights)) / EUR, 8);
    const thrifty = (machine(nights) + disk(nights)) / EUR;
    expect(thrifty).toBeGreaterThanOrEqual(8);
    expect(thrifty).toBeLessThanOrEqual(12);
    expect(machine(off)).toBe(0);
    expect(disk(off)).toBe(disk(always));
    // Since 2024 AWS charges for its address too.
    expect(sum(off, on('ElasticIp'))).toBeCloseTo(3.65);
  });
});
