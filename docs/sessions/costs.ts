import type { Session } from '../../scripts/docs/stage.ts';
import type { Fake } from '../../test/fake/server.ts';

/** What a project should cost, what a change of it costs, and what was billed. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  makes: ['costs', 'costs-said', 'costs-change', 'costs-actual', 'costs-no-tags'],
  async play(stage) {
    await stage.run('infractl init auth-manager my-auth');
    stage.cd('my-auth');
    await stage.shows('costs', {
      line: 'infractl costs',
      only: [
        /^(resource|stack app|Function|HttpApi|total|\d+ res|A month|How|List|To ask)/,
        /^ {2}\S/,
        /older/,
      ],
    });
    const plain = stage.read('infractl.yaml');
    stage.put('infractl.yaml', `${plain}\n${SAID}`);
    await stage.shows('costs-said', {
      line: 'infractl costs',
      only: [/^(resource|stack app|Function|A month)/],
    });
    stage.put('infractl.yaml', plain);
    const fake = await stage.fake();
    bills(fake);
    await stage.shows('costs-actual', 'infractl costs actual --yes');
    fake.state.costExplorer.activeTags.clear();
    await stage.shows('costs-no-tags', 'infractl costs actual --months 3');
    stage.cd('../shop');
    stage.put('infractl.yaml', 'project: shop\nregion: eu-west-3\nstacks:\n  app: { template: app.yaml }\n');
    stage.put('app.yaml', TEMPLATE);
    await stage.run('infractl deploy --create-stack');
    stage.change('app.yaml', 'DisplayName: Orders', 'DisplayName: All orders');
    stage.put('app.yaml', `${stage.read('app.yaml')}  Gateway: { Type: AWS::EC2::NatGateway }\n`);
    await stage.shows('costs-change', 'infractl diff');
  },
};

const SAID = `costs:
  app:
    requests: [500000, 1000000, 3000000]
    seconds: 0.3
    resources: { FunctionLogGroup: { logs: 4 } }
`;

const TEMPLATE = `Resources:
  Orders: { Type: AWS::SNS::Topic, Properties: { DisplayName: Orders } }
`;

/** The last full month, and half of the one that runs. */
function bills({ state }: Fake): void {
  const { costs, activeTags } = state.costExplorer;
  const now = new Date();
  const day = (back: number) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 10);
  const project = { 'infractl:project': 'my-auth', 'infractl:environment': 'dev' };
  for (const tag of [...Object.keys(project), 'infractl:part']) activeTags.add(tag);
  for (const [back, share] of [
    [1, 1],
    [0, 0.6],
  ] as const)
    for (const [service, usd, part] of [
      ['AWS Lambda', 4.61, 'app'],
      ['Amazon API Gateway', 1.52, 'app'],
      ['AmazonCloudWatch', 1.31, 'app'],
      ['Amazon EC2 Container Registry (ECR)', 0.18, 'registry'],
      ['Tax', 1.5, ''],
    ] as const)
      costs.push({ day: day(back), service, usd: usd * share, tags: { ...project, 'infractl:part': part } });
}
