import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { RunningCli } from '../helpers/cli.ts';
import { noHost, useHost } from '../helpers/host.ts';
import { Released } from '../helpers/released.ts';
import { until } from '../helpers/until.ts';

/** What a release tells when it comes to a step. */
const STEPS = [
  'connecting',
  'fetching',
  'release 2',
  'building',
  'starting it on port',
  'switching to',
  'watching it',
];

/** An application of its own for each step, all on one host: they are cut off at the same time. */
describe.skipIf(noHost)('a release that is cut off', () => {
  const used = useHost();
  const apps: Application[] = [];
  beforeAll(async () => {
    const first = new Released(used.host).prepare();
    first.commit('one');
    first.remove();
    for (const index of STEPS.keys()) apps.push(new Application(used.host, index));
    used.host.sh('systemctl daemon-reload && nginx -t -q && systemctl reload nginx');
  });
  afterAll(() => {
    for (const app of apps) app.remove();
  });

  it.concurrent.for(STEPS.map((step, index) => ({ step, index })))(
    'at "$step": what served serves every request, and the next run goes on cleanly',
    async ({ step, index }, { expect }) => {
      const app = apps[index] as Application;
      const released = async () => {
        const { code, stdout } = await app.redeploy('deploy', '--force', '--wait', '2m', '--json');
        expect(stdout).toContain('"changed":true');
        expect(code).toBe(0);
      };
      await released();
      const client = new Client(used.host.address, app.name);
      for (const cut of [killed, disconnected]) {
        const first = app.start(['redeploy', 'deploy', '--force', '--json']);
        await until(() => first.output().includes(step), first);
        cut(first, app);
        const { signal, code } = await first.ended;
        // On a slow machine it may have come to its end before.
        if (cut === killed && code !== 0) expect(signal).toBe('SIGKILL');
        await released();
      }
      expect(await client.leave()).toEqual([]);
      expect(used.host.attempt('ls', `/srv/${app.name}/switching.json`).status).not.toBe(0);
      expect(used.host.sh(`ls -A /srv/${app.name}/releases`)).toBe(
        used.host.sh(`ls -A /srv/${app.name}/env | sed "s,[.]env$,,"`),
      );
    },
  );
});

class Application extends Released {
  readonly name: string;
  /** Where its ssh keeps its connection. */
  readonly temporary = path.join(this.home.folder, 'tmp');

  constructor(host: Released['host'], index: number) {
    super(host);
    const name = `cut${index}`;
    this.name = name;
    mkdirSync(this.temporary);
    const ports = [8600 + 2 * index, 8601 + 2 * index];
    host.write(
      `/etc/systemd/system/${name}@.service`,
      `[Service]\nUser=ubuntu\nWorkingDirectory=/srv/${name}/slots/%i\nEnvironmentFile=/srv/${name}/slots/%i/.infractl.env\nEnvironment=PORT=%i\nExecStart=/usr/bin/python3 app.py\n`,
    );
    host.write(
      `/etc/nginx/conf.d/infractl-${name}.conf`,
      `upstream ${name} { server 127.0.0.1:${ports[0]}; }\n`,
    );
    host.write(
      `/etc/nginx/sites-enabled/${name}`,
      `server { listen 80; server_name ${name}.test; location / { proxy_pass http://${name}; } }\n`,
    );
    this.blueGreen({ ports, unit: name, nginx: { host: `${name}.test` }, build: ['sleep 0.5'] });
  }

  override start(args: readonly string[]): RunningCli {
    return super.start(args, { env: { TMPDIR: this.temporary } });
  }
}

function killed({ child }: RunningCli): void {
  child.kill('SIGKILL');
}

/** Ends what holds the connection on this side; the host finds it gone. */
function disconnected(_: RunningCli, { temporary }: Application): void {
  spawnSync('pkill', ['-9', '-f', `ControlPath=${temporary}`]);
}

/** Somebody who asks through nginx all the time. */
class Client {
  #asking = true;
  readonly #asked: Promise<string[]>;

  constructor(address: string, name: string) {
    this.#asked = this.#ask(address, `${name}.test`);
  }

  async #ask(address: string, host: string): Promise<string[]> {
    const lost: string[] = [];
    while (this.#asking) {
      const said = await answer(address, host);
      if (!said.startsWith('200 one')) lost.push(said);
      await wait(50);
    }
    return lost;
  }

  /** What it got instead of an answer. */
  leave(): Promise<string[]> {
    this.#asking = false;
    return this.#asked;
  }
}

function answer(address: string, host: string): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host: address, headers: { host }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.once('close', () => resolve(`${response.statusCode} ${text}`));
    });
    asked.once('error', (error) => resolve(String(error)));
    asked.end();
  });
}
