import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseImage, docker, forget, noEngine } from '../helpers/images.ts';
import { User } from '../helpers/user.ts';

/** What a user does with a new project, from nothing to nothing: one step a test, in their order. */

interface Step {
  readonly part: string;
  readonly outcome: string;
  readonly detail?: string;
}
interface Deployed {
  readonly changed: boolean;
  readonly parts: readonly Step[];
  readonly outputs: { readonly app: { readonly ApiUrl: string } };
}
interface Status {
  readonly endpoint: string;
  readonly stacks: number;
  readonly functions: number;
  readonly containers: number;
}

const VARIANTS = [
  {
    name: 'as a container image',
    init: 'init auth-manager my-auth',
    image: true,
    skip: noEngine !== undefined,
  },
  { name: 'as a zip', init: 'init auth-manager my-auth --variant zip', image: false, skip: false },
] as const;

for (const { name, init, image, skip } of VARIANTS) {
  describe.skipIf(skip)(`the story of a project, ${name}`, () => {
    let user: User;
    let url = '';
    let app = '';
    beforeAll(async () => {
      user = await new User(image ? { BASE_IMAGE: baseImage(), INFRACTL_DOCKER: docker } : {}).prepare();
    }, 600_000);
    afterAll(async () => {
      await user?.leave();
      if (image) forget(`${new URL(url).host}/my-auth-dev`);
    });

    const outcomes = ({ parts }: Deployed) => parts.map(({ part, outcome }) => `${part} ${outcome}`);
    const get = async (where: string) => (await fetch(`${url}${where}`)).status;
    const post = async (where: string, body: object) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}${where}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.status, body: (await answer.json()) as { token?: string } };
    };

    it('init makes a project that is valid', async () => {
      await user.does(init);
      user.cd('my-auth');
      await user.does('config validate');
      app = path.join(user.cwd, 'app/src/start.js');
    });

    it('the sandbox starts', async () => {
      await user.does(`sandbox start --port ${await user.port()}`);
    });

    it('a dry run of the first deploy changes nothing', async () => {
      const plan = await user.reads<Deployed>('deploy --create-stack --dry-run --sandbox');
      expect(outcomes(plan)).toContain('stack app create');
      expect(await user.reads<Status>('sandbox status')).toMatchObject({ stacks: 0, functions: 0 });
    });

    it('deploy --create-stack makes everything, and prints the URL', async () => {
      const { stdout } = await user.does('deploy --create-stack --sandbox');
      url = /app\.ApiUrl +(\S+)/.exec(stdout)?.[1] ?? '';
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:/);
      expect(stdout).toMatch(/Deployed my-auth dev: \d parts changed in /);
    });

    it('the URL answers /health, register and login', async () => {
      expect(await get('/health')).toBe(200);
      const who = { email: 'ada@example.com', username: 'ada', password: 'a long enough password' };
      expect((await post('/auth/register', who)).status).toBe(201);
      const login = await post('/auth/login', who);
      expect(login.status).toBe(200);
      expect(login.body.token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
      expect((await post('/auth/login', { ...who, password: 'a wrong one, and long' })).status).toBe(401);
    });

    it('deploy again has nothing to do', async () => {
      for (const flags of ['', ' --create-stack']) {
        expect((await user.does(`deploy --sandbox${flags}`)).stdout).toContain('Nothing to do');
      }
    });

    it('a changed handler is live after deploy', async () => {
      const handlers = path.join(user.cwd, 'app/src/app.js');
      const text = readFileSync(handlers, 'utf8');
      const changed = text.replace('version: config.version,', "version: config.version, greeting: 'hello',");
      expect(changed).not.toBe(text);
      writeFileSync(handlers, changed);
      const done = await user.reads<Deployed>('deploy --sandbox');
      expect(outcomes(done)).toContain('function api updated');
      expect(done.parts.find(({ part }) => part === 'function api')?.detail).toBe('version 1 → 2');
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ greeting: 'hello' });
    });

    it('a broken handler is exit 8, is taken back, and the old one answers', async () => {
      const original = readFileSync(app, 'utf8');
      const settings = path.join(user.cwd, 'infractl.yaml');
      const patient = readFileSync(settings, 'utf8');
      writeFileSync(settings, patient.replace('expect: 200 }', 'expect: 200, timeout: 5s }'));
      writeFileSync(app, `throw new Error('broken on purpose');\n`);
      const broken = await user.type('deploy --sandbox');
      writeFileSync(settings, patient);
      expect(broken.code).toBe(8);
      expect(broken.stderr).toContain('It was taken back: my-auth-dev is on version');
      writeFileSync(app, original);
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ greeting: 'hello' });
    });

    it('history shows all of it, outputs one value', async () => {
      const entries =
        await user.reads<{ id: string; command: string; result: string }[]>('history --sandbox');
      expect(entries.map(({ result }) => result)).toEqual(['unhealthy', 'succeeded', 'succeeded']);
      expect(entries.at(-1)?.command).toBe('deploy --create-stack --sandbox');
      const { stdout } = await user.does(`history ${entries[0]?.id.slice(-6)} --sandbox`);
      expect(stdout).toContain('unhealthy');
      expect((await user.does('outputs app.ApiUrl --sandbox')).stdout).toBe(`${url}\n`);
    });

    it('destroy leaves nothing but the journal', async () => {
      await user.does('destroy --confirm my-auth-dev --sandbox');
      // A container sees within seconds that its function is gone.
      await expect
        .poll(() => user.reads<Status>('sandbox status'), { timeout: 60_000, interval: 500 })
        .toMatchObject({ stacks: 0, functions: 0, containers: 0 });
      const status = await user.reads<Status>('sandbox status');
      expect(await leftovers(status.endpoint)).toEqual([]);
      const entries = await user.reads<{ command: string; result: string }[]>('history --sandbox');
      expect(entries).toHaveLength(4);
      expect(entries[0]).toMatchObject({ result: 'succeeded', command: expect.stringMatching(/^destroy/) });
      if (image) expect(containersOf(status.endpoint)).toBe('');
    });

    it('destroy again has nothing to do; the sandbox stops', async () => {
      expect((await user.does('destroy --confirm my-auth-dev --sandbox')).stdout).toContain('Nothing to do');
      await user.does('sandbox stop');
      const after = await user.type('outputs --sandbox');
      expect(after.code).toBe(1);
      expect(after.stderr).toContain('infractl sandbox start');
    });
  });
}

/** Log groups and repositories that are still in the sandbox, by name. */
async function leftovers(endpoint: string): Promise<string[]> {
  const config = {
    endpoint,
    region: 'eu-west-3',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
  const { CloudWatchLogsClient, DescribeLogGroupsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
  const { DescribeRepositoriesCommand, ECRClient } = await import('@aws-sdk/client-ecr');
  const { logGroups = [] } = await new CloudWatchLogsClient(config).send(new DescribeLogGroupsCommand({}));
  const { repositories = [] } = await new ECRClient(config).send(new DescribeRepositoriesCommand({}));
  return [
    ...logGroups.map((group) => group.logGroupName ?? ''),
    ...repositories.map((one) => one.repositoryName ?? ''),
  ];
}

/** Running containers whose image is in the sandbox's registry. */
function containersOf(endpoint: string): string {
  const registry = new URL(endpoint).host;
  const all = execFileSync(docker, ['ps', '--format', '{{.Image}}'], { encoding: 'utf8' });
  return all
    .split('\n')
    .filter((line) => line.startsWith(registry))
    .join('\n');
}
