import path from 'node:path';
import type { Session, Stage } from '../../scripts/docs/stage.ts';
import type { Fake } from '../../test/fake/server.ts';
import { noHost, TestHost } from '../../test/helpers/host.ts';
import { byAgent } from '../../test/helpers/host-ssm.ts';
import { appText, Released } from '../../test/helpers/released.ts';

const TEMPLATE = 'lt-0123456789abcdef0';
const ARN = 'arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/app/1';

/** An auto scaling group whose members are two Debian machines in containers, and one that is released to as an image. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  missing: () => noHost,
  makes: ['group', 'refresh', 'ssm-silent'],
  async play(stage) {
    const fake = await stage.fake();
    await members(stage, fake);
    await image(stage, fake);
    await silent(stage, fake);
  },
};

async function members(stage: Stage, fake: Fake): Promise<void> {
  const hosts = new Map<string, TestHost>();
  for (const id of ['i-00000000000000001', 'i-00000000000000002']) {
    const host = await TestHost.start();
    stage.afterwards(() => host.remove());
    hosts.set(id, host);
    fake.state.ec2.addInstance({ id });
    fake.state.ssm.addNode({ id, execute: byAgent(host) });
  }
  const health = ['curl', '-sf', '-m', '5', 'http://127.0.0.1:8501/health'];
  const target = fake.state.targets.addTargetGroup({
    arn: ARN,
    drainMs: 500,
    healthyMs: 200,
    healthy: (id) => hosts.get(id)?.attempt(...health).status === 0,
  });
  const group = fake.state.autoScaling.addGroup({
    name: 'shop-app',
    min: 2,
    desired: 2,
    targetGroups: [ARN],
  });
  const apps = [...hosts].map(([id, host]) => {
    group.members.push({ id, lifecycle: 'InService', healthy: true });
    target.targets.set(id, 'checked');
    return new Released(host).prepare();
  });
  for (const one of apps) stage.afterwards(() => one.remove());
  const [app] = apps as [Released];
  stage.cd(app.home.work);
  const configure = (timeout: string) =>
    app.configure({
      host: undefined,
      group: { name: 'shop-app' },
      source: { folder: 'app' },
      user: 'ubuntu',
      health: { path: '/health', timeout, settle: 1 },
    });
  configure('2m');
  app.put('app/app.py', appText('one'));
  await stage.run('infractl redeploy');
  app.put('app/app.py', appText('bad', 500));
  configure('5s');
  await stage.shows('group', {
    line: 'infractl redeploy',
    exit: 8,
    only: [/^app/, /leaving|switching|waiting until/, /^✗/, /serves/, /Not begun/, /→/],
  });
}

async function image(stage: Stage, fake: Fake): Promise<void> {
  fake.state.ec2.launchTemplates.set(TEMPLATE, 7);
  const group = fake.state.autoScaling.addGroup({ name: 'shop-api', min: 2, desired: 2, memberMs: 1500 });
  group.template = { id: TEMPLATE, name: 'shop-api', version: '6' };
  for (const id of ['i-0a000000000000001', 'i-0a000000000000002'])
    group.members.push({ id, lifecycle: 'InService', healthy: true, version: 6 });
  stage.cd(path.join(stage.home.work, 'image'));
  stage.put(
    'infractl.yaml',
    `project: shop
releases:
  api: { group: { name: shop-api, batch: 50% }, source: { launchTemplate: latest } }
`,
  );
  await stage.shows('refresh', 'infractl redeploy');
}

async function silent(stage: Stage, fake: Fake): Promise<void> {
  const id = 'i-0123456789abcdef0';
  fake.state.ec2.addInstance({ id });
  fake.state.ssm.addNode({ id, ping: 'ConnectionLost', heardAt: Date.now() - 7_200_000 });
  stage.cd(path.join(stage.home.work, 'silent'));
  stage.put('infractl.yaml', `project: shop\nhosts:\n  web: { instance: ${id}, connect: ssm }\n`);
  await stage.shows('ssm-silent', { line: 'infractl host run -- uptime', exit: 1 });
}
