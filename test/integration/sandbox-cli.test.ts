import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launcher } from '../helpers/cli.ts';
import { freePort } from '../helpers/ports.ts';
import { TestSandbox } from '../helpers/sandbox.ts';

/** The commands, on the built CLI. */

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await new TestSandbox().prepare();
}, 600_000);
afterAll(() => sandbox?.remove());

const infractl = (...args: string[]) =>
  execa(process.execPath, [launcher, 'sandbox', ...args], {
    env: sandbox.env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  });

describe('infractl sandbox', () => {
  it('sets the variables of a shell, and is found by it', async () => {
    const port = await freePort();
    const script = `eval "$("$1" "$2" sandbox start --port ${port} --export)"; echo "$AWS_ENDPOINT_URL $AWS_ACCESS_KEY_ID \${AWS_PROFILE-none}"`;
    const env = { ...sandbox.env, AWS_PROFILE: 'production' };
    const shell = await execa('sh', ['-c', script, 'sh', process.execPath, launcher], {
      env,
      extendEnv: false,
    });
    expect(shell.stdout).toBe(`http://127.0.0.1:${port} test none`);
  });

  it('says that it runs already, in words and as JSON', async () => {
    const again = await infractl('start');
    expect(again).toMatchObject({ exitCode: 0, stderr: '' });
    expect(again.stdout).toMatch(
      /was running already at http[\s\S]*--sandbox[\s\S]*export AWS_ENDPOINT_URL=/,
    );
    const facts = JSON.parse((await infractl('start', '--json')).stdout);
    expect(facts).toMatchObject({ outcome: 'already-running', version: '1.5.33' });
    expect(facts.variables.AWS_ENDPOINT_URL).toBe(facts.endpoint);
  });

  it('shows what it is and what it cannot do', async () => {
    const { stdout, exitCode } = await infractl('status');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /sandbox +running\nendpoint +http[\s\S]*0 stacks, 0 functions[\s\S]*What it cannot do\n {2}· Nothing takes time/,
    );
    expect(JSON.parse((await infractl('status', '--json')).stdout)).toMatchObject({
      state: 'running',
      stacks: 0,
    });
  });

  it('asks before it throws anything away', async () => {
    for (const args of [['reset'], ['stop', '--delete']]) {
      const refused = await infractl(...args);
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain('--yes');
    }
    expect(JSON.parse((await infractl('status', '--json')).stdout).state).toBe('running');
    expect(await infractl('reset', '--yes')).toMatchObject({
      exitCode: 0,
      stdout: 'The sandbox is empty, and running.',
    });
  });

  it('stops, and stops again', async () => {
    expect((await infractl('stop')).stdout).toMatch(/^The sandbox is stopped\. .* kept/);
    expect((await infractl('stop')).stdout).toBe('The sandbox was not running.');
    expect((await infractl('stop', '--delete', '--yes')).stdout).toMatch(
      /was not running\. What it held is removed\./,
    );
    expect((await infractl('status')).stdout).toMatch(/^sandbox +not running \(infractl sandbox start\)/);
  });
});
