import { randomBytes } from 'node:crypto';
import type { Session, Stage } from '../../scripts/docs/stage.ts';

export const samTemplate = `Parameters:
  DbPassword: { Type: String, NoEcho: true }
  Size: { Type: Number, Default: 1 }
Resources:
  Topic: { Type: "AWS::SNS::Topic", Properties: { DisplayName: !Sub "size \${Size}" } }
`;

/** What `sam deploy --guided` has written, and somebody has mistyped. */
export const samconfig = (password: () => string) => `version = 0.1
[default.deploy.parameters]
stack_name = "shop-dev"
region = "eu-west-3"
parameter_overrides = "DbPassword=${password()} Size=1"
capabilities = "CAPABILITY_IAM"
stack_polcy = "policy.json"
[prod.deploy.parameters]
stack_name = "shop-prod"
region = "eu-west-3"
parameter_overrides = "DbPassword=${password()} Size=4"
`;

/** Projects out of what there is already: a samconfig.toml, a stack that runs. */
export const session: Session = {
  place: 'the fake AWS of the tests',
  quick: true,
  makes: ['init-samconfig', 'init-stack'],
  async play(stage) {
    await stage.fake();
    stage.cd('shop');
    await stage.run('git init -q');
    stage.put('template.yaml', samTemplate);
    stage.put(
      'samconfig.toml',
      samconfig(() => randomBytes(8).toString('hex')),
    );
    await stage.shows('init-samconfig', 'infractl init --from-samconfig', {
      line: 'cat infractl.yaml',
      only: [/^environments/, /^ {2}(dev|prod):/, /^ +(stacks|app|name):/],
    });
    await running(stage);
  },
};

async function running(stage: Stage): Promise<void> {
  await stage.run('infractl deploy --create-stack');
  stage.cd('../taken-over');
  await stage.shows('init-stack', 'infractl init --from-stack shop-dev --name shop');
}
