import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Scene, TEMPLATE } from '../helpers/trouble.ts';

/** `monitoring health` at the command line, on a fake AWS and an endpoint of the test. */

const ALARM =
  '  Alarm: { Type: AWS::CloudWatch::Alarm, Properties: { AlarmName: shop-errors, MetricName: Errors, Threshold: 1 } }\nOutputs:';
const template = TEMPLATE.replace('Outputs:', ALARM);
let scene: Scene;
let server: Server;
let status = 200;
let health = '';

beforeAll(async () => {
  server = createServer((_, answer) => answer.writeHead(status).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  health = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  scene = await (await Scene.open({ template, health })).deployed();
}, 60_000);
afterAll(async () => {
  await scene.close();
  server.closeAllConnections();
  server.close();
});

const HEALTH = ['monitoring', 'health'];
function alarm(state: string): void {
  Object.assign(scene.fake.state.cloudWatch.alarms.get('shop-errors') as object, { state });
}
beforeEach(() => {
  status = 200;
  scene.fake.faults.clear();
  alarm('OK');
  scene.fake.requests.length = 0;
});

describe('monitoring health', () => {
  it('exit 0 when all is good, each thing named with its reason; nothing is changed', async () => {
    const result = await scene.run(HEALTH);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/good {2}alarm {2}shop-errors +ok/);
    expect(result.stdout).toMatch(/good {2}check {2}health +http\S+ answered 200 in \d+ ms/);
    expect(result.stdout).toContain('Healthy: 2 good.');
    expect(scene.fake.mutations()).toEqual([]);
  });

  it('exit 8 for an alarm, or for an endpoint; what is bad stands first', async () => {
    alarm('ALARM');
    const red = await scene.run([...HEALTH, '--json']);
    expect(red.code).toBe(8);
    const { health: verdict, findings } = JSON.parse(red.stdout);
    expect(verdict).toBe('unhealthy');
    expect(findings[0]).toMatchObject({ kind: 'alarm', name: 'shop-errors', verdict: 'bad' });
    alarm('OK');
    status = 500;
    const broken = await scene.run([...HEALTH, '--wait', '1s']);
    expect(broken.code).toBe(8);
    expect(broken.stdout).toMatch(/\nbad +check +health .* is not healthy/);
    expect(broken.stdout).toContain('Unhealthy: 1 bad and 1 good.');
  });

  it('a missing right is said, hides nothing else, and is no health: exit 3', async () => {
    scene.fake.faults.deny('cloudwatch:DescribeAlarms', { times: 9 });
    const result = await scene.run(HEALTH);
    expect(result.code).toBe(3);
    expect(result.stdout).toMatch(/unknown +alarm +alarms .*may not do cloudwatch:DescribeAlarms/);
    expect(result.stdout).toMatch(/good +check +health/);
    status = 500;
    expect((await scene.run([...HEALTH, '--wait', '1s'])).code).toBe(8);
  });

  it('credentials that expired are one error, with what to do: exit 4', async () => {
    scene.configure({ template });
    scene.fake.faults.expired('cloudformation:*', { times: 99 });
    const result = await scene.run(HEALTH);
    expect(result).toMatchObject({ code: 4, stdout: '' });
    expect(result.stderr).toContain('have expired');
    scene.configure({ template, health });
  });

  it('targets of the load balancers and the age of backups, each with what helps', async () => {
    const group =
      '  Group: { Type: AWS::ElasticLoadBalancingV2::TargetGroup, Properties: { Name: web } }\nOutputs:';
    scene.configure({
      template: template.replace('Outputs:', group),
      health,
      head: 'backups:\n  nightly: { targets: [{ volume: vol-0123456789abcdef0 }], keep: { last: 7 } }\n',
    });
    expect((await scene.run(['deploy', '--create-stack'])).code).toBe(0);
    const arn = [...scene.fake.state.cloudFormation.stacks.values()]
      .flatMap(({ resources }) => [...resources.values()])
      .find(({ logicalId }) => logicalId === 'Group')?.physicalId;
    scene.fake.state.targets.addTargetGroup({
      arn: arn ?? '',
      targets: new Map(['i-0a', 'i-0b'].map((id) => [id, 'checked'])),
      healthy: (id) => id === 'i-0a',
      reason: 'Target.Timeout',
    });
    const result = await scene.run(HEALTH);
    expect(result.code).toBe(8);
    expect(result.stdout).toMatch(/bad +target +Group i-0b:80 +unhealthy; it does not answer/);
    expect(result.stdout).toMatch(/good +target +Group i-0a:80 +healthy/);
    expect(result.stdout).toMatch(/bad +backup +nightly vol-\S+ +there is no good one/);
    expect(result.stdout).toContain('→ nightly vol-0123456789abcdef0: infractl backup create nightly');
    const { findings } = JSON.parse((await scene.run([...HEALTH, '--json'])).stdout);
    expect(findings.every((one: object) => 'mend' in one)).toBe(true);
    scene.configure({ template, health });
  });

  it('a host that cannot be reached is bad', async () => {
    scene.configure({ template, health, head: 'hosts:\n  web: { address: 127.0.0.1, ssh: { port: 9 } }\n' });
    const result = await scene.run(HEALTH);
    expect(result.code).toBe(8);
    expect(result.stdout).toMatch(/bad +disk +web .*could not be reached/);
    scene.configure({ template, health });
  });
});
