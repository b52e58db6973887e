import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { User } from '../helpers/user.ts';

/** A project made of a stack that runs is that stack: nothing differs. */

const PASSWORD = ['correct', 'horse', 'battery'].join('-');
const TEMPLATE = `Parameters:
  Stage: { Type: String, Description: Which stage it is }
  DbPassword: { Type: String, NoEcho: true, MinLength: 8 }
  Words: { Type: CommaDelimitedList, Default: "a,b" }
Resources:
  Topic: { Type: AWS::SNS::Topic, Properties: { TopicName: !Sub "shop-\${Stage}", DisplayName: !Join ["-", !Ref Words] } }
  Secret: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: !Ref DbPassword } }
Outputs:
  Arn: { Value: !Ref Topic }
`;

const user = new User({ INFRACTL_SANDBOX: '1', AWS_REGION: 'eu-west-3' });
beforeAll(async () => {
  await user.prepare();
  await user.does(`sandbox start --port ${await user.port()}`);
  user.cd('first');
  put('infra/template.yaml', TEMPLATE);
  put(
    'infractl.yaml',
    `project: shop
region: eu-west-3
stacks:
  app:
    template: infra/template.yaml
    terminationProtection: true
    parameters: { Stage: "007", DbPassword: { env: DB_PASSWORD }, Words: "x,y" }
    tags: { Team: "web: 1" }
`,
  );
  await user.does('deploy --create-stack', { env: { DB_PASSWORD: PASSWORD } });
}, 600_000);
afterAll(() => user.leave());

function put(name: string, text: string): void {
  const file = path.join(user.cwd, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
const read = (name: string) => readFileSync(path.join(user.cwd, name), 'utf8');

describe('init --from-stack', () => {
  it('makes a project that is valid and does not differ from the stack, without its secrets', async () => {
    user.cd(path.join(user.home.work, 'second'));
    const made = await user.does('init --from-stack shop-app-dev');
    expect(made.stdout).toContain('Made the project shop from the stack shop-app-dev in eu-west-3');
    expect(made.stdout).toContain('Give DB_PASSWORD in .env.secrets');
    expect(read('infra/app.yaml')).toBe(TEMPLATE);
    expect(read('infractl.yaml')).toMatch(/DbPassword: \{ env: DB_PASSWORD \}/);
    expect(read('infractl.yaml') + read('.env.secrets') + made.stdout).not.toContain(PASSWORD);
    await user.does('config validate');
    appendFileSync(path.join(user.cwd, '.env.secrets'), `DB_PASSWORD=${PASSWORD}\n`);
    const diff = await user.does('diff --exit-code');
    expect(diff.stdout).toContain('No differences.');
  });

  it('a stack that is not there, and one of another project, write nothing', async () => {
    user.cd(path.join(user.home.work, 'third'));
    expect(await user.type('init --from-stack nobody')).toMatchObject({ code: 1 });
    const other = await user.type('init --from-stack shop-app-dev --name other');
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain('--name shop');
    expect(await user.type('config show')).toMatchObject({ code: 2 });
  });
});
