import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Session, Stage } from '../../scripts/docs/stage.ts';
import { noHost, TestHost } from '../../test/helpers/host.ts';
import { Released } from '../../test/helpers/released.ts';

/** A Debian machine in a container: commands, its key, releases that work and one that does not. */
export const session: Session = {
  place: 'a Debian machine in a container',
  missing: () => noHost,
  makes: [
    'host-run',
    'host-key',
    'setup',
    'redeploy',
    'redeploy-broken',
    'redeploy-status',
    'redeploy-rollback',
    'services',
    'host-metrics',
  ],
  async play(stage) {
    const host = await TestHost.start();
    stage.afterwards(() => host.remove());
    const app = new Released(host, 3);
    stage.afterwards(() => app.remove());
    stage.cd(app.home.work);
    stage.env.PATH = `${host.bin}${path.delimiter}${stage.env.PATH}`;
    await commands(stage, app);
    await setup(stage, app);
    await releases(stage, app);
  },
};

async function commands(stage: Stage, { host }: Released): Promise<void> {
  const { address } = host;
  stage.put(
    'infractl.yaml',
    `project: shop\nhosts:\n  web: { address: ${address} }\n  db: { address: ${address} }\n`,
  );
  await stage.shows('host-run', 'infractl host run --all -- uname -sm');
  stage.put('infractl.yaml', `project: shop\nhosts:\n  web: { address: ${address} }\n`);
  writeFileSync(host.knownHosts, `${address} ${anotherKey()}\n`);
  await stage.shows('host-key', { line: 'infractl host run -- true', exit: 5 });
  host.trust();
}

function anotherKey(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'infractl-key-'));
  const file = path.join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
  const key = readFileSync(`${file}.pub`, 'utf8').trim();
  rmSync(folder, { recursive: true });
  return key;
}

/** A bare host, as `setup` finds it. */
async function setup(stage: Stage, app: Released): Promise<void> {
  app.configure({ source: { folder: '.' }, user: 'mbot', start: 'python3 app.py', nginx: {} });
  await stage.shows('setup', 'infractl redeploy setup --dry-run');
}

async function releases(stage: Stage, app: Released): Promise<void> {
  app.prepare();
  app.configure({ source: { git: '/srv/git/app.git', ref: 'main' } });
  app.commit('one');
  await stage.run('infractl redeploy');
  message(app, 'Show the price in euros');
  await stage.shows('redeploy', 'infractl redeploy');
  await stage.shows('redeploy-status', 'infractl redeploy status');
  await stage.shows('services', 'infractl monitoring services');
  await stage.shows('host-metrics', 'infractl monitoring metrics');
  app.configure({ health: { path: '/health', timeout: '5s', settle: 1 } });
  app.commit('three', { status: 500, extra: 'os.environ["MODEL_URL"]' });
  await stage.shows('redeploy-broken', {
    line: 'infractl redeploy',
    exit: 8,
    only: [/^✗/, /last lines/, /KeyError/, /serves/, /→/],
  });
  await stage.shows('redeploy-rollback', { line: 'infractl redeploy rollback', only: [/^\S/] });
}

/** A commit with words of its own. */
function message(app: Released, words: string): void {
  app.commit('two');
  app.host.sh(`cd /srv/git/work && git commit -q --amend -m '${words}' && git push -qf origin main`);
}
