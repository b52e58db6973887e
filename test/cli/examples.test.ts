import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ManifestCommand, root } from '../helpers/cli.ts';
import { until } from '../helpers/until.ts';
import { User } from '../helpers/user.ts';

/** Every example of every command's help, typed as it is printed, in a new project on a sandbox. */

const manifest = JSON.parse(readFileSync(path.join(root, 'oclif.manifest.json'), 'utf8')) as {
  commands: Record<string, ManifestCommand>;
};

function examplesOf(id: string): string[] {
  return (manifest.commands[id]?.examples ?? []).map((example) =>
    (typeof example === 'string' ? example : example.command)
      .replaceAll('<%= config.bin %>', 'infractl')
      .replaceAll('<%= command.id %>', id.replaceAll(':', ' ')),
  );
}

/** The commands in the order in which a user comes to them. */
const ORDER = [
  'init',
  'sandbox:start',
  'config:validate',
  'config:show',
  'deploy',
  'diff',
  'outputs',
  'list',
  'drift',
  'costs',
  'events',
  'explain',
  'attach',
  'cancel',
  'unlock',
  'logs',
  'logs:stats',
  'logs:query',
  'monitoring:alarms',
  'monitoring:health',
  'monitoring:dashboard',
  'monitoring:continuous',
  'monitoring:alarms:test',
  'monitoring:alarms:history',
  'monitoring:metrics',
  'monitoring:logs',
  'history',
  'rollback',
  'prune',
  'sandbox:status',
  'doctor',
  'destroy',
  'sandbox:reset',
  'sandbox:stop',
];

/** Commands whose examples need a machine: they are tried in test/host/examples.test.ts. */
const ON_HOSTS = /^(host|https|redeploy|monitoring:services)(:|$)/;

/** Commands whose examples need disks: they are tried in backup.test.ts. */
const ON_DISKS = /^backup:/;

/** Commands whose examples need instances: they are tried in test/cli/manage.test.ts. */
const ON_INSTANCES = /^manage:/;

/** The sandbox knows no mute rules: the examples are tried in test/cli/monitoring-alarms.test.ts. */
const NOT_IN_SANDBOX = /^monitoring:alarms:silence$/;

/** The sandbox costs nothing and has no bill: the examples are tried in test/cli/costs.test.ts. */
const ON_A_BILL = /^costs:actual$/;

/** Their examples need values on standard input: they are tried in secrets-kept.test.ts. */
const WITH_INPUT = /^secrets:/;

/** Its examples write into the home of whoever tries them: the scripts are tried in completion.test.ts. */
const IN_SHELLS = /^completion$/;

/** Examples that ask: on a terminal they are answered, elsewhere they name the flag. Their tests are in asking.test.ts. */
const ASKS: Readonly<Record<string, string>> = {
  'infractl destroy': '--confirm my-auth-dev',
  'infractl sandbox reset': '--yes',
};

/** Examples that go on until Ctrl-C. */
const ENDLESS = new Set([
  'infractl logs api --follow',
  'infractl monitoring continuous',
  'infractl monitoring continuous --exit-on alarm --for 10m',
]);

/** What stands in an example for a name of the reader's own project. */
const inOurProject = (line: string) => line.replaceAll('auth-manager-dev', 'my-auth-dev');

describe('examples', () => {
  let user: User;
  let port: number;
  beforeAll(async () => {
    user = await new User({ INFRACTL_SANDBOX: '1' }).prepare();
    port = await user.port();
    // The image examples are the story's; here the project is one that needs no container engine.
    await user.does('init auth-manager my-auth --variant zip');
  }, 600_000);
  afterAll(() => user?.leave());

  it('every command is in the order below, and has examples', () => {
    const ids = Object.keys(manifest.commands).filter((id) => !manifest.commands[id]?.hidden);
    expect([...ORDER].sort()).toEqual(
      ids
        .filter(
          (id) =>
            ![ON_HOSTS, ON_DISKS, ON_INSTANCES, NOT_IN_SANDBOX, ON_A_BILL, IN_SHELLS, WITH_INPUT].some(
              (one) => one.test(id),
            ),
        )
        .sort(),
    );
    for (const id of ids) expect(examplesOf(id).length).toBeGreaterThan(0);
  });

  for (const id of ORDER) {
    it.each(examplesOf(id))('%s', async (example) => {
      if (id === 'init') samProject(path.join(user.home.work, `init-${Math.random()}`));
      else user.cd(path.join(user.home.work, 'my-auth'));
      // There must be something to go back to, and only the first of its examples changes nothing.
      if (id === 'rollback') await deployAChange();
      const typed = inOurProject(example);
      if (id === 'sandbox:start') return start(typed);
      if (ENDLESS.has(example)) return interrupted(typed);
      const result = await user.type(typed.replace(/^infractl /, ''));
      const flag = ASKS[example];
      if (flag !== undefined) {
        expect(result).toMatchObject({ code: 2, stdout: '' });
        expect(result.stderr).toContain(flag);
        return;
      }
      expect(result.stderr + result.stdout).not.toContain('✗');
      expect(result.code).toBe(0);
      expect(result.stdout).not.toBe('');
    });
  }

  /** A folder of somebody who deployed by sam so far. */
  function samProject(folder: string): void {
    user.cd(folder);
    const write = (name: string, text: string) => writeFileSync(path.join(folder, name), text);
    write('template.yaml', 'Resources:\n  Topic: { Type: AWS::SNS::Topic }\n');
    write('samconfig.toml', '[default.deploy.parameters]\nstack_name = "shop"\n');
  }

  async function interrupted(typed: string): Promise<void> {
    const endless = user.start(typed.replace(/^infractl /, ''));
    await until(() => endless.output(), endless);
    endless.child.kill('SIGINT');
    expect((await endless.ended).code).toBe(130);
  }

  async function deployAChange(): Promise<void> {
    appendFileSync(path.join(user.cwd, 'app/src/start.js'), '// changed\n');
    await user.does('deploy');
  }

  /** One sandbox at a time: what an example says of its port is tried after the one before is stopped. */
  async function start(example: string): Promise<void> {
    const evaluated = /^eval "\$\(infractl (.*)\)"$/.exec(example)?.[1];
    const line = evaluated ?? example.replace(/^infractl /, '');
    if (line.includes('--port')) await user.does('sandbox stop');
    const ours = line.includes('--port') ? line.replace(/--port \d+/, `--port ${port}`) : line;
    const { stdout } = await user.does(ours);
    if (evaluated) expect(stdout).toMatch(/^export AWS_ENDPOINT_URL=/m);
    else expect(stdout).toContain('http://127.0.0.1:');
  }
});
