import { readFileSync } from 'node:fs';
import { TestHost } from '../../../test/helpers/host.ts';
import { Released } from '../../../test/helpers/released.ts';
import type { Container } from './container.ts';

const FOLDER = '/root/hosts';

/** Somebody's own host: a Debian machine that ssh reaches, and an application in git on it. */
export class HostScene {
  #app: Released | undefined;
  #bare: Released | undefined;

  async #there(who: Container): Promise<Released> {
    if (this.#app) return this.#app;
    const host = await TestHost.start();
    this.#app = new Released(host, 3);
    await who.run(`mkdir -p ${FOLDER} ~/.ssh && cd ${FOLDER}`);
    const text = `Host *\n  User ubuntu\n  IdentityFile ~/.ssh/shop\n`;
    who.put('/root/.ssh/config', text);
    who.put('/root/.ssh/shop', readFileSync(host.identity, 'utf8'));
    await who.run('chmod 600 ~/.ssh/*');
    this.#known(who, readFileSync(host.knownHosts, 'utf8'));
    return this.#app;
  }

  #known(who: Container, text: string): void {
    who.put('/root/.ssh/known_hosts', text);
  }

  /** The project as it is now, where the reader has it. */
  #configure(who: Container, app: Released, more: Readonly<Record<string, unknown>> = {}): void {
    app.configure(more);
    for (const name of ['infractl.yaml', '.env.secrets'])
      who.put(name, readFileSync(`${app.home.work}/${name}`, 'utf8'));
  }

  /** Two hosts, known by their keys. */
  async reached(who: Container): Promise<void> {
    const { host } = await this.#there(who);
    const { address } = host;
    who.put(
      'infractl.yaml',
      `project: shop\nhosts:\n  web: { address: ${address} }\n  db: { address: ${address} }\n`,
    );
  }

  /** The host has another key than it had. */
  async strange(who: Container): Promise<void> {
    const { host } = await this.#there(who);
    who.put('infractl.yaml', `project: shop\nhosts:\n  web: { address: ${host.address} }\n`);
    await who.run('ssh-keygen -q -t ed25519 -N "" -C "" -f /tmp/other');
    await who.run(`echo "${host.address} $(cat /tmp/other.pub)" > ~/.ssh/known_hosts`);
  }

  /** Another one, bare, as `setup` finds it. */
  async bare(who: Container): Promise<void> {
    const host = await TestHost.start();
    this.#bare = new Released(host);
    who.put('/root/.ssh/shop', readFileSync(host.identity, 'utf8'));
    this.#known(who, readFileSync(host.knownHosts, 'utf8'));
    await who.run(`cd ${FOLDER}`);
    this.#configure(who, this.#bare, {
      source: { folder: '.' },
      user: 'mbot',
      start: 'python3 app.py',
      nginx: {},
    });
  }

  /** An application of which a first release runs. */
  async released(who: Container): Promise<void> {
    const app = await this.#there(who);
    this.#known(who, readFileSync(app.host.knownHosts, 'utf8'));
    await who.run(`cd ${FOLDER} && rm -rf .infractl`);
    app.prepare();
    this.#configure(who, app);
    app.commit('one');
    await who.run('infractl redeploy');
  }

  /** A commit that is good. */
  async better(who: Container): Promise<void> {
    const app = await this.#there(who);
    await who.run(`cd ${FOLDER}`);
    app.commit('two');
    app.host.sh(
      "cd /srv/git/work && git commit -q --amend -m 'Show the price in euros' && git push -qf origin main",
    );
  }

  /** A commit that is not. */
  async worse(who: Container): Promise<void> {
    const app = await this.#there(who);
    this.#configure(who, app, { health: { path: '/health', timeout: '5s', settle: 1 } });
    app.commit('three', { status: 500, extra: 'os.environ["MODEL_URL"]' });
  }

  remove(): void {
    for (const app of [this.#app, this.#bare]) {
      app?.remove();
      app?.host.remove();
    }
  }
}
