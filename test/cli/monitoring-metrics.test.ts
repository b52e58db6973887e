import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Scene, TEMPLATE } from '../helpers/trouble.ts';

/** `monitoring metrics` at the command line, on a fake AWS in real time. Hosts: test/host/monitoring.test.ts. */

let scene: Scene;
beforeAll(async () => {
  scene = await (await Scene.open()).deployed();
}, 60_000);
afterAll(() => scene.close());

beforeEach(() => {
  scene.fake.faults.clear();
  const { metrics } = scene.fake.state.cloudWatch;
  metrics.length = 0;
  const dimensions = { FunctionName: 'shop-api-dev' };
  const now = Date.now();
  const ago = (minutes: number, value: number) => [now - minutes * 60_000, value] as const;
  const lambda = { namespace: 'AWS/Lambda', dimensions };
  metrics.push({ ...lambda, metric: 'Invocations', values: [ago(90, 3), ago(20, 12)] });
  metrics.push({ ...lambda, metric: 'Duration', values: [ago(90, 1500), ago(20, 300)] });
  scene.fake.requests.length = 0;
});

const METRICS = ['monitoring', 'metrics'];

describe('monitoring metrics', () => {
  it('draws what the stacks are made of, in one call, and says what has no data', async () => {
    const result = await scene.run(METRICS);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toContain('function Function app · shop-api-dev');
    expect(result.stdout).toMatch(/ {2}invocations {3}[ ▁▂▃▄▅▆▇█]*▃[ ]+█ +15, at most 12 at a time/);
    expect(result.stdout).toMatch(/duration p95 .* 300 ms, at most 1.5 s/);
    expect(result.stdout).toMatch(/ {2}errors +no data\n/);
    const actions = scene.fake.requests.map(({ action }) => action);
    expect(actions.filter((action) => action === 'GetMetricData')).toHaveLength(1);
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('--since and names; --json with units', async () => {
    const result = await scene.run([...METRICS, 'Function', '--since', '30m', '--json']);
    expect(result.code).toBe(0);
    const { periodSeconds, resources, hosts, failed } = JSON.parse(result.stdout);
    expect({ periodSeconds, hosts, failed }).toEqual({ periodSeconds: 60, hosts: [], failed: [] });
    const [invocations, , duration] = resources[0].metrics;
    expect(invocations).toMatchObject({ statistic: 'Sum', unit: 'count', newest: 12 });
    expect(invocations.datapoints).toHaveLength(1);
    expect(duration).toMatchObject({ name: 'duration p95', unit: 'ms', newest: 300 });
  });

  it('names what is wrong: times, names, rights', async () => {
    expect((await scene.run([...METRICS, '--since', 'soon'])).code).toBe(2);
    expect(scene.fake.requests).toEqual([]);
    const near = await scene.run([...METRICS, 'Functoin']);
    expect(near).toMatchObject({ code: 2, stdout: '' });
    expect(near.stderr).toContain('Did you mean: Function');
    scene.fake.faults.deny('cloudwatch:GetMetricData', { times: 9 });
    const denied = await scene.run(METRICS);
    expect(denied.code).toBe(4);
    expect(denied.stderr).toContain('cloudwatch:GetMetricData');
  });

  it('asks for REST APIs by their names, and for distributions where CloudFront has them', async () => {
    const more =
      '  Api: { Type: AWS::ApiGateway::RestApi, Properties: { Name: shop } }\n' +
      '  Cdn: { Type: AWS::CloudFront::Distribution, Properties: { DistributionConfig: {} } }\nOutputs:';
    scene.configure({ template: TEMPLATE.replace('Outputs:', more) });
    expect((await scene.run(['deploy', '--create-stack'])).code).toBe(0);
    const { restApis, cloudFormation, cloudWatch } = scene.fake.state;
    const idOf = (logical: string) =>
      [...cloudFormation.stacks.values()]
        .flatMap(({ resources }) => [...resources.values()])
        .find(({ logicalId }) => logicalId === logical)?.physicalId ?? '';
    restApis.set(idOf('Api'), 'shop');
    const dimensions = { ApiName: 'shop' };
    const values = [[Date.now() - 60_000, 7]] as const;
    cloudWatch.metrics.push({ namespace: 'AWS/ApiGateway', metric: 'Count', dimensions, values });
    const result = await scene.run(METRICS);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/REST API Api .*\n {2}requests .* 7, at most 7/);
    expect(result.stdout).toContain('distribution Cdn');
    const asked = scene.fake.requests.filter(({ action }) => action === 'GetMetricData');
    expect(asked.map(({ region }) => region).toSorted()).toEqual(['eu-west-3', 'us-east-1']);
    // Where the name may not be read, that is said, and all else is shown.
    scene.fake.faults.deny('apigateway:GET', { times: 9 });
    const denied = await scene.run([...METRICS, '--json']);
    expect(denied.code).toBe(3);
    expect(JSON.parse(denied.stdout)).toMatchObject({ failed: [{ code: 'AccessDenied' }] });
    expect(denied.stdout).toContain('shop-api-dev');
    scene.configure({});
  });

  it('does not call unknown what it could not look for', async () => {
    scene.configure({ head: 'hosts:\n  web: { address: 127.0.0.1, ssh: { port: 9 } }\n' });
    scene.fake.faults.deny('cloudformation:ListStackResources');
    const result = await scene.run([...METRICS, 'Function']);
    scene.configure({});
    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(result.stderr).toContain('may not do cloudformation:ListStackResources');
  });

  it('a host that cannot be reached hides nothing: exit 3, named', async () => {
    scene.configure({ head: 'hosts:\n  web: { address: 127.0.0.1, ssh: { port: 9 } }\n' });
    const result = await scene.run(METRICS);
    expect(result.code).toBe(3);
    expect(result.stdout).toContain('15, at most 12');
    expect(result.stdout).toContain('✗ The host web (127.0.0.1) could not be reached');
    scene.configure({});
  });
});
