import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostImage, noHost } from '../helpers/host-image.ts';
import { docker } from '../helpers/images.ts';
import { until } from '../helpers/until.ts';
import { User } from '../helpers/user.ts';

/** The blueprint mbot, from nothing to nothing on one computer without AWS, while a client asks all the time. */

interface Asked {
  readonly answer: string;
  readonly release: string;
}

/** Somebody who asks the application every few milliseconds. */
class Client {
  readonly lost: string[] = [];
  #answers = 0;
  #asking = true;
  readonly #asked: Promise<void>;

  constructor(url: string) {
    this.#asked = this.#ask(url);
  }

  async #ask(url: string): Promise<void> {
    while (this.#asking) {
      await fetch(`${url}/ask?question=city`, { headers: { connection: 'close' } })
        .then(async (answer) => {
          if (answer.status === 200) this.#answers++;
          else this.lost.push(`${answer.status} ${await answer.text()}`);
        })
        .catch((error: Error) => this.lost.push(String(error.cause ?? error)));
      await wait(10);
    }
  }

  /** How often it was answered. */
  async leave(): Promise<number> {
    this.#asking = false;
    await this.#asked;
    return this.#answers;
  }
}

describe.skipIf(noHost)('mbot on one computer', () => {
  let user: User;
  let url = '';
  let first = '';
  let second = '';
  const file = (name: string) => path.join(user.cwd, name);
  const change = (name: string, before: string, after: string) => {
    const text = readFileSync(file(name), 'utf8');
    expect(text).toContain(before);
    writeFileSync(file(name), text.replace(before, after));
  };
  const ask = async (question = 'nothing'): Promise<Asked> =>
    (await (await fetch(`${url}/ask?question=${question}`)).json()) as Asked;
  const machines = () =>
    execFileSync(docker, ['ps', '--all', '--format', '{{.Names}}'], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => name.endsWith(instance));
  let instance = '';

  beforeAll(async () => {
    user = new User({ INFRACTL_SANDBOX: '1', INFRACTL_MACHINE_IMAGE: await hostImage() });
    await user.prepare();
    // ssh reads the configuration and the known hosts of whoever runs the tests, whatever HOME says.
    const bin = path.join(user.home.folder, 'bin');
    mkdirSync(bin);
    const ssh = execFileSync('sh', ['-c', 'command -v ssh'], { encoding: 'utf8' }).trim();
    const options = `-F /dev/null -o UserKnownHostsFile=${user.home.folder}/known_hosts`;
    writeFileSync(path.join(bin, 'ssh'), `#!/bin/sh\nexec ${ssh} ${options} "$@"\n`);
    chmodSync(path.join(bin, 'ssh'), 0o755);
    user.path = bin;
  }, 900_000);
  afterAll(() => user?.leave());

  it('init makes a project with a key of its own', async () => {
    await user.does('init mbot');
    user.cd('mbot');
    expect((await user.does('config validate')).stdout).not.toContain('warning');
  });

  it('deploy --create-stack makes the network, the host and the alarms, and the application serves', async () => {
    await user.does(`sandbox start --port ${await user.port()}`);
    change('infractl.yaml', 'settle: 10s', 'settle: 1s');
    expect((await user.does('deploy --create-stack --dry-run')).stdout).toMatch(
      /release mbot +create +the host mbot does not exist yet/,
    );
    const { stdout } = await user.does('deploy --create-stack --accept-host-key');
    url = /app\.ApplicationUrl +(\S+)/.exec(stdout)?.[1] ?? '';
    instance = /app\.InstanceId +(\S+)/.exec(stdout)?.[1] ?? '';
    expect(machines()).toHaveLength(1);
    expect((await user.does('redeploy setup --yes')).stdout).toContain('Nothing to do');
    first = (await ask()).release;
    expect((await ask('city')).answer).toContain('Metropolis');
    expect(await (await fetch(url)).text()).toContain(first);
    expect((await user.does('deploy --create-stack')).stdout).toContain('Nothing to do');
  });

  it('is backed up once, by an encrypted snapshot', async () => {
    await user.does('backup create --wait');
    const all = await user.reads<{ state: string }[]>('backup list');
    expect(all.map(({ state }) => state)).toEqual(['good']);
  });

  it('says how it is: services, verdict, journal, disk', async () => {
    const [{ services }] =
      await user.reads<[{ services: { unit: string; well: boolean }[] }]>('monitoring services');
    expect(services.map(({ unit, well }) => `${unit} ${well}`)).toEqual([
      expect.stringMatching(/^mbot@850[12]\.service true$/),
      'nginx true',
    ]);
    await user.does('monitoring health --disk 100');
    expect((await user.does('logs mbot --since 10m')).stdout).toContain(`release ${first} listens`);
    expect((await user.does('host run -- hostname')).stdout).toMatch(/^ip-10-/);
  });

  it('lets its user in on a terminal', async () => {
    const login = user.terminal('host ssh');
    await login.until(/ubuntu@ip-10-[\d-]+:~\$/);
    login.type('sudo id -un\r');
    await login.until(/^root$/m);
    login.type('exit\r');
    expect((await login.exited).exitCode).toBe(0);
  });

  it('a change is live without a request lost, and a WebSocket stays open', async () => {
    const client = new Client(url);
    const socket = new WebSocket(`${url.replace('http', 'ws')}/_stcore/stream`);
    const said: string[] = [];
    socket.addEventListener('message', ({ data }) => said.push((JSON.parse(String(data)) as Asked).release));
    await until(() => socket.readyState === WebSocket.OPEN);
    socket.send('city');
    await until(() => said.length === 1);

    change('app/mbot/bot.py', 'Ask me about', 'Try');
    const { parts } = await user.reads<{ parts: { part: string; before?: object }[] }>('deploy');
    expect(parts.find(({ part }) => part === 'release mbot')).toMatchObject({
      outcome: 'updated',
      before: { places: [{ place: 'mbot', id: first }] },
    });
    second = (await ask()).release;
    expect(second).not.toBe(first);
    expect((await ask()).answer).toContain('Try a city');
    socket.send('city');
    await until(() => said.length === 2);
    // It began with the old release, which goes on for those who are connected to it.
    expect(said).toEqual([first, first]);
    socket.close();
    expect(await client.leave()).toBeGreaterThan(10);
    expect(client.lost).toEqual([]);
  });

  it('a broken script never gets a request: exit 8, its last lines, and what served serves', async () => {
    const client = new Client(url);
    change('app/mbot/bot.py', 'return known or "', 'return known.nothing or "');
    change('infractl.yaml', 'timeout: 30s', 'timeout: 3s');
    const broken = await user.type('deploy');
    expect(broken.code).toBe(8);
    expect(broken.stderr).toContain("'str' object has no attribute 'nothing'");
    expect(broken.stderr).toContain(`${second} serves, as before.`);
    change('app/mbot/bot.py', 'return known.nothing or "', 'return known or "');
    change('infractl.yaml', 'timeout: 3s', 'timeout: 30s');
    expect((await ask()).release).toBe(second);
    expect(await client.leave()).toBeGreaterThan(10);
    expect(client.lost).toEqual([]);
  });

  it('rollback goes back, and can be taken back', async () => {
    const client = new Client(url);
    await user.does('redeploy rollback --settle 1s');
    expect((await ask()).release).toBe(first);
    await user.does('redeploy rollback --settle 1s');
    expect((await ask()).release).toBe(second);
    const history = await user.reads<{ entries: { result: string }[] }>('redeploy history');
    expect(JSON.stringify(history)).toContain('failed');
    await client.leave();
    expect(client.lost).toEqual([]);
  });

  it('is worked on by Systems Manager as by ssh', async () => {
    const bySsh = 'ssh: { user: ubuntu, identity: ssh/mbot }';
    change('infractl.yaml', bySsh, 'connect: ssm');
    expect((await user.does('host run -- id -un')).stdout).toBe('root\n');
    expect((await user.type('host run -- sh -c "exit 3"')).stdout).toContain('ended with 3');
    expect((await user.does('redeploy status')).stdout).toContain(second);
    change('infractl.yaml', 'connect: ssm', bySsh);
  });

  it('stops, and serves again with its address and its release after a start', async () => {
    const stopped = await user.does('manage stop --yes');
    expect(stopped.stderr + stopped.stdout).toContain('Its elastic IP');
    expect((await user.does('manage status')).stdout).toMatch(/state +stopped/);
    await expect(fetch(url)).rejects.toThrow();
    await user.does('manage start');
    expect((await ask()).release).toBe(second);
    await user.does('manage quick');
  });

  it('destroy leaves nothing of it', async () => {
    await user.does('destroy --confirm mbot-dev');
    expect(machines()).toEqual([]);
    const status = await user.reads<{ stacks: number; machines: { all: unknown[] } }>('sandbox status');
    expect(status).toMatchObject({ stacks: 0, machines: { all: [] } });
  });
});
